//! A log that notes what a worker asks of it, and can see to it that there is always an input.

use crate::due;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use weir_decider::Millis;
use weir_pipeline::log::{Drained, Member, Offsets, Pace, Polled, Reader, Stamp, Transactional};
use weir_pipeline::{Log, LogError, Outgoing, Record, TopicPartition};
use weir_proto::topics::Topic;
use weir_sim::{Control, SimLog};

/// A transaction as the producer was asked for it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Partitions that facts were written to.
    pub facts: BTreeSet<i32>,
    /// Deadlines that passed in it.
    pub passed: usize,
    /// Offsets that were sent with it.
    pub offsets: Offsets,
}

/// What was seen.
#[derive(Default)]
pub struct Notes {
    committed: Mutex<Vec<Asked>>,
    /// Where each fold of the facts began.
    folds: Mutex<Vec<Offsets>>,
    /// An input is written whenever there is none.
    pub flood: AtomicBool,
    /// The flood ends with the first transaction that a deadline has passed in, before that is closed.
    pub flood_until_due: AtomicBool,
    /// Records read, and polls that found nothing, while it was flooded.
    pub flooded: AtomicUsize,
    pub dry: AtomicUsize,
    /// Taken by each poll; whoever holds it stops the clock, which nothing but polls moves on here.
    polling: Mutex<()>,
}

impl Notes {
    pub fn committed(&self) -> Vec<Asked> {
        locked(&self.committed).clone()
    }

    pub fn folds(&self) -> Vec<Offsets> {
        locked(&self.folds).clone()
    }

    /// No time passes while this is held.
    pub fn still(&self) -> MutexGuard<'_, ()> {
        locked(&self.polling)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The simulated log, watched.
#[derive(Clone)]
pub struct Watched {
    pub inner: SimLog,
    pub control: Control,
    pub notes: Arc<Notes>,
}

pub struct WatchedMember {
    inner: <SimLog as Log>::Member,
    control: Control,
    notes: Arc<Notes>,
}

pub struct WatchedProducer {
    inner: <SimLog as Log>::Producer,
    notes: Arc<Notes>,
    open: Asked,
    drained: bool,
}

pub struct WatchedReader {
    inner: <SimLog as Log>::Reader,
    notes: Arc<Notes>,
}

impl Log for Watched {
    type Proof = <SimLog as Log>::Proof;
    type Member = WatchedMember;
    type Producer = WatchedProducer;
    type Reader = WatchedReader;

    fn member(&self, group: &str, instance: &str, topics: &[Topic], pace: Pace) -> Result<WatchedMember, LogError> {
        let inner = self.inner.member(group, instance, topics, pace)?;
        Ok(WatchedMember { inner, control: self.control.clone(), notes: self.notes.clone() })
    }

    fn producer(&self, transactional_id: &str) -> Result<WatchedProducer, LogError> {
        let inner = self.inner.producer(transactional_id)?;
        Ok(WatchedProducer { inner, notes: self.notes.clone(), open: Asked::default(), drained: true })
    }

    fn reader(&self, pace: Pace) -> Result<WatchedReader, LogError> {
        Ok(WatchedReader { inner: self.inner.reader(pace)?, notes: self.notes.clone() })
    }

    fn cluster_id(&self) -> Result<String, LogError> {
        self.inner.cluster_id()
    }

    fn full_name(&self, topic: Topic) -> String {
        self.inner.full_name(topic)
    }

    fn partitions(&self, topic: Topic) -> i32 {
        self.inner.partitions(topic)
    }

    fn now(&self) -> Millis {
        self.inner.now()
    }

    fn uptime(&self) -> Duration {
        self.inner.uptime()
    }

    fn sleep(&self, length: Duration) {
        self.inner.sleep(length);
    }

    fn nonce(&self) -> [u8; 16] {
        self.inner.nonce()
    }
}

impl WatchedMember {
    /// A known remark, which says nothing new, in either partition.
    fn pour(&self) {
        for number in 0..2 {
            let key = crate::key_in(number);
            self.control.write(TopicPartition::new(Topic::Orders, number), &key, &due::input(&key, "known"));
        }
        self.control.pass(Duration::from_millis(1));
    }
}

impl Member for WatchedMember {
    type Proof = <SimLog as Log>::Proof;

    fn poll(&mut self, wait: Duration) -> Result<Polled, LogError> {
        let notes = self.notes.clone();
        let _still = notes.still();
        if !self.notes.flood.load(Ordering::SeqCst) {
            return self.inner.poll(wait);
        }
        let mut polled = self.inner.poll(Duration::ZERO)?;
        for _ in 0..1_000 {
            let Polled::Nothing = polled else { break };
            self.pour();
            polled = self.inner.poll(Duration::from_millis(1))?;
        }
        let count = match polled {
            Polled::Nothing => &self.notes.dry,
            _ => &self.notes.flooded,
        };
        count.fetch_add(1, Ordering::SeqCst);
        Ok(polled)
    }

    fn proof(&self) -> Result<Self::Proof, LogError> {
        self.inner.proof()
    }

    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Offsets, LogError> {
        self.inner.committed(partitions)
    }

    fn accept(&mut self, from: &Offsets) -> Result<(), LogError> {
        self.inner.accept(from)
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.inner.resume(partitions)
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.inner.pause(partitions)
    }

    fn release(&mut self) -> Result<(), LogError> {
        self.inner.release()
    }

    fn read_to_end(&self, partition: TopicPartition) -> Option<Millis> {
        self.inner.read_to_end(partition)
    }

    fn leave(&mut self) {
        self.inner.leave();
    }
}

impl Transactional<<SimLog as Log>::Proof> for WatchedProducer {
    fn begin(&mut self) -> Result<(), LogError> {
        self.open = Asked::default();
        self.inner.begin()
    }

    fn send(&mut self, record: Outgoing, stamp: &Stamp<'_>) -> Result<(), LogError> {
        self.drained = false;
        if record.topic == Topic::Routes {
            self.open.facts.extend(stamp.partition);
            let passed = due::said(&record.value).is_some_and(|fact| fact.starts_with(due::PASSED));
            self.open.passed += usize::from(passed);
            if passed && self.notes.flood_until_due.load(Ordering::SeqCst) {
                self.notes.flood.store(false, Ordering::SeqCst);
            }
        }
        self.inner.send(record, stamp)
    }

    fn drain(&mut self) -> Result<Drained, LogError> {
        self.drained = true;
        self.inner.drain()
    }

    fn send_offsets(&mut self, offsets: &Offsets, proof: &<SimLog as Log>::Proof) -> Result<bool, LogError> {
        assert!(self.drained, "offsets are sent before every record is acknowledged");
        self.open.offsets.clone_from(offsets);
        self.inner.send_offsets(offsets, proof)
    }

    fn commit(&mut self) -> Result<bool, LogError> {
        assert!(self.drained, "a commit is to drain by itself");
        let quick = self.inner.commit()?;
        locked(&self.notes.committed).push(std::mem::take(&mut self.open));
        Ok(quick)
    }

    fn abort(&mut self) -> Result<(), LogError> {
        self.inner.abort()
    }
}

impl Reader for WatchedReader {
    fn assign(&mut self, from: &Offsets) -> Result<(), LogError> {
        if from.keys().any(|at| at.topic == Topic::Routes) {
            locked(&self.notes.folds).push(from.clone());
        }
        self.inner.assign(from)
    }

    fn poll(&mut self, wait: Duration) -> Result<Option<Record>, LogError> {
        self.inner.poll(wait)
    }

    fn bounds(&mut self, partition: TopicPartition) -> Result<(i64, i64), LogError> {
        self.inner.bounds(partition)
    }

    fn position(&self, partition: TopicPartition) -> i64 {
        self.inner.position(partition)
    }

    fn done(&self) -> bool {
        self.inner.done()
    }
}
