//! A soft reservation: units of the pool, no warehouse, whole or not at all. It does not wait.

use super::Outcome;
use super::allocate::{Seen, seen};
use super::demand::{Line, by_sku, check_lines, uncovered};
use super::draft::{Draft, retell};
use super::fact::Fact;
use super::ledger::Sku;
use super::pool::Pool;
use super::queue;
use weir_decider::{Decision, Fault, Ignored, Millis};

pub fn decide(books: &Pool, at: Millis, order: &str, plan: u32, lines: &[Line]) -> Outcome {
    if let Err(fault) = check_lines(lines) {
        return Decision::unreadable(fault);
    }
    if order.is_empty() {
        return Decision::unreadable(Fault::field("field-missing", "order_id", "a reservation is for an order"));
    }
    match seen(books, order, plan) {
        Seen::Stale => return Decision::ignore(Ignored::Stale),
        Seen::Same(_) => return retell(books, order),
        Seen::Issued => {
            return Decision::refuse("already-issued", "all of the order left the house");
        }
        Seen::New => {}
    }
    let mut draft = Draft::new(books, at);
    replace(&mut draft, order);
    let wanted = match draft.open(order) {
        Some(open) => open.lacking(lines),
        None => lines.to_vec(),
    };
    let spare = by_sku(&wanted).into_keys().map(|sku| (sku, spare(books, &draft, sku)));
    let missing = uncovered(&wanted, spare.collect());
    let order = order.to_owned();
    if missing.is_empty() {
        draft.say(Fact::SoftReserved { order, plan, lines: wanted });
    } else {
        draft.say(Fact::Declined { order, plan, missing });
    }
    queue::serve(&mut draft);
    draft.done()
}

/// What is free, less what the queue has a claim to while it is being served.
fn spare(books: &Pool, draft: &Draft<'_>, sku: &str) -> i64 {
    let free = draft.sku(sku).map_or(0, Sku::free);
    match books.sku(sku).filter(|entry| entry.serving.is_some()) {
        Some(entry) => free.saturating_sub(entry.wanted),
        None => free,
    }
}

/// Gives back what is open of the order, to make place for what follows.
pub fn replace(draft: &mut Draft<'_>, order: &str) {
    let Some(known) = draft.order(order) else {
        return;
    };
    let lines = known.open.as_deref().map(super::order::Open::holdings).unwrap_or_default();
    if !lines.is_empty() {
        let plan = known.plan;
        draft.say(Fact::Replaced { order: order.to_owned(), plan, lines });
    }
}
