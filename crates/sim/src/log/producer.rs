//! A transactional producer with librdkafka's states: what it may be asked in each, and what an error makes of it.
//!
//! Source: `rdkafka_txnmgr.c` of librdkafka 2.12.

use super::member::Seat;
use crate::Sim;
use crate::broker::{Broker, Code, EndFault, Entry, Identity, LateEnd, ProduceFault, Stored, Target};
use crate::settings::{MILLI, Micros, SECOND};
use std::collections::{BTreeMap, BTreeSet};
use weir_decider::Millis;
use weir_pipeline::log::{Drained, Offsets, Stamp, Transactional};
use weir_pipeline::{Headers, LogError, Outgoing, TopicPartition};
use weir_proto::partition::partition_of;

/// `retry.backoff.ms`.
const BACKOFF: Micros = 200 * MILLI;
/// Pause before asking again a coordinator that is busy with the transaction before.
const BUSY: Micros = 20 * MILLI;
/// How long records may wait for their acknowledgement.
const DRAIN_PATIENCE: Micros = 3_800 * MILLI;
/// How long `send_offsets`, `abort` and `init_transactions` are repeated.
const CALL_PATIENCE: Micros = 6 * SECOND;
/// A commit has no time limit; the stage's watchdog ends the process after this.
const WATCHDOG: Micros = 15 * SECOND;
/// `message.max.bytes`.
const MESSAGE_BYTES_MAX: usize = 2_000_000;
/// A TxnOffsetCommit to a coordinator that has moved is repeated after this.
const MOVED: Micros = 500 * MILLI;

/// What the client thinks of its transaction.
#[derive(Debug)]
enum State {
    Ready,
    Open,
    /// Only an abort helps.
    Failed {
        code: Code,
    },
    /// Nothing helps.
    Fenced {
        code: Code,
    },
}

struct Queued {
    at: TopicPartition,
    stored: Stored,
}

/// A transactional producer on the simulated cluster.
pub struct SimProducer {
    sim: Sim,
    name: String,
    identity: Identity,
    state: State,
    queued: Vec<Queued>,
    registered: BTreeSet<TopicPartition>,
    /// The coordinator knows of this transaction.
    told: bool,
}

impl SimProducer {
    pub(super) fn init(sim: Sim, name: &str) -> Result<SimProducer, LogError> {
        let outcome = patiently(&mut sim.lock(), CALL_PATIENCE, |broker| broker.init_producer(name));
        let identity = outcome.map_err(|code| LogError::Transient(code.to_string()))?;
        let (queued, registered) = (Vec::new(), BTreeSet::new());
        Ok(SimProducer { sim, name: name.to_owned(), identity, state: State::Ready, queued, registered, told: false })
    }

    /// Fails unless a transaction is open.
    fn in_transaction(&self) -> Result<(), LogError> {
        match &self.state {
            State::Open => Ok(()),
            State::Ready => Err(LogError::Unknown("not valid without a transaction".to_owned())),
            State::Failed { code } => Err(abortable(*code)),
            State::Fenced { code } => Err(LogError::ProducerFenced(code.to_string())),
        }
    }

    /// What an error of the open transaction makes of the client, and what its caller hears.
    fn fail(&mut self, code: Code) -> LogError {
        if let Code::InvalidProducerEpoch | Code::ProducerFenced | Code::InvalidTxnState = code {
            self.state = State::Fenced { code };
            return LogError::ProducerFenced(code.to_string());
        }
        self.state = State::Failed { code };
        abortable(code)
    }

    fn write(&mut self, at: TopicPartition, records: Vec<Stored>) -> Result<i64, Code> {
        let sim = self.sim.clone();
        let mut broker = sim.lock();
        if self.registered.insert(at) {
            patiently(&mut broker, DRAIN_PATIENCE, |broker| {
                broker.add_to_transaction(&self.name, self.identity, Target::Partition(at))
            })?;
            self.told = true;
        }
        let mut done = None;
        patiently(&mut broker, DRAIN_PATIENCE, |broker| {
            // The broker knows a repeated request by its sequence number, and answers as it did.
            if let Some(last) = done {
                return Ok(last);
            }
            let fault = broker.faults.take_produce(at);
            if fault == Some(ProduceFault::Refuse) {
                return Err(Code::NotEnoughReplicas);
            }
            let last = broker.produce(&self.name, self.identity, at, records.clone())?;
            done = Some(last);
            match fault {
                Some(ProduceFault::LoseAnswer) => Err(Code::Unreachable),
                Some(ProduceFault::TimeOut) => Err(Code::RequestTimedOut),
                _ => Ok(last),
            }
        })
    }

    /// EndTxn, repeated inside until somebody answers: its caller can't see how often.
    fn end(&mut self, commit: bool, patience: Micros) -> Result<bool, LogError> {
        if !self.told {
            self.state = State::Ready;
            return Ok(true);
        }
        let sim = self.sim.clone();
        let mut broker = sim.lock();
        let started = broker.now();
        let (name, by) = (self.name.clone(), self.identity);
        match patiently(&mut broker, patience, |broker| end_once(broker, &name, by, commit)) {
            Ok(identity) => {
                self.identity = identity;
                self.state = State::Ready;
                Ok(quick(&broker, started))
            }
            Err(Code::Unreachable | Code::ConcurrentTransactions) if commit => {
                Err(LogError::Unknown("nobody answered the commit".to_owned()))
            }
            Err(code @ (Code::Unreachable | Code::ConcurrentTransactions)) => {
                Err(LogError::Transient(code.to_string()))
            }
            Err(code) => Err(self.fail(code)),
        }
    }
}

impl Transactional<Seat> for SimProducer {
    fn begin(&mut self) -> Result<(), LogError> {
        self.queued.clear();
        match &self.state {
            State::Ready => {}
            State::Open => return Err(LogError::Unknown("not valid within a transaction".to_owned())),
            State::Failed { .. } | State::Fenced { .. } => return self.in_transaction(),
        }
        self.state = State::Open;
        self.registered.clear();
        self.told = false;
        Ok(())
    }

    fn send(&mut self, record: Outgoing, stamp: &Stamp<'_>) -> Result<(), LogError> {
        let count = self.sim.lock().partition_count(record.topic);
        let partition = stamp.partition.unwrap_or_else(|| partition_of(record.key.as_bytes(), count));
        let headers = Headers {
            traceparent: stamp.traceparent.map(str::to_owned),
            event_type: Some(record.event_type.to_owned()),
            redriven: None,
            unblock: false,
        };
        let at = TopicPartition::new(record.topic, partition);
        self.queued.push(Queued { at, stored: Stored { key: record.key, value: record.value.into(), headers } });
        Ok(())
    }

    fn drain(&mut self) -> Result<Drained, LogError> {
        let mut portions: BTreeMap<TopicPartition, Vec<Stored>> = BTreeMap::new();
        let mut refused = None;
        for Queued { at, stored } in std::mem::take(&mut self.queued) {
            if let Err(error) = self.in_transaction() {
                return Err(LogError::Abort(error.to_string()));
            }
            if stored.key.len() + stored.value.len() > MESSAGE_BYTES_MAX {
                refused = Some("a record is larger than message.max.bytes");
                break;
            }
            portions.entry(at).or_default().push(stored);
        }
        let mut highest = Offsets::new();
        for (at, records) in portions {
            match self.write(at, records) {
                Ok(last) => highest.insert(at, last),
                Err(code) => return Err(LogError::Abort(self.fail(code).to_string())),
            };
        }
        match refused {
            None => Ok(Drained { appended: self.appended(&highest), highest }),
            Some(why) => Err(LogError::Abort(why.to_owned())),
        }
    }

    fn send_offsets(&mut self, offsets: &Offsets, proof: &Seat) -> Result<bool, LogError> {
        if offsets.is_empty() {
            return Err(LogError::Abort("a transaction without offsets is not fenced".to_owned()));
        }
        self.in_transaction()?;
        let sim = self.sim.clone();
        let mut broker = sim.lock();
        let started = broker.now();
        let (name, by) = (self.name.clone(), self.identity);
        let target = Target::Offsets(proof.0.group.clone());
        let outcome =
            patiently(&mut broker, CALL_PATIENCE, |broker| broker.add_to_transaction(&name, by, target.clone()))
                .and_then(|()| {
                    self.told = true;
                    patiently(&mut broker, CALL_PATIENCE, |broker| broker.commit_offsets(&name, by, &proof.0, offsets))
                });
        match outcome {
            Ok(()) => Ok(quick(&broker, started)),
            Err(code) => Err(self.fail(code)),
        }
    }

    fn commit(&mut self) -> Result<bool, LogError> {
        self.in_transaction()?;
        self.end(true, WATCHDOG)
    }

    fn abort(&mut self) -> Result<(), LogError> {
        match &self.state {
            State::Open | State::Failed { .. } => self.end(false, CALL_PATIENCE).map(|_| ()),
            State::Ready | State::Fenced { .. } => self.in_transaction(),
        }
    }
}

/// One EndTxn on its way, and what has been ordered to become of it.
fn end_once(broker: &mut Broker, name: &str, by: Identity, commit: bool) -> Result<Identity, Code> {
    match broker.faults.take_end(name) {
        None => broker.end_transaction(name, by, commit),
        Some(EndFault::LoseRequest) => Err(Code::Unreachable),
        Some(EndFault::LoseAnswer) => broker.end_transaction(name, by, commit).and(Err(Code::Unreachable)),
        Some(EndFault::Delay) => {
            broker.faults.late.push(LateEnd { name: name.to_owned(), by, commit });
            Err(Code::Unreachable)
        }
    }
}

/// Repeats what may be repeated, as the client does inside.
fn patiently<T>(
    broker: &mut Broker,
    patience: Micros,
    mut call: impl FnMut(&mut Broker) -> Result<T, Code>,
) -> Result<T, Code> {
    let deadline = broker.now() + patience;
    loop {
        let outcome = broker.request().and_then(|()| call(broker));
        let pause = match &outcome {
            Err(Code::ConcurrentTransactions) => BUSY,
            Err(Code::Unreachable) => BACKOFF,
            Err(Code::NotCoordinator) => MOVED,
            _ => return outcome,
        };
        if broker.now() + pause > deadline {
            return outcome;
        }
        broker.pass(pause);
    }
}

fn abortable(code: Code) -> LogError {
    let text = code.to_string();
    if code == Code::FencedInstanceId { LogError::Fenced(text) } else { LogError::Abort(text) }
}

/// Shorter than 0.8 × `retry.backoff.ms`, a call can't have been retried inside (STAGE.md §3).
fn quick(broker: &Broker, started: Micros) -> bool {
    broker.now() - started < BACKOFF * 8 / 10
}

impl SimProducer {
    /// When the broker took the newest record of the last drain.
    fn appended(&self, highest: &Offsets) -> Option<Millis> {
        let broker = self.sim.lock();
        let time = |(at, offset): (&TopicPartition, &i64)| match broker.partition(*at).ok()?.entry(*offset)? {
            Entry::Record { time, .. } | Entry::Control { time, .. } => Some(*time),
        };
        highest.iter().filter_map(time).max()
    }
}
