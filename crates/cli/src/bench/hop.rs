//! One bare hop: read, copy, commit. It closes a transaction as a stage does: when its input runs dry, or after a short time.

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

const DRY: Duration = Duration::from_millis(2);
const IDLE: Duration = Duration::from_millis(100);

/// Copies `from` to `to` on a thread of its own until told to stop.
pub(super) fn spawn(
    log: KafkaLog,
    number: usize,
    from: Topic,
    to: Topic,
    stop: Arc<AtomicBool>,
) -> std::io::Result<JoinHandle<Result<(), LogError>>> {
    std::thread::Builder::new().name(format!("hop {number}")).spawn(move || {
        let name = format!("hop-{number}");
        let producer = log.producer(&name)?;
        let member = log.member(&name, &name, &[from], Pace::Prompt)?;
        let mut hop = Hop { log, member, producer, to, proof: None, offsets: BTreeMap::new(), began: None };
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
    to: Topic,
    proof: Option<L::Proof>,
    offsets: BTreeMap<TopicPartition, i64>,
    began: Option<Instant>,
}

impl<L: Log> Hop<L> {
    fn turn(&mut self) -> Result<(), LogError> {
        match self.member.poll(if self.began.is_some() { DRY } else { IDLE })? {
            Polled::Record(record) => self.copy(&record),
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

    fn copy(&mut self, record: &Record) -> Result<(), LogError> {
        let began = match self.began {
            Some(began) => began,
            None => {
                self.producer.begin()?;
                *self.began.insert(Instant::now())
            }
        };
        let value = record.value.to_vec();
        let copy = Outgoing { topic: self.to, key: record.key.clone(), event_type: "weir.bench.Bare", value };
        let id = record.offset.to_string();
        let time: Millis = self.log.now();
        self.producer.send(copy, &Stamp { partition: Some(record.partition), id: &id, time, traceparent: None })?;
        self.offsets.insert(record.topic_partition(), record.offset + 1);
        if began.elapsed() >= Duration::from_millis(20) { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), LogError> {
        let (Some(_), Some(proof)) = (self.began.take(), &self.proof) else {
            return Ok(());
        };
        self.producer.drain()?;
        self.producer.send_offsets(&std::mem::take(&mut self.offsets), proof)?;
        self.producer.commit().map(drop)
    }
}
