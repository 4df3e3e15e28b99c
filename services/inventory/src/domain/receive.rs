//! Goods come in; whoever waits for them goes first.

use super::command::Receipt;
use super::demand::{MOVE_MAX, PLACE_MAX};
use super::draft::Draft;
use super::fact::Fact;
use super::pool::Pool;
use super::{Outcome, queue, room};
use weir_decider::{Decision, Millis};

pub fn decide(books: &Pool, at: Millis, receipt: &Receipt) -> Outcome {
    let Receipt { sku, warehouse, quantity, document } = receipt;
    if sku.is_empty() || warehouse.is_empty() {
        return Decision::refuse("field-missing", "a receipt names a SKU and a warehouse");
    }
    if !(1..=MOVE_MAX).contains(quantity) {
        return Decision::refuse("quantity-out-of-range", format!("{quantity} units; 1 to {MOVE_MAX} can be received"));
    }
    let place = books.sku(sku).map(|entry| entry.place(warehouse)).unwrap_or_default();
    if place.on_hand.checked_add(*quantity).is_none_or(|sum| sum > PLACE_MAX) {
        let detail = format!("{} units lie there; {PLACE_MAX} is the most", place.on_hand);
        return Decision::refuse("quantity-out-of-range", detail);
    }
    let mut draft = Draft::new(books, at);
    draft.say(Fact::Received {
        sku: sku.clone(),
        warehouse: warehouse.clone(),
        quantity: *quantity,
        document: document.clone(),
    });
    room::even(&mut draft, sku, warehouse);
    queue::serve(&mut draft);
    draft.done()
}
