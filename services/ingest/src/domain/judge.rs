//! One delivery against what is known.

use super::announced;
use super::digest::digest;
use super::fact::{Fact, LineDelta, Placed, PlacedLine};
use super::{CancelRequest, Content, Delivery, HORIZON_MS, Line, Order, PaymentState, Shop, Terms, World};
use std::collections::BTreeSet;
use weir_decider::plant::planted;
use weir_decider::{Decision, Fault, Ignored, Moment};

pub(super) fn judge(order: &Order, moment: Moment<'_, World>, delivery: &Delivery) -> Decision<Fact, ()> {
    let none = Shop::default();
    let shop = moment.world.shops.get(&delivery.shop).unwrap_or(&none);
    // Before all that may release the order.
    let mut facts = ends(order, delivery);
    facts.extend(delivery.cancel_request.as_ref().and_then(|request| cancel_request(order, request)));
    match &delivery.content {
        Some(content) if !order.placed || planted("order-known-for-a-while") && moment.at.0 > order.last_ms + 2_000 => {
            if !order.is_heard_of() && content.placed_at.plus(HORIZON_MS) < moment.at {
                let detail = "the order was placed more than 400 days ago, and nothing is known of it";
                return Decision::unreadable(Fault::field("beyond-horizon", "placed_at", detail));
            }
            facts.push(place(order, shop, delivery, content));
        }
        Some(content) => facts.extend(edits(order, shop, delivery, content)),
        None => {}
    }
    let is_placing = delivery.content.is_some() && !order.placed;
    facts.extend(payment(order, delivery, is_placing));
    let is_newer = delivery.content.is_some() && order.placed && delivery.version > order.version();
    let says_version = |fact: &Fact| fact.content_version().is_some();
    if (is_newer || announced::answers(order, delivery)) && !facts.iter().any(says_version) {
        facts.push(Fact::Observed { version: delivery.version });
    }
    facts.extend(announced::announce(order, delivery));
    facts.extend(delivery.not_found.as_ref().and_then(|told| announced::not_found(order, told)));
    match facts.is_empty() {
        false => Decision::say(facts),
        true => Decision::ignore(why_nothing(order, delivery)),
    }
}

fn why_nothing(order: &Order, delivery: &Delivery) -> Ignored {
    match &delivery.content {
        Some(_) if delivery.version < order.version() => Ignored::Stale,
        Some(content) if !order.content.admits(delivery.version, content) => Ignored::Stale,
        None if delivery.announced.is_some() && delivery.version < order.version() => Ignored::Stale,
        None if order.cancelled && delivery.cancel_request.is_some() => Ignored::Unchanged,
        _ => Ignored::Duplicate,
    }
}

/// The version that a fact carries: a thin delivery tells nothing of the content.
fn version_of(delivery: &Delivery) -> i64 {
    if delivery.content.is_some() { delivery.version } else { 0 }
}

fn place(order: &Order, shop: &Shop, delivery: &Delivery, content: &Content) -> Fact {
    let line = |line: &Line| PlacedLine { id: line.id.clone(), sku: our_sku(shop, line), quantity: line.quantity };
    Fact::Placed(Box::new(Placed {
        version: delivery.version,
        placed_at: content.placed_at,
        terms: content.terms.or(shop.terms).unwrap_or(Terms::Prepaid),
        payment: order.payment.max(content.payment),
        payment_ids: content.payment_ids.clone(),
        lines: content.lines.iter().map(line).collect(),
        place: content.ship_to.place,
        remarks: content.remarks.clone(),
        holds: content.holds.clone(),
        payload: content.payload.clone(),
    }))
}

/// The shop's mapping first, then what the adapter took for it, then the platform's own.
fn our_sku(shop: &Shop, line: &Line) -> String {
    let mapped = shop.skus.get(&line.platform_sku).filter(|_| !line.platform_sku.is_empty());
    let own = if line.sku.is_empty() { &line.platform_sku } else { &line.sku };
    mapped.unwrap_or(own).clone()
}

fn edits(order: &Order, shop: &Shop, delivery: &Delivery, content: &Content) -> Vec<Fact> {
    let version = delivery.version;
    let mut facts = Vec::new();
    if !order.content.admits(version, content) {
        return facts;
    }
    // Before all that may release the order: it would go to the old address.
    if order.goes_to().differs(content.ship_to.place) {
        let ship_to = content.ship_to.clone();
        let request_id = format!("address-{version}-{:016x}", digest(&[ship_to.place.bytes()]));
        facts.push(Fact::AddressChangeRequested { request_id, ship_to, version });
    }
    let holds = order.content.holds_differ(&content.holds);
    let holds = holds.then(|| Fact::HoldsChanged { holds: content.holds.clone(), version });
    let is_held = !content.holds.is_empty();
    // A hold comes before what may release the order, the end of one after what it was held for.
    facts.extend(holds.clone().filter(|_| is_held));
    let deltas = line_deltas(order, shop, content);
    if !deltas.is_empty() {
        facts.push(Fact::LinesChanged { deltas, version });
    }
    if order.content.remarks_differ(&content.remarks) {
        facts.push(Fact::NoteChanged { remarks: content.remarks.clone(), version });
    }
    facts.extend(holds.filter(|_| !is_held));
    facts
}

/// A cancelled order tells of no lines: that is its end, not an edit.
fn line_deltas(order: &Order, shop: &Shop, content: &Content) -> Vec<LineDelta> {
    if content.lines.is_empty() {
        return Vec::new();
    }
    let mut deltas = Vec::new();
    for line in &content.lines {
        let known = order.lines().get(&line.id).copied();
        let quantity = line.quantity.saturating_sub(known.unwrap_or(0));
        if quantity != 0 {
            let is_new = known.is_none();
            let new = is_new.then(|| (our_sku(shop, line), line.payload.clone()));
            deltas.push(LineDelta { line_id: line.id.clone(), quantity, line: new });
        }
    }
    let told: BTreeSet<&str> = content.lines.iter().map(|line| line.id.as_str()).collect();
    for (id, quantity) in order.lines() {
        if !told.contains(id.as_str()) {
            deltas.push(LineDelta { line_id: id.clone(), quantity: -quantity, line: None });
        }
    }
    deltas
}

/// A payment is news where it goes further than known, or where it has an id of its own that was never told.
fn payment(order: &Order, delivery: &Delivery, is_placing: bool) -> Option<Fact> {
    let told = delivery.payment.as_ref().filter(|_| !is_placing)?;
    let version = version_of(delivery);
    let goes_further = told.state > order.payment && told.state > PaymentState::Pending;
    if told.state.is_refund() {
        return goes_further.then_some(Fact::Refunded { state: told.state, version });
    }
    let is_thin = delivery.content.is_none();
    let is_new = is_thin && !told.id.is_empty() && !order.payments.knows(digest(&[&told.id]));
    (goes_further || is_new).then(|| Fact::Paid {
        id: told.id.clone(),
        state: told.state.max(order.payment),
        version,
        payload: told.payload.clone(),
    })
}

fn ends(order: &Order, delivery: &Delivery) -> Vec<Fact> {
    let version = version_of(delivery);
    let mut facts = Vec::new();
    if let Some(reason) = delivery.cancelled.as_ref().filter(|_| !order.cancelled) {
        facts.push(Fact::Cancelled { reason: reason.clone(), version });
    }
    if delivery.completed && !order.completed {
        facts.push(Fact::Completed { version });
    }
    if delivery.shipped > order.shipped {
        facts.push(Fact::Shipped { shipped: delivery.shipped, version });
    }
    facts
}

fn cancel_request(order: &Order, request: &CancelRequest) -> Option<Fact> {
    let is_known = order.requests.knows(digest(&[&request.request_id]));
    (!is_known && !order.cancelled).then(|| Fact::CancelRequested { request: request.clone(), version: 0 })
}
