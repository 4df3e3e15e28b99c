//! One shop: who waits for it, and when it may be asked.
//!
//! A request that fails leaves open whether the shop or one of the orders is at fault. Orders of a failed request are asked for one by one
//! from then on, in turn with the others, so that one order that its platform can't bear holds up nobody.

use std::collections::BTreeSet;
use tokio::time::Instant;

/// A shop's queue.
pub(super) struct Lane {
    /// By when they are due.
    together: BTreeSet<(Instant, String)>,
    alone: BTreeSet<(Instant, String)>,
    was_alone: bool,
    pub(super) is_asked: bool,
    pub(super) not_before: Instant,
    /// Requests in a row that failed.
    pub(super) failures: u32,
    /// Requests that did not.
    pub(super) successes: u64,
    /// It was said that the shop can't be asked.
    pub(super) is_told: bool,
}

impl Lane {
    pub(super) fn new(now: Instant) -> Lane {
        Lane {
            together: BTreeSet::new(),
            alone: BTreeSet::new(),
            was_alone: false,
            is_asked: false,
            not_before: now,
            failures: 0,
            successes: 0,
            is_told: false,
        }
    }

    pub(super) fn put(&mut self, due: Instant, order_id: &str, is_alone: bool) {
        let queue = if is_alone { &mut self.alone } else { &mut self.together };
        queue.insert((due, order_id.to_owned()));
    }

    pub(super) fn remove(&mut self, due: Instant, order_id: &str) {
        let place = (due, order_id.to_owned());
        let _ = self.together.remove(&place) || self.alone.remove(&place);
    }

    /// When the next request may go out; nothing while one is under way, or nobody waits.
    pub(super) fn next(&self) -> Option<Instant> {
        let first =
            [&self.together, &self.alone].into_iter().filter_map(|queue| queue.first()).map(|(due, _)| *due).min()?;
        (!self.is_asked).then(|| first.max(self.not_before))
    }

    /// Takes the orders of the next request: several that have done no harm yet, or one alone.
    pub(super) fn take(&mut self, now: Instant, ids_max: usize) -> Vec<String> {
        let is_due = |queue: &BTreeSet<(Instant, String)>| queue.first().is_some_and(|(due, _)| *due <= now);
        self.was_alone = is_due(&self.alone) && !(self.was_alone && is_due(&self.together));
        let (queue, max) = if self.was_alone { (&mut self.alone, 1) } else { (&mut self.together, ids_max) };
        let mut taken = Vec::new();
        while taken.len() < max && is_due(queue) {
            taken.extend(queue.pop_first().map(|(_, order_id)| order_id));
        }
        taken
    }

    /// Nobody waits, and nothing is to be remembered.
    pub(super) fn is_idle(&self) -> bool {
        self.together.is_empty() && self.alone.is_empty() && !self.is_asked && self.failures == 0 && !self.is_told
    }
}
