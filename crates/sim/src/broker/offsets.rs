//! A group's committed offsets, and those that a transaction has not decided yet.

use super::markers::Target;
use super::transactions::Identity;
use super::{Broker, Code};
use std::collections::BTreeMap;
use weir_pipeline::TopicPartition;
use weir_pipeline::log::Offsets;

/// What a member says of itself when it commits offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub group: String,
    /// −1 where the client is in no generation.
    pub generation: i32,
    /// Empty where the client has no member id.
    pub member: String,
    pub instance: Option<String>,
}

#[derive(Default)]
pub(crate) struct GroupOffsets {
    committed: Offsets,
    pending: BTreeMap<u64, Offsets>,
    epochs: BTreeMap<u64, i16>,
}

impl GroupOffsets {
    pub(crate) fn mark(&mut self, by: Identity, commit: bool) {
        self.epochs.insert(by.id, by.epoch);
        if let Some(decided) = self.pending.remove(&by.id)
            && commit
        {
            self.committed.extend(decided);
        }
    }

    fn unstable(&self, at: &TopicPartition) -> bool {
        self.pending.values().any(|offsets| offsets.contains_key(at))
    }
}

impl Broker {
    /// TxnOffsetCommit. The group's own check is the only fence between two transactional ids.
    pub fn commit_offsets(&mut self, name: &str, by: Identity, claim: &Claim, offsets: &Offsets) -> Result<(), Code> {
        if self.faults.moved.remove(&claim.group) {
            return Err(Code::NotCoordinator);
        }
        self.verify(name, by, &Target::Offsets(claim.group.clone()))?;
        self.check_claim(claim)?;
        let kept = self.offsets.entry(claim.group.clone()).or_default();
        if kept.epochs.get(&by.id).is_some_and(|newest| by.epoch < *newest) {
            return Err(Code::InvalidProducerEpoch);
        }
        kept.pending.entry(by.id).or_default().extend(offsets);
        Ok(())
    }

    /// OffsetFetch with `require.stable`: an undecided partition is an error.
    pub fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Offsets, Code> {
        let Some(kept) = self.offsets.get(group) else { return Ok(Offsets::new()) };
        if partitions.iter().any(|at| kept.unstable(at)) {
            return Err(Code::UnstableOffsetCommit);
        }
        Ok(partitions.iter().filter_map(|at| Some((*at, *kept.committed.get(at)?))).collect())
    }

    /// Forgets what the group has committed.
    pub fn expire_offsets(&mut self, group: &str) {
        if let Some(kept) = self.offsets.get_mut(group) {
            kept.committed.clear();
        }
    }

    /// An operator sets the group back to the beginning.
    pub fn reset_offsets(&mut self, group: &str) {
        if let Some(kept) = self.offsets.get_mut(group) {
            kept.committed.values_mut().for_each(|offset| *offset = 0);
        }
    }

    /// What is committed and decided.
    pub fn committed_of(&self, group: &str, at: TopicPartition) -> Option<i64> {
        self.offsets.get(group)?.committed.get(&at).copied()
    }

    /// Source: `ClassicGroup.validateOffsetCommit` of Kafka 4.1, for a transactional commit.
    fn check_claim(&self, claim: &Claim) -> Result<(), Code> {
        let Some(group) = self.groups.get(&claim.group) else {
            // A group that nobody ever joined takes offsets from whoever claims no generation.
            return if claim.generation < 0 { Ok(()) } else { Err(Code::IllegalGeneration) };
        };
        if claim.generation < 0 && group.empty() {
            return Ok(());
        }
        if claim.generation < 0 && claim.member.is_empty() && claim.instance.is_none() {
            // Old clients say nothing of themselves, and are believed.
            return Ok(());
        }
        group.check(&claim.member, claim.instance.as_deref())?;
        if claim.generation == group.generation() { Ok(()) } else { Err(Code::IllegalGeneration) }
    }
}
