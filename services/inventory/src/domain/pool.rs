//! The pool's state: ledger, orders, and the indexes that keep every decision at the cost of its lines.

use super::check::Violation;
use super::ledger::Sku;
use super::order::{Open, Order, Rank};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_decider::Millis;

/// One stock network of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    pub(super) skus: BTreeMap<String, Sku>,
    pub(super) orders: BTreeMap<String, Order>,
    pub(super) index: Index,
    /// Number of the next order that opens.
    pub(super) next: u64,
    /// SKUs whose freed stock has not been offered to the whole queue.
    pub(super) serving: BTreeSet<String>,
    /// Since when that is so.
    pub(super) since: Millis64,
    /// What the first fact that did not fit broke. The stage stops the partition; asked all the same, the pool refuses.
    pub(super) broken: Option<Violation>,
}

/// Milliseconds, as they are kept in a snapshot.
pub(super) type Millis64 = i64;

/// Who holds what, and who waits for what. Says nothing that the orders don't say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Open orders by number.
    pub(super) names: BTreeMap<u64, String>,
    /// Orders with units allocated at a place: (SKU, warehouse).
    pub(super) holders: BTreeMap<(String, String), BTreeSet<Rank>>,
    /// Orders with a soft reservation.
    pub(super) soft: BTreeMap<String, BTreeSet<Rank>>,
    /// Orders in the queue.
    pub(super) waiting: BTreeMap<String, BTreeSet<Rank>>,
}

impl Pool {
    /// The SKU's quantities.
    pub fn sku(&self, sku: &str) -> Option<&Sku> {
        self.skus.get(sku)
    }

    /// What is remembered of an order.
    pub fn order(&self, id: &str) -> Option<&Order> {
        self.orders.get(id)
    }

    /// Since when freed stock waits to be offered.
    pub(super) fn serving_since(&self) -> Option<Millis> {
        (!self.serving.is_empty()).then_some(Millis(self.since))
    }

    /// The open part of an order.
    pub(super) fn open(&self, id: &str) -> Option<&Open> {
        self.orders.get(id)?.open.as_deref()
    }
}

impl Index {
    /// Enters an order.
    pub(super) fn insert(&mut self, id: &str, open: &Open) {
        self.names.insert(open.rank.number, id.to_owned());
        for placed in &open.placed {
            let place = (placed.sku.clone(), placed.warehouse.clone());
            self.holders.entry(place).or_default().insert(open.rank);
        }
        for line in &open.soft {
            self.soft.entry(line.sku.clone()).or_default().insert(open.rank);
        }
        for (sku, _) in open.waiting.iter().flatten() {
            self.waiting.entry(sku.clone()).or_default().insert(open.rank);
        }
    }

    /// Takes an order out, as it was entered.
    pub(super) fn remove(&mut self, open: &Open) {
        self.names.remove(&open.rank.number);
        for placed in &open.placed {
            take(&mut self.holders, &(placed.sku.clone(), placed.warehouse.clone()), open.rank);
        }
        for line in &open.soft {
            take(&mut self.soft, &line.sku, open.rank);
        }
        for (sku, _) in open.waiting.iter().flatten() {
            take(&mut self.waiting, sku, open.rank);
        }
    }
}

fn take<K: Ord>(sets: &mut BTreeMap<K, BTreeSet<Rank>>, key: &K, rank: Rank) {
    if let Some(set) = sets.get_mut(key) {
        set.remove(&rank);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}
