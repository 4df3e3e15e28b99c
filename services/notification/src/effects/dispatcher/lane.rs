//! One target: who waits for it, how many are with it, and whether it is asked at all.

use crate::effects::breaker::{Admission, Breaker};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// A target's queue.
pub(super) struct Lane {
    pub(super) waiting: VecDeque<String>,
    pub(super) running: usize,
    pub(super) breaker: Breaker,
    /// Set while the lane stands in the row of those that may go on.
    pub(super) in_row: bool,
    /// When the breaker lets somebody through; a timer is set for it.
    pub(super) alarm: Option<Instant>,
}

impl Lane {
    pub(super) fn new(cooling: Duration) -> Lane {
        Lane { waiting: VecDeque::new(), running: 0, breaker: Breaker::new(cooling), in_row: false, alarm: None }
    }

    /// Whether one more attempt may start.
    pub(super) fn admit(&mut self, now: Instant, per_target_max: usize) -> Admission {
        if self.running >= per_target_max { Admission::Later } else { self.breaker.admit(now) }
    }

    /// Nobody waits and nothing is to be remembered.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running == 0 && self.breaker.is_sound()
    }
}
