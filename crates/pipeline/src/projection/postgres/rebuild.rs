//! A projection made anew beside the one that is read, and swapped in (STAGE.md §6, docs/adr/0010).
//!
//! A second schema, `<schema>_rebuild`, gets tables like the live ones and offset rows of its own; the same projection code folds
//! the log into them while the live projector goes on. When they have caught up, one short transaction puts them in the place
//! of the live ones, together with their offset rows: no reader sees an empty or a half table. The live projector finds its
//! offset rows elsewhere, as after any loss of its seat, and goes on from there.
//!
//! One connection does all of it and holds an advisory lock: whoever has lost the connection has lost the rebuild as well.
//! A rebuild reaches no effect: all that it is given is a projection, whose only way out is that connection.
//!
//! The same copies, made and thrown away, tell whether the tables that are read equal the fold (I10): [`compare`].

mod compare;
mod copy;
mod fold;
mod serve;
mod swap;

pub use compare::Compared;
pub(super) use serve::serve;

use super::books::Books;
use super::desk::{self, Purpose};
use super::store;
use crate::projection::Projection;
use crate::{Log, LogError, Signals, TopicPartition};
use copy::Copies;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::future::Future;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long one step on the database may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// … and the statistics of all tables.
const ANALYZE_PATIENCE: Duration = Duration::from_secs(1800);
/// A round over the log that brought no more than this has caught up: what is left is folded while the live projector waits.
const CAUGHT_UP: u64 = 2 * super::books::BATCH as u64;
/// Pause before the swap is tried again, where readers or writers were in its way; grows with the tries.
const SWAP_PAUSE: Duration = Duration::from_millis(500);
const SWAP_PAUSE_MAX: Duration = Duration::from_secs(15);
/// So often the progress is written down.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// Why a projection was not rebuilt. The tables that are read are as they were.
#[derive(Debug, thiserror::Error)]
pub enum RebuildFault {
    #[error("another rebuild is at work in schema {0}")]
    Busy(String),
    #[error("the process stops")]
    Stopped,
    /// Nothing was begun; it would be refused again.
    #[error("it can't be rebuilt: {0}")]
    Refused(String),
    /// A migration came between; beginning anew helps.
    #[error("the tables were changed while their copies were made")]
    Changed,
    /// The offset rows of the copies were moved by somebody else.
    #[error("another writes to the copies")]
    Disturbed,
    /// What the log has held for so long is not in the live tables.
    #[error("the live projector is behind: {0}")]
    Behind(String),
    #[error("postgres failed")]
    Postgres(#[from] sqlx::Error),
    #[error("the log failed")]
    Log(#[from] LogError),
    #[error("no runtime could be made")]
    Runtime(#[source] std::io::Error),
}

impl RebuildFault {
    /// Whether beginning anew may help.
    pub fn may_pass(&self) -> bool {
        match self {
            RebuildFault::Busy(_) | RebuildFault::Stopped | RebuildFault::Changed | RebuildFault::Disturbed => true,
            RebuildFault::Postgres(error) => store::may_pass(error),
            RebuildFault::Log(error) => !matches!(error, LogError::Fatal(_)),
            RebuildFault::Refused(_) | RebuildFault::Behind(_) | RebuildFault::Runtime(_) => false,
        }
    }
}

/// What a rebuild is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Empty copies are there.
    Copied,
    /// The log is folded into them.
    Folding,
    /// They are as far as the log was a moment ago, and have statistics.
    CaughtUp,
    /// All locks are held; only the commit is missing.
    Swapping,
    Swapped,
    /// The live tables are waited for, and compared as of one moment.
    Comparing,
    Compared,
}

impl Phase {
    pub fn name(self) -> &'static str {
        match self {
            Phase::Copied => "copied",
            Phase::Folding => "folding",
            Phase::CaughtUp => "caught up",
            Phase::Swapping => "swapping",
            Phase::Swapped => "swapped",
            Phase::Comparing => "comparing",
            Phase::Compared => "compared",
        }
    }
}

/// How far a rebuild is, in offsets of all partitions together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub phase: Phase,
    pub done: i64,
    /// Grows with the log.
    pub wanted: i64,
}

/// What a rebuild did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    pub records: u64,
    /// Times that readers or writers were in the way of the swap.
    pub waited: u32,
    /// "quarantine/0 before 17": what the log no longer keeps, and no row is made of any more.
    pub forgotten: Vec<String>,
}

/// Rebuilds a projection on the caller's thread, in the schema that comes first in the connection's search path. `on` hears of
/// each step before it is taken.
///
/// # Errors
/// The live tables are as they were, unless the connection was lost within the commit: then the offset rows tell. What was left
/// behind is removed by the next rebuild.
pub fn rebuild<P: Projection, L: Log>(
    projection: P,
    log: &L,
    options: &PgConnectOptions,
    signals: &Signals,
    on: &mut dyn FnMut(&Progress),
) -> Result<Rebuilt, RebuildFault> {
    Work::begin(projection, Purpose::Replace, log, options, signals, on)?.end(Work::replace).map(|(_, rebuilt)| rebuilt)
}

/// Folds the log into copies as [`rebuild`] does, compares the live tables with them as of the offsets where those stand, and
/// removes the copies. The live projector goes on meanwhile, and nobody waits for a lock.
///
/// # Errors
/// As [`rebuild`]'s; and where the live tables do not come up to the log.
pub fn compare<P: Projection, L: Log>(
    projection: P,
    log: &L,
    options: &PgConnectOptions,
    signals: &Signals,
    on: &mut dyn FnMut(&Progress),
) -> Result<Compared, RebuildFault> {
    Work::begin(projection, Purpose::Compare, log, options, signals, on)?
        .end(Work::compare)
        .map(|(compared, _)| compared)
}

/// A rebuild under way.
struct Work<'a, P, L: Log> {
    projection: P,
    purpose: Purpose,
    log: &'a L,
    signals: &'a Signals,
    on: &'a mut dyn FnMut(&Progress),
    runtime: Runtime,
    connection: PgConnection,
    copies: Copies,
    /// The offset rows of the copies.
    books: Books,
    /// One for each topic, in the order of the projection's.
    readers: Vec<L::Reader>,
    progress: Progress,
    told_at: Option<Duration>,
    rebuilt: Rebuilt,
}

impl<'a, P: Projection, L: Log> Work<'a, P, L> {
    fn begin(
        projection: P,
        purpose: Purpose,
        log: &'a L,
        options: &PgConnectOptions,
        signals: &'a Signals,
        on: &'a mut dyn FnMut(&Progress),
    ) -> Result<Self, RebuildFault> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RebuildFault::Runtime)?;
        let mut connection = within(&runtime, PATIENCE, PgConnection::connect_with(options))?;
        let copies = within(&runtime, PATIENCE, Copies::plan(&mut connection, &projection))?;
        Ok(Work {
            projection,
            purpose,
            log,
            signals,
            on,
            runtime,
            connection,
            copies,
            books: Books::default(),
            readers: Vec::new(),
            progress: Progress { phase: Phase::Copied, done: 0, wanted: 0 },
            told_at: None,
            rebuilt: Rebuilt::default(),
        })
    }

    /// Does the work on copies that have caught up with the log, and leaves nothing behind.
    fn end<T>(mut self, work: fn(&mut Self) -> Result<T, RebuildFault>) -> Result<(T, Rebuilt), RebuildFault> {
        let outcome = self.copy().and_then(|()| work(&mut self));
        if outcome.is_err() {
            self.clean();
        }
        let Work { runtime, connection, rebuilt, .. } = self;
        // So that the lock is free at once.
        let closed = within(&runtime, PATIENCE, connection.close());
        let done = outcome?;
        closed.or(Ok(())).map(|()| (done, rebuilt))
    }

    fn copy(&mut self) -> Result<(), RebuildFault> {
        self.within(PATIENCE, async |step| step.copies.make(step.connection).await)?;
        self.tell(Phase::Copied)?;
        let topics = self.projection.topics().iter();
        let partitions: Vec<TopicPartition> = topics
            .flat_map(|topic| (0..self.log.partitions(*topic)).map(|partition| TopicPartition::new(*topic, partition)))
            .collect();
        self.begin_at_0(&partitions)?;
        self.open_readers()?;
        self.catch_up()
    }

    fn catch_up(&mut self) -> Result<(), RebuildFault> {
        loop {
            let before = self.rebuilt.records;
            self.fold_round()?;
            if self.rebuilt.records - before <= CAUGHT_UP {
                return Ok(());
            }
        }
    }

    fn replace(&mut self) -> Result<(), RebuildFault> {
        self.within(ANALYZE_PATIENCE, async |step| step.copies.analyze(step.connection).await)?;
        loop {
            self.catch_up()?;
            self.tell(Phase::CaughtUp)?;
            if self.swap()? {
                break;
            }
            self.rebuilt.waited += 1;
            tracing::info!(tries = self.rebuilt.waited, "something reads the old tables; the swap is tried again");
            self.pause(SWAP_PAUSE.saturating_mul(self.rebuilt.waited).min(SWAP_PAUSE_MAX))?;
        }
        self.progress.phase = Phase::Swapped;
        (self.on)(&self.progress);
        Ok(())
    }

    fn begin_at_0(&mut self, partitions: &[TopicPartition]) -> Result<(), RebuildFault> {
        let name = self.projection.name();
        self.within(PATIENCE, async |step| store::begin_at_0(step.connection, name, partitions).await)?;
        self.books.open(partitions.iter().map(|at| (*at, 0)).collect());
        Ok(())
    }

    /// Tells of the step, and writes it down for whoever asked for the rebuild.
    fn tell(&mut self, phase: Phase) -> Result<(), RebuildFault> {
        if self.signals.stopping() {
            return Err(RebuildFault::Stopped);
        }
        let told_now = self.told_at.is_some_and(|at| self.log.elapsed(at) < TELL_EVERY);
        if phase == self.progress.phase && told_now {
            return Ok(());
        }
        self.told_at = Some(self.log.uptime());
        self.progress.phase = phase;
        (self.on)(&self.progress);
        let (name, purpose, progress) = (self.projection.name(), self.purpose, self.progress);
        self.within(PATIENCE, async |step| {
            desk::progress(step.connection, &step.copies.live, name, purpose, progress).await
        })
    }

    fn pause(&self, length: Duration) -> Result<(), RebuildFault> {
        let begun = self.log.uptime();
        while self.log.elapsed(begun) < length {
            if self.signals.stopping() {
                return Err(RebuildFault::Stopped);
            }
            self.log.sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// After a fault; where the connection is gone, the next rebuild does it.
    fn clean(&mut self) {
        let cleaned = self.within(PATIENCE, async |step| {
            execute(step.connection, "rollback".to_owned()).await?;
            step.copies.remove(step.connection).await
        });
        if let Err(error) = cleaned {
            tracing::debug!(error = &error as &dyn std::error::Error, "copies are left behind for the next rebuild");
        }
    }

    fn within<T, E>(
        &mut self,
        patience: Duration,
        step: impl AsyncFnOnce(&mut Step<'_, P>) -> Result<T, E>,
    ) -> Result<T, RebuildFault>
    where
        RebuildFault: From<E>,
    {
        let Work { runtime, projection, connection, copies, .. } = self;
        let mut parts = Step { projection, connection, copies };
        within(runtime, patience, step(&mut parts))
    }
}

/// What a step on the database is made with.
struct Step<'a, P> {
    projection: &'a mut P,
    connection: &'a mut PgConnection,
    copies: &'a mut Copies,
}

fn within<T, E>(
    runtime: &Runtime,
    patience: Duration,
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, RebuildFault>
where
    RebuildFault: From<E>,
{
    let outcome = runtime.block_on(async { tokio::time::timeout(patience, step).await });
    outcome.map_or_else(|_| Err(RebuildFault::Postgres(sqlx::Error::PoolTimedOut)), |done| done.map_err(Into::into))
}

/// One statement, or several, made of names that the database gave.
async fn execute(connection: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(drop)
}
