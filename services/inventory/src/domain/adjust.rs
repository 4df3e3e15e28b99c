//! A count or a loss puts right what is on hand; promises that it can't keep are taken back in the same decision.

use super::command::Change;
use super::demand::{MOVE_MAX, PLACE_MAX};
use super::draft::Draft;
use super::fact::Fact;
use super::pool::Pool;
use super::{Outcome, queue, room};
use weir_decider::{Decision, Millis};

pub fn decide(books: &Pool, at: Millis, change: &Change) -> Outcome {
    let Change { sku, warehouse, delta, reason, document } = change;
    if sku.is_empty() || warehouse.is_empty() {
        return Decision::refuse("field-missing", "an adjustment names a SKU and a warehouse");
    }
    if *delta == 0 || delta.checked_abs().is_none_or(|units| units > MOVE_MAX) {
        let detail = format!("{delta} units; 1 to {MOVE_MAX} can be added or taken");
        return Decision::refuse("quantity-out-of-range", detail);
    }
    let place = books.sku(sku).map(|entry| entry.place(warehouse)).unwrap_or_default();
    let Some(sum) = place.on_hand.checked_add(*delta).filter(|sum| *sum <= PLACE_MAX) else {
        let detail = format!("{} units lie there; {PLACE_MAX} is the most", place.on_hand);
        return Decision::refuse("quantity-out-of-range", detail);
    };
    if *delta < 0 && sum < 0 {
        let detail = format!("{} units of {sku} are on hand at {warehouse}; {delta} can't be taken", place.on_hand);
        return Decision::refuse("below-zero", detail);
    }
    let mut draft = Draft::new(books, at);
    if *delta < 0 {
        let leaving = [((sku.as_str(), warehouse.as_str()), delta.saturating_neg())];
        room::make(&mut draft, &leaving.into(), "", "adjusted");
    }
    draft.say(Fact::Adjusted {
        sku: sku.clone(),
        warehouse: warehouse.clone(),
        delta: *delta,
        reason: reason.clone(),
        document: document.clone(),
    });
    room::even(&mut draft, sku, warehouse);
    queue::serve(&mut draft);
    draft.done()
}
