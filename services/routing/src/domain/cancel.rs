//! A cancel: done while routing owns the order, passed on as a request once fulfillment does.

use super::fact::{ChangeAsked, ChangeKind, Fact};
use super::input::CancellationAsked;
use super::state::{Phase, Routing};
use super::{At, Ruling, refusal};
use weir_decider::{Decision, Ignored};

/// Lines were to be taken out of an order that had not come yet: a person sees to it once it is there.
pub(super) const PARTIAL_CANCEL_FIRST: &str = "partial-cancel-before-order";

impl Routing {
    /// Somebody asks.
    pub(super) fn cancel_asked(&self, at: At<'_>, asked: &CancellationAsked) -> Ruling {
        if self.order.is_none() && self.phase == Phase::Unknown && !asked.line_ids.is_empty() {
            return self.lines_asked_first(at);
        }
        if self.names_some_lines(asked) {
            return self.take_lines_away(at, &asked.line_ids);
        }
        self.cancel(at, &asked.reason, &asked.request_id, false)
    }

    /// A command of our own side: unlike a platform, it may not name an order that nobody knows.
    pub(super) fn cancel_commanded(&self, at: At<'_>, asked: &CancellationAsked) -> Ruling {
        match self.phase {
            Phase::Unknown => Decision::refuse(refusal::UNKNOWN_ORDER, format!("no order {} is known", at.key)),
            Phase::ShippedOutside { .. } => Decision::refuse(
                refusal::TOO_LATE,
                "its platform says that it has left: nothing of it is shipped from here",
            ),
            _ => self.cancel_asked(at, asked),
        }
    }

    /// The platform has done it and only tells.
    pub(super) fn cancelled_outside(&self, at: At<'_>, reason: &str) -> Ruling {
        if self.told_cancelled {
            return Decision::ignore(Ignored::Unchanged);
        }
        let request_id = match self.phase {
            Phase::Released | Phase::Ended { .. } => format!("{}:cancelled-outside", at.key),
            _ => String::new(),
        };
        self.cancel(at, reason, &request_id, true)
    }

    pub(super) fn cancel(&self, at: At<'_>, reason: &str, request_id: &str, done_outside: bool) -> Ruling {
        let (reason, request_id) = (reason.to_owned(), request_id.to_owned());
        match self.phase {
            // Before the order: remembered, so that the order which follows is not planned.
            Phase::Unknown | Phase::Parked { .. } | Phase::Waiting => {
                let messages = self.void_if_live(at, "cancelled");
                Decision::say(vec![Fact::RouteCancelled { reason, request_id }]).tell(messages)
            }
            Phase::Released | Phase::Ended { shipped: true, .. } => {
                let (kind, plan) = (ChangeKind::Cancel, self.plan);
                let asked = ChangeAsked { request_id, kind, reason, done_outside, plan };
                Decision::say(vec![Fact::ChangeAsked(asked)])
            }
            Phase::Cancelled { .. } | Phase::Ended { shipped: false, .. } => Decision::ignore(Ignored::Unchanged),
            Phase::ShippedOutside { .. } => Decision::ignore(Ignored::Irrelevant),
        }
    }

    /// Before the order nobody can tell whether a request for some of its lines leaves anything. The hold keeps it from leaving.
    fn lines_asked_first(&self, at: At<'_>) -> Ruling {
        match self.open_hold_for(PARTIAL_CANCEL_FIRST) {
            Some(_) => Decision::ignore(Ignored::Unchanged),
            None => Decision::say(vec![Fact::Held(self.system_hold(at, self.plan, PARTIAL_CANCEL_FIRST))]),
        }
    }

    /// Whether the request leaves something of the order.
    fn names_some_lines(&self, asked: &CancellationAsked) -> bool {
        let Some(order) = &self.order else {
            return false;
        };
        !asked.line_ids.is_empty() && order.lines.iter().any(|line| !asked.line_ids.contains(&line.line_id))
    }
}
