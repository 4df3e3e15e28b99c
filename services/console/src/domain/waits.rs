//! What an order waits for, in a sentence for the person who is asked "where is it?".

use super::{Coverage, LineState, Stage, Story, minute, state};
use weir_decider::Millis;

/// Empty where it waits for nothing. The line that is furthest behind says what the order waits for.
pub fn waits_for(story: &Story) -> String {
    let lowest = state(story).lowest;
    if let (LineState::Routed | LineState::Allocated, Some(stuck)) = (lowest, &story.work.stuck) {
        return format!("stuck: {}", silent(&stuck.waits_for, &stuck.pools, stuck.since_ms));
    }
    let is_with_fulfillment = (LineState::Routed..=LineState::Packed).contains(&lowest);
    if let Some(request) = story.route.unanswered.first().filter(|_| is_with_fulfillment) {
        return format!("stuck: {}", unanswered(&request.waits_for, &request.request_id, request.since_ms));
    }
    match lowest {
        LineState::Announced => "waits for the order itself".to_owned(),
        LineState::Parked => format!("parked: {}", story.route.parked.as_deref().unwrap_or_default()),
        LineState::Placed => since("waits for routing", story.placed.placed_at_ms),
        LineState::Held => format!("held: {}", holds(story)),
        LineState::Unpaid => match minute(Millis(story.route.pay_by_ms)) {
            until if until.is_empty() => "waits for payment".to_owned(),
            until => format!("waits for payment until {until}"),
        },
        LineState::Routed => since("waits for inventory", story.route.released_at_ms),
        LineState::Backordered => format!("backordered: {}", backordered(story)),
        LineState::Allocated => format!("waits for a pick list at {}", story.warehouses()),
        LineState::Picking => at_work(story, "pick list", Stage::Issued),
        LineState::Picked => at_work(story, "picked", Stage::Picked),
        LineState::Packed => at_work(story, "packed", Stage::Packed),
        LineState::Shipped | LineState::Delivered | LineState::ShippedOutside | LineState::Cancelled => String::new(),
    }
}

/// "waits for inventory (pool main) since 14:05".
pub fn silent(waits_for: &str, pools: &[String], since_ms: i64) -> String {
    let pools = if pools.is_empty() { String::new() } else { format!(" (pool {})", pools.join(", ")) };
    since(&format!("waits for {waits_for}{pools}"), since_ms)
}

/// "waits for fulfillment (request r-1) since 14:05".
pub fn unanswered(waits_for: &str, request_id: &str, since_ms: i64) -> String {
    let request = if request_id.is_empty() { String::new() } else { format!(" (request {request_id})") };
    since(&format!("waits for {waits_for}{request}"), since_ms)
}

fn since(what: &str, at_ms: i64) -> String {
    match minute(Millis(at_ms)) {
        at if at.is_empty() => what.to_owned(),
        at => format!("{what} since {at}"),
    }
}

fn holds(story: &Story) -> String {
    let mut all: Vec<String> = Vec::new();
    for hold in &story.route.holds {
        all.push(match hold.owner_group.as_str() {
            "" => hold.reason.clone(),
            group => format!("{} ({group})", hold.reason),
        });
    }
    // Fulfillment repeats the hold that stands in a new plan's place.
    let of_routing = |reason: &&String| story.route.holds.iter().any(|hold| hold.reason == **reason);
    all.extend(story.work.on_hold.iter().filter(|reason| !of_routing(reason)).cloned());
    all.join("; ")
}

fn backordered(story: &Story) -> String {
    let waiting = story.stock.lines.values().filter(|line| line.coverage == Coverage::Backordered);
    let mut skus: Vec<&str> = waiting.map(|line| line.sku.as_str()).collect();
    skus.sort_unstable();
    skus.dedup();
    skus.join(", ")
}

fn at_work(story: &Story, what: &str, stage: Stage) -> String {
    let lists = story.work.lists.values().filter(|list| list.stage == stage);
    match lists.min_by_key(|list| list.since_ms) {
        Some(list) => since(&format!("{what} at {}", list.warehouse), list.since_ms),
        None => what.to_owned(),
    }
}
