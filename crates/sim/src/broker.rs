//! The broker: every state there is, behind one owner. No threads, no I/O, no clock but its own.

mod assignor;
mod code;
mod digest;
mod faults;
mod group;
mod groups;
mod markers;
mod offsets;
mod partition;
mod timers;
mod transactions;
mod watch;

pub use code::Code;
pub use digest::Digest;
pub use faults::{EndFault, LateEnd, ProduceFault};
pub use markers::Target;
pub use offsets::Claim;
pub use partition::{Entry, PartitionLog, Stored};
pub use transactions::{Coordination, Identity};

use crate::random::Random;
use crate::settings::{Micros, SECOND, Settings};
use faults::Faults;
use group::Group;
use offsets::GroupOffsets;
use std::collections::BTreeMap;
use timers::{Event, Timers};
use transactions::Transactions;
pub(crate) use watch::{Slot, Watches};
use weir_decider::Millis;
use weir_pipeline::TopicPartition;
use weir_proto::topics::{CATALOGUE, Topic};

/// A cluster of one installation.
pub struct Broker {
    pub settings: Settings,
    pub random: Random,
    pub faults: Faults,
    pub cluster_id: String,
    now: Micros,
    timers: Timers,
    /// In the order of the catalogue, then of their numbers.
    partitions: Vec<PartitionLog>,
    names: Vec<TopicPartition>,
    /// Where each topic's partitions begin among them.
    first: BTreeMap<Topic, Slot>,
    pub(crate) watches: Watches,
    transactions: Transactions,
    groups: BTreeMap<String, Group>,
    offsets: BTreeMap<String, GroupOffsets>,
}

impl Broker {
    pub fn new(settings: Settings) -> Broker {
        let mut random = Random::new(settings.seed);
        let cluster_id = format!("sim-{:016x}", random.next());
        let (mut names, mut first) = (Vec::new(), BTreeMap::new());
        for entry in CATALOGUE {
            first.insert(entry.topic, names.len());
            let numbers = 0..entry.topic.partitions(settings.partitions);
            names.extend(numbers.map(|number| TopicPartition::new(entry.topic, number)));
        }
        let mut broker = Broker {
            settings,
            random,
            faults: Faults::default(),
            cluster_id,
            now: SECOND,
            timers: Timers::default(),
            partitions: names.iter().map(|_| PartitionLog::default()).collect(),
            watches: Watches::new(names.len()),
            names,
            first,
            transactions: Transactions::default(),
            groups: BTreeMap::new(),
            offsets: BTreeMap::new(),
        };
        broker.watch_transactions();
        broker
    }

    pub fn now(&self) -> Micros {
        self.now
    }

    /// The broker's own clock: what LogAppendTime is taken from.
    pub fn clock(&self) -> Millis {
        Millis(self.settings.begins_ms + i64::try_from(self.now / 1_000).unwrap_or(i64::MAX))
    }

    /// The wall clock of a process, which may differ from the broker's.
    pub fn wall(&self, process: Option<u32>) -> Millis {
        Millis(self.clock().0 + self.faults.skew_of(process))
    }

    /// Lets time pass; what falls due meanwhile happens at its own time.
    pub fn pass(&mut self, length: Micros) {
        let until = self.now.saturating_add(length);
        while let Some((at, event)) = self.timers.pop_until(until) {
            self.now = self.now.max(at);
            self.fire(event);
        }
        self.now = until;
    }

    /// When the next thing happens by itself.
    pub fn next_event(&self) -> Option<Micros> {
        self.timers.first()
    }

    /// The time that a request takes on its way.
    pub fn latency(&mut self) -> Micros {
        self.random.within(self.settings.latency_us) * self.faults.slowness
    }

    /// Fails where nobody answers.
    pub fn answers(&self) -> Result<(), Code> {
        if self.faults.down { Err(Code::Unreachable) } else { Ok(()) }
    }

    pub fn start(&mut self) {
        self.faults.down = false;
        self.stir_waiting();
    }

    /// Goes away, and comes back after this.
    pub fn stop_for(&mut self, length: Micros) {
        self.faults.down = true;
        self.after(length, Event::Start);
    }

    pub fn partition_count(&self, topic: Topic) -> i32 {
        topic.partitions(self.settings.partitions)
    }

    pub(crate) fn slot(&self, at: TopicPartition) -> Result<Slot, Code> {
        let number = Slot::try_from(at.partition).map_err(|_| Code::UnknownTopicOrPartition)?;
        if at.partition >= self.partition_count(at.topic) {
            return Err(Code::UnknownTopicOrPartition);
        }
        Ok(self.first.get(&at.topic).ok_or(Code::UnknownTopicOrPartition)? + number)
    }

    pub(crate) fn at(&self, slot: Slot) -> (TopicPartition, &PartitionLog) {
        (self.names[slot], &self.partitions[slot])
    }

    pub fn partition(&self, at: TopicPartition) -> Result<&PartitionLog, Code> {
        self.slot(at).map(|slot| &self.partitions[slot])
    }

    /// Changes a partition; whoever reads it looks anew where that may matter to them.
    pub fn change<T>(&mut self, at: TopicPartition, change: impl FnOnce(&mut PartitionLog) -> T) -> Result<T, Code> {
        let slot = self.slot(at)?;
        let partition = &mut self.partitions[slot];
        let before = (partition.start(), partition.stable(), partition.offline);
        let done = change(partition);
        if before != (partition.start(), partition.stable(), partition.offline) {
            self.stir(slot);
        }
        Ok(done)
    }

    /// Every partition, by name.
    pub fn all(&self) -> impl Iterator<Item = (TopicPartition, &PartitionLog)> {
        self.names.iter().copied().zip(&self.partitions)
    }

    fn after(&mut self, length: Micros, event: Event) {
        self.timers.add(self.now.saturating_add(length), event);
    }

    fn fire(&mut self, event: Event) {
        match event {
            Event::Marker(marker) => self.deliver_marker(marker),
            Event::Cleanup => self.end_overdue_transactions(),
            Event::SessionEnd { group, member, since } => self.end_session(&group, &member, since),
            Event::PollDue { group, member } => self.look_for_polls(&group, &member),
            Event::RebalanceEnd { group, round } => self.end_rebalance(&group, round),
            Event::Start => self.start(),
        }
    }
}
