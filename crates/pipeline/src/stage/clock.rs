//! A partition's clock (STAGE.md §4): the log's time first, the wall's only while every input is read to its end.

use super::partition::Partition;
use crate::log::Member;
use crate::{Record, TopicPartition, Topology};
use std::time::{Duration, Instant};
use weir_decider::Millis;

/// Wall and broker may differ by so much before deadlines stop firing.
const SKEW_MS_MAX: i64 = 2_000;
/// How long after a bad measurement the loop measures anew, where nothing else does.
const MEASURE_AGAIN: Duration = Duration::from_secs(30);

/// Watches how far the broker's clock and ours are apart.
#[derive(Default)]
pub(super) struct Skew {
    /// By the newest record read: positive where the broker is ahead. An old record says nothing of a broker that is behind.
    ahead_ms: i64,
    /// By the last records written, either way.
    apart_ms: i64,
    measured: Option<Instant>,
}

impl Skew {
    /// A record read is at least as old as the reading.
    pub(super) fn note_read(&mut self, record: &Record, now: Millis) {
        let ahead = record.time.0 - now.0;
        if ahead > SKEW_MS_MAX && self.ahead_ms <= SKEW_MS_MAX {
            tracing::error!(ahead_ms = ahead, "broker time is ahead of wall time, deadlines stop");
        }
        self.ahead_ms = ahead;
    }

    /// A record written was appended between `before` and `after` on our clock. What lies outside is the clocks' difference, and
    /// a slow broker is none.
    pub(super) fn note_written(&mut self, before: Millis, appended: Option<Millis>, after: Millis) {
        let Some(appended) = appended else { return };
        let apart = (before.0 - appended.0).max(0) - (appended.0 - after.0).max(0);
        if apart.abs() > SKEW_MS_MAX && self.apart_ms.abs() <= SKEW_MS_MAX {
            tracing::error!(wall_ahead_ms = apart, "wall time and broker time are apart, deadlines stop");
        }
        self.apart_ms = apart;
        // Newer than whatever was read.
        self.ahead_ms = 0;
        self.measured = Some(Instant::now());
    }

    pub(super) fn tolerable(&self) -> bool {
        self.ahead_ms <= SKEW_MS_MAX && self.apart_ms.abs() <= SKEW_MS_MAX
    }

    /// Whether the last measurement was bad, and long ago: something has to be written to measure again.
    pub(super) fn wants_measuring(&self) -> bool {
        !self.tolerable() && self.measured.is_none_or(|at| at.elapsed() > MEASURE_AGAIN)
    }
}

/// Moves the clock on where the inputs are read to their end, and says whether they are.
pub(super) fn follow_wall<T: Topology, M: Member>(
    partition: &mut Partition<T>,
    inputs: &[weir_proto::topics::Topic],
    member: &M,
    skew: &Skew,
) -> bool {
    if !skew.tolerable() {
        return false;
    }
    let ends = inputs.iter().map(|t| member.read_to_end(TopicPartition::new(*t, partition.number)));
    match ends.reduce(|a, b| Some(a?.min(b?))).flatten() {
        Some(as_of) => {
            partition.advance_clock(as_of);
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(before: i64, appended: i64, after: i64) -> bool {
        let mut skew = Skew::default();
        skew.note_written(Millis(before), Some(Millis(appended)), Millis(after));
        skew.tolerable()
    }

    #[test]
    fn a_slow_broker_is_no_skew_and_a_clock_that_is_off_is_either_way() {
        assert!(measured(10_000, 10_001, 13_800));
        assert!(measured(10_000, 13_799, 13_800));
        assert!(measured(12_000, 10_000, 12_010));
        assert!(!measured(12_001, 10_000, 12_010));
        assert!(measured(10_000, 12_010, 10_010));
        assert!(!measured(10_000, 12_011, 10_010));
    }
}
