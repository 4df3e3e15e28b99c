//! One seat in the projector's group: from joining until it is lost or the process stops.

use super::books::Books;
use super::rows::{Applied, Rows};
use crate::log::{Member as _, Offsets, Pace, Polled};
use crate::projection::metrics::Metrics;
use crate::projection::{BEYOND, StoreFault};
use crate::{Log, LogError, Reader as _, Signals, TopicPartition};
use std::time::Duration;

/// Longest poll: a stop is heard this late.
const POLL: Duration = Duration::from_millis(100);
/// Longest pause between tries while Postgres is away.
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// So often a batch that Postgres refuses is tried again before the seat is given up.
const REFUSALS_MAX: u32 = 5;
/// So often an idle seat looks whether its offset rows are where they were: a rebuild moves them.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Why a seat ended before its time.
pub(super) enum SeatEnd {
    Log(LogError),
    Refused(StoreFault),
}

impl From<LogError> for SeatEnd {
    fn from(error: LogError) -> SeatEnd {
        SeatEnd::Log(error)
    }
}

pub(super) struct Seat<'a, S, L: Log> {
    log: &'a L,
    member: L::Member,
    store: &'a mut S,
    signals: &'a Signals,
    metrics: &'a Metrics,
    /// Partitions that the group gave us.
    held: Vec<TopicPartition>,
    /// Empty until the offset rows of `held` were read.
    books: Books,
    opened: bool,
    trouble: Option<Trouble>,
    /// By [`Log::uptime`], as all times here.
    looked_at: Duration,
    /// As last told.
    told: Option<(bool, &'static str)>,
}

/// Postgres does not do as asked.
struct Trouble {
    tries: u32,
    /// How many of these were no outage.
    refusals: u32,
    again_at: Duration,
}

impl<'a, S: Rows, L: Log> Seat<'a, S, L> {
    pub(super) fn new(
        log: &'a L,
        member: L::Member,
        store: &'a mut S,
        signals: &'a Signals,
        metrics: &'a Metrics,
    ) -> Self {
        Seat {
            log,
            member,
            store,
            signals,
            metrics,
            held: Vec::new(),
            books: Books::default(),
            opened: false,
            trouble: None,
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
            if self.trouble.as_ref().is_some_and(|trouble| self.log.uptime() < trouble.again_at) {
                continue;
            }
            if !self.held.is_empty() && !self.opened {
                self.open()?;
            } else if self.books.is_due(self.log.uptime()) {
                self.apply()?;
            } else if self.opened && self.books.pending().is_empty() && self.log.elapsed(self.looked_at) >= LOOK_EVERY {
                self.look()?;
            }
        }
        if self.trouble.is_none() && !self.books.pending().is_empty() {
            self.apply()?;
        }
        Ok(())
    }

    fn patience(&self) -> Duration {
        let now = self.log.uptime();
        match &self.trouble {
            Some(trouble) => trouble.again_at.saturating_sub(now).min(POLL),
            None => self.books.patience(POLL, now),
        }
    }

    fn on(&mut self, event: Polled) -> Result<(), SeatEnd> {
        match event {
            Polled::Record(record) => self.books.take(record, self.log.uptime()),
            Polled::Assigned(partitions) => {
                self.held = partitions;
                self.shut();
                if self.held.is_empty() {
                    self.member.accept(&Offsets::new())?;
                    self.tell_ready(true, "");
                }
            }
            Polled::Revoked { lost } => {
                // In a clean revocation the batch is still ours to write; the offset rows decide in any case.
                if !lost && self.trouble.is_none() && !self.books.pending().is_empty() {
                    self.apply()?;
                }
                self.held.clear();
                self.shut();
                self.member.release()?;
            }
            Polled::Nothing => {}
        }
        Ok(())
    }

    fn shut(&mut self) {
        self.books.close();
        self.opened = false;
    }

    /// Reads the offset rows and begins there.
    fn open(&mut self) -> Result<(), SeatEnd> {
        let stored = match self.store.offsets(&self.held) {
            Ok(stored) => stored,
            Err(error) => return self.in_trouble(error),
        };
        let Some(from) = self.kept(&stored)? else { return Ok(()) };
        self.member.accept(&from)?;
        self.member.resume(&self.held)?;
        self.books.open(stored);
        self.opened = true;
        self.recovered()
    }

    /// What is no longer kept can't be read: it begins with what is. `None`: the log has to be waited for.
    fn kept(&mut self, stored: &Offsets) -> Result<Option<Offsets>, SeatEnd> {
        let mut reader = self.log.reader(Pace::Eager)?;
        let mut from = Offsets::new();
        for (at, next) in stored {
            let (first, end) = reader.bounds(*at)?;
            let (topic, partition) = (at.topic, at.partition);
            // A log that has lost records, or is another; a new leader may also be behind for a moment.
            if *next > end {
                tracing::warn!(%topic, partition, next, end, "{BEYOND}: `weir projection rebuild` makes the rows anew");
                self.trouble = Some(Trouble { tries: 1, refusals: 0, again_at: self.log.uptime() + LOOK_EVERY });
                self.tell_ready(false, BEYOND);
                return Ok(None);
            }
            if *next > 0 && *next < first {
                tracing::error!(%topic, partition, next, first, "records are gone unread");
            }
            from.insert(*at, (*next).max(first));
        }
        Ok(Some(from))
    }

    fn look(&mut self) -> Result<(), SeatEnd> {
        self.looked_at = self.log.uptime();
        match self.store.offsets(&self.held) {
            // A look may be what failed before.
            Ok(stored) if stored == *self.books.stored() => self.recovered(),
            Ok(_) => self.start_over(),
            Err(error) => self.in_trouble(error),
        }
    }

    /// The offset rows are not where they were left: what is pending is dropped, and read again by whoever it belongs to.
    fn start_over(&mut self) -> Result<(), SeatEnd> {
        tracing::warn!("the offset rows were moved by another");
        self.metrics.restarted();
        self.member.pause(&self.held)?;
        self.shut();
        Ok(())
    }

    fn apply(&mut self) -> Result<(), SeatEnd> {
        let moves = self.books.moves();
        match self.store.apply(self.books.pending(), &moves) {
            Ok(Applied::Done) => {
                if let Some(last) = self.books.pending().last() {
                    self.metrics.applied(self.books.pending().len(), last.time, self.log.now());
                }
                self.books.applied(&moves);
                self.recovered()
            }
            Ok(Applied::Moved) => self.start_over(),
            Err(error) => self.in_trouble(error),
        }
    }

    fn in_trouble(&mut self, error: StoreFault) -> Result<(), SeatEnd> {
        let before = self.trouble.as_ref().map_or((0, 0), |trouble| (trouble.tries, trouble.refusals));
        let refused = matches!(error, StoreFault::Refused(_));
        // An outage is no refusal, however often it was tried through it.
        let (tries, refusals) = (before.0 + 1, before.1 + u32::from(refused));
        if refusals >= REFUSALS_MAX {
            return Err(SeatEnd::Refused(error));
        }
        if tries == 1 {
            self.tell_ready(false, "postgres is away");
            if self.opened {
                self.member.pause(&self.held)?;
            }
        }
        tracing::warn!(tries, refused, %error, "postgres does not do as asked");
        let pause = Duration::from_millis(50).saturating_mul(1 << tries.min(7)).min(BACKOFF_MAX);
        self.trouble = Some(Trouble { tries, refusals, again_at: self.log.uptime() + pause });
        Ok(())
    }

    fn recovered(&mut self) -> Result<(), SeatEnd> {
        if self.trouble.take().is_some() {
            self.member.resume(&self.held)?;
        }
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
