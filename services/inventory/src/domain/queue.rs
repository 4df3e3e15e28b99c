//! The backorder queue: what is freed or comes in is offered to those who wait, by priority, then arrival, in bounded steps.

use super::Outcome;
use super::allocate;
use super::draft::Draft;
use super::fact::Fact;
use super::order::Rank;
use super::pool::Pool;
use weir_decider::Millis;

/// Orders that one decision may serve.
const SERVED_MAX: usize = 50;
/// Orders that one decision may ask.
const ASKED_MAX: usize = 200;

/// What a decision may still do.
struct Budget {
    served: usize,
    asked: usize,
}

/// Serves the queues of all SKUs that this decision freed, as far as one step goes.
pub fn serve(draft: &mut Draft<'_>) {
    let mut budget = Budget { served: SERVED_MAX, asked: ASKED_MAX };
    // A served order may give one SKU back while it takes another; each pass allocates something or ends.
    while let Some(sku) = draft.serving().into_iter().next() {
        if !sweep(draft, &sku, &mut budget) {
            return;
        }
    }
}

/// One step on from where the last one ended.
pub fn tick(books: &Pool, at: Millis) -> Outcome {
    let mut draft = Draft::new(books, at);
    for sku in books.serving.iter().take(SERVED_MAX) {
        draft.touch(sku);
    }
    serve(&mut draft);
    draft.done()
}

/// Offers a SKU's free stock to its queue. False: the budget is spent, and a tick goes on.
fn sweep(draft: &mut Draft<'_>, sku: &str, budget: &mut Budget) -> bool {
    let mut after = cursor(draft, sku);
    let mut last = String::new();
    loop {
        // One more than may be asked tells whether the queue ends here.
        let step = draft.waiting(sku, after, 16);
        for order in &step {
            if budget.asked == 0 || budget.served == 0 {
                if !last.is_empty() {
                    draft.say(Fact::QueueServed { sku: sku.to_owned(), after: last });
                }
                return false;
            }
            budget.asked = budget.asked.saturating_sub(1);
            after = draft.open(order).map(|open| open.rank);
            last.clone_from(order);
            if allocate::retry(draft, order) {
                budget.served = budget.served.saturating_sub(1);
            }
            if draft.sku(sku).is_none_or(|entry| entry.serving.is_none()) {
                return true;
            }
        }
        if step.is_empty() {
            draft.say(Fact::QueueServed { sku: sku.to_owned(), after: String::new() });
            return true;
        }
    }
}

fn cursor(draft: &Draft<'_>, sku: &str) -> Option<Rank> {
    draft.sku(sku).and_then(|entry| entry.serving).and_then(|cursor| cursor.after)
}
