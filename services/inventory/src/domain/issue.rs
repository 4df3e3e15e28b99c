//! Units left the house. The world did it: never refused for what the books say, and never done twice.

use super::demand::{PLACE_MAX, Placed, check_placed};
use super::draft::{Draft, retell};
use super::fact::Fact;
use super::order::{Level, Open, Order};
use super::pool::Pool;
use super::{Outcome, queue, room};
use std::collections::BTreeMap;
use weir_decider::{Decision, Fault, Millis};

pub fn decide(books: &Pool, at: Millis, order: &str, plan: u32, lines: &[Placed]) -> Outcome {
    if let Err(fault) = check_placed(lines) {
        return Decision::unreadable(fault);
    }
    if order.is_empty() || lines.is_empty() || lines.iter().any(|line| line.warehouse.is_empty()) {
        return Decision::unreadable(Fault::field(
            "field-missing",
            "lines",
            "an issue names order, lines and warehouses",
        ));
    }
    let known = books.order(order);
    let fresh: Vec<Placed> = lines.iter().filter(|line| !issued(known, plan, line)).cloned().collect();
    if fresh.is_empty() {
        return retell(books, order);
    }
    let full = |line: &Placed| {
        let place = books.sku(&line.sku).map(|entry| entry.place(&line.warehouse)).unwrap_or_default();
        place.on_hand.saturating_sub(line.quantity.saturating_mul(lines.len() as i64)) < -PLACE_MAX
    };
    if fresh.iter().any(full) {
        return Decision::refuse("quantity-out-of-range", format!("a place can't lack more than {PLACE_MAX} units"));
    }
    let (promised, unallocated) = told_apart(known, &fresh);
    let mut leaving = room::Leaving::new();
    for line in &unallocated {
        let sum = leaving.entry((line.sku.as_str(), line.warehouse.as_str())).or_insert(0);
        *sum = sum.saturating_add(line.quantity);
    }
    let over = needless(known, &fresh, &promised);
    let mut draft = Draft::new(books, at);
    if let (Some(known), false) = (known, over.is_empty()) {
        draft.say(Fact::Replaced { order: order.to_owned(), plan: known.plan, lines: over.clone() });
    }
    room::make(&mut draft, &leaving, order, UNALLOCATED);
    for ((sku, warehouse), units) in leaving {
        let (sku, warehouse, delta) = (sku.to_owned(), warehouse.to_owned(), units.saturating_neg());
        let (reason, document) = (UNALLOCATED.to_owned(), order.to_owned());
        draft.say(Fact::Adjusted { sku, warehouse, delta, reason, document });
    }
    draft.say(Fact::Issued { order: order.to_owned(), plan, lines: promised, unallocated: unallocated.clone() });
    for line in fresh.iter().chain(&over).filter(|line| !line.warehouse.is_empty()) {
        room::even(&mut draft, &line.sku, &line.warehouse);
    }
    queue::serve(&mut draft);
    draft.done()
}

/// Reason of an adjustment for units that left without being allocated.
pub const UNALLOCATED: &str = "issued-unallocated";

/// A line leaves a warehouse once for each plan. Of an order that is over nothing is kept but that it is.
fn issued(known: Option<&Order>, plan: u32, line: &Placed) -> bool {
    let Some(known) = known else { return false };
    match known.open.as_deref() {
        Some(open) => open.issued.iter().any(|(under, gone)| *under == plan && gone.same_place(line)),
        None => known.level == Level::Issued && plan <= known.plan,
    }
}

/// What was allocated to the order where it left, and what was not.
fn told_apart(known: Option<&Order>, lines: &[Placed]) -> (Vec<Placed>, Vec<Placed>) {
    let open = known.and_then(|known| known.open.as_deref());
    let (mut promised, mut unallocated) = (Vec::new(), Vec::new());
    for line in lines {
        let held = line.quantity.min(open.map_or(0, |open| open.at(line)));
        let rest = line.quantity.saturating_sub(held);
        for (quantity, side) in [(held, &mut promised), (rest, &mut unallocated)] {
            if quantity > 0 {
                side.push(Placed { quantity, ..line.clone() });
            }
        }
    }
    (promised, unallocated)
}

/// What would stay reserved of lines that have left. A count may take a promise back and give it again elsewhere while
/// the parcel is on its way out, and a newer plan may promise what leaves under the old one; whoever ships knows of
/// neither and will never give it back, so what a line needs no more ends with the units that left.
fn needless(known: Option<&Order>, fresh: &[Placed], promised: &[Placed]) -> Vec<Placed> {
    let Some(open) = known.and_then(|known| known.open.as_deref()) else { return Vec::new() };
    let mut kept = open.holdings();
    for own in &mut kept {
        let ends = promised.iter().find(|line| line.same_place(own)).map_or(0, |line| line.quantity);
        own.quantity = own.quantity.saturating_sub(ends);
    }
    let mut going: BTreeMap<&str, i64> = BTreeMap::new();
    for line in fresh {
        let sum = going.entry(line.line.as_str()).or_insert(0);
        *sum = sum.saturating_add(line.quantity);
    }
    let mut over = Vec::new();
    for (line, gone) in going {
        let held = units(kept.iter().filter(|own| own.line == line));
        let mut left = held.saturating_sub(still_needed(open, line, gone));
        // What was promised last goes first.
        for own in kept.iter().rev().filter(|own| own.line == line) {
            let quantity = own.quantity.min(left);
            if quantity > 0 {
                left = left.saturating_sub(quantity);
                over.push(Placed { quantity, ..own.clone() });
            }
        }
    }
    over
}

/// What a line wants beyond these units and those that left before. A soft reservation is for all that has not left yet.
fn still_needed(open: &Open, line: &str, gone: i64) -> i64 {
    let needed = match &open.demand {
        Some(demand) => {
            let wanted = demand.lines.iter().find(|own| own.line == line).map_or(0, |own| own.quantity);
            let issued = open.issued.iter().map(|(_, placed)| placed);
            wanted.saturating_sub(units(issued.filter(|placed| placed.line == line)))
        }
        None => open.soft.iter().find(|own| own.line == line).map_or(0, |own| own.quantity),
    };
    needed.saturating_sub(gone).max(0)
}

fn units<'p>(lines: impl Iterator<Item = &'p Placed>) -> i64 {
    lines.fold(0, |sum, line| sum.saturating_add(line.quantity))
}
