//! A partition's clock (STAGE.md §4): the log's time first, the wall's only while every input is read to its end.

use super::partition::Partition;
use crate::log::Member;
use crate::{Record, TopicPartition, Topology};
use weir_decider::Millis;

/// Wall and broker may differ by so much before deadlines stop firing.
const SKEW_MS_MAX: i64 = 2_000;

/// Watches how far the broker's clock runs ahead of ours.
#[derive(Default)]
pub(super) struct Skew {
    ahead_ms: i64,
}

impl Skew {
    pub(super) fn note(&mut self, record: &Record, now: Millis) {
        let ahead = record.time.0 - now.0;
        if ahead > SKEW_MS_MAX && self.ahead_ms <= SKEW_MS_MAX {
            tracing::error!(ahead_ms = ahead, "broker time is ahead of wall time, deadlines stop");
        }
        self.ahead_ms = ahead;
    }

    fn tolerable(&self) -> bool {
        self.ahead_ms <= SKEW_MS_MAX
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
