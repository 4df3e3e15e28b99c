//! The view of `allocations`: what inventory has set aside for each line.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stock {
    /// The last sequence number of each pool: a repeat says nothing new.
    pub pools: BTreeMap<String, u64>,
    /// By line id.
    pub lines: BTreeMap<String, StockLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLine {
    pub pool: String,
    pub plan: u32,
    pub sku: String,
    pub coverage: Coverage,
    pub warehouses: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Coverage {
    Allocated,
    /// Stands in the queue for stock to come.
    Backordered,
    /// There is none, and it does not queue.
    Unfillable,
}

/// The place of a message among those of its pool.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub pool: &'a str,
    pub plan: u32,
    pub sequence: u64,
}

impl Stock {
    /// Whether a message is new. One without a number can't be told from a new one.
    pub fn is_new(&mut self, told: Told<'_>) -> bool {
        let last = self.pools.entry(told.pool.to_owned()).or_default();
        let new = told.sequence == 0 || told.sequence > *last;
        *last = told.sequence.max(*last);
        new
    }

    /// Sets what a line has; `warehouse` is empty where nothing was placed. A line may lie at several.
    pub fn cover(&mut self, told: Told<'_>, line_id: &str, sku: &str, warehouse: &str, coverage: Coverage) {
        let fresh = || StockLine {
            pool: told.pool.to_owned(),
            plan: told.plan,
            sku: sku.to_owned(),
            coverage,
            warehouses: BTreeSet::new(),
        };
        let line = self.lines.entry(line_id.to_owned()).or_insert_with(fresh);
        if line.plan != told.plan || line.coverage != coverage {
            *line = fresh();
        }
        if !warehouse.is_empty() {
            line.warehouses.insert(warehouse.to_owned());
        }
    }

    /// Forgets all that a pool had set aside.
    pub fn clear(&mut self, pool: &str) {
        self.lines.retain(|_, line| line.pool != pool);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Told<'_> = Told { pool: "main", plan: 1, sequence: 1 };

    #[test]
    fn a_repeat_is_known_by_its_number() {
        let mut stock = Stock::default();
        assert!(stock.is_new(FIRST));
        assert!(!stock.is_new(FIRST));
        assert!(stock.is_new(Told { pool: "cold", ..FIRST }));
        assert!(stock.is_new(Told { sequence: 2, ..FIRST }));
    }

    #[test]
    fn a_new_plan_replaces_what_the_line_had() {
        let mut stock = Stock::default();
        stock.cover(FIRST, "1", "SKU-1", "wh-east", Coverage::Allocated);
        stock.cover(FIRST, "1", "SKU-1", "wh-west", Coverage::Allocated);
        assert_eq!(stock.lines["1"].warehouses.len(), 2);
        stock.cover(Told { plan: 2, sequence: 2, ..FIRST }, "1", "SKU-1", "", Coverage::Backordered);
        assert!(stock.lines["1"].warehouses.is_empty());
        stock.clear("main");
        assert!(stock.lines.is_empty());
    }
}
