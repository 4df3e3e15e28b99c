//! The loop itself.

use super::clock::{Skew, follow_wall};
use super::keeper::Owned;
use super::metrics::Metrics;
use super::partition::{Partition, Standing};
use super::transaction::{Open, Passed, offsets, write_ignored};
use super::watchdog::Watchdog;
use super::{StageError, trace::Traced};
use crate::log::{Drained, Log, LogError, Member as _, Pace, Polled, Transactional as _};
use crate::snapshot::Snapshots;
use crate::{Config, Effects, Signals, TopicPartition, Topology};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use weir_decider::plant::planted;
use weir_decider::{Decider, Millis};

/// Inputs have run dry when nothing comes for so long.
const DRY: Duration = Duration::from_millis(2);
/// How long an idle loop waits for a record: bounds the lateness of a deadline.
const IDLE: Duration = Duration::from_millis(100);
/// Deadlines fired in one transaction at most.
const DUE_MAX: usize = 500;
/// How many times further apart the transactions are of a stage that no other waits for.
const BATCHED_TIMES: u64 = 4;
/// Fences of the producer without a commit between them: two of one name take turns only until the group has told one of them,
/// which takes a heartbeat.
const FENCED_MAX: u32 = 20;
/// How long the group's news are listened to in passing. Not zero: while the broker was away a client has heard of every broken
/// connection, a poll that does not wait takes one of these off the queue, and what the group says stands behind them.
const NEWS: Duration = Duration::from_millis(2);
/// Pause after trouble.
const BACKOFF: Duration = Duration::from_millis(200);

/// What a worker is made of.
pub(super) struct Parts<T: Topology, L: Log, E> {
    pub(super) topology: Arc<T>,
    pub(super) log: L,
    pub(super) config: Config,
    pub(super) effects: E,
    pub(super) snapshots: Option<Snapshots>,
    pub(super) signals: Signals,
    pub(super) name: String,
    pub(super) instance: String,
    /// What the maker of snapshots works on.
    pub(super) owned: Owned,
}

/// A worker at its seat.
pub(super) struct Active<T: Topology, L: Log, E: Effects<T>> {
    pub(super) parts: Parts<T, L, E>,
    pub(super) member: L::Member,
    /// `None`: to be made anew before the next transaction.
    pub(super) producer: Option<L::Producer>,
    pub(super) proof: Option<L::Proof>,
    pub(super) partitions: BTreeMap<i32, Partition<T>>,
    /// Given back in good order; if they return, the fold goes on from here.
    pub(super) resting: BTreeMap<i32, Partition<T>>,
    pub(super) open: Option<Open<<T::State as Decider>::Fact>>,
    pub(super) world: T::World,
    pub(super) reference: Option<L::Reader>,
    pub(super) reference_next: i64,
    /// Behind the newest reference record that was read: what facts carry. Who began to read later may have passed control records
    /// behind it as well, and others can't wait for those.
    pub(super) reference_seen: i64,
    pub(super) skew: Skew,
    pub(super) watchdog: Watchdog,
    pub(super) pending: VecDeque<Polled>,
    /// When the last transaction was closed.
    pub(super) closed: Millis,
    /// How often in a row the producer was fenced.
    pub(super) fenced: u32,
    /// The next assignment is our own, after trouble: the proof of the seat stays what it was.
    pub(super) retake: bool,
    /// Partitions whose offsets were found from their facts, and are not committed yet.
    pub(super) corrected: BTreeSet<i32>,
    /// Partitions of the assignment that nothing may be decided on, and why.
    pub(super) stopped: BTreeMap<i32, String>,
    pub(super) metrics: Metrics,
}

/// Runs a worker until it is told to stop, or can't go on.
pub(super) fn run<T: Topology, L: Log, E: Effects<T>>(
    parts: Parts<T, L, E>,
    watchdog: Watchdog,
) -> Result<(), StageError> {
    let signals = parts.signals.clone();
    signals.ready(false, "joining");
    // The producer first: it ends what a predecessor of this name left open.
    let producer = patiently(&parts.log, &signals, &watchdog, || parts.log.producer(&parts.instance));
    let producer = producer.map_err(StageError::Log)?;
    let Some(producer) = producer else { return Ok(()) };
    let member = parts
        .log
        .member(parts.topology.name(), &parts.instance, parts.topology.inputs(), parts.topology.pace())
        .map_err(StageError::Log)?;
    let metrics = Metrics::new(parts.topology.name(), &parts.name);
    let mut active = Active {
        parts,
        member,
        producer: Some(producer),
        proof: None,
        partitions: BTreeMap::new(),
        resting: BTreeMap::new(),
        open: None,
        world: T::World::default(),
        reference: None,
        reference_next: 0,
        reference_seen: 0,
        skew: Skew::default(),
        watchdog,
        pending: VecDeque::new(),
        closed: Millis(0),
        fenced: 0,
        retake: false,
        corrected: BTreeSet::new(),
        stopped: BTreeMap::new(),
        metrics,
    };
    active.open_reference().map_err(StageError::Log)?;
    let outcome = active.serve();
    signals.ready(false, "stopped");
    active.member.leave();
    outcome
}

/// Repeats what fails in passing, until told to stop.
fn patiently<L: Log, R>(
    log: &L,
    signals: &Signals,
    watchdog: &Watchdog,
    mut call: impl FnMut() -> Result<R, LogError>,
) -> Result<Option<R>, LogError> {
    loop {
        watchdog.alive();
        match call() {
            Ok(done) => return Ok(Some(done)),
            Err(LogError::Transient(why)) if !signals.stopping() => {
                tracing::warn!(why, "the log is not there yet");
                log.sleep(BACKOFF);
            }
            Err(LogError::Transient(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

impl<T: Topology, L: Log, E: Effects<T>> Active<T, L, E> {
    pub(super) fn stage(&self) -> &'static str {
        self.parts.topology.name()
    }

    pub(super) fn own(&self, numbers: BTreeSet<i32>) {
        *self.parts.owned.lock().unwrap_or_else(PoisonError::into_inner) = Some(numbers);
    }

    fn serve(&mut self) -> Result<(), StageError> {
        while !self.parts.signals.stopping() {
            self.watchdog.alive();
            match self.step() {
                Ok(()) => {}
                Err(StageError::Log(error)) => self.recover(error)?,
                Err(error) => return Err(error),
            }
        }
        if let Err(error) = self.commit() {
            // The successor decides again what was not committed.
            tracing::warn!(worker = self.parts.name, %error, "last transaction was not committed");
            self.give_up();
        }
        Ok(())
    }

    /// One step: a record, an event of the group, or time.
    fn step(&mut self) -> Result<(), StageError> {
        let wait = self.wait();
        let polled = match self.pending.pop_front() {
            Some(event) => event,
            None => self.member.poll(wait).map_err(StageError::Log)?,
        };
        match polled {
            Polled::Record(record) => {
                self.skew.note_read(&record, self.parts.log.now());
                self.judge(&record).map_err(StageError::Log)?;
                if self.full() {
                    self.commit().map_err(StageError::Log)?;
                    self.tick().map_err(StageError::Log)?;
                }
            }
            Polled::Nothing => {
                // A transaction that is full takes no deadline in.
                if self.full() {
                    self.commit().map_err(StageError::Log)?;
                }
                self.tick().map_err(StageError::Log)?;
                self.commit().map_err(StageError::Log)?;
            }
            Polled::Assigned(partitions) => self.take_over(&partitions)?,
            Polled::Revoked { lost } => self.revoked(lost).map_err(StageError::Log)?,
        }
        Ok(())
    }

    /// How long to wait for the next input. A transaction closes when nothing more comes, but no sooner after the last one than
    /// the interval: what trickles in would else cost the broker a transaction for every few records.
    fn wait(&self) -> Duration {
        if self.open.is_none() {
            return IDLE;
        }
        // A clock that was set back is no reason to wait.
        let since = u64::try_from(self.parts.log.now().0 - self.closed.0).unwrap_or(u64::MAX);
        DRY.max(Duration::from_millis(self.interval_ms().saturating_sub(since)))
    }

    fn interval_ms(&self) -> u64 {
        let interval = self.parts.config.commit_interval_ms;
        match self.parts.topology.pace() {
            Pace::Batched => interval * BATCHED_TIMES,
            Pace::Eager | Pace::Prompt => interval,
        }
    }

    fn full(&self) -> bool {
        let Some(open) = &self.open else { return false };
        let age = self.parts.log.now().0 - open.began.0;
        open.inputs >= self.parts.config.commit_inputs_max
            || age < 0
            || age >= i64::try_from(self.interval_ms()).unwrap_or(i64::MAX)
    }

    /// Opens a transaction, if none is.
    pub(super) fn begin(&mut self) -> Result<(), LogError> {
        if self.open.is_some() {
            return Ok(());
        }
        self.learn(Duration::ZERO)?;
        if self.producer.is_none() {
            self.producer = Some(self.parts.log.producer(&self.parts.instance)?);
        }
        self.producer()?.begin()?;
        self.open = Some(Open::new(self.parts.log.now()));
        Ok(())
    }

    pub(super) fn producer(&mut self) -> Result<&mut L::Producer, LogError> {
        self.producer.as_mut().ok_or_else(|| LogError::Unknown("there is no producer".to_owned()))
    }

    pub(super) fn partition_mut(&mut self, number: i32) -> Result<&mut Partition<T>, LogError> {
        self.partitions.get_mut(&number).ok_or_else(|| LogError::Unknown(format!("partition {number} is not ours")))
    }

    /// Closes the open transaction: records, drain, offsets, commit. In doubt the producer is replaced (STAGE.md §3).
    pub(super) fn commit(&mut self) -> Result<(), LogError> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let stage = self.stage();
        let facts = self.parts.topology.facts();
        let proof = self.proof.clone().ok_or_else(|| LogError::Unknown("no seat in the group".to_owned()))?;
        let touched = open.touched.keys().filter_map(|p| Some((*p, &self.partitions.get(p)?.next_input)));
        let next = offsets(touched);
        let (started, inputs) = (self.parts.log.uptime(), open.inputs);
        let producer = self.producer()?;
        write_ignored(producer, facts, stage, &mut open)?;
        let Drained { highest, appended } = producer.drain()?;
        self.skew.note_written(started, appended, &self.parts.log);
        if open.deadlines > 0 && !self.skew.tolerable(&self.parts.log) {
            return Err(LogError::Abort("deadlines were decided by a clock that is off".to_owned()));
        }
        let producer = self.producer()?;
        let unfenced = planted("tick-without-offsets") && inputs == 0;
        let offsets_quick = unfenced || producer.send_offsets(&next, &proof)?;
        self.watchdog.alive();
        let producer = self.producer()?;
        let commit_quick = producer.commit()?;
        if !(offsets_quick && commit_quick || planted("producer-kept-in-doubt")) {
            tracing::debug!(worker = self.parts.name, "a transactional call was slow, replacing the producer");
            self.producer = None;
            self.metrics.replaced();
        }
        self.closed = self.parts.log.now();
        self.fenced = 0;
        self.metrics.committed(inputs, self.parts.log.elapsed(started));
        for (at, offset) in highest {
            if at.topic == facts
                && let Some(partition) = self.partitions.get_mut(&at.partition)
            {
                partition.next_fact = offset + 1;
            }
        }
        self.hand_over(open);
        Ok(())
    }

    /// Effects run from committed facts only.
    fn hand_over(&mut self, open: Open<<T::State as Decider>::Fact>) {
        for said in &open.said {
            let Some(partition) = self.partitions.get(&said.partition) else { continue };
            let Some(aggregate) = partition.aggregates.get(&said.key) else { continue };
            let traceparent = said.traceparent.as_deref();
            self.parts.effects.committed(said.partition, &said.key, &aggregate.state, &said.fact, traceparent);
        }
        drop::<Vec<Traced>>(open.spans);
    }

    /// Time passes: clocks move on, deadlines fire in (deadline, key) order.
    fn tick(&mut self) -> Result<(), LogError> {
        if self.open.is_none() && self.skew.wants_measuring(&self.parts.log) {
            self.measure()?;
        }
        let inputs = self.parts.topology.inputs();
        let mut budget = DUE_MAX.saturating_sub(self.open.as_ref().map_or(0, |open| open.deadlines));
        let numbers: Vec<i32> = self.partitions.keys().copied().collect();
        for number in numbers {
            let Some(partition) = self.partitions.get_mut(&number) else { continue };
            // A deadline may pass only where everything that could cancel it has been read.
            if planted("tick-before-backlog") {
                partition.advance_clock(self.parts.log.now());
            } else if !follow_wall(partition, inputs, &self.member, &self.skew, &self.parts.log) {
                continue;
            }
            while budget > 0 && !self.full() {
                let Some(partition) = self.partitions.get(&number) else { break };
                let live = |key: &Arc<str>| partition.standing(key) == Standing::Open;
                let Some((deadline, key)) = partition.timers.iter().find(|(_, key)| live(key)).cloned() else { break };
                if deadline > partition.clock {
                    break;
                }
                self.judge_due(number, &key)?;
                budget -= 1;
            }
        }
        Ok(())
    }

    /// Writes a fact that says nothing, to learn the broker's time from its acknowledgement.
    fn measure(&mut self) -> Result<(), LogError> {
        let Some((number, partition)) = self.partitions.iter().next() else { return Ok(()) };
        let (number, owner, at) = (*number, partition.owner, partition.clock);
        self.begin()?;
        if let Some(open) = &mut self.open {
            open.touch(number, owner);
            open.ignored.entry(number).or_insert_with(|| Passed::nothing(at));
        }
        self.commit()
    }

    /// Answers a revocation: what is open is finished, or given up.
    pub(super) fn revoked(&mut self, lost: bool) -> Result<(), LogError> {
        self.parts.signals.ready(false, "partitions revoked");
        let finished = if lost { Err(LogError::Abort("assignment lost".to_owned())) } else { self.commit() };
        for number in self.partitions.keys() {
            self.parts.effects.lost(*number);
        }
        match finished {
            Ok(()) => self.resting.append(&mut self.partitions),
            Err(error) => {
                tracing::warn!(worker = self.parts.name, %error, "gave up the open transaction on revocation");
                self.give_up();
                self.resting.clear();
            }
        }
        self.partitions.clear();
        self.own(BTreeSet::new());
        self.proof = None;
        self.member.release()
    }

    /// Aborts what is open, and drops producer and memory: both may be ahead of the log.
    fn give_up(&mut self) {
        if self.open.take().is_some()
            && let Some(producer) = &mut self.producer
            && let Err(error) = producer.abort()
        {
            tracing::debug!(worker = self.parts.name, %error, "abort failed, the next producer of this name ends it");
        }
        self.producer = None;
        if planted("state-kept-after-abort") {
            self.resting.append(&mut self.partitions);
        }
        self.partitions.clear();
    }

    /// After trouble: drop everything that is in doubt, and take over again.
    fn recover(&mut self, error: LogError) -> Result<(), StageError> {
        match error {
            LogError::Fatal(_) | LogError::Fenced(_) => return Err(StageError::Log(error)),
            LogError::ProducerFenced(_) if self.fenced >= FENCED_MAX => return Err(StageError::Log(error)),
            LogError::ProducerFenced(_) => self.fenced += 1,
            LogError::Transient(_) | LogError::Abort(_) | LogError::Unknown(_) => {}
        }
        tracing::warn!(worker = self.parts.name, %error, "taking over again");
        self.metrics.in_doubt();
        self.parts.signals.ready(false, "taking over again");
        let numbers: Vec<i32> = self.partitions.keys().filter(|n| !self.stopped.contains_key(n)).copied().collect();
        self.open.get_or_insert_with(|| Open::new(self.parts.log.now()));
        // Each call to a broker that is away takes its time; none of them hangs.
        self.watchdog.alive();
        self.give_up();
        self.watchdog.alive();
        if !planted("state-kept-after-abort") {
            self.resting.clear();
        }
        for number in &numbers {
            self.parts.effects.lost(*number);
        }
        // The group may have its own news of why: hear it first.
        match self.heard_within(BACKOFF) {
            Ok(true) => return Ok(()),
            Err(told @ (LogError::Fatal(_) | LogError::Fenced(_))) => return Err(StageError::Log(told)),
            Ok(false) | Err(_) => {}
        }
        let inputs = self.parts.topology.inputs();
        let all = numbers.iter().flat_map(|n| inputs.iter().map(|t| TopicPartition::new(*t, *n))).collect();
        if self.proof.is_some() && !(numbers.is_empty() && self.stopped.is_empty()) {
            self.retake = true;
            self.pending.push_front(Polled::Assigned(all));
        }
        Ok(())
    }

    /// Polls the group while something long runs; true where its news must be heard first.
    pub(super) fn interrupted(&mut self) -> Result<bool, LogError> {
        self.watchdog.alive();
        match self.member.poll(NEWS)? {
            Polled::Nothing => Ok(!self.pending.is_empty()),
            event => {
                let news = matches!(event, Polled::Assigned(_) | Polled::Revoked { .. });
                self.pending.push_back(event);
                Ok(news)
            }
        }
    }

    /// Lets time pass after trouble, and listens to the group meanwhile: true where it has news. Records are read again from
    /// where the next take-over begins.
    fn heard_within(&mut self, patience: Duration) -> Result<bool, LogError> {
        let begun = self.parts.log.uptime();
        loop {
            let left = patience.saturating_sub(self.parts.log.elapsed(begun));
            match self.member.poll(left)? {
                Polled::Nothing | Polled::Record(_) if left.is_zero() => return Ok(!self.pending.is_empty()),
                Polled::Nothing => {}
                Polled::Record(_) => self.parts.log.sleep(left.min(NEWS)),
                event => {
                    self.pending.push_back(event);
                    return Ok(true);
                }
            }
        }
    }
}
