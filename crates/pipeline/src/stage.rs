//! The stage: fence, replay, decide (STAGE.md). One worker is one thread with one seat, one producer, and the state of the
//! partitions that it owns. [`spawn`] is for a process; with [`Seat`] a worker runs on its caller's stack, as in a simulation.

mod broken;
mod clock;
mod commands;
mod fold;
mod image;
mod judge;
mod keeper;
mod metrics;
mod partition;
mod quarantine;
mod reference;
mod say;
mod seat;
mod snapshots;
mod stopped;
mod takeover;
mod trace;
mod transaction;
mod waiting;
mod watchdog;
mod worker;

pub use broken::Broken;
pub use fold::Folded;
pub use keeper::Keeping;
pub use partition::{Aggregate, Partition};
pub use seat::Seat;

use crate::snapshot::Snapshots;
use crate::{Config, Effects, Log, LogError, Signals, Topology};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Why a stage's worker ended.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    #[error("the log failed")]
    Log(#[source] LogError),
    #[error("the worker's thread could not be started")]
    Thread(#[source] std::io::Error),
}

/// A running worker.
pub struct Worker {
    /// "routing/0".
    pub name: String,
    pub thread: JoinHandle<Result<(), StageError>>,
}

/// Starts `config.workers` workers of a stage, each on a thread of its own, until `signals` say stop.
///
/// # Errors
/// Where a thread can't be started.
pub fn spawn<T: Topology, L: Log, E: Effects<T> + 'static>(
    topology: Arc<T>,
    log: L,
    config: &Config,
    effects: impl Fn(usize) -> E,
    snapshots: Option<Snapshots>,
    signals: &Signals,
) -> Result<Vec<Worker>, StageError> {
    let mut workers = Vec::new();
    for (number, signals) in signals.of_each(config.workers).into_iter().enumerate() {
        let seat = Seat::new(topology.clone(), log.clone(), config, number, snapshots.clone(), signals);
        let (name, effects) = (seat.name().to_owned(), effects(number));
        let thread = std::thread::Builder::new()
            .name(name.clone())
            .spawn(move || seat.run_watched(effects))
            .map_err(StageError::Thread)?;
        workers.push(Worker { name, thread });
    }
    Ok(workers)
}

/// Makes a snapshot of a partition now, from committed facts; false where there is nothing new, or the process is to stop.
///
/// # Errors
/// Says what stood in the way.
pub fn make_snapshot<T: Topology, L: Log>(
    topology: &T,
    log: &L,
    snapshots: &Snapshots,
    partition: i32,
    signals: &Signals,
) -> Result<bool, String> {
    snapshots::make(topology, log, snapshots, partition, i64::MAX, signals)
}

/// A partition as its snapshot has it; none where there is no good one.
///
/// # Errors
/// Where the log can't be read.
pub fn restore_snapshot<T: Topology, L: Log>(
    topology: &T,
    log: &L,
    snapshots: &Snapshots,
    partition: i32,
) -> Result<Option<Partition<T>>, LogError> {
    snapshots::restore(topology, log, snapshots, partition)
}
