//! What stands still: a partition whose facts do not fit together, and an assignment that can't be worked on. The rest goes on, and
//! a person is told.

use super::broken::Broken;
use super::worker::Active;
use crate::log::{Log, Member as _, Offsets};
use crate::{Effects, LogError, TopicPartition, Topology};

impl<T: Topology, L: Log, E: Effects<T>> Active<T, L, E> {
    /// Nothing more is decided on this partition, and its offsets stay where they are. The next owner looks again.
    pub(super) fn stop_partition(&mut self, number: i32, broken: Broken) {
        let Broken { invariant, why } = broken;
        tracing::error!(
            worker = self.parts.name,
            partition = number,
            invariant,
            why,
            "partition stopped: run weir verify"
        );
        self.metrics.broken(invariant);
        self.parts.effects.lost(number);
        self.stopped.insert(number, format!("{invariant}: {why}"));
        self.metrics.stopped(self.stopped.len());
    }

    /// Says whether there is work, and what stands still.
    pub(super) fn tell_readiness(&self) {
        let still: Vec<String> =
            self.stopped.iter().map(|(n, why)| format!("partition {n} is stopped: {why}")).collect();
        let ready = still.is_empty() || !self.partitions.is_empty();
        self.parts.signals.ready(ready, &still.join("; "));
    }

    /// An assignment that can't be worked on is paused, and each new one is looked at again: the same members with the same topics
    /// would be given the same, so there is nothing to ask for before.
    pub(super) fn refuse_assignment(&mut self, assigned: &[TopicPartition], why: &str) -> Result<(), LogError> {
        tracing::error!(worker = self.parts.name, ?assigned, why, "assignment refused: paused");
        self.metrics.refused_assignment();
        self.parts.signals.ready(false, why);
        self.partitions.clear();
        self.proof = None;
        self.member.accept(&Offsets::new())
    }
}
