//! One bare hop: read, write, commit. It closes a transaction when its input runs dry, but no sooner than `apart` after the last one,
//! and in any case after `open_max` or a stage's bound of inputs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use weir_decider::Millis;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Pace, Stamp};
use weir_pipeline::{Log, LogError, Member, Outgoing, Polled, Record, TopicPartition, Transactional};
use weir_proto::topics::Topic;

/// What carries a record's run and time through the chain.
pub(super) const HEAD: usize = 24;

/// A record that a hop writes for each that it reads.
#[derive(Clone, Copy)]
pub(super) struct Written {
    pub(super) topic: Topic,
    pub(super) bytes: Bytes,
}

/// How large a value is, and whether it carries what came.
#[derive(Clone, Copy)]
pub(super) enum Bytes {
    /// A copy.
    Same,
    /// The head of what came, and so many bytes in all.
    Passed(usize),
    /// So many bytes of nothing: none that the end of the chain waits for.
    Beside(usize),
}

impl Bytes {
    fn of(self, value: &[u8]) -> Vec<u8> {
        match self {
            Bytes::Same => value.to_vec(),
            Bytes::Passed(bytes) => {
                let mut passed = value[..HEAD.min(value.len())].to_vec();
                passed.resize(bytes, b'.');
                passed
            }
            Bytes::Beside(bytes) => vec![b'.'; bytes],
        }
    }
}

/// Between which topics a hop stands, and when it closes a transaction.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) from: Topic,
    pub(super) writes: &'static [Written],
    pub(super) pace: Pace,
    pub(super) open_max: Duration,
    pub(super) apart: Duration,
}

const DRY: Duration = Duration::from_millis(2);
const IDLE: Duration = Duration::from_millis(100);

/// A hop on a thread of its own, until it is told to stop.
pub(super) fn spawn(
    log: KafkaLog,
    place: Place,
    stop: Arc<AtomicBool>,
) -> std::io::Result<JoinHandle<Result<(), LogError>>> {
    std::thread::Builder::new().name(place.name.to_owned()).spawn(move || {
        let producer = log.producer(place.name)?;
        let member = log.member(place.name, place.name, &[place.from], place.pace)?;
        let inputs_max = log.config().commit_inputs_max;
        let mut hop = Hop {
            log,
            member,
            producer,
            place,
            proof: None,
            offsets: BTreeMap::new(),
            began: None,
            closed: Instant::now(),
            inputs: 0,
            inputs_max,
        };
        while !stop.load(Ordering::Relaxed) {
            hop.turn()?;
        }
        hop.commit()?;
        hop.member.leave();
        Ok(())
    })
}

struct Hop<L: Log> {
    log: L,
    member: L::Member,
    producer: L::Producer,
    place: Place,
    proof: Option<L::Proof>,
    offsets: BTreeMap<TopicPartition, i64>,
    began: Option<Instant>,
    closed: Instant,
    inputs: usize,
    inputs_max: usize,
}

impl<L: Log> Hop<L> {
    fn turn(&mut self) -> Result<(), LogError> {
        let wait = match self.began {
            Some(_) => DRY.max(self.place.apart.saturating_sub(self.closed.elapsed())),
            None => IDLE,
        };
        match self.member.poll(wait)? {
            Polled::Record(record) => self.pass(&record),
            Polled::Nothing => self.commit(),
            Polled::Assigned(partitions) => self.take(&partitions),
            Polled::Revoked { .. } => {
                self.commit()?;
                self.proof = None;
                self.member.release()
            }
        }
    }

    /// Goes on where the last run ended.
    fn take(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        let committed = self.member.committed(partitions)?;
        let from = partitions.iter().map(|at| (*at, committed.get(at).copied().unwrap_or(0))).collect();
        self.member.accept(&from)?;
        self.proof = Some(self.member.proof()?);
        self.member.resume(partitions)
    }

    fn pass(&mut self, record: &Record) -> Result<(), LogError> {
        let began = match self.began {
            Some(began) => began,
            None => {
                self.producer.begin()?;
                *self.began.insert(Instant::now())
            }
        };
        let id = record.offset.to_string();
        let time: Millis = self.log.now();
        for written in self.place.writes {
            let value = written.bytes.of(&record.value);
            let outgoing =
                Outgoing { topic: written.topic, key: record.key.clone(), event_type: "weir.bench.Bare", value };
            let stamp = Stamp { partition: Some(record.partition), id: &id, time, traceparent: None };
            self.producer.send(outgoing, &stamp)?;
        }
        self.offsets.insert(record.topic_partition(), record.offset + 1);
        self.inputs += 1;
        if began.elapsed() >= self.place.open_max || self.inputs >= self.inputs_max { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), LogError> {
        let (Some(_), Some(proof)) = (self.began.take(), &self.proof) else {
            return Ok(());
        };
        self.inputs = 0;
        self.producer.drain()?;
        self.producer.send_offsets(&std::mem::take(&mut self.offsets), proof)?;
        self.producer.commit()?;
        self.closed = Instant::now();
        Ok(())
    }
}
