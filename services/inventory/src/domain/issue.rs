//! Units left the house. The world did it: never refused for what the books say, and never done twice.

use super::demand::{PLACE_MAX, Placed, check_placed};
use super::draft::{Draft, retell};
use super::fact::Fact;
use super::order::{Level, Order};
use super::pool::Pool;
use super::{Outcome, queue, room};
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
    let mut draft = Draft::new(books, at);
    room::make(&mut draft, &leaving, order, UNALLOCATED);
    for ((sku, warehouse), units) in leaving {
        let (sku, warehouse, delta) = (sku.to_owned(), warehouse.to_owned(), units.saturating_neg());
        let (reason, document) = (UNALLOCATED.to_owned(), order.to_owned());
        draft.say(Fact::Adjusted { sku, warehouse, delta, reason, document });
    }
    draft.say(Fact::Issued { order: order.to_owned(), plan, lines: promised, unallocated: unallocated.clone() });
    for line in &fresh {
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
