//! What a pool remembers of an order.

use super::demand::{Cost, Demand, Line, Placed};
use super::message::Said;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An order's place in the queue, and among those that hold stock: the smallest goes first and is robbed last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    /// The priority, negated.
    pub lateness: i64,
    /// Arrival.
    pub number: u64,
}

/// How far an order has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// Asked for a soft reservation, whether it got it or not.
    #[default]
    Soft,
    /// Asked for an allocation.
    Hard,
    /// Nothing is open, nothing left the house.
    Voided,
    /// Nothing is open, something was issued.
    Issued,
}

/// One order in one pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The highest plan seen.
    pub plan: u32,
    /// Of the last message.
    pub sequence: u64,
    pub level: Level,
    /// What was told last, to be told again to who asks again.
    pub told: Option<Said>,
    /// Plan of what was told last.
    pub told_plan: u32,
    /// Whether a unit ever left the house.
    pub left: bool,
    /// (line, warehouse) that came back: a repeat is known by them.
    pub returned: Vec<(String, String)>,
    /// All else, while anything is open.
    pub open: Option<Box<Open>>,
}

/// An order of which something is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    pub rank: Rank,
    /// Reserved without a warehouse.
    pub soft: Vec<Line>,
    /// Allocated and still here.
    pub placed: Vec<Placed>,
    /// Left the house, with the plan under which they did.
    pub issued: Vec<(u32, Placed)>,
    /// (line, warehouse) that were voided by name under this plan.
    pub voided: Vec<(String, String)>,
    /// The command to allocate, less what was voided by name.
    pub demand: Option<Demand>,
    pub cost: Cost,
    /// In the queue for these units; `None`: not in the queue.
    pub waiting: Option<Vec<(String, i64)>>,
}

impl Order {
    pub fn ended(&self) -> bool {
        matches!(self.level, Level::Voided | Level::Issued)
    }
}

impl Open {
    /// Nothing is reserved, allocated or waited for.
    pub fn is_empty(&self) -> bool {
        self.soft.is_empty() && self.placed.is_empty() && self.waiting.is_none()
    }

    /// What is wanted and neither allocated nor issued.
    pub fn remaining(&self) -> Vec<Line> {
        match &self.demand {
            Some(demand) => self.lacking(&demand.lines),
            None => Vec::new(),
        }
    }

    /// What of these lines is neither allocated nor issued.
    pub fn lacking(&self, lines: &[Line]) -> Vec<Line> {
        let mut covered: BTreeMap<&str, i64> = BTreeMap::new();
        let issued = self.issued.iter().map(|(_, placed)| placed);
        for placed in self.placed.iter().chain(issued) {
            let sum = covered.entry(placed.line.as_str()).or_insert(0);
            *sum = sum.saturating_add(placed.quantity);
        }
        let mut lacking = Vec::new();
        for line in lines {
            let quantity = line.quantity.saturating_sub(covered.get(line.line.as_str()).copied().unwrap_or(0));
            if quantity > 0 {
                lacking.push(Line { quantity, ..line.clone() });
            }
        }
        lacking
    }

    /// Everything that is open, as it is given back.
    pub fn holdings(&self) -> Vec<Placed> {
        let soft = self.soft.iter().map(|line| Placed {
            line: line.line.clone(),
            sku: line.sku.clone(),
            warehouse: String::new(),
            quantity: line.quantity,
        });
        soft.chain(self.placed.iter().cloned()).collect()
    }

    /// Units of a SKU that it has, soft or allocated.
    pub fn holds(&self, sku: &str) -> i64 {
        let soft = self.soft.iter().filter(|l| l.sku == sku).map(|l| l.quantity);
        let placed = self.placed.iter().filter(|l| l.sku == sku).map(|l| l.quantity);
        soft.chain(placed).fold(0_i64, i64::saturating_add)
    }

    /// Open units of a line at its place: soft where the place is empty.
    pub fn at(&self, place: &Placed) -> i64 {
        if place.warehouse.is_empty() {
            let soft = self.soft.iter().find(|own| own.line == place.line && own.sku == place.sku);
            return soft.map_or(0, |own| own.quantity);
        }
        self.placed.iter().find(|own| own.same_place(place)).map_or(0, |own| own.quantity)
    }
}
