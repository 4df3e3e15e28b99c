//! A transactional producer with librdkafka's states: what it may be asked in each, and what an error makes of it.
//!
//! Source: `rdkafka_txnmgr.c` of librdkafka 2.12.

use super::member::Seat;
use crate::Sim;
use crate::broker::{Broker, Code, EndFault, Entry, Identity, LateEnd, ProduceFault, Stored, Target};
use crate::current;
use crate::settings::{MILLI, Micros, SECOND};
use crate::wait::BACKOFF;
use std::collections::{BTreeMap, BTreeSet};
use weir_decider::Millis;
use weir_pipeline::log::{Drained, Offsets, Stamp, Transactional};
use weir_pipeline::{Headers, LogError, Outgoing, TopicPartition};
use weir_proto::partition::partition_of;

/// How long records may wait for their acknowledgement.
const DRAIN_PATIENCE: Micros = 3_800 * MILLI;
/// How long `send_offsets`, `abort` and `init_transactions` are repeated.
const CALL_PATIENCE: Micros = 6 * SECOND;
/// A commit has no time limit; the stage's watchdog ends the process after this.
const WATCHDOG: Micros = 15 * SECOND;
/// `message.max.bytes`.
const MESSAGE_BYTES_MAX: usize = 2_000_000;

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

/// A produce request to one partition.
#[derive(Default)]
struct Portion {
    records: Vec<Stored>,
    /// Written up to here: the broker knows a repeated request by its sequence number, and answers as it did.
    written: Option<i64>,
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
        current::begin("init");
        let outcome = sim.patiently(CALL_PATIENCE, |broker| broker.init_producer(name));
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

    /// AddPartitionsToTxn, for those that are new in this transaction.
    fn register(&mut self, portions: &BTreeMap<TopicPartition, Portion>) -> Result<(), Code> {
        let fresh: Vec<TopicPartition> = portions.keys().filter(|at| self.registered.insert(**at)).copied().collect();
        if fresh.is_empty() {
            return Ok(());
        }
        self.sim.patiently(DRAIN_PATIENCE, |broker| {
            fresh.iter().try_for_each(|at| broker.add_to_transaction(&self.name, self.identity, Target::Partition(*at)))
        })?;
        self.told = true;
        Ok(())
    }

    /// Writes to all partitions at once, and to those again that did not answer.
    fn write(&mut self, mut portions: BTreeMap<TopicPartition, Portion>) -> Result<Offsets, Code> {
        let mut highest = Offsets::new();
        if portions.is_empty() {
            return Ok(highest);
        }
        self.register(&portions)?;
        let (name, by) = (&self.name, self.identity);
        self.sim.patiently(DRAIN_PATIENCE, |broker| {
            let mut trouble = None;
            portions.retain(|at, portion| match write_once(broker, name, by, *at, portion) {
                Ok(last) => {
                    highest.insert(*at, last);
                    false
                }
                Err(code) => {
                    let lasting = !matches!(code, Code::Unreachable | Code::LeaderNotAvailable);
                    if lasting || trouble.is_none() {
                        trouble = Some(code);
                    }
                    true
                }
            });
            trouble.map_or(Ok(()), Err)
        })?;
        Ok(highest)
    }

    /// EndTxn, repeated inside until somebody answers: its caller can't see how often.
    fn end(&mut self, commit: bool, patience: Micros) -> Result<bool, LogError> {
        if !self.told {
            self.state = State::Ready;
            return Ok(true);
        }
        let started = self.sim.now();
        let (name, by) = (&self.name, self.identity);
        match self.sim.patiently(patience, |broker| end_once(broker, name, by, commit)) {
            Ok(identity) => {
                self.identity = identity;
                self.state = State::Ready;
                Ok(quick(&self.sim, started))
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
        let count = record.topic.partitions(self.sim.scaled);
        let partition = stamp.partition.unwrap_or_else(|| partition_of(record.key.as_bytes(), count));
        let headers = Headers {
            traceparent: stamp.traceparent.map(str::to_owned),
            event_type: Some(record.event_type.into()),
            ..Headers::default()
        };
        let at = TopicPartition::new(record.topic, partition);
        self.queued.push(Queued { at, stored: Stored { key: record.key, value: record.value.into(), headers } });
        Ok(())
    }

    fn drain(&mut self) -> Result<Drained, LogError> {
        current::begin("drain");
        let mut portions: BTreeMap<TopicPartition, Portion> = BTreeMap::new();
        let mut refused = None;
        if !self.queued.is_empty()
            && let Err(error) = self.in_transaction()
        {
            self.queued.clear();
            return Err(LogError::Abort(error.to_string()));
        }
        for Queued { at, stored } in std::mem::take(&mut self.queued) {
            if stored.key.len() + stored.value.len() > MESSAGE_BYTES_MAX {
                refused = Some("a record is larger than message.max.bytes");
                break;
            }
            portions.entry(at).or_default().records.push(stored);
        }
        let highest = match self.write(portions) {
            Ok(highest) => highest,
            Err(code) => return Err(LogError::Abort(self.fail(code).to_string())),
        };
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
        current::begin("offsets");
        let started = self.sim.now();
        let (sim, name, by) = (self.sim.clone(), self.name.clone(), self.identity);
        let target = Target::Offsets(proof.0.group.clone());
        let outcome = sim
            .patiently(CALL_PATIENCE, |broker| broker.add_to_transaction(&name, by, target.clone()))
            .and_then(|()| {
                self.told = true;
                sim.patiently(CALL_PATIENCE, |broker| broker.commit_offsets(&name, by, &proof.0, offsets))
            });
        match outcome {
            Ok(()) => Ok(quick(&sim, started)),
            Err(code) => Err(self.fail(code)),
        }
    }

    fn commit(&mut self) -> Result<bool, LogError> {
        self.in_transaction()?;
        current::begin("commit");
        self.end(true, WATCHDOG)
    }

    fn abort(&mut self) -> Result<(), LogError> {
        current::begin("abort");
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

/// One produce request to one partition, and what has been ordered to become of it.
fn write_once(
    broker: &mut Broker,
    name: &str,
    by: Identity,
    at: TopicPartition,
    portion: &mut Portion,
) -> Result<i64, Code> {
    if let Some(last) = portion.written {
        return Ok(last);
    }
    let fault = broker.faults.take_produce(at);
    if fault == Some(ProduceFault::Refuse) {
        return Err(Code::NotEnoughReplicas);
    }
    let last = broker.produce(name, by, at, &mut portion.records)?;
    portion.written = Some(last);
    match fault {
        Some(ProduceFault::LoseAnswer) => Err(Code::Unreachable),
        Some(ProduceFault::TimeOut) => Err(Code::RequestTimedOut),
        _ => Ok(last),
    }
}

fn abortable(code: Code) -> LogError {
    let text = code.to_string();
    if code == Code::FencedInstanceId { LogError::Fenced(text) } else { LogError::Abort(text) }
}

/// Shorter than 0.8 × `retry.backoff.ms`, a call can't have been retried inside (STAGE.md §3).
fn quick(sim: &Sim, started: Micros) -> bool {
    sim.now() - started < BACKOFF * 8 / 10
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
