//! One pool's books, from its records. Names are numbered, so that what is kept for an order is 24 bytes for each line and place.

use super::Level;
use crate::catalogue::Id;
use crate::ids::{ByPrint, print};
use crate::report::Report;
use std::collections::{BTreeMap, HashMap};
use weir_pipeline::Record;
use weir_proto::stock::v1::{PlacedQuantity, StockStatus, stock_event::Event};

/// Stands for no warehouse: what is reserved in the pool.
const NOWHERE: u32 = u32::MAX;

#[derive(Default)]
pub(super) struct Books {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
    /// By SKU and warehouse.
    levels: HashMap<(u32, u32), Level>,
    /// By SKU: soft, and the sums over its warehouses of what I1 compares.
    skus: HashMap<u32, Sums>,
    /// What is open of each order.
    open: ByPrint<Vec<Piece>>,
    /// What the record at hand has changed.
    touched: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    soft: i64,
    allocated: i64,
    sellable: i64,
    shortage: i64,
}

/// A line's units at a place.
#[derive(Clone, Copy)]
struct Piece {
    line: u64,
    sku: u32,
    warehouse: u32,
    quantity: i64,
}

impl Books {
    pub(super) fn apply(&mut self, record: &Record, event: &Event, report: &mut Report) {
        let place = || format!("{}/{}@{}", record.topic, record.partition, record.offset);
        match event {
            Event::Received(e) => self.book(&e.sku, &e.warehouse, StockStatus::Sellable, e.quantity),
            Event::Adjusted(e) => self.book(&e.sku, &e.warehouse, StockStatus::Sellable, e.delta),
            Event::Restocked(e) => {
                e.lines.iter().for_each(|line| self.book(&line.sku, &line.warehouse, e.status(), line.quantity));
            }
            Event::StatusChanged(e) => {
                self.book(&e.sku, &e.warehouse, e.from(), -e.quantity);
                self.book(&e.sku, &e.warehouse, e.to(), e.quantity);
            }
            Event::Shortage(e) => self.lack(&e.sku, &e.warehouse, e.quantity),
            Event::SoftReserved(e) => {
                for line in &e.lines {
                    self.reserve(&e.order_id, &line.line_id, &line.sku, "", line.quantity);
                }
            }
            Event::Allocated(e) => {
                for line in &e.lines {
                    self.reserve(&e.order_id, &line.line_id, &line.sku, &line.warehouse, line.quantity);
                }
            }
            Event::Voided(e) => e.lines.iter().for_each(|line| self.end(&e.order_id, line, &place, report)),
            Event::Deallocated(e) => e.lines.iter().for_each(|line| self.end(&e.order_id, line, &place, report)),
            Event::Issued(e) => {
                for line in &e.lines {
                    self.end(&e.order_id, line, &place, report);
                    self.book(&line.sku, &line.warehouse, StockStatus::Sellable, -line.quantity);
                }
            }
            Event::Declined(_) | Event::Queued(_) | Event::QueueServed(_) | Event::Stage(_) => {}
        }
        let mut touched = std::mem::take(&mut self.touched);
        touched.drain(..).for_each(|(sku, warehouse)| self.hold(sku, warehouse, &place, report));
        self.touched = touched;
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(NOWHERE);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    fn name(&self, number: u32) -> &str {
        usize::try_from(number).ok().and_then(|number| self.names.get(number)).map_or("", String::as_str)
    }

    fn book(&mut self, sku: &str, at: &str, status: StockStatus, by: i64) {
        let place = (self.number(sku), self.number(at));
        let level = self.levels.entry(place).or_default();
        match status {
            StockStatus::Damaged => level.damaged += by,
            StockStatus::QualityHold => level.quality_hold += by,
            StockStatus::Suspect => level.suspect += by,
            StockStatus::Sellable | StockStatus::Unspecified => {
                level.on_hand += by;
                self.skus.entry(place.0).or_default().sellable += by;
            }
        }
        self.touched.push(place);
    }

    fn lack(&mut self, sku: &str, at: &str, quantity: i64) {
        let place = (self.number(sku), self.number(at));
        let before = std::mem::replace(&mut self.levels.entry(place).or_default().shortage, quantity);
        self.skus.entry(place.0).or_default().shortage += quantity - before;
        self.touched.push(place);
    }

    fn reserve(&mut self, order: &str, line: &str, sku: &str, warehouse: &str, quantity: i64) {
        let piece = self.piece(line, sku, warehouse);
        self.shift(piece, quantity);
        let open = self.open.entry(print(order)).or_default();
        match open.iter_mut().find(|known| known.is_at(piece)) {
            Some(known) => known.quantity += quantity,
            None => open.push(Piece { quantity, ..piece }),
        }
    }

    /// A reserved unit ends once: what ends must have been open.
    fn end(&mut self, order: &str, line: &PlacedQuantity, place: &dyn Fn() -> String, report: &mut Report) {
        let piece = self.piece(&line.line_id, &line.sku, &line.warehouse);
        let pieces = self.open.get(&print(order));
        let open =
            pieces.and_then(|open| open.iter().find(|known| known.is_at(piece))).map_or(0, |known| known.quantity);
        let ends = line.quantity;
        report.check(Id::I6, open >= ends, || {
            format!("{}: {ends} of {order} line {} end at {:?}, {open} are open", place(), line.line_id, line.warehouse)
        });
        self.shift(piece, -ends);
        let pieces = self.open.entry(print(order)).or_default();
        match pieces.iter_mut().find(|known| known.is_at(piece)) {
            Some(known) => known.quantity -= ends,
            None => pieces.push(Piece { quantity: -ends, ..piece }),
        }
        pieces.retain(|known| known.quantity != 0);
        if pieces.is_empty() {
            self.open.remove(&print(order));
        }
    }

    fn piece(&mut self, line: &str, sku: &str, warehouse: &str) -> Piece {
        let warehouse = if warehouse.is_empty() { NOWHERE } else { self.number(warehouse) };
        Piece { line: print(line), sku: self.number(sku), warehouse, quantity: 0 }
    }

    fn shift(&mut self, piece: Piece, by: i64) {
        let sums = self.skus.entry(piece.sku).or_default();
        if piece.warehouse == NOWHERE {
            sums.soft += by;
        } else {
            sums.allocated += by;
            self.levels.entry((piece.sku, piece.warehouse)).or_default().allocated += by;
        }
        self.touched.push((piece.sku, piece.warehouse));
    }

    /// I1 for what a record touched.
    fn hold(&self, sku: u32, warehouse: u32, place: &dyn Fn() -> String, report: &mut Report) {
        if warehouse != NOWHERE {
            let level = self.levels.get(&(sku, warehouse)).copied().unwrap_or_default();
            let text = || format!("{}: {} at {}: {level:?}", place(), self.name(sku), self.name(warehouse));
            let holds = level.allocated >= 0 && level.allocated <= level.on_hand + level.shortage;
            report.check(Id::I1, holds, text);
            let statuses = level.damaged >= 0 && level.quality_hold >= 0 && level.suspect >= 0 && level.shortage >= 0;
            report.check(Id::I2, statuses, text);
        }
        let Sums { soft, allocated, sellable, shortage } = self.skus.get(&sku).copied().unwrap_or_default();
        let holds = soft >= 0 && soft + allocated <= sellable + shortage;
        report.check(Id::I1, holds, || {
            format!(
                "{}: {}: soft {soft} + allocated {allocated} > sellable {sellable} + shortage {shortage}",
                place(),
                self.name(sku)
            )
        });
    }

    pub(super) fn holding(&self) -> impl Iterator<Item = u64> {
        self.open.keys().copied()
    }

    /// I2: open reservations sum to what is reserved, of each SKU at each place.
    pub(super) fn sums(&self, pool: &str, report: &mut Report) {
        // Reserved, and open.
        let mut both: BTreeMap<(&str, &str), (i64, i64)> = BTreeMap::new();
        for ((sku, at), level) in &self.levels {
            both.entry((self.name(*sku), self.name(*at))).or_default().0 += level.allocated;
        }
        for (sku, sums) in &self.skus {
            both.entry((self.name(*sku), "")).or_default().0 += sums.soft;
        }
        for piece in self.open.values().flatten() {
            both.entry((self.name(piece.sku), self.name(piece.warehouse))).or_default().1 += piece.quantity;
        }
        for ((sku, at), (reserved, open)) in both {
            report.check(Id::I2, open == reserved, || {
                format!("{pool}: {sku} at {at:?}: {open} open, {reserved} reserved")
            });
        }
    }

    pub(super) fn levels(&self) -> impl Iterator<Item = (String, String, Level)> {
        let named =
            |((sku, at), level): (&(u32, u32), &Level)| (self.name(*sku).to_owned(), self.name(*at).to_owned(), *level);
        self.levels.iter().map(named)
    }
}

impl Piece {
    fn is_at(&self, other: Piece) -> bool {
        (self.line, self.sku, self.warehouse) == (other.line, other.sku, other.warehouse)
    }
}
