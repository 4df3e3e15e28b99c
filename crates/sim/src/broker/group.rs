//! One consumer group of the classic protocol: members, generations, and when a rebalance is over.
//!
//! Source: `ClassicGroup.java` and the classic paths of `GroupMetadataManager.java` of Kafka 4.1.

use super::Code;
use crate::settings::Micros;
use std::collections::BTreeMap;
use weir_pipeline::TopicPartition;
use weir_proto::topics::Topic;

#[derive(Clone, Debug)]
pub(crate) struct Sitting {
    pub(crate) instance: String,
    /// The actor of a world that sits here.
    pub(crate) actor: Option<u32>,
    pub(crate) topics: Vec<Topic>,
    /// Has joined the generation that is being made, or is in the one that stands.
    pub(crate) joined: bool,
    /// Since when it has sent no heartbeat.
    pub(crate) silent: Option<Micros>,
    pub(crate) polled: Micros,
    pub(crate) assigned: Vec<TopicPartition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Empty,
    /// Members are asked to join anew.
    Preparing,
    Stable,
}

pub(crate) struct Group {
    phase: Phase,
    generation: i32,
    /// Counts rebalances, so that a timer of an earlier one says nothing.
    pub(crate) round: u64,
    pub(crate) members: BTreeMap<String, Sitting>,
    instances: BTreeMap<String, String>,
}

impl Group {
    pub(crate) fn new() -> Group {
        let (members, instances) = (BTreeMap::new(), BTreeMap::new());
        Group { phase: Phase::Empty, generation: 0, round: 0, members, instances }
    }

    pub(crate) fn empty(&self) -> bool {
        self.phase == Phase::Empty
    }

    pub(crate) fn stable(&self) -> bool {
        self.phase == Phase::Stable
    }

    pub(crate) fn generation(&self) -> i32 {
        self.generation
    }

    pub(crate) fn seated(&self, instance: &str) -> Option<&String> {
        self.instances.get(instance)
    }

    /// Whether this member sits here, under this instance.
    pub(crate) fn check(&self, member: &str, instance: Option<&str>) -> Result<(), Code> {
        if let Some(instance) = instance {
            match self.instances.get(instance) {
                None => return Err(Code::UnknownMemberId),
                Some(seated) if seated != member => return Err(Code::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member) { Ok(()) } else { Err(Code::UnknownMemberId) }
    }

    /// Heartbeat: whether the member may go on.
    pub(crate) fn heartbeat(&mut self, member: &str, instance: &str, generation: i32) -> Result<(), Code> {
        self.check(member, Some(instance))?;
        let preparing = self.phase == Phase::Preparing;
        let sitting = self.members.get_mut(member).ok_or(Code::UnknownMemberId)?;
        sitting.silent = None;
        if preparing {
            return Err(Code::RebalanceInProgress);
        }
        if generation == self.generation { Ok(()) } else { Err(Code::IllegalGeneration) }
    }

    /// Gives the instance's seat to a new member id, with everything that goes with it; says whether there was one.
    pub(crate) fn replace(&mut self, instance: &str, fresh: &str, now: Micros) -> bool {
        let Some(old) = self.instances.get(instance).cloned() else { return false };
        let Some(mut sitting) = self.members.remove(&old) else { return false };
        sitting.silent = None;
        sitting.polled = now;
        if self.phase == Phase::Preparing {
            sitting.joined = true;
        }
        self.members.insert(fresh.to_owned(), sitting);
        self.instances.insert(instance.to_owned(), fresh.to_owned());
        true
    }

    pub(crate) fn seat(&mut self, member: &str, sitting: Sitting) {
        self.instances.insert(sitting.instance.clone(), member.to_owned());
        self.members.insert(member.to_owned(), sitting);
    }

    pub(crate) fn remove(&mut self, member: &str) -> bool {
        let Some(sitting) = self.members.remove(member) else { return false };
        self.instances.remove(&sitting.instance);
        true
    }

    /// Asks everybody to join anew; says whether that was not being done already.
    pub(crate) fn prepare(&mut self) -> bool {
        if self.phase == Phase::Preparing {
            return false;
        }
        self.phase = Phase::Preparing;
        self.round += 1;
        for sitting in self.members.values_mut() {
            sitting.joined = false;
        }
        true
    }

    /// Everybody who sits here has joined.
    pub(crate) fn gathered(&self) -> bool {
        self.phase == Phase::Preparing && self.members.values().all(|sitting| sitting.joined)
    }

    pub(crate) fn preparing(&self, round: u64) -> bool {
        self.phase == Phase::Preparing && self.round == round
    }

    /// A new generation stands.
    pub(crate) fn complete(&mut self, mut gets: BTreeMap<String, Vec<TopicPartition>>) {
        self.generation += 1;
        self.phase = if self.members.is_empty() { Phase::Empty } else { Phase::Stable };
        for (member, sitting) in &mut self.members {
            sitting.assigned = gets.remove(member).unwrap_or_default();
        }
    }
}
