//! Gives back what is open of an order: all of it, or lines by name with what their absence means for the stock.

use super::command::{Effect, Void};
use super::demand::{Placed, check_placed};
use super::draft::{Draft, retell};
use super::fact::{Fact, REPLACED, Status};
use super::order::{Open, Order};
use super::pool::Pool;
use super::{Outcome, queue, room};
use weir_decider::{Decision, Fault, Ignored, Millis};

pub fn decide(books: &Pool, at: Millis, void: &Void) -> Outcome {
    if let Err(fault) = check_placed(&void.lines) {
        return Decision::unreadable(fault);
    }
    if void.order.is_empty() {
        return Decision::unreadable(Fault::field("field-missing", "order_id", "a void is for an order"));
    }
    if void.reason == REPLACED {
        return Decision::refuse("reason-reserved", format!("{REPLACED} is inventory's own reason"));
    }
    let known = books.order(&void.order);
    if known.is_some_and(|known| void.plan < known.plan) {
        return Decision::ignore(Ignored::Stale);
    }
    let given = match void.lines.as_slice() {
        [] => whole(known, void.plan),
        lines => named(known, lines),
    };
    let Some(lines) = given else {
        return retell(books, &void.order);
    };
    let mut draft = Draft::new(books, at);
    let (order, reason) = (void.order.clone(), void.reason.clone());
    draft.say(Fact::Voided { order, plan: void.plan, reason, lines: lines.clone() });
    if !void.lines.is_empty() {
        take_off(&mut draft, &lines, void);
    }
    for line in lines.iter().filter(|line| !line.warehouse.is_empty()) {
        room::even(&mut draft, &line.sku, &line.warehouse);
    }
    queue::serve(&mut draft);
    draft.done()
}

/// All that is open. `None`: it was given back before.
fn whole(known: Option<&Order>, plan: u32) -> Option<Vec<Placed>> {
    match known {
        Some(known) if known.ended() && plan == known.plan => None,
        Some(known) => Some(known.open.as_deref().map(Open::holdings).unwrap_or_default()),
        // A void that comes before what it voids is remembered by its plan.
        None => Some(Vec::new()),
    }
}

/// What is open of these lines, each given back by name once for each plan. `None`: nothing.
fn named(known: Option<&Order>, lines: &[Placed]) -> Option<Vec<Placed>> {
    let open = known?.open.as_deref()?;
    let mut given = Vec::new();
    for line in lines {
        let before = open.voided.iter().any(|(id, at)| *id == line.line && *at == line.warehouse);
        let quantity = line.quantity.min(open.at(line));
        if !before && quantity > 0 {
            given.push(Placed { quantity, ..line.clone() });
        }
    }
    (!given.is_empty()).then_some(given)
}

/// Units that were not found, or not whole, go off sellable stock, so that they are not promised again.
fn take_off(draft: &mut Draft<'_>, lines: &[Placed], void: &Void) {
    let to = match void.effect {
        Effect::None => return,
        Effect::Suspect => Status::Suspect,
        Effect::Damaged => Status::Damaged,
    };
    for line in lines.iter().filter(|line| !line.warehouse.is_empty()) {
        let there = room::at(draft, &line.sku, &line.warehouse).on_hand.max(0);
        let quantity = line.quantity.min(there);
        if quantity > 0 {
            let leaving = [((line.sku.as_str(), line.warehouse.as_str()), quantity)];
            room::make(draft, &leaving.into(), "", &void.reason);
            draft.say(Fact::StatusChanged {
                sku: line.sku.clone(),
                warehouse: line.warehouse.clone(),
                quantity,
                from: Status::Sellable,
                to,
                reason: void.reason.clone(),
            });
        }
    }
}
