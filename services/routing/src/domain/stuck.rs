//! After Released a cancel is fulfillment's to decide, so routing waits for its answer, and a wait for another stage has a
//! deadline. When it passes the order says so, once for each request, and nothing else follows: nothing is asked again, and
//! when the answer comes all goes on.
//!
//! The answer is the order's end or a refusal. Once the order has shipped nothing is awaited: a cancel that comes then is
//! passed on so that it is on record, and its answer is known beforehand.

use super::fact::Fact;
use super::state::{Asked, Phase, Routing};
use super::{At, Ruling};
use weir_decider::{Decision, Ignored, Millis};

/// The stage that is awaited, as the facts name it.
pub const FULFILLMENT: &str = "fulfillment";

/// How long fulfillment may be silent: far beyond a restart of everything, as in fulfillment's own waits.
pub(super) const STUCK_AFTER: i64 = 10 * 60_000;

impl Routing {
    /// The oldest question that has no answer and was not told of.
    pub(super) fn stuck_deadline(&self) -> Option<Millis> {
        let since = self.asked.iter().filter(|asked| !asked.said).map(|asked| asked.since).min()?;
        Some(Millis(since).plus(STUCK_AFTER))
    }

    /// Tells of every question that is as old.
    pub(super) fn tell_stuck(&self, at: At<'_>) -> Ruling {
        let late = |asked: &&Asked| !asked.said && Millis(asked.since).plus(STUCK_AFTER) <= at.at;
        let stuck =
            |asked: &Asked| Fact::Stuck { plan: self.plan, request_id: asked.request_id.clone(), since: asked.since };
        let facts: Vec<Fact> = self.asked.iter().filter(late).map(stuck).collect();
        if facts.is_empty() {
            return Decision::ignore(Ignored::Unchanged);
        }
        Decision::say(facts)
    }

    /// Fulfillment says no: the order goes its way.
    pub(super) fn note_refusal(&self, request_id: &str, reason: &str) -> Ruling {
        if !self.asked.iter().any(|asked| asked.request_id == request_id) {
            return Decision::ignore(Ignored::Unchanged);
        }
        let (request_id, reason) = (request_id.to_owned(), reason.to_owned());
        Decision::say(vec![Fact::ChangeRefused { request_id, reason }])
    }

    /// A request that is repeated while it waits keeps its first moment.
    pub(super) fn begin_wait(&mut self, at: i64, request_id: &str) {
        let known = self.asked.iter().any(|asked| asked.request_id == request_id);
        if self.phase == Phase::Released && !known {
            self.asked.push(Asked { request_id: request_id.to_owned(), since: at, said: false });
        }
    }

    pub(super) fn end_wait(&mut self, request_id: &str) {
        self.asked.retain(|asked| asked.request_id != request_id);
    }

    pub(super) fn note_stuck(&mut self, request_id: &str) {
        for asked in self.asked.iter_mut().filter(|asked| asked.request_id == request_id) {
            asked.said = true;
        }
    }
}
