//! One seat in the counters' group: from joining until it is lost or the process stops.

use super::tally::{Standing, Step, Tallies};
use crate::log::{Member as _, Offsets, Pace, Polled};
use crate::projection::metrics::Metrics;
use crate::projection::{BEYOND, Change, Counters, StoreFault};
use crate::{Log, LogError, Reader as _, Record, Signals, TopicPartition};
use std::collections::BTreeMap;
use std::time::Duration;
use weir_decider::Millis;
use weir_decider::plant::planted;

/// Longest poll: a stop is heard this late.
const POLL: Duration = Duration::from_millis(100);
/// How long a change waits for company.
const BATCH_WAIT: Duration = Duration::from_millis(50);
/// Records that one round takes at most.
const BATCH: usize = 2000;
/// Longest pause between tries while Redis is away.
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// So often an idle seat looks whether its counters are still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why a seat ended before its time.
pub(super) enum SeatEnd {
    Log(LogError),
}

impl From<LogError> for SeatEnd {
    fn from(error: LogError) -> SeatEnd {
        SeatEnd::Log(error)
    }
}

pub(super) struct Seat<'a, C, S, L: Log> {
    log: &'a L,
    member: L::Member,
    counters: &'a mut C,
    store: &'a mut S,
    signals: &'a Signals,
    metrics: &'a Metrics,
    held: Vec<TopicPartition>,
    /// Empty until Redis said where the partitions of `held` stand.
    open: BTreeMap<i32, Progress>,
    /// When `open` was filled.
    opened_at: Millis,
    /// Time of the newest record that waits.
    newest: Millis,
    pending: usize,
    /// By [`Log::uptime`], as all times below.
    since: Option<Duration>,
    tries: u32,
    again_at: Option<Duration>,
    looked_at: Duration,
    /// As last told.
    told: Option<(bool, &'static str)>,
}

/// One partition's place, and what waits to be written.
struct Progress {
    standing: Standing,
    /// The end as of the opening: from there on the partition is whole.
    end: i64,
    /// Next offset to be read.
    next: i64,
    changes: BTreeMap<(String, String), i64>,
    dirty: bool,
}

impl<'a, C: Counters, S: Tallies, L: Log> Seat<'a, C, S, L> {
    pub(super) fn new(
        log: &'a L,
        member: L::Member,
        counters: &'a mut C,
        store: &'a mut S,
        signals: &'a Signals,
        metrics: &'a Metrics,
    ) -> Self {
        Seat {
            log,
            member,
            counters,
            store,
            signals,
            metrics,
            held: Vec::new(),
            open: BTreeMap::new(),
            opened_at: Millis(0),
            newest: Millis(0),
            pending: 0,
            since: None,
            tries: 0,
            again_at: None,
            looked_at: log.uptime(),
            told: None,
        }
    }

    /// Returns once the process stops. However it ends, the group is left in good order: dropping a member that owes the group
    /// an answer would never return.
    pub(super) fn sit(mut self) -> Result<(), SeatEnd> {
        let outcome = self.work();
        self.member.leave();
        outcome
    }

    fn work(&mut self) -> Result<(), SeatEnd> {
        while !self.signals.stopping() {
            let event = self.member.poll(self.patience())?;
            self.on(event)?;
            if self.again_at.is_some_and(|at| self.log.uptime() < at) {
                continue;
            }
            if self.open.is_empty() && !self.held.is_empty() {
                self.begin()?;
            } else if self.pending >= BATCH || self.since.is_none_or(|since| self.log.elapsed(since) >= BATCH_WAIT) {
                self.write()?;
                self.look()?;
            }
        }
        Ok(())
    }

    /// Nobody tells of a FLUSHALL, nor of a replica that took over and is behind, and without new records no script would find out.
    fn look(&mut self) -> Result<(), SeatEnd> {
        if self.open.is_empty() || self.log.elapsed(self.looked_at) < LOOK_EVERY {
            return Ok(());
        }
        self.looked_at = self.log.uptime();
        match self.store.standings() {
            Ok(Some(now)) if self.stands_as_left(&now) => Ok(()),
            Ok(_) => self.start_over(),
            Err(error) => self.in_trouble(&error),
        }
    }

    fn stands_as_left(&self, now: &BTreeMap<i32, Standing>) -> bool {
        self.open.iter().all(|(number, left)| now.get(number).copied().unwrap_or_default() == left.standing)
    }

    /// What Redis holds is not what was left there.
    fn start_over(&mut self) -> Result<(), SeatEnd> {
        tracing::warn!("the counters were moved by another, or are gone");
        self.metrics.restarted();
        self.member.pause(&self.held)?;
        self.shut();
        Ok(())
    }

    fn patience(&self) -> Duration {
        match (self.again_at, self.since) {
            (Some(at), _) => at.saturating_sub(self.log.uptime()).min(POLL),
            (None, Some(since)) => BATCH_WAIT.saturating_sub(self.log.elapsed(since)),
            (None, None) => POLL,
        }
    }

    fn on(&mut self, event: Polled) -> Result<(), SeatEnd> {
        match event {
            Polled::Record(record) => self.take(&record),
            Polled::Assigned(partitions) => {
                self.held = partitions;
                self.shut();
                if self.held.is_empty() {
                    self.member.accept(&Offsets::new())?;
                    self.tell_ready(true, "");
                }
            }
            Polled::Revoked { .. } => {
                self.held.clear();
                self.shut();
                self.member.release()?;
            }
            Polled::Nothing => {}
        }
        Ok(())
    }

    fn take(&mut self, record: &Record) {
        let Some(progress) = self.open.get_mut(&record.partition) else { return };
        if record.offset < progress.next {
            return;
        }
        let mut changes: Vec<Change> = Vec::new();
        self.counters.changes(record, &mut changes);
        for change in changes {
            *progress.changes.entry((change.hash, change.field)).or_default() += change.by;
        }
        progress.next = record.offset + 1;
        progress.dirty = true;
        self.pending += 1;
        self.newest = self.newest.max(record.time);
        self.since.get_or_insert_with(|| self.log.uptime());
    }

    /// Forgets what is not written: it is read again.
    fn shut(&mut self) {
        self.open.clear();
        self.pending = 0;
        self.since = None;
    }

    /// Asks Redis where the partitions stand and begins there.
    fn begin(&mut self) -> Result<(), SeatEnd> {
        let standings = match self.store.open() {
            Ok(standings) => standings,
            Err(error) => return self.in_trouble(&error),
        };
        let mut reader = self.log.reader(Pace::Eager)?;
        let mut from = Offsets::new();
        let mut open = BTreeMap::new();
        for at in &self.held {
            let (first, end) = reader.bounds(*at)?;
            let standing = standings.get(&at.partition).copied().unwrap_or_default();
            if standing.next.is_some_and(|next| next > end) {
                return self.await_log(*at, standing.next.unwrap_or(0), end);
            }
            let next = if planted("redis-begins-elsewhere") { end } else { standing.next.unwrap_or(0).max(first) };
            from.insert(*at, next);
            let progress = Progress { standing, end, next, changes: BTreeMap::new(), dirty: false };
            open.insert(at.partition, progress);
        }
        self.opened_at = self.log.now();
        self.member.accept(&from)?;
        self.member.resume(&self.held)?;
        self.open = open;
        self.recovered()
    }

    /// A log that has lost records, or is another; a new leader may also be behind for a moment. Nothing can be read there.
    fn await_log(&mut self, at: TopicPartition, next: i64, end: i64) -> Result<(), SeatEnd> {
        let (topic, partition) = (at.topic, at.partition);
        tracing::warn!(%topic, partition, next, end, "{BEYOND}: `weir projection rebuild` counts anew");
        self.again_at = Some(self.log.uptime() + LOOK_EVERY);
        self.tell_ready(false, BEYOND);
        Ok(())
    }

    /// Writes what waits, and says which partitions are whole by now.
    fn write(&mut self) -> Result<(), SeatEnd> {
        // An opening that is still to come was told by a wall that has been set back since, and so is an end.
        let now = self.log.now();
        self.opened_at = self.opened_at.min(now);
        for at in &self.held {
            let Some(progress) = self.open.get_mut(&at.partition) else { continue };
            // Control records at the end of a partition are never delivered: its reader says when it has passed them.
            let at_end = self.member.read_to_end(*at).is_some_and(|as_of| self.opened_at <= as_of && as_of <= now);
            let whole = progress.standing.whole || progress.next >= progress.end || at_end;
            if !progress.dirty && whole == progress.standing.whole {
                continue;
            }
            match progress.write(self.store, at.partition, whole) {
                Ok(true) => {}
                Ok(false) => return self.start_over(),
                // What Redis has of it is asked anew once it is back.
                Err(error) => return self.in_trouble(&error),
            }
        }
        if self.pending > 0 {
            self.metrics.applied(self.pending, self.newest, self.log.now());
        }
        self.pending = 0;
        self.since = None;
        self.recovered()
    }

    fn in_trouble(&mut self, error: &StoreFault) -> Result<(), SeatEnd> {
        if !self.open.is_empty() {
            self.member.pause(&self.held)?;
        }
        self.shut();
        self.tries += 1;
        tracing::warn!(tries = self.tries, %error, "redis does not do as asked");
        let pause = Duration::from_millis(50).saturating_mul(1 << self.tries.min(7)).min(BACKOFF_MAX);
        self.again_at = Some(self.log.uptime() + pause);
        self.tell_ready(false, "redis is away");
        Ok(())
    }

    fn recovered(&mut self) -> Result<(), SeatEnd> {
        self.tries = 0;
        self.again_at = None;
        self.tell_ready(true, "");
        Ok(())
    }

    fn tell_ready(&mut self, ready: bool, why: &'static str) {
        if self.told != Some((ready, why)) {
            self.told = Some((ready, why));
            self.signals.ready(ready, why);
        }
    }
}

impl Progress {
    fn write<S: Tallies>(&mut self, store: &mut S, partition: i32, whole: bool) -> Result<bool, StoreFault> {
        let changes: Vec<Change> = std::mem::take(&mut self.changes)
            .into_iter()
            .filter(|(_, by)| *by != 0)
            .map(|((hash, field), by)| Change { hash, field, by })
            .collect();
        let step = Step { partition, expected: self.standing.next, next: self.next, whole, changes: &changes };
        let done = store.apply(&step)?;
        if done {
            self.standing = Standing { next: Some(self.next), whole };
            self.dirty = false;
        }
        Ok(done)
    }
}
