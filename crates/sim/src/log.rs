//! The face that stages see: [`weir_pipeline::Log`] on the simulated broker, with librdkafka's manners.

mod fetch;
mod member;
mod producer;
mod reader;

pub use member::{Seat, SimMember};
pub use producer::SimProducer;
pub use reader::SimReader;

use crate::Sim;
use crate::broker::{Broker, Code, Stored};
use crate::settings::Micros;
use weir_decider::Millis;
use weir_pipeline::log::Pace;
use weir_pipeline::{Log, LogError, Record, TopicPartition};
use weir_proto::topics::Topic;

/// How soon a poll that finds nothing may come again: a loop that never waits still gets on in time.
const POLL_COST: Micros = 10;

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

    fn member(&self, group: &str, instance: &str, topics: &[Topic], _pace: Pace) -> Result<SimMember, LogError> {
        Ok(SimMember::subscribe(self.sim.clone(), group, instance, topics))
    }

    fn producer(&self, transactional_id: &str) -> Result<SimProducer, LogError> {
        SimProducer::init(self.sim.clone(), transactional_id)
    }

    fn reader(&self, _pace: Pace) -> Result<SimReader, LogError> {
        Ok(SimReader::new(self.sim.clone()))
    }

    fn cluster_id(&self) -> Result<String, LogError> {
        Ok(self.sim.lock().cluster_id.clone())
    }

    fn full_name(&self, topic: Topic) -> String {
        topic.full_name("sim")
    }

    fn partitions(&self, topic: Topic) -> i32 {
        self.sim.lock().partition_count(topic)
    }

    fn now(&self) -> Millis {
        self.sim.lock().wall()
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

fn record(at: TopicPartition, offset: i64, stored: &Stored, time: Millis) -> Record {
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

/// Moves time on to the next thing that can happen; says whether there is any left to wait for.
fn wait_until(broker: &mut Broker, deadline: Micros, own: Option<Micros>) -> bool {
    if broker.now() >= deadline || !broker.settings.waiting_passes_time {
        return false;
    }
    let soonest = [broker.next_event(), own].into_iter().flatten().min().unwrap_or(deadline);
    let until = soonest.clamp(broker.now() + 1, deadline);
    broker.pass(until - broker.now());
    true
}
