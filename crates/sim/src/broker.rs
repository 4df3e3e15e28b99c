//! The broker: every state there is, behind one owner. No threads, no I/O, no clock but its own.

mod assignor;
mod code;
mod faults;
mod group;
mod groups;
mod markers;
mod offsets;
mod partition;
mod timers;
mod transactions;

pub use code::Code;
pub use faults::{EndFault, LateEnd, ProduceFault};
pub use markers::Target;
pub use offsets::Claim;
pub use partition::{Entry, Stored};
pub use transactions::{Coordination, Identity};

use crate::random::Random;
use crate::settings::{Micros, SECOND, Settings};
use faults::Faults;
use group::Group;
use offsets::GroupOffsets;
use partition::PartitionLog;
use std::collections::BTreeMap;
use timers::{Event, Timers};
use transactions::Transactions;
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
    partitions: BTreeMap<TopicPartition, PartitionLog>,
    transactions: Transactions,
    groups: BTreeMap<String, Group>,
    offsets: BTreeMap<String, GroupOffsets>,
}

impl Broker {
    pub fn new(settings: Settings) -> Broker {
        let mut random = Random::new(settings.seed);
        let cluster_id = format!("sim-{:016x}", random.next());
        let mut partitions = BTreeMap::new();
        for entry in CATALOGUE {
            for number in 0..entry.topic.partitions(settings.partitions) {
                partitions.insert(TopicPartition::new(entry.topic, number), PartitionLog::default());
            }
        }
        let mut broker = Broker {
            settings,
            random,
            faults: Faults::default(),
            cluster_id,
            now: SECOND,
            timers: Timers::default(),
            partitions,
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

    /// The wall clock of the processes, which may differ from the broker's.
    pub fn wall(&self) -> Millis {
        Millis(self.clock().0 + self.faults.skew_ms)
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

    /// The time that a request takes on its way; fails where nobody answers.
    pub fn request(&mut self) -> Result<(), Code> {
        let latency = self.random.within(self.settings.latency_us);
        self.pass(latency);
        if self.faults.down { Err(Code::Unreachable) } else { Ok(()) }
    }

    /// Goes away, and comes back after this.
    pub fn stop_for(&mut self, length: Micros) {
        self.faults.down = true;
        self.after(length, Event::Start);
    }

    pub fn partition_count(&self, topic: Topic) -> i32 {
        topic.partitions(self.settings.partitions)
    }

    pub fn partition(&self, at: TopicPartition) -> Result<&PartitionLog, Code> {
        self.partitions.get(&at).ok_or(Code::UnknownTopicOrPartition)
    }

    pub fn partition_mut(&mut self, at: TopicPartition) -> Result<&mut PartitionLog, Code> {
        self.partitions.get_mut(&at).ok_or(Code::UnknownTopicOrPartition)
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
            Event::Start => self.faults.down = false,
        }
    }
}
