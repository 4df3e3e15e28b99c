//! The facts folded into the state: the only way it changes.

use super::{Allocation, End, Ended, Fact, Fulfillment, Opened, PickList, Plan, Said, Stage, StopReason, Word, stuck};
use litemap::LiteMap;
use weir_decider::Millis;

pub(super) fn evolve(state: &mut Fulfillment, at: Millis, fact: &Fact) {
    match fact {
        Fact::Opened(opened) => open(state, opened),
        Fact::AllocationNoted(word) => note(state, word),
        Fact::ReleaseNoted { plan } => state.released = state.released.max(*plan),
        Fact::PickListIssued(list) => {
            let entry = PickList { warehouse: list.warehouse.clone(), lines: list.lines.clone(), stage: Stage::Open };
            put(&mut state.lists, list.pick_list_id.clone(), entry);
        }
        Fact::Picked { pick_list_id } => set(state, pick_list_id, Stage::Picked),
        Fact::Packed { pick_list_id, .. } => set(state, pick_list_id, Stage::Packed),
        Fact::Shipped { pick_list_id, carrier, tracking_number, last, .. } => {
            let (carrier, tracking_number) = (carrier.clone(), tracking_number.clone());
            set(state, pick_list_id, Stage::Shipped { carrier, tracking_number });
            if *last {
                state.ended = Some(Ended { at_ms: at.0, how: End::Shipped });
                // No word is weighed against them any more, and most orders that are kept have ended.
                state.words.iter_mut().for_each(|(_, word)| word.lines = Vec::new());
            }
        }
        Fact::ShortPicked { pick_list_id, .. } => {
            state.lists.remove(pick_list_id);
        }
        Fact::WorkStopped { reason, .. } => stop(state, *reason),
        Fact::CancelAccepted { request_id, reason } => {
            let (request_id, reason) = (request_id.clone(), reason.clone());
            end(state, at, End::Cancelled { request_id, reason });
        }
        Fact::RouteCancelled { .. } => end(state, at, End::CancelledByRouting),
        Fact::CancelRefused { request_id, .. } => state.refused = Some(request_id.clone()),
        Fact::ShippedAfterCancel { tracking_number, .. } => {
            state.exceptions.insert(tracking_number.clone());
        }
        Fact::Stuck { .. } => stuck::note(state),
        Fact::OnHold { .. } => state.on_hold = true,
        Fact::Resumed => state.on_hold = false,
        Fact::ScanRecorded { .. } => {}
    }
    stuck::follow(state, at);
}

fn open(state: &mut Fulfillment, opened: &Opened) {
    state.plan = Some(Plan {
        version: opened.plan,
        lines: opened.lines.clone(),
        priority: opened.priority,
        attempt: opened.attempt,
        ship_by_ms: opened.ship_by_ms,
    });
    state.lists.clear();
    state.withdrawn = 0;
    state.stopped = false;
    state.wait = None;
    // A word on an older plan is of no more use, but its sequence still tells a repeat from news.
    for (_, word) in state.words.iter_mut().filter(|(_, word)| word.plan < opened.plan) {
        word.lines = Vec::new();
    }
}

fn note(state: &mut Fulfillment, word: &Allocation) {
    let known = state.words.get(&word.pool);
    let differs = known.is_none_or(|known| known.said != word.said || known.lines != word.lines);
    let begun = word.plan == state.plan_version() && !state.lists.is_empty();
    let lines = match word.said {
        Said::Allocated => word.lines.clone(),
        Said::Backordered | Said::Deallocated | Said::Voided => Vec::new(),
    };
    let moved = begun && (differs || known.is_some_and(|known| known.moved));
    let entry = Word { plan: word.plan, sequence: word.sequence, said: word.said, lines, moved };
    put(&mut state.words, word.pool.clone(), entry);
}

fn set(state: &mut Fulfillment, pick_list_id: &str, stage: Stage) {
    if let Some(list) = state.lists.get_mut(pick_list_id) {
        list.stage = stage;
    }
}

fn stop(state: &mut Fulfillment, reason: StopReason) {
    match reason {
        StopReason::ShortPick | StopReason::PartlyShipped => {
            state.lists.retain(|_, list| matches!(list.stage, Stage::Shipped { .. }));
            state.stopped = true;
        }
        StopReason::Deallocated | StopReason::Replanned => {
            state.lists.clear();
            state.withdrawn += 1;
            for (_, word) in state.words.iter_mut() {
                word.moved = false;
            }
        }
    }
}

fn end(state: &mut Fulfillment, at: Millis, how: End) {
    state.ended = Some(Ended { at_ms: at.0, how });
    state.lists = LiteMap::new();
    state.words = LiteMap::new();
}

/// Most orders have one of them, and a vector that grows by itself makes room for four.
fn put<V>(map: &mut LiteMap<String, V>, key: String, value: V) {
    if map.is_empty() {
        *map = LiteMap::with_capacity(1);
    }
    map.insert(key, value);
}
