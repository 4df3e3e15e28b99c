//! A wait for another stage has a deadline. When it passes the order says so, once for each wait, and nothing else follows:
//! no message is sent again, and when the word comes all goes on.
//!
//! Whose word is awaited is read from the state after each fact, so that no decision has to begin or end a wait.

use super::{Fact, Fulfillment, Plan, Verdict, Wait, WaitsFor};
use std::collections::BTreeSet;
use weir_decider::{Decision, Ignored, Millis, Moment};

/// How long another stage may be silent: far beyond a restart of everything, which is a matter of seconds, so that whoever
/// hears of it finds a stage that stands still or a word that was lost, and none that is merely late.
const STUCK_AFTER_MS: i64 = 10 * 60_000;

/// Begins and ends the wait, as the facts have it. A word that is still missing keeps its first moment.
pub(super) fn follow(state: &mut Fulfillment, at: Millis) {
    let whom = awaited(state);
    if state.wait.map(|wait| wait.whom) != whom {
        state.wait = whom.map(|whom| Wait { whom, since_ms: at.0, said: false });
    }
}

/// It was said.
pub(super) fn note(state: &mut Fulfillment) {
    if let Some(wait) = &mut state.wait {
        wait.said = true;
    }
}

pub(super) fn deadline(state: &Fulfillment) -> Option<Millis> {
    let wait = state.wait.filter(|wait| !wait.said)?;
    Some(Millis(wait.since_ms).plus(STUCK_AFTER_MS))
}

pub(super) fn expire(state: &Fulfillment, moment: Moment<'_, ()>) -> Verdict {
    let (Some(wait), Some(deadline)) = (state.wait, deadline(state)) else {
        return Decision::ignore(Ignored::Unchanged);
    };
    if deadline > moment.at {
        return Decision::ignore(Ignored::Unchanged);
    }
    let silent: BTreeSet<&str> = match (wait.whom, &state.plan) {
        (WaitsFor::Inventory, Some(plan)) => silent(state, plan).collect(),
        (WaitsFor::Inventory, None) | (WaitsFor::Routing, _) => BTreeSet::new(),
    };
    Decision::say(vec![Fact::Stuck {
        plan: state.plan_version(),
        waits_for: wait.whom,
        pools: silent.into_iter().map(str::to_owned).collect(),
        since_ms: wait.since_ms,
    }])
}

fn awaited(state: &Fulfillment) -> Option<WaitsFor> {
    let plan = state.plan.as_ref().filter(|_| state.ended.is_none())?;
    if state.stopped {
        // On hold, or after a parcel has left, it is a person who is awaited.
        let person = state.on_hold || state.anything_shipped();
        return (!person).then_some(WaitsFor::Routing);
    }
    let asked = state.released == plan.version && state.lists.is_empty();
    (asked && silent(state, plan).next().is_some()).then_some(WaitsFor::Inventory)
}

/// The pools, one for each line, that have said nothing at all on this plan. A backorder is a word; one on a newer plan is too.
fn silent<'a>(state: &'a Fulfillment, plan: &'a Plan) -> impl Iterator<Item = &'a str> {
    let pools = plan.lines.iter().map(|line| line.pool.as_str());
    pools.filter(|pool| state.words.get(*pool).is_none_or(|word| word.plan < plan.version))
}

#[cfg(test)]
mod tests;
