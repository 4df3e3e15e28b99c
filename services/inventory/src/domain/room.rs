//! Units leave a place that were promised: the promises give way first, so that the books never promise what isn't there.

use super::demand::Placed;
use super::draft::Draft;
use super::fact::Fact;
use super::ledger::Place;
use super::reserve;
use std::collections::{BTreeMap, BTreeSet};

/// Units about to go, by SKU and warehouse.
pub type Leaving<'l> = BTreeMap<(&'l str, &'l str), i64>;

/// Makes room for sellable units to go, before they go: allocations give way from the lowest priority and the latest on,
/// then soft reservations from the latest on; `spared` keeps what is allocated to it.
pub fn make(draft: &mut Draft<'_>, leaving: &Leaving<'_>, spared: &str, reason: &str) {
    for ((sku, warehouse), units) in leaving {
        for order in draft.holders(sku, warehouse) {
            let deficit = after(draft, sku, warehouse, *units).deficit();
            if deficit == 0 {
                break;
            }
            if order != spared {
                deallocate(draft, order, sku, warehouse, deficit, reason);
            }
        }
        let deficit = after(draft, sku, warehouse, *units).deficit();
        if deficit > at(draft, sku, warehouse).shortage {
            let (sku, warehouse) = ((*sku).to_owned(), (*warehouse).to_owned());
            draft.say(Fact::Shortage { sku, warehouse, quantity: deficit });
        }
    }
    let skus: BTreeSet<&str> = leaving.keys().map(|(sku, _)| *sku).collect();
    for sku in skus {
        for order in draft.soft_holders(sku) {
            if draft.sku(sku).is_none_or(|entry| entry.free() >= lost(draft, leaving, sku)) {
                break;
            }
            revoke(draft, order);
        }
    }
}

/// The place as it will be.
fn after(draft: &Draft<'_>, sku: &str, warehouse: &str, units: i64) -> Place {
    let place = at(draft, sku, warehouse);
    Place { on_hand: place.on_hand.saturating_sub(units), ..place }
}

/// Free units that the pool is about to lose.
fn lost(draft: &Draft<'_>, leaving: &Leaving<'_>, sku: &str) -> i64 {
    let places = leaving.iter().filter(|((going, _), _)| *going == sku);
    places.fold(0, |sum, ((_, warehouse), units)| {
        let free = at(draft, sku, warehouse).free();
        sum.saturating_add(free.saturating_sub(after(draft, sku, warehouse, *units).free()))
    })
}

/// Puts the shortage where it belongs after units came or went.
pub fn even(draft: &mut Draft<'_>, sku: &str, warehouse: &str) {
    let place = at(draft, sku, warehouse);
    if place.shortage != place.deficit() {
        let quantity = place.deficit();
        draft.say(Fact::Shortage { sku: sku.to_owned(), warehouse: warehouse.to_owned(), quantity });
    }
}

pub fn at(draft: &Draft<'_>, sku: &str, warehouse: &str) -> Place {
    draft.sku(sku).map(|entry| entry.place(warehouse)).unwrap_or_default()
}

/// Takes at most `most` units of an order back at a place, and queues the order again.
fn deallocate(draft: &mut Draft<'_>, order: &str, sku: &str, warehouse: &str, most: i64, reason: &str) {
    let Some(known) = draft.order(order) else {
        return;
    };
    let Some(open) = known.open.as_deref() else {
        return;
    };
    let Some(demand) = open.demand.clone() else {
        return;
    };
    let mut left = most;
    let mut lines = Vec::new();
    for placed in open.placed.iter().filter(|placed| placed.sku == sku && placed.warehouse == warehouse) {
        let quantity = placed.quantity.min(left);
        if quantity > 0 {
            left = left.saturating_sub(quantity);
            lines.push(Placed { quantity, ..placed.clone() });
        }
    }
    if lines.is_empty() {
        return;
    }
    let plan = known.plan;
    draft.say(Fact::Deallocated { order: order.to_owned(), plan, lines, reason: reason.to_owned() });
    let missing = draft.open(order).map(super::order::Open::remaining).unwrap_or_default();
    draft.say(Fact::Queued { demand, missing });
}

/// Takes a soft reservation back. Its allocation, when it is asked for, is decided afresh.
fn revoke(draft: &mut Draft<'_>, order: &str) {
    let Some(known) = draft.order(order) else {
        return;
    };
    let soft = known.open.as_deref().map(|open| open.soft.clone()).unwrap_or_default();
    if soft.is_empty() {
        return;
    }
    let plan = known.plan;
    reserve::replace(draft, order);
    draft.say(Fact::Declined { order: order.to_owned(), plan, missing: soft });
}
