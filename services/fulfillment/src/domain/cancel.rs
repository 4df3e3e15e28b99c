//! The order is to end without leaving: accepted until something is packed, refused with the reason after.

use super::{Asker, CancelAsked, End, Fact, Fulfillment, Message, Outcome, Stage, Verdict};
use weir_decider::{Decision, Ignored};

/// Why a cancel is refused.
const TOO_LATE: &str = "too-late";

/// Somebody asks; routing passes on what was asked of it after Released.
pub(super) fn decide(state: &Fulfillment, asked: &CancelAsked) -> Verdict {
    if let Some(ended) = &state.ended {
        return after_the_end(state, &ended.how, asked);
    }
    let owned = state.released > 0 && state.plan.is_some();
    if asked.asker == Asker::Caller && !owned {
        let detail = "the order is not released, so routing owns it: ask its CancelOrder";
        return Decision::refuse("not-open", detail);
    }
    match obstacle(state, asked.asker) {
        Some(detail) => refuse(state, asked, detail),
        None => {
            let (request_id, reason) = (asked.request_id.clone(), asked.reason.clone());
            let messages = messages(state, &reason);
            Decision::say(vec![Fact::CancelAccepted { request_id, reason }]).tell(messages)
        }
    }
}

/// Routing cancelled before Released and gave the stock back itself.
pub(super) fn by_routing(state: &Fulfillment, reason: &str) -> Verdict {
    if state.is_cancelled() {
        return Decision::ignore(Ignored::Duplicate);
    }
    if state.ended.is_some() || state.anything_shipped() {
        return Decision::ignore(Ignored::Irrelevant);
    }
    Decision::say(vec![Fact::RouteCancelled { reason: reason.to_owned() }])
}

fn after_the_end(state: &Fulfillment, how: &End, asked: &CancelAsked) -> Verdict {
    match how {
        End::Shipped => refuse(state, asked, "every parcel has left".to_owned()),
        End::Cancelled { request_id, reason } if *request_id == asked.request_id => {
            Decision::ignore(Ignored::Duplicate).tell(messages(state, reason))
        }
        End::Cancelled { .. } | End::CancelledByRouting => Decision::ignore(Ignored::Unchanged),
    }
}

/// What stands against it. A parcel that is packed but has not left can still be taken apart: that is asked too much for
/// a wish, but not where the platform has cancelled already.
fn obstacle(state: &Fulfillment, asker: Asker) -> Option<String> {
    let done = asker == Asker::Routing { done_outside: true };
    let stands = |stage: &Stage| match stage {
        Stage::Shipped { .. } => true,
        Stage::Packed => !done,
        Stage::Open | Stage::Picked => false,
    };
    let found = state.lists.iter().find(|(_, list)| stands(&list.stage));
    found.map(|(id, list)| format!("{id} is {} already", list.stage.name()))
}

/// Said once for each request; whoever asked hears it each time.
fn refuse(state: &Fulfillment, asked: &CancelAsked, detail: String) -> Verdict {
    let known = state.refused.as_ref() == Some(&asked.request_id);
    let fact = Fact::CancelRefused {
        request_id: asked.request_id.clone(),
        reason: TOO_LATE.to_owned(),
        detail: detail.clone(),
    };
    let answer = Message::NoteRefusal { request_id: asked.request_id.clone(), reason: TOO_LATE.to_owned() };
    match asked.asker {
        Asker::Caller if known => Decision::refuse(TOO_LATE, detail),
        Asker::Caller => Decision::refuse(TOO_LATE, detail).and_say(vec![fact]),
        Asker::Routing { .. } if known => Decision::ignore(Ignored::Duplicate).tell(vec![answer]),
        Asker::Routing { .. } => Decision::say(vec![fact]).tell(vec![answer]),
    }
}

fn messages(state: &Fulfillment, reason: &str) -> Vec<Message> {
    let mut messages = Message::void_all(state.pools(), state.plan_version(), reason);
    messages.push(Message::NoteOutcome(Outcome::Cancelled));
    messages
}

#[cfg(test)]
mod tests;
