//! Goods come back. They lie where they lie: never refused for what the books say, only for what can't be read.

use super::demand::{PLACE_MAX, Placed, check_placed};
use super::draft::{Draft, retell};
use super::fact::{Fact, Status};
use super::pool::Pool;
use super::{Outcome, queue, room};
use weir_decider::{Decision, Fault, Ignored, Millis};

/// A line comes back to a warehouse once: a second time is a repeat.
pub fn decide(books: &Pool, at: Millis, order: &str, lines: &[Placed], status: Status) -> Outcome {
    if let Err(fault) = check_placed(lines) {
        return Decision::unreadable(fault);
    }
    if order.is_empty() || lines.is_empty() || lines.iter().any(|line| line.warehouse.is_empty()) {
        return Decision::unreadable(Fault::field(
            "field-missing",
            "lines",
            "a return names order, lines and warehouses",
        ));
    }
    let known = books.order(order).map(|known| known.returned.as_slice()).unwrap_or_default();
    let came_back = |line: &&Placed| known.iter().any(|(id, at)| *id == line.line && *at == line.warehouse);
    let fresh: Vec<Placed> = lines.iter().filter(|line| !came_back(line)).cloned().collect();
    if fresh.is_empty() {
        return match books.order(order) {
            Some(_) => retell(books, order),
            None => Decision::ignore(Ignored::Duplicate),
        };
    }
    for line in &fresh {
        let place = books.sku(&line.sku).map(|entry| entry.place(&line.warehouse)).unwrap_or_default();
        let most = place.on_hand.max(place.damaged).max(place.suspect).max(place.quality_hold);
        if most > PLACE_MAX.saturating_sub(line.quantity.saturating_mul(lines.len() as i64)) {
            return Decision::refuse("quantity-out-of-range", format!("{} at {} is full", line.sku, line.warehouse));
        }
    }
    let mut draft = Draft::new(books, at);
    draft.say(Fact::Restocked { order: order.to_owned(), lines: fresh.clone(), status });
    for line in &fresh {
        room::even(&mut draft, &line.sku, &line.warehouse);
    }
    queue::serve(&mut draft);
    draft.done()
}
