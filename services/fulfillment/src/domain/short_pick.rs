//! Something on a list is not there, not whole, or can't be done in time: the work stops and routing is asked for another
//! plan. What is missing is given back at once with what the reason means for the stock, so that a unit that isn't there
//! is not promised again.

use super::{
    Fact, Fulfillment, Message, PickList, Placed, ShortOrder, ShortReason, Stage, StockEffect, StopReason, Verdict,
};
use weir_decider::Decision;

pub(super) fn decide(state: &Fulfillment, order: &ShortOrder) -> Verdict {
    let list = match state.list(&order.pick_list_id) {
        Ok(list) => list,
        Err(refusal) => return refusal,
    };
    if let Stage::Packed | Stage::Shipped { .. } = list.stage {
        let detail = format!("{} is {} already", order.pick_list_id, list.stage.name());
        return Decision::refuse("too-late", detail);
    }
    let missing = match missing(list, order) {
        Ok(missing) => missing,
        Err(refusal) => return refusal,
    };
    let short = Fact::ShortPicked {
        pick_list_id: order.pick_list_id.clone(),
        warehouse: list.warehouse.clone(),
        missing: missing.clone(),
        reason: order.reason,
    };
    let void = void(state, &missing, order.reason.slug(), effect(order.reason));
    if state.anything_shipped() {
        after_shipping(state, short, void)
    } else {
        reroute(state, list, short, order.reason, void)
    }
}

fn reroute(
    state: &Fulfillment,
    list: &PickList,
    short: Fact,
    reason: ShortReason,
    mut messages: Vec<Message>,
) -> Verdict {
    let plan = state.plan_version();
    let attempt = attempt(state).saturating_add(1);
    messages.push(Message::Reroute {
        plan,
        excluded: vec![list.warehouse.clone()],
        reason: reason.slug().to_owned(),
        attempt,
    });
    let stopped = Fact::WorkStopped { plan, reason: StopReason::ShortPick, attempt };
    Decision::say(vec![short, stopped]).tell(messages)
}

/// A part has left, so there is no new plan for the whole: all else goes back, and a person must look.
fn after_shipping(state: &Fulfillment, short: Fact, mut messages: Vec<Message>) -> Verdict {
    let (plan, attempt) = (state.plan_version(), attempt(state));
    messages.extend(Message::void_all(state.pools(), plan, "partly-shipped"));
    let stopped = Fact::WorkStopped { plan, reason: StopReason::PartlyShipped, attempt };
    let hold = Fact::OnHold { reason: "short-after-shipping".to_owned() };
    Decision::say(vec![short, stopped, hold]).tell(messages)
}

/// What is missing, with its place; all of the list where nothing is named.
fn missing(list: &PickList, order: &ShortOrder) -> Result<Vec<Placed>, Verdict> {
    if order.missing.is_empty() {
        return Ok(list.lines.clone());
    }
    let mut found: Vec<Placed> = Vec::new();
    for line in &order.missing {
        let id = &line.line_id;
        let refuse = |why: String| Err(Decision::refuse("field-invalid", why));
        let Some(listed) = list.lines.iter().find(|listed| &listed.line_id == id) else {
            return refuse(format!("missing names the line {id}, which is not on the list"));
        };
        if found.iter().any(|known| &known.line_id == id) {
            return refuse(format!("missing names the line {id} twice"));
        }
        if !(1..=listed.quantity).contains(&line.quantity) {
            let (asked, most) = (line.quantity, listed.quantity);
            return refuse(format!("missing has {asked} of line {id}; it should be 1 to {most}"));
        }
        found.push(Placed { quantity: line.quantity, ..listed.clone() });
    }
    Ok(found)
}

fn void(state: &Fulfillment, lines: &[Placed], reason: &str, effect: StockEffect) -> Vec<Message> {
    let plan = state.plan_version();
    let message = |(pool, lines)| Message::Void { pool, plan, reason: reason.to_owned(), lines, effect };
    state.by_pool(lines).into_iter().map(message).collect()
}

fn effect(reason: ShortReason) -> StockEffect {
    match reason {
        ShortReason::NotFound => StockEffect::Suspect,
        ShortReason::Damaged => StockEffect::Damaged,
        ShortReason::NoCapacity => StockEffect::None,
    }
}

fn attempt(state: &Fulfillment) -> u32 {
    state.plan.as_ref().map_or(0, |plan| plan.attempt)
}

#[cfg(test)]
mod tests;
