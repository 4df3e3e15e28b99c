//! A simulated cluster, and short words for what tests do on it.

use std::time::Duration;
use weir_decider::Millis;
use weir_pipeline::log::{Offsets, Pace, Stamp};
use weir_pipeline::{Log as _, Member as _, Outgoing, Polled, Reader as _, TopicPartition, Transactional as _};
use weir_proto::topics::Topic;
use weir_sim::{Control, Protocol, Seat, Settings, Sim, SimLog, SimMember, SimProducer};

pub const FACTS: TopicPartition = TopicPartition { topic: Topic::Routes, partition: 0 };
pub const BESIDE: TopicPartition = TopicPartition { topic: Topic::Routes, partition: 1 };
pub const INPUT: TopicPartition = TopicPartition { topic: Topic::Orders, partition: 0 };
pub const GROUP: &str = "stage";

pub struct World {
    pub log: SimLog,
    pub control: Control,
}

impl World {
    pub fn new(seed: u64, protocol: Protocol) -> World {
        World::with(Settings { protocol, ..Settings::new(seed) })
    }

    pub fn with(settings: Settings) -> World {
        let sim = Sim::new(settings);
        World { log: sim.log(), control: sim.control() }
    }

    pub fn producer(&self, id: &str) -> SimProducer {
        self.log.producer(id).expect("a producer")
    }

    /// A member of the group that has been given partitions.
    pub fn seat(&self, instance: &str) -> (SimMember, Seat) {
        let mut member = self.log.member(GROUP, instance, &[Topic::Orders], Pace::Eager).expect("a member");
        self.assigned(&mut member);
        let seat = member.proof().expect("a proof");
        (member, seat)
    }

    /// Polls until partitions are assigned, answering revocations, and accepts them.
    pub fn assigned(&self, member: &mut SimMember) -> Vec<TopicPartition> {
        for _ in 0..2_000 {
            match member.poll(Duration::from_millis(20)).expect("polled") {
                Polled::Assigned(partitions) => {
                    member.accept(&partitions.iter().map(|at| (*at, 0)).collect()).expect("accepted");
                    return partitions;
                }
                Polled::Revoked { .. } => member.release().expect("released"),
                Polled::Record(_) | Polled::Nothing => {}
            }
        }
        panic!("never assigned");
    }

    /// Values of the committed records that can be read now.
    pub fn values(&self, at: TopicPartition) -> Vec<String> {
        let mut reader = self.log.reader(Pace::Eager).expect("a reader");
        reader.assign(&Offsets::from([(at, 0)])).expect("assigned");
        let mut values = Vec::new();
        while !reader.done() {
            let record = reader.poll(Duration::from_millis(20)).expect("polled");
            values.extend(record.map(|record| record.key));
        }
        values
    }

    /// Long enough for every marker on its way.
    pub fn settle(&self) {
        self.control.pass(Duration::from_millis(50));
    }
}

pub fn send(producer: &mut SimProducer, at: TopicPartition, values: &[&str]) {
    for value in values {
        let stamp = Stamp { partition: Some(at.partition), id: value, time: Millis(0), traceparent: None };
        let (key, event_type) = ((*value).to_owned(), "weir.test.v1.Event");
        producer.send(Outgoing { topic: at.topic, key, event_type, value: vec![1] }, &stamp).expect("queued");
    }
}

pub fn open(producer: &mut SimProducer, at: TopicPartition, values: &[&str]) {
    producer.begin().expect("begun");
    send(producer, at, values);
    producer.drain().expect("drained");
}
