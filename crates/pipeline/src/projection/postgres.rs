//! The driver of a Postgres projection: batch, compare-and-set the offset rows, apply, commit.
//!
//! The truth about how far a projection got is its offset rows, written in the transaction of its rows; the consumer group only
//! shares out partitions and commits nothing. A seat that was lost without noticing finds its offset rows moved and rolls back.
//! While Postgres is away the partitions are paused and the seat is kept by polling.

mod books;
mod desk;
mod rebuild;
mod rows;
mod seat;
mod store;
mod text;

pub use books::Move;
pub use desk::{Purpose, Rebuild, Registered, ask, list, withdraw};
pub use rebuild::{Compared, Phase, Progress, RebuildFault, Rebuilt, compare, rebuild};
pub use rows::{Applied, Rows};
pub use text::{column, indexed, indexed_composed, is_unusable_value};

use super::metrics::Metrics;
use super::{Projection, StoreFault};
use crate::log::Pace;
use crate::{Config, Log, LogError, Signals};
use seat::{Seat, SeatEnd};
use sqlx::PgPool;
use std::thread::JoinHandle;
use std::time::Duration;
use store::Store;
use weir_proto::topics::Topic;

/// Pause before a seat that was lost is taken again.
const PAUSE: Duration = Duration::from_secs(1);
/// The same, after Postgres has refused a batch again and again: a person has to see to it.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);
/// So often a stop is looked for in a pause.
const NAP: Duration = Duration::from_millis(100);

/// Why a projector ended.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    #[error("the log failed")]
    Log(#[source] LogError),
    #[error("postgres refuses")]
    Postgres(#[source] StoreFault),
    #[error("redis refuses")]
    Redis(#[source] redis::RedisError),
    #[error("the projector's thread could not be started")]
    Thread(#[source] std::io::Error),
}

/// Runs a projection on a thread of its own until `signals` say stop. Outages of Postgres and Kafka are waited out.
///
/// It holds one connection, made with the pool's options, so that the search path is the pool's. The group is
/// `projector.<projection name>`, below the installation's prefix. Beside it a thread does the rebuilds that are asked for; it
/// ends by itself once `signals` say stop.
pub fn spawn<P: Projection + Clone, L: Log>(
    projection: P,
    log: L,
    config: &Config,
    pool: PgPool,
    signals: Signals,
) -> JoinHandle<Result<(), ProjectorError>> {
    let instance = config.instance.clone();
    let name = format!("projector {}", projection.name());
    let (again, log_again, options, until) = (projection.clone(), log.clone(), pool.connect_options(), signals.clone());
    std::thread::spawn(move || {
        if let Err(error) = rebuild::serve(&again, &log_again, &options, &until) {
            tracing::error!(%error, "nobody does rebuilds");
        }
    });
    std::thread::spawn(move || {
        let span = tracing::info_span!("projector", name);
        let _entered = span.enter();
        let outcome = run(projection, &log, &instance, &pool, &signals);
        if let Err(error) = &outcome {
            signals.ready(false, &error.to_string());
            tracing::error!(error = error as &dyn std::error::Error, "the projector ended");
        }
        outcome
    })
}

fn run<P: Projection, L: Log>(
    projection: P,
    log: &L,
    instance: &str,
    pool: &PgPool,
    signals: &Signals,
) -> Result<(), ProjectorError> {
    let (name, topics) = (projection.name(), projection.topics());
    run_here(name, topics, &mut Store::new(projection, pool)?, log, instance, signals)
}

/// The projector's loop on the caller's own stack, with rows of the caller's choice: starts no thread, and takes its time from
/// the log. Returns once `signals` say stop.
///
/// # Errors
/// Where the log is fatal.
pub fn run_here<S: Rows, L: Log>(
    name: &'static str,
    topics: &[Topic],
    rows: &mut S,
    log: &L,
    instance: &str,
    signals: &Signals,
) -> Result<(), ProjectorError> {
    let group = format!("projector.{name}");
    let metrics = Metrics::new(name);
    while !signals.stopping() {
        let ended = match log.member(&group, instance, topics, Pace::Batched) {
            Ok(member) => Seat::new(log, member, rows, signals, &metrics).sit(),
            Err(error @ LogError::Fatal(_)) => return Err(ProjectorError::Log(error)),
            Err(error) => Err(SeatEnd::Log(error)),
        };
        match ended {
            Ok(()) => return Ok(()),
            // Whoever reads the rows gets older ones; whoever decides needs none of them. So nothing ends for it.
            Err(SeatEnd::Refused(error)) => {
                signals.ready(false, "postgres refuses what is projected");
                let error: &dyn std::error::Error = &error;
                tracing::error!(
                    projection = name,
                    error,
                    "postgres refuses what is projected: it stands still, and is tried again"
                );
                rest(log, signals, REFUSED_PAUSE);
            }
            Err(SeatEnd::Log(error)) => {
                signals.ready(false, "the log is away");
                tracing::warn!(%error, "the projector takes its seat again");
                log.sleep(PAUSE);
            }
        }
    }
    Ok(())
}

/// A pause that ends with a stop.
fn rest<L: Log>(log: &L, signals: &Signals, pause: Duration) {
    let begun = log.uptime();
    while !signals.stopping() && log.elapsed(begun) < pause {
        log.sleep(NAP);
    }
}
