//! The quantities of a SKU: at each warehouse by status, and over the pool.

use super::order::Rank;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One SKU at one warehouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Sellable units. Below zero where the world took more than the books had.
    pub on_hand: i64,
    pub allocated: i64,
    pub damaged: i64,
    pub suspect: i64,
    pub quality_hold: i64,
    /// Allocated, or gone, and not on hand.
    pub shortage: i64,
    /// All that ever came in or was put right, less what went out: the sum that on hand has to equal (I2).
    pub booked: i64,
}

/// One SKU over the pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sku {
    /// Reserved without a warehouse.
    pub soft: i64,
    /// What the orders in the queue wait for.
    pub wanted: i64,
    /// How many orders wait.
    pub waiting: u64,
    /// Units ever reserved, soft or allocated (I6).
    pub taken: i64,
    /// Units whose reservation has ended (I6).
    pub ended: i64,
    pub places: BTreeMap<String, Place>,
    /// Set while freed stock has not been offered to the whole queue.
    pub serving: Option<Cursor>,
}

/// How far the queue was offered the free stock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// `None`: nobody was asked yet.
    pub after: Option<Rank>,
}

impl Place {
    /// Units on hand that nobody has.
    pub fn free(&self) -> i64 {
        self.on_hand.saturating_sub(self.allocated).max(0)
    }

    /// What is allocated, or gone, and not on hand.
    pub fn deficit(&self) -> i64 {
        self.allocated.saturating_sub(self.on_hand).max(0)
    }
}

impl Sku {
    pub fn place(&self, warehouse: &str) -> Place {
        self.places.get(warehouse).copied().unwrap_or_default()
    }

    /// Units over the pool that can still be promised; below zero where soft reservations are no longer covered.
    pub fn free(&self) -> i64 {
        let on_hand = self.places.values().fold(0_i64, |sum, place| sum.saturating_add(place.free()));
        on_hand.saturating_sub(self.soft)
    }
}
