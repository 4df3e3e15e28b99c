//! A warehouse for each line, on true stock; or a place in the queue.

use super::assign::{self, Assignment};
use super::demand::{Demand, Line, Split, by_sku, check_candidates, check_lines};
use super::draft::{Draft, retell};
use super::fact::Fact;
use super::order::{Level, Rank};
use super::pool::Pool;
use super::{Outcome, queue, reserve};
use weir_decider::plant::planted;
use weir_decider::{Decision, Fault, Ignored, Millis};

/// How a command stands to what is known of its order.
pub enum Seen {
    /// Its plan is newer than all.
    New,
    /// Its plan is the one in force.
    Same(Level),
    /// A newer plan is in force.
    Stale,
    /// Nothing is open and units have left the house: a new plan can't say what is still to go.
    Issued,
}

/// Compares a command's plan with the order's.
pub fn seen(books: &Pool, order: &str, plan: u32) -> Seen {
    match books.order(order) {
        None => Seen::New,
        Some(known) if plan < known.plan && !planted("older-demand-obeyed") => Seen::Stale,
        Some(known) if plan == known.plan => Seen::Same(known.level),
        Some(known) if known.level == Level::Issued => Seen::Issued,
        Some(_) => Seen::New,
    }
}

pub fn decide(books: &Pool, at: Millis, demand: &Demand) -> Outcome {
    let order = demand.order.as_str();
    if order.is_empty() {
        return Decision::unreadable(Fault::field("field-missing", "order_id", "an allocation is for an order"));
    }
    if let Err(fault) = check_lines(&demand.lines).and_then(|()| check_candidates(&demand.candidates)) {
        return Decision::unreadable(fault);
    }
    match seen(books, order, demand.plan) {
        Seen::Stale => return Decision::ignore(Ignored::Stale),
        // The soft reservation of the same plan, granted or not, becomes an allocation.
        Seen::New | Seen::Same(Level::Soft) => {}
        Seen::Same(_) => return retell(books, order),
        Seen::Issued => {
            return Decision::refuse("already-issued", "all of the order left the house");
        }
    }
    let behind = lines_up(books, demand);
    let mut draft = Draft::new(books, at);
    reserve::replace(&mut draft, order);
    let remaining = match draft.open(order) {
        Some(open) => open.lacking(&demand.lines),
        None => demand.lines.clone(),
    };
    if remaining.is_empty() {
        draft.say(Fact::Allocated { demand: demand.clone(), lines: Vec::new(), cost: zero(demand) });
    } else if behind {
        draft.say(Fact::Queued { demand: demand.clone(), missing: remaining });
    } else {
        place(&mut draft, demand, &remaining);
    }
    queue::serve(&mut draft);
    draft.done()
}

/// Assigns a fresh demand, or queues it; part of it where the policy allows.
fn place(draft: &mut Draft<'_>, demand: &Demand, remaining: &[Line]) {
    for line in remaining {
        draft.touch(&line.sku);
    }
    let assigned = assign::cheapest(draft, demand, remaining, &[]);
    let Some(assigned) = assigned else {
        let missing = assign::lacking(draft, demand, remaining);
        return draft.say(Fact::Queued { demand: demand.clone(), missing });
    };
    let Assignment { lines, cost, missing } = assigned;
    if !missing.is_empty() {
        draft.say(Fact::Queued { demand: demand.clone(), missing });
    }
    let cost = super::Cost { minor: cost, currency: demand.currency.clone() };
    draft.say(Fact::Allocated { demand: demand.clone(), lines, cost });
}

fn zero(demand: &Demand) -> super::Cost {
    super::Cost { minor: 0, currency: demand.currency.clone() }
}

/// Whether freed stock that the order wants is still being offered to those before it.
fn lines_up(books: &Pool, demand: &Demand) -> bool {
    let open = books.open(&demand.order);
    let number = open.map_or(books.next, |open| open.rank.number);
    let rank = Rank { lateness: i64::from(demand.priority).saturating_neg(), number };
    by_sku(&demand.lines).into_iter().any(|(sku, wanted)| {
        let own = open.map_or(0, |open| open.holds(sku));
        let serving = books.sku(sku).and_then(|entry| entry.serving);
        wanted > own && serving.is_some_and(|cursor| cursor.after.is_none_or(|after| rank > after))
    })
}

/// Offers an order in the queue what is free. True: it got something.
pub fn retry(draft: &mut Draft<'_>, order: &str) -> bool {
    let Some(open) = draft.open(order).filter(|open| open.waiting.is_some()) else {
        return false;
    };
    let Some(demand) = open.demand.clone() else {
        return false;
    };
    let (remaining, kept, cost) = (open.remaining(), open.placed.clone(), open.cost.minor);
    let used: Vec<&str> = kept.iter().map(|placed| placed.warehouse.as_str()).collect();
    let Some(assigned) = assign::cheapest(draft, &demand, &remaining, &used) else {
        return false;
    };
    let Some(sum) = cost.checked_add(assigned.cost) else {
        return false;
    };
    if !assigned.missing.is_empty() && demand.split == Split::ShipComplete {
        return false;
    }
    let lines = assign::merge(kept, assigned.lines);
    reserve::replace(draft, order);
    let cost = super::Cost { minor: sum, currency: demand.currency.clone() };
    draft.say(Fact::Allocated { demand, lines, cost });
    true
}
