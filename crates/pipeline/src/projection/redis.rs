//! The driver of counters in Redis: changes and position in one script; without a position they are absent.
//!
//! All keys of a projection lie in one hash slot, `{prefix:name}`:
//!
//! | key | holds |
//! | --- | --- |
//! | `…:meta` | `gen`: the generation in force; `partitions`: how many must be whole |
//! | `…:<gen>:pos` | partition → next offset |
//! | `…:<gen>:whole` | the partitions that reached, in this generation, the end as of its beginning |
//! | `…:<gen>:h:<hash>` | the counters |
//!
//! When `meta` is gone (FLUSHALL, an empty replica, a rebuild that was asked for), a new generation begins at the first offset;
//! readers get nothing until it is whole. Redis must not evict keys: `maxmemory-policy noeviction`.

mod desk;
mod keys;
mod reader;
mod seat;
mod store;
mod tally;

pub use super::postgres::ProjectorError;
pub use desk::{Known, forget, known};
pub use reader::CounterReader;
pub use tally::{Standing, Step, Tallies};

use super::Counters;
use super::metrics::Metrics;
use crate::log::Pace;
use crate::{Config, Log, LogError, Signals};
use seat::{Seat, SeatEnd};
use std::thread::JoinHandle;
use std::time::Duration;
use store::Store;

/// Pause before a seat that was lost is taken again.
const PAUSE: Duration = Duration::from_secs(1);

/// The part of every key that chooses the slot.
fn slot(prefix: &str, name: &str) -> String {
    format!("{{{prefix}:{name}}}")
}

/// Runs the counters on a thread of its own until `signals` say stop. Outages are waited out; after FLUSHALL it starts anew.
/// The group is `counters.<name>`, below the installation's prefix.
pub fn spawn<C: Counters, L: Log>(
    counters: C,
    log: L,
    config: &Config,
    redis_url: String,
    signals: Signals,
) -> JoinHandle<Result<(), ProjectorError>> {
    let config = config.clone();
    let name = format!("counters {}", counters.name());
    std::thread::spawn(move || {
        let span = tracing::info_span!("counters", name);
        let _entered = span.enter();
        let outcome = run(counters, &log, &config, &redis_url, &signals);
        if let Err(error) = &outcome {
            signals.ready(false, &error.to_string());
            tracing::error!(error = error as &dyn std::error::Error, "the counters ended");
        }
        outcome
    })
}

fn run<C: Counters, L: Log>(
    mut counters: C,
    log: &L,
    config: &Config,
    redis_url: &str,
    signals: &Signals,
) -> Result<(), ProjectorError> {
    let slot = slot(&config.prefix, counters.name());
    let mut store = Store::new(redis_url, slot, counters.topic().partitions(config.partitions))?;
    run_here(&mut counters, &mut store, log, &config.instance, signals)
}

/// The counters' loop on the caller's own stack, with a store of the caller's choice: starts no thread, and takes its time from
/// the log. Returns once `signals` say stop.
///
/// # Errors
/// Where the log is fatal.
pub fn run_here<C: Counters, S: Tallies, L: Log>(
    counters: &mut C,
    store: &mut S,
    log: &L,
    instance: &str,
    signals: &Signals,
) -> Result<(), ProjectorError> {
    let group = format!("counters.{}", counters.name());
    let topic = counters.topic();
    let metrics = Metrics::new(counters.name());
    while !signals.stopping() {
        let ended = match log.member(&group, instance, &[topic], Pace::Batched) {
            Ok(member) => Seat::new(log, member, counters, store, signals, &metrics).sit(),
            Err(error @ LogError::Fatal(_)) => return Err(ProjectorError::Log(error)),
            Err(error) => Err(SeatEnd::Log(error)),
        };
        match ended {
            Ok(()) => return Ok(()),
            Err(SeatEnd::Log(error)) => {
                signals.ready(false, "the log is away");
                tracing::warn!(%error, "the counters take their seat again");
                log.sleep(PAUSE);
            }
        }
    }
    Ok(())
}
