//! I1, I2 and I6 at every prefix of `stock`, by a ledger that knows nothing of inventory's own.

use super::report::Report;
use super::scan;
use std::collections::{BTreeMap, HashMap};
use weir_pipeline::Record;
use weir_pipeline::kafka::KafkaLog;
use weir_proto::stock::v1::{PlacedQuantity, StockEvent, StockStatus, stock_event::Event};
use weir_proto::topics::Topic;

/// What is at one place: (pool key, SKU, warehouse) → quantities.
pub type Levels = BTreeMap<(String, String, String), Level>;

/// Quantities of one SKU in one warehouse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    pub on_hand: i64,
    pub allocated: i64,
    pub shortage: i64,
    pub damaged: i64,
    pub quality_hold: i64,
    pub suspect: i64,
}

/// One pool's books, from its records.
#[derive(Default)]
struct Books {
    levels: HashMap<(String, String), Level>,
    /// Per SKU: soft, and the sums over its warehouses of what I1 compares.
    skus: HashMap<String, Sums>,
    /// What is open of each order, by (line, warehouse); soft has no warehouse.
    open: HashMap<String, HashMap<(String, String), i64>>,
}

#[derive(Default)]
struct Sums {
    soft: i64,
    allocated: i64,
    sellable: i64,
    shortage: i64,
}

/// Checks every pool and says what is where at the end.
pub fn check(log: &KafkaLog, report: &mut Report) -> anyhow::Result<Levels> {
    let mut levels = Levels::new();
    for partition in 0..Topic::Stock.partitions(log.config().partitions) {
        let mut pools: HashMap<String, Books> = HashMap::new();
        scan::partition(log, Topic::Stock, partition, |record| {
            let Ok(event) = record.decode::<StockEvent>() else {
                return report.check("I9", false, || format!("stock/{partition}@{} can't be read", record.offset));
            };
            let Some(event) = event.event else { return };
            if !matches!(event, Event::Stage(_)) {
                pools.entry(record.key.clone()).or_default().apply(record, &event, report);
            }
        })?;
        for (pool, books) in pools {
            books.sums(&pool, report);
            levels.extend(books.levels.into_iter().map(|((sku, at), level)| ((pool.clone(), sku, at), level)));
        }
    }
    Ok(levels)
}

impl Books {
    fn apply(&mut self, record: &Record, event: &Event, report: &mut Report) {
        let place = || format!("{}/{}@{}", record.topic, record.partition, record.offset);
        let mut touched: Vec<(String, String)> = Vec::new();
        match event {
            Event::Received(e) => self.book(&e.sku, &e.warehouse, StockStatus::Sellable, e.quantity, &mut touched),
            Event::Adjusted(e) => self.book(&e.sku, &e.warehouse, StockStatus::Sellable, e.delta, &mut touched),
            Event::Restocked(e) => {
                for line in &e.lines {
                    self.book(&line.sku, &line.warehouse, e.status(), line.quantity, &mut touched);
                }
            }
            Event::StatusChanged(e) => {
                self.book(&e.sku, &e.warehouse, e.from(), -e.quantity, &mut touched);
                self.book(&e.sku, &e.warehouse, e.to(), e.quantity, &mut touched);
            }
            Event::Shortage(e) => {
                let change = e.quantity - self.level(&e.sku, &e.warehouse).shortage;
                self.level(&e.sku, &e.warehouse).shortage = e.quantity;
                self.sku(&e.sku).shortage += change;
                touched.push((e.sku.clone(), e.warehouse.clone()));
            }
            Event::SoftReserved(e) => {
                for line in &e.lines {
                    let soft = PlacedQuantity {
                        line_id: line.line_id.clone(),
                        sku: line.sku.clone(),
                        warehouse: String::new(),
                        quantity: line.quantity,
                    };
                    self.reserve(&e.order_id, &soft, &mut touched);
                }
            }
            Event::Allocated(e) => e.lines.iter().for_each(|line| self.reserve(&e.order_id, line, &mut touched)),
            Event::Voided(e) => self.end_all(&e.order_id, &e.lines, &place, &mut touched, report),
            Event::Deallocated(e) => self.end_all(&e.order_id, &e.lines, &place, &mut touched, report),
            Event::Issued(e) => {
                for line in &e.lines {
                    let open = self.open_of(&e.order_id, line);
                    let ends = PlacedQuantity { quantity: line.quantity.min(open), ..line.clone() };
                    self.end(&e.order_id, &ends, &place, &mut touched, report);
                    self.book(&line.sku, &line.warehouse, StockStatus::Sellable, -line.quantity, &mut touched);
                }
            }
            Event::Declined(_) | Event::Queued(_) | Event::QueueServed(_) | Event::Stage(_) => {}
        }
        for (sku, warehouse) in touched {
            self.hold(&sku, &warehouse, &place, report);
        }
    }

    fn level(&mut self, sku: &str, warehouse: &str) -> &mut Level {
        self.levels.entry((sku.to_owned(), warehouse.to_owned())).or_default()
    }

    fn sku(&mut self, sku: &str) -> &mut Sums {
        if !self.skus.contains_key(sku) {
            self.skus.insert(sku.to_owned(), Sums::default());
        }
        self.skus.entry(sku.to_owned()).or_default()
    }

    fn book(&mut self, sku: &str, at: &str, status: StockStatus, by: i64, touched: &mut Vec<(String, String)>) {
        let level = self.level(sku, at);
        match status {
            StockStatus::Damaged => level.damaged += by,
            StockStatus::QualityHold => level.quality_hold += by,
            StockStatus::Suspect => level.suspect += by,
            StockStatus::Sellable | StockStatus::Unspecified => {
                level.on_hand += by;
                self.sku(sku).sellable += by;
            }
        }
        touched.push((sku.to_owned(), at.to_owned()));
    }

    fn reserve(&mut self, order: &str, line: &PlacedQuantity, touched: &mut Vec<(String, String)>) {
        self.shift(line, line.quantity, touched);
        let open = self.open.entry(order.to_owned()).or_default();
        *open.entry((line.line_id.clone(), line.warehouse.clone())).or_insert(0) += line.quantity;
    }

    fn open_of(&self, order: &str, line: &PlacedQuantity) -> i64 {
        let key = (line.line_id.clone(), line.warehouse.clone());
        self.open.get(order).and_then(|open| open.get(&key)).copied().unwrap_or(0)
    }

    fn end_all(
        &mut self,
        order: &str,
        lines: &[PlacedQuantity],
        place: &dyn Fn() -> String,
        touched: &mut Vec<(String, String)>,
        report: &mut Report,
    ) {
        for line in lines {
            self.end(order, line, place, touched, report);
        }
    }

    /// A reserved unit ends once: what ends must have been open.
    fn end(
        &mut self,
        order: &str,
        line: &PlacedQuantity,
        place: &dyn Fn() -> String,
        touched: &mut Vec<(String, String)>,
        report: &mut Report,
    ) {
        let open = self.open_of(order, line);
        report.check("I6", open >= line.quantity, || {
            format!(
                "{}: {} of {order} line {} end at {:?}, {open} are open",
                place(),
                line.quantity,
                line.line_id,
                line.warehouse
            )
        });
        self.shift(line, -line.quantity, touched);
        if let Some(lines) = self.open.get_mut(order) {
            let key = (line.line_id.clone(), line.warehouse.clone());
            *lines.entry(key).or_insert(0) -= line.quantity;
            lines.retain(|_, quantity| *quantity != 0);
            if lines.is_empty() {
                self.open.remove(order);
            }
        }
    }

    fn shift(&mut self, line: &PlacedQuantity, by: i64, touched: &mut Vec<(String, String)>) {
        if line.warehouse.is_empty() {
            self.sku(&line.sku).soft += by;
        } else {
            self.level(&line.sku, &line.warehouse).allocated += by;
            self.sku(&line.sku).allocated += by;
        }
        touched.push((line.sku.clone(), line.warehouse.clone()));
    }

    /// I1 for what a record touched.
    fn hold(&mut self, sku: &str, warehouse: &str, place: &dyn Fn() -> String, report: &mut Report) {
        if !warehouse.is_empty() {
            let level = self.level(sku, warehouse).clone();
            let holds = level.allocated >= 0 && level.allocated <= level.on_hand + level.shortage;
            report.check("I1", holds, || format!("{}: {sku} at {warehouse}: {level:?}", place()));
            let statuses = level.damaged >= 0 && level.quality_hold >= 0 && level.suspect >= 0 && level.shortage >= 0;
            report.check("I2", statuses, || format!("{}: {sku} at {warehouse}: {level:?}", place()));
        }
        let sums = self.sku(sku);
        let holds = sums.soft >= 0 && sums.soft + sums.allocated <= sums.sellable + sums.shortage;
        let (soft, allocated, sellable, shortage) = (sums.soft, sums.allocated, sums.sellable, sums.shortage);
        report.check("I1", holds, || {
            format!(
                "{}: {sku}: soft {soft} + allocated {allocated} > sellable {sellable} + shortage {shortage}",
                place()
            )
        });
    }

    /// I2: open reservations sum to what is reserved.
    fn sums(&self, pool: &str, report: &mut Report) {
        let mut open_total: i64 = 0;
        for lines in self.open.values() {
            open_total += lines.values().sum::<i64>();
        }
        let reserved: i64 = self.skus.values().map(|s| s.soft + s.allocated).sum();
        report.check("I2", open_total == reserved, || format!("{pool}: {open_total} open, {reserved} reserved"));
    }
}
