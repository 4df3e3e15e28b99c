//! The group coordinator: joins, leaves, silence and the rebalances that follow.

use super::assignor::range;
use super::group::{Group, Sitting};
use super::timers::Event;
use super::{Broker, Code};
use crate::current;
use crate::settings::{MILLI, Micros};
use weir_pipeline::TopicPartition;
use weir_proto::topics::Topic;

/// A member's place in a generation.
#[derive(Clone, Debug)]
pub struct Seated {
    pub generation: i32,
    pub partitions: Vec<TopicPartition>,
}

impl Broker {
    /// JoinGroup. A known instance that comes under a new member id takes its seat back, and whoever had it is fenced.
    pub fn join(&mut self, group: &str, instance: &str, member: &str, topics: &[Topic]) -> Result<String, Code> {
        let now = self.now;
        let fresh = format!("{instance}-{:016x}", self.random.next());
        let seats = self.groups.entry(group.to_owned()).or_insert_with(Group::new);
        if !member.is_empty() {
            seats.check(member, Some(instance))?;
            if let Some(sitting) = seats.members.get_mut(member) {
                sitting.joined = true;
                sitting.silent = None;
                sitting.polled = now;
            }
            self.gather(group);
            return Ok(member.to_owned());
        }
        if seats.replace(instance, &fresh, now) {
            let changed = seats.members.get(&fresh).is_some_and(|sitting| sitting.topics != topics);
            if let Some(sitting) = seats.members.get_mut(&fresh) {
                sitting.topics = topics.to_vec();
                sitting.actor = current::actor();
            }
            if changed {
                self.rebalance(group);
            }
        } else {
            self.rebalance(group);
            let sitting = Sitting {
                instance: instance.to_owned(),
                actor: current::actor(),
                topics: topics.to_vec(),
                joined: true,
                silent: None,
                polled: now,
                assigned: Vec::new(),
            };
            if let Some(seats) = self.groups.get_mut(group) {
                seats.seat(&fresh, sitting);
            }
        }
        self.watch_polls(group, &fresh, self.settings.max_poll_interval_ms * MILLI);
        self.gather(group);
        Ok(fresh)
    }

    /// SyncGroup: the place in the generation, once one stands.
    pub fn sync(&self, group: &str, member: &str, instance: &str) -> Result<Option<Seated>, Code> {
        let seats = self.groups.get(group).ok_or(Code::UnknownMemberId)?;
        seats.check(member, Some(instance))?;
        let sitting = seats.members.get(member).ok_or(Code::UnknownMemberId)?;
        let seated = || Seated { generation: seats.generation(), partitions: sitting.assigned.clone() };
        Ok(seats.stable().then(seated))
    }

    pub fn heartbeat(&mut self, group: &str, member: &str, instance: &str, generation: i32) -> Result<(), Code> {
        self.groups.get_mut(group).ok_or(Code::UnknownMemberId)?.heartbeat(member, instance, generation)
    }

    /// The member's loop is alive.
    pub fn polled(&mut self, group: &str, member: &str) {
        let now = self.now;
        if let Some(sitting) = self.groups.get_mut(group).and_then(|seats| seats.members.get_mut(member)) {
            sitting.polled = now;
        }
    }

    pub fn leave(&mut self, group: &str, member: &str) {
        if self.groups.get_mut(group).is_some_and(|seats| seats.remove(member)) {
            self.rebalance(group);
            self.gather(group);
        }
    }

    /// The member's heartbeats stop: after a session its seat is gone.
    pub fn silence(&mut self, group: &str, member: &str) {
        let now = self.now;
        let Some(sitting) = self.groups.get_mut(group).and_then(|seats| seats.members.get_mut(member)) else { return };
        if sitting.silent.is_none() {
            sitting.silent = Some(now);
            let (group, member) = (group.to_owned(), member.to_owned());
            self.after(self.settings.session_timeout_ms * MILLI, Event::SessionEnd { group, member, since: now });
        }
    }

    /// As [`Broker::silence`], for whoever sits under this instance.
    pub fn silence_instance(&mut self, group: &str, instance: &str) {
        if let Some(member) = self.groups.get(group).and_then(|seats| seats.seated(instance).cloned()) {
            self.silence(group, &member);
        }
    }

    /// The process of this actor stands still.
    pub fn silence_actor(&mut self, actor: u32) {
        for (group, member) in self.seats_of(actor) {
            self.silence(&group, &member);
        }
    }

    /// The process of this actor goes on: its heartbeats come again at once.
    pub fn unsilence_actor(&mut self, actor: u32) {
        for (group, member) in self.seats_of(actor) {
            let sitting = self.groups.get_mut(&group).and_then(|seats| seats.members.get_mut(&member));
            if let Some(sitting) = sitting {
                sitting.silent = None;
            }
        }
    }

    fn seats_of(&self, actor: u32) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (group, seats) in &self.groups {
            let sitting = seats.members.iter().filter(|(_, sitting)| sitting.actor == Some(actor));
            found.extend(sitting.map(|(member, _)| (group.clone(), member.clone())));
        }
        found
    }

    /// Everybody is asked to join anew.
    pub fn rebalance(&mut self, group: &str) {
        let Some(seats) = self.groups.get_mut(group) else { return };
        if seats.prepare() {
            let (group, round) = (group.to_owned(), seats.round);
            self.after(self.settings.max_poll_interval_ms * MILLI, Event::RebalanceEnd { group, round });
        }
    }

    pub(crate) fn end_session(&mut self, group: &str, member: &str, since: Micros) {
        let seats = self.groups.get(group);
        let silent = seats.and_then(|seats| seats.members.get(member)).and_then(|sitting| sitting.silent);
        if silent == Some(since) {
            self.leave(group, member);
        }
    }

    /// Static members that have not joined keep their seats and are given partitions; somebody must have joined.
    pub(crate) fn end_rebalance(&mut self, group: &str, round: u64) {
        let Some(seats) = self.groups.get(group) else { return };
        if !seats.preparing(round) {
            return;
        }
        if seats.members.values().any(|sitting| sitting.joined) {
            self.complete_generation(group);
        } else {
            let group = group.to_owned();
            self.after(self.settings.session_timeout_ms * MILLI, Event::RebalanceEnd { group, round });
        }
    }

    /// A client whose loop does not poll stops its heartbeats by itself.
    pub(crate) fn look_for_polls(&mut self, group: &str, member: &str) {
        let patience = self.settings.max_poll_interval_ms * MILLI;
        let Some(sitting) = self.groups.get(group).and_then(|seats| seats.members.get(member)) else { return };
        let due = sitting.polled + patience;
        if self.now >= due {
            self.silence(group, member);
            self.watch_polls(group, member, patience);
        } else {
            self.watch_polls(group, member, due - self.now);
        }
    }

    fn watch_polls(&mut self, group: &str, member: &str, length: Micros) {
        self.after(length, Event::PollDue { group: group.to_owned(), member: member.to_owned() });
    }

    fn gather(&mut self, group: &str) {
        if self.groups.get(group).is_some_and(Group::gathered) {
            self.complete_generation(group);
        }
    }

    fn complete_generation(&mut self, group: &str) {
        let scaled = self.settings.partitions;
        let Some(seats) = self.groups.get_mut(group) else { return };
        let members: Vec<_> = seats.members.iter().map(|(id, sitting)| (id.clone(), sitting.topics.clone())).collect();
        seats.complete(range(&members, |topic| topic.partitions(scaled)));
    }
}
