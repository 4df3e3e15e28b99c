//! Short words for what cases do: write, end, read, wait.

use crate::cluster::Cluster;
use std::time::Duration;
use weir_decider::Millis;
use weir_pipeline::log::{Offsets, Pace, Stamp};
use weir_pipeline::{Log, LogError, Outgoing, Reader as _, Record, TopicPartition, Transactional};
use weir_proto::topics::Topic;

pub type Producer<C> = <<C as Cluster>::Log as Log>::Producer;
pub type Reader<C> = <<C as Cluster>::Log as Log>::Reader;
pub type Member<C> = <<C as Cluster>::Log as Log>::Member;
pub type Proof<C> = <<C as Cluster>::Log as Log>::Proof;

/// How long a case waits for what must come.
pub const PATIENCE_MS: i64 = 30_000;
pub const SHORT: Duration = Duration::from_millis(20);
/// Polls of a reader without a record after which it will never be done.
const VAIN_MAX: u32 = 1_000;

/// The partition of facts that most cases write to, the one beside it, and their inputs.
pub const FACTS: TopicPartition = TopicPartition { topic: Topic::Routes, partition: 0 };
pub const BESIDE: TopicPartition = TopicPartition { topic: Topic::Routes, partition: 1 };
pub const INPUT: TopicPartition = TopicPartition { topic: Topic::Orders, partition: 0 };
pub const INPUT_BESIDE: TopicPartition = TopicPartition { topic: Topic::Orders, partition: 1 };

/// A producer under this id.
pub fn producer<C: Cluster>(cluster: &C, id: &str) -> Producer<C> {
    cluster.log().producer(id).expect("a producer")
}

/// Queues records whose key is their value.
pub fn send<P>(producer: &mut impl Transactional<P>, at: TopicPartition, values: &[&str]) {
    for value in values {
        let stamp = Stamp { partition: Some(at.partition), id: value, time: Millis(0), traceparent: None };
        producer.send(outgoing(at.topic, value, value.as_bytes()), &stamp).expect("queued");
    }
}

pub fn outgoing(topic: Topic, key: &str, value: &[u8]) -> Outgoing {
    Outgoing { topic, key: key.to_owned(), event_type: "weir.test.v1.Event", value: value.to_vec() }
}

/// Begins a transaction with these records, acknowledged.
pub fn open<P>(producer: &mut impl Transactional<P>, at: TopicPartition, values: &[&str]) -> Offsets {
    producer.begin().expect("begun");
    send(producer, at, values);
    producer.drain().expect("drained").highest
}

pub fn commit_with<P>(producer: &mut impl Transactional<P>, at: TopicPartition, values: &[&str]) {
    open(producer, at, values);
    producer.commit().expect("committed");
}

pub fn abort_with<P>(producer: &mut impl Transactional<P>, at: TopicPartition, values: &[&str]) {
    open(producer, at, values);
    producer.abort().expect("aborted");
}

/// A reader from this offset on.
pub fn reader<C: Cluster>(cluster: &C, at: TopicPartition, from: i64) -> Reader<C> {
    let mut reader = cluster.log().reader(Pace::Eager).expect("a reader");
    reader.assign(&Offsets::from([(at, from)])).expect("assigned");
    reader
}

/// Reads everything that was stable when the reader was assigned.
pub fn drain_reader(reader: &mut impl weir_pipeline::Reader) -> Vec<Record> {
    let (mut records, mut vain) = (Vec::new(), 0);
    while !reader.done() {
        let record = reader.poll(SHORT).expect("polled");
        vain = if record.is_some() { 0 } else { vain + 1 };
        assert!(vain < VAIN_MAX, "never done");
        records.extend(record);
    }
    records
}

/// All committed records as of now.
pub fn records<C: Cluster>(cluster: &C, at: TopicPartition) -> Vec<Record> {
    drain_reader(&mut reader(cluster, at, 0))
}

pub fn texts(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8_lossy(&record.value).into_owned()).collect()
}

/// Asks until the answer is there. The end of a transaction becomes visible a little after it was answered.
pub fn eventually<C: Cluster, T>(cluster: &C, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = cluster.log().now().0;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(cluster.log().now().0 - started < PATIENCE_MS, "waited in vain for {what}");
        cluster.pass(SHORT);
    }
}

/// Waits until exactly these values can be read, and returns their records.
pub fn expect<C: Cluster>(cluster: &C, at: TopicPartition, values: &[&str]) -> Vec<Record> {
    eventually(cluster, &format!("{values:?} in {at:?}"), || {
        let found = records(cluster, at);
        assert!(found.len() <= values.len(), "{:?} in {at:?}, and only {values:?} was wanted", texts(&found));
        (texts(&found) == values).then_some(found)
    })
}

/// Waits until the partition is stable up to here, and returns what can be read.
pub fn settled<C: Cluster>(cluster: &C, at: TopicPartition, stable: i64) -> Vec<String> {
    eventually(cluster, &format!("{at:?} to be stable up to {stable}"), || {
        let (_, now) = bounds(cluster, at);
        assert!(now <= stable, "{at:?} is stable up to {now}, beyond {stable}");
        (now == stable).then_some(())
    });
    texts(&records(cluster, at))
}

pub fn bounds<C: Cluster>(cluster: &C, at: TopicPartition) -> (i64, i64) {
    let mut reader = cluster.log().reader(Pace::Eager).expect("a reader");
    reader.bounds(at).expect("bounds")
}

/// Which kind of error it was: what a loop decides by.
pub fn kind<T>(outcome: Result<T, LogError>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(LogError::Transient(_)) => "transient",
        Err(LogError::Abort(_)) => "abort",
        Err(LogError::Unknown(_)) => "unknown",
        Err(LogError::ProducerFenced(_)) => "producer fenced",
        Err(LogError::Fenced(_)) => "fenced",
        Err(LogError::Fatal(_)) => "fatal",
    }
}
