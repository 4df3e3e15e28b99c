//! Chances, drawn from the simulator's one source of randomness.

use crate::random::Random;
use std::time::Duration;

/// Parts of ten thousand: 1270 is 12.7 %.
pub type Share = u64;

/// A stream of draws.
#[derive(Clone, Debug)]
pub(super) struct Draw(Random);

impl Draw {
    pub(super) fn new(seed: u64) -> Draw {
        Draw(Random::new(seed))
    }

    /// A stream that belongs to one thing: the same thing is treated alike, however often and in whatever order it
    /// is seen.
    pub(super) fn of(seed: u64, name: &str) -> Draw {
        Draw(Random::new(seed ^ digest(name.as_bytes())))
    }

    pub(super) fn chance(&mut self, share: Share) -> bool {
        share > 0 && self.0.within((0, 9_999)) < share
    }

    pub(super) fn within(&mut self, low: u64, high: u64) -> u64 {
        self.0.within((low, high))
    }

    pub(super) fn index(&mut self, count: usize) -> usize {
        self.0.below(count)
    }

    /// A length between two, in milliseconds.
    pub(super) fn length(&mut self, (low, high): (u64, u64)) -> Duration {
        Duration::from_millis(self.within(low, high))
    }
}

/// FNV-1a.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
