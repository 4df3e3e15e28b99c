//! The face that stages see: [`weir_pipeline::Log`] on the simulated broker, with librdkafka's manners.

mod fetch;
mod member;
mod producer;
mod reader;

pub use member::{Seat, SimMember};
pub use producer::SimProducer;
pub use reader::SimReader;

use crate::Sim;
use crate::broker::{Code, Stored};
use crate::current;
use crate::settings::micros;
use std::time::Duration;
use weir_decider::Millis;
use weir_pipeline::log::Pace;
use weir_pipeline::{Log, LogError, Record, TopicPartition};
use weir_proto::topics::Topic;

/// An installation's topics on the simulated cluster.
#[derive(Clone)]
pub struct SimLog {
    sim: Sim,
}

impl SimLog {
    pub(crate) fn new(sim: Sim) -> SimLog {
        SimLog { sim }
    }
}

impl Log for SimLog {
    type Proof = Seat;
    type Member = SimMember;
    type Producer = SimProducer;
    type Reader = SimReader;

    fn member(&self, group: &str, instance: &str, topics: &[Topic], pace: Pace) -> Result<SimMember, LogError> {
        Ok(SimMember::subscribe(self.sim.clone(), group, instance, topics, pace))
    }

    fn producer(&self, transactional_id: &str) -> Result<SimProducer, LogError> {
        SimProducer::init(self.sim.clone(), transactional_id)
    }

    fn reader(&self, pace: Pace) -> Result<SimReader, LogError> {
        Ok(SimReader::new(self.sim.clone(), pace))
    }

    fn cluster_id(&self) -> Result<String, LogError> {
        Ok(self.sim.lock().cluster_id.clone())
    }

    fn full_name(&self, topic: Topic) -> String {
        topic.full_name("sim")
    }

    fn partitions(&self, topic: Topic) -> i32 {
        topic.partitions(self.sim.scaled)
    }

    fn now(&self) -> Millis {
        let (mut broker, process) = (self.sim.lock(), current::process());
        broker.faults.note_reading(current::actor(), process);
        broker.wall(process)
    }

    fn uptime(&self) -> Duration {
        Duration::from_micros(self.sim.now())
    }

    fn sleep(&self, length: Duration) {
        current::begin("sleep");
        self.sim.wait(micros(length));
    }

    fn nonce(&self) -> [u8; 16] {
        let random = &mut self.sim.lock().random;
        (u128::from(random.next()) << 64 | u128::from(random.next())).to_be_bytes()
    }
}

/// What an error of a call outside a transaction means.
fn plain_error(code: Code) -> LogError {
    let text = code.to_string();
    match code {
        Code::FencedInstanceId => LogError::Fenced(text),
        Code::UnknownTopicOrPartition | Code::OffsetOutOfRange => LogError::Fatal(text),
        _ => LogError::Transient(text),
    }
}

pub(crate) fn record(at: TopicPartition, offset: i64, stored: &Stored, time: Millis) -> Record {
    Record {
        topic: at.topic,
        partition: at.partition,
        offset,
        time,
        key: stored.key.clone(),
        value: stored.value.clone(),
        headers: stored.headers.clone(),
    }
}
