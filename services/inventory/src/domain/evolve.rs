//! How a fact changes the books. Total: a fact that does not fit, or after which an invariant does not hold, leaves the books marked
//! as broken, and no number wraps.

use super::check::{Rule, Violation};
use super::demand::{Line, Placed};
use super::fact::{Fact, Status};
use super::ledger::{Cursor, Place, Sku};
use super::message::{self, Said};
use super::order::{Level, Open, Order};
use super::pool::Pool;
use std::collections::BTreeMap;
use weir_decider::Millis;
use weir_decider::plant::planted;

/// Takes a fact in.
pub fn apply(pool: &mut Pool, at: Millis, fact: &Fact) {
    match fact {
        Fact::Received { sku, warehouse, quantity, .. } => pool.book(sku, warehouse, Status::Sellable, *quantity),
        Fact::Adjusted { sku, warehouse, delta, .. } => pool.book(sku, warehouse, Status::Sellable, *delta),
        Fact::Restocked { lines, status, .. } => {
            for line in lines {
                pool.book(&line.sku, &line.warehouse, *status, line.quantity);
            }
        }
        Fact::StatusChanged { sku, warehouse, quantity, from, to, .. } => {
            pool.book(sku, warehouse, *from, quantity.saturating_neg());
            pool.book(sku, warehouse, *to, *quantity);
        }
        Fact::Shortage { sku, warehouse, quantity } => pool.place(sku, warehouse).shortage = *quantity,
        _ => {}
    }
    let robbed = robbed(pool, fact);
    if let Fact::QueueServed { sku, after } = fact {
        pool.served(sku, after);
    } else if let Some(id) = fact.order() {
        pool.edit(id, fact);
    }
    for sku in fact.skus() {
        if robbed || freeing(fact) {
            pool.freed(at, sku);
        }
        pool.settle(sku);
    }
    // Of what the fact touched, so it costs a decision a few sums. A rule that forgets one never gets as far as the log.
    let violation = fact.skus().into_iter().find_map(|sku| pool.check_sku(sku).err());
    pool.broken = pool.broken.take().or(violation);
}

/// Whether a fact can leave more to promise than there was.
fn freeing(fact: &Fact) -> bool {
    match fact {
        Fact::Received { .. } | Fact::Voided { .. } | Fact::Replaced { .. } => true,
        Fact::Adjusted { delta, .. } => *delta > 0,
        Fact::Restocked { status, .. } => *status == Status::Sellable,
        Fact::StatusChanged { to, .. } => *to == Status::Sellable,
        _ => false,
    }
}

/// Whether an order goes back into the queue because its units are not there: another warehouse may have them.
fn robbed(pool: &Pool, fact: &Fact) -> bool {
    let Fact::Queued { demand, .. } = fact else {
        return false;
    };
    let order = pool.orders.get(&demand.order);
    order.is_some_and(|order| matches!(order.told, Some(Said::Deallocated { .. })))
}

impl Pool {
    fn sku_mut(&mut self, sku: &str) -> &mut Sku {
        if !self.skus.contains_key(sku) {
            self.skus.insert(sku.to_owned(), Sku::default());
        }
        self.skus.entry(sku.to_owned()).or_default()
    }

    fn place(&mut self, sku: &str, warehouse: &str) -> &mut Place {
        self.sku_mut(sku).places.entry(warehouse.to_owned()).or_default()
    }

    /// Moves a quantity of a status; sellable units are booked (I2).
    fn book(&mut self, sku: &str, warehouse: &str, status: Status, by: i64) {
        let place = self.place(sku, warehouse);
        let fits = match status {
            Status::Sellable => shift(&mut place.on_hand, by) && shift(&mut place.booked, by),
            Status::Damaged => shift(&mut place.damaged, by),
            Status::QualityHold => shift(&mut place.quality_hold, by),
            Status::Suspect => shift(&mut place.suspect, by),
        };
        self.require(Rule::I2, fits, || format!("{sku} at {warehouse}: {by} units do not fit"));
    }

    /// Changes what is allocated at a place, or reserved in the pool where there is none.
    fn hold(&mut self, sku: &str, warehouse: &str, by: i64) {
        let entry = self.sku_mut(sku);
        let held = match warehouse {
            "" => &mut entry.soft,
            _ => &mut entry.places.entry(warehouse.to_owned()).or_default().allocated,
        };
        let fits = shift(held, by) && *held >= 0;
        let counted = if by > 0 { shift(&mut entry.taken, by) } else { shift(&mut entry.ended, by.saturating_neg()) };
        self.require(Rule::I6, fits && counted, || format!("{sku} at {warehouse:?}: {by} reserved units do not fit"));
    }

    fn require(&mut self, rule: Rule, holds: bool, detail: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(Violation { rule, detail: detail() });
        }
    }

    /// Takes an order out of the books, changes it, and enters it again.
    fn edit(&mut self, id: &str, fact: &Fact) {
        let mut order = self.orders.remove(id).unwrap_or_default();
        let mut open = order.open.take();
        if let Some(open) = &open {
            self.index.remove(open);
            self.want(open, -1);
        } else if opens(fact) {
            let mut fresh = Open::default();
            fresh.rank.number = self.next;
            self.next = self.next.saturating_add(1);
            open = Some(Box::new(fresh));
        }
        self.change(&mut order, open.as_deref_mut(), fact);
        let over = matches!(fact, Fact::Voided { .. } | Fact::Issued { .. } | Fact::Declined { .. });
        let remaining = open.as_deref().map(Open::remaining).unwrap_or_default();
        if let Some(mut kept) = open.filter(|open| !(over && open.is_empty())) {
            if kept.waiting.is_some() {
                kept.waiting = waiting_for(&remaining);
            }
            self.want(&kept, 1);
            self.index.insert(id, &kept);
            order.open = Some(kept);
        } else if matches!(fact, Fact::Voided { .. } | Fact::Issued { .. }) {
            order.level = if order.left { Level::Issued } else { Level::Voided };
        }
        if let Some(said) = message::of(fact, &remaining) {
            order.sequence = order.sequence.saturating_add(1);
            order.told = Some(said);
            order.told_plan = order.plan;
        }
        if order.level == Level::Issued && matches!(fact, Fact::Issued { .. }) {
            order.told = None;
        }
        self.orders.insert(id.to_owned(), order);
    }

    fn change(&mut self, order: &mut Order, open: Option<&mut Open>, fact: &Fact) {
        match (fact, open) {
            (Fact::SoftReserved { plan, lines, .. }, Some(open)) => {
                (order.plan, order.level) = (*plan, Level::Soft);
                open.waiting = None;
                open.demand = None;
                open.rank.lateness = 0;
                for line in lines {
                    self.hold(&line.sku, "", line.quantity);
                    open.soft.push(line.clone());
                }
            }
            (Fact::Declined { plan, .. }, open) => {
                (order.plan, order.level) = (*plan, Level::Soft);
                if let Some(open) = open {
                    open.waiting = None;
                }
            }
            (Fact::Allocated { demand, lines, cost }, Some(open)) => {
                enter(order, open, demand);
                for line in lines {
                    self.hold(&line.sku, &line.warehouse, line.quantity);
                    open.placed.push(line.clone());
                }
                open.cost = cost.clone();
                if open.remaining().is_empty() {
                    open.waiting = None;
                }
            }
            (Fact::Queued { demand, .. }, Some(open)) => {
                enter(order, open, demand);
                open.waiting = (!planted("fold-without-queue")).then(Vec::new);
            }
            (Fact::Voided { plan, lines, .. }, open) => self.void(order, open, *plan, lines),
            (Fact::Replaced { lines, .. } | Fact::Deallocated { lines, .. }, Some(open)) => {
                for line in lines {
                    self.give_back(open, line);
                }
            }
            (Fact::Issued { plan, lines, unallocated, .. }, open) => self.issue(order, open, *plan, lines, unallocated),
            (Fact::Restocked { lines, .. }, _) => {
                let returned = lines.iter().map(|line| (line.line.clone(), line.warehouse.clone()));
                order.returned.extend(returned);
            }
            (fact, None) => self.require(Rule::Books, false, || format!("nothing is open for {fact:?}")),
            _ => {}
        }
    }

    fn void(&mut self, order: &mut Order, open: Option<&mut Open>, plan: u32, lines: &[Placed]) {
        order.plan = order.plan.max(plan);
        let Some(open) = open else {
            return self.require(Rule::I6, lines.is_empty(), || "a void of what is not open".to_owned());
        };
        for line in lines {
            self.give_back(open, line);
            open.voided.push((line.line.clone(), line.warehouse.clone()));
            let wanted = open.demand.iter_mut().flat_map(|demand| demand.lines.iter_mut());
            for wanted in wanted.filter(|wanted| wanted.line == line.line) {
                wanted.quantity = wanted.quantity.saturating_sub(line.quantity).max(0);
            }
        }
        if open.soft.is_empty() && open.placed.is_empty() {
            open.waiting = None;
        }
    }

    fn issue(
        &mut self,
        order: &mut Order,
        open: Option<&mut Open>,
        plan: u32,
        lines: &[Placed],
        unallocated: &[Placed],
    ) {
        order.plan = order.plan.max(plan);
        order.left = true;
        for line in lines {
            self.book(&line.sku, &line.warehouse, Status::Sellable, line.quantity.saturating_neg());
        }
        let Some(open) = open else {
            return self.require(Rule::I6, lines.is_empty(), || "an issue of what is not open".to_owned());
        };
        for line in lines {
            self.give_back(open, line);
        }
        open.issued.extend(lines.iter().chain(unallocated).map(|line| (plan, line.clone())));
        if open.remaining().is_empty() {
            open.waiting = None;
        }
    }

    /// Ends the reservation of one line's units at its place.
    fn give_back(&mut self, open: &mut Open, line: &Placed) {
        self.hold(&line.sku, &line.warehouse, line.quantity.saturating_neg());
        let fits = if line.warehouse.is_empty() {
            let soft = open.soft.iter_mut().find(|l| l.line == line.line && l.sku == line.sku);
            soft.is_some_and(|l| lower(&mut l.quantity, line.quantity))
        } else {
            let placed = open.placed.iter_mut().find(|own| own.same_place(line));
            placed.is_some_and(|l| lower(&mut l.quantity, line.quantity))
        };
        open.soft.retain(|l| l.quantity > 0);
        open.placed.retain(|l| l.quantity > 0);
        self.require(Rule::I6, fits, || format!("{line:?} is given back and was not open"));
    }

    /// Adds an order's wishes to the queue's sums, or takes them away.
    fn want(&mut self, open: &Open, sign: i64) {
        for (sku, quantity) in open.waiting.iter().flatten() {
            let entry = self.sku_mut(sku);
            entry.waiting = entry.waiting.saturating_add_signed(sign);
            let fits = shift(&mut entry.wanted, quantity.saturating_mul(sign));
            self.require(Rule::Books, fits, || format!("{sku}: the queue's wishes do not fit"));
        }
    }

    /// Notes that a SKU has something for its queue.
    fn freed(&mut self, at: Millis, sku: &str) {
        let entry = self.sku_mut(sku);
        if entry.waiting > 0 && entry.free() > 0 {
            entry.serving = Some(Cursor::default());
            if self.serving.is_empty() {
                self.since = at.0;
            }
            self.serving.insert(sku.to_owned());
        }
    }

    /// Nothing to give, or nobody to take it: the queue is served.
    fn settle(&mut self, sku: &str) {
        if let Some(entry) = self.skus.get_mut(sku)
            && entry.serving.is_some()
            && (entry.waiting == 0 || entry.free() <= 0)
        {
            entry.serving = None;
            self.serving.remove(sku);
        }
    }

    fn served(&mut self, sku: &str, after: &str) {
        if after.is_empty() {
            self.sku_mut(sku).serving = None;
            self.serving.remove(sku);
        } else {
            let after = self.open(after).map(|open| open.rank);
            self.sku_mut(sku).serving = Some(Cursor { after });
            self.serving.insert(sku.to_owned());
        }
    }
}

fn opens(fact: &Fact) -> bool {
    matches!(fact, Fact::SoftReserved { .. } | Fact::Allocated { .. } | Fact::Queued { .. })
}

/// Makes a demand the order's own; a new plan forgets what was voided by name under the old one.
fn enter(order: &mut Order, open: &mut Open, demand: &super::Demand) {
    if order.plan != demand.plan {
        open.voided.clear();
    }
    (order.plan, order.level) = (demand.plan, Level::Hard);
    open.rank.lateness = i64::from(demand.priority).saturating_neg();
    open.demand = Some(demand.clone());
}

fn waiting_for(remaining: &[Line]) -> Option<Vec<(String, i64)>> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for line in remaining {
        let sum = sums.entry(line.sku.as_str()).or_insert(0);
        *sum = sum.saturating_add(line.quantity);
    }
    (!sums.is_empty()).then(|| sums.into_iter().map(|(sku, quantity)| (sku.to_owned(), quantity)).collect())
}

fn shift(value: &mut i64, by: i64) -> bool {
    match value.checked_add(by) {
        Some(sum) => {
            *value = sum;
            true
        }
        None => false,
    }
}

fn lower(value: &mut i64, by: i64) -> bool {
    let fits = *value >= by;
    *value = value.saturating_sub(by).max(0);
    fits
}
