//! The one place that issues pick lists: when the present plan is opened, released and allocated, in whatever order the
//! three came (I17).

use super::{Fact, Fulfillment, PickListIssued, Placed, Plan, Said, Verdict};
use std::collections::BTreeMap;
use weir_decider::{Decider as _, Decision, Moment};

/// Says these facts, and behind them the pick lists that they make due.
pub(super) fn settle(state: &Fulfillment, moment: Moment<'_, ()>, mut facts: Vec<Fact>) -> Verdict {
    let mut next = state.clone();
    for fact in &facts {
        next.evolve(moment.at, fact);
    }
    facts.extend(due(&next, moment.key));
    Decision::say(facts)
}

/// One list for each warehouse of the allocation, in the order of their ids.
fn due(state: &Fulfillment, order_id: &str) -> Vec<Fact> {
    let Some(plan) = &state.plan else {
        return Vec::new();
    };
    let free = state.ended.is_none() && !state.stopped && state.lists.is_empty();
    if !free || state.released != plan.version || !covered(state, plan) {
        return Vec::new();
    }
    let mut warehouses: BTreeMap<&str, Vec<Placed>> = BTreeMap::new();
    for word in state.words.values().filter(|word| word.plan == plan.version) {
        for line in &word.lines {
            warehouses.entry(&line.warehouse).or_default().push(line.clone());
        }
    }
    let list = |(warehouse, lines): (&str, Vec<Placed>)| {
        Fact::PickListIssued(PickListIssued {
            pick_list_id: list_id(order_id, plan.version, warehouse, state.withdrawn),
            warehouse: warehouse.to_owned(),
            plan: plan.version,
            lines,
            priority: plan.priority,
            ship_by_ms: plan.ship_by_ms,
        })
    };
    warehouses.into_iter().map(list).collect()
}

/// Whether every line's own pool has allocated all of it under this plan.
fn covered(state: &Fulfillment, plan: &Plan) -> bool {
    plan.lines.iter().all(|line| {
        let word = state.words.get(&line.pool);
        let word = word.filter(|word| word.plan == plan.version && word.said == Said::Allocated);
        let placed = word.into_iter().flat_map(|word| &word.lines);
        let of_line = placed.filter(|placed| placed.line_id == line.line_id);
        of_line.map(|placed| placed.quantity).sum::<i64>() >= line.quantity
    })
}

/// A list that takes the place of a withdrawn one of the same plan has an id of its own.
fn list_id(order_id: &str, plan: u32, warehouse: &str, withdrawn: u32) -> String {
    match withdrawn {
        0 => format!("{order_id}:{plan}:{warehouse}"),
        times => format!("{order_id}:{plan}:{warehouse}:{}", times + 1),
    }
}
