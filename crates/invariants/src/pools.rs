//! I1, I2 and I6 at every prefix of `stock`, by a ledger that knows nothing of inventory's own.

mod books;

use crate::report::Report;
use books::Books;
use std::collections::BTreeMap;
use weir_pipeline::Record;
use weir_proto::stock::v1::stock_event::Event;

/// What is at one place: (pool key, SKU, warehouse) → quantities.
pub type Levels = BTreeMap<(String, String, String), Level>;

/// Quantities of one SKU in one warehouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    pub on_hand: i64,
    pub allocated: i64,
    pub shortage: i64,
    pub damaged: i64,
    pub quality_hold: i64,
    pub suspect: i64,
}

/// The pools of one partition.
#[derive(Default)]
pub(crate) struct Pools {
    pools: BTreeMap<String, Books>,
}

impl Pools {
    pub(crate) fn take(&mut self, record: &Record, event: &Event, report: &mut Report) {
        match self.pools.get_mut(&record.key) {
            Some(books) => books.apply(record, event, report),
            None => self.pools.entry(record.key.clone()).or_default().apply(record, event, report),
        }
    }

    /// The fingerprints of the orders that stock is reserved for.
    pub(crate) fn holding(&self) -> impl Iterator<Item = u64> {
        self.pools.values().flat_map(Books::holding)
    }

    /// Compares sums, and says what is where.
    pub(crate) fn end(self, report: &mut Report) -> Levels {
        let mut levels = Levels::new();
        for (pool, books) in self.pools {
            books.sums(&pool, report);
            levels.extend(books.levels().map(|(sku, at, level)| ((pool.clone(), sku, at), level)));
        }
        levels
    }
}

#[cfg(test)]
mod tests;
