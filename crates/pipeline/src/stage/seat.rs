//! Where a worker sits: what it is made of, and what it shares with the maker of its snapshots.

use super::keeper::{self, Keeping, Owned};
use super::watchdog::Watchdog;
use super::{StageError, worker};
use crate::snapshot::Snapshots;
use crate::{Config, Effects, Log, Signals, Topology};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// One worker's place in a stage. Cheap to clone: the worker runs on one clone, the maker of its snapshots on another. For one run:
/// a restart takes a new seat of the same number.
pub struct Seat<T: Topology, L: Log> {
    topology: Arc<T>,
    log: L,
    config: Config,
    snapshots: Option<Snapshots>,
    signals: Signals,
    /// "routing/0".
    name: String,
    /// Names producer and member of the group: "routing.a.0".
    instance: String,
    owned: Owned,
}

impl<T: Topology, L: Log> Clone for Seat<T, L> {
    fn clone(&self) -> Self {
        Seat {
            topology: self.topology.clone(),
            log: self.log.clone(),
            config: self.config.clone(),
            snapshots: self.snapshots.clone(),
            signals: self.signals.clone(),
            name: self.name.clone(),
            instance: self.instance.clone(),
            owned: self.owned.clone(),
        }
    }
}

impl<T: Topology, L: Log> Seat<T, L> {
    /// The seat of this number at `config.instance`'s process. It hears stop by `signals`, and tells its readiness by them.
    pub fn new(
        topology: Arc<T>,
        log: L,
        config: &Config,
        number: usize,
        snapshots: Option<Snapshots>,
        signals: Signals,
    ) -> Seat<T, L> {
        Seat {
            name: format!("{}/{number}", topology.name()),
            instance: format!("{}.{}.{number}", topology.name(), config.instance),
            topology,
            log,
            config: config.clone(),
            snapshots,
            signals,
            owned: Arc::new(Mutex::new(Some(BTreeSet::new()))),
        }
    }

    /// "routing/0".
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs the worker on the caller's own stack until it is told to stop, or can't go on. It has no thread, no watchdog and no
    /// maker of snapshots: its caller looks after it.
    ///
    /// # Errors
    /// Where the log refuses, or another has taken this seat.
    pub fn run_here<E: Effects<T>>(self, effects: E) -> Result<(), StageError> {
        self.run(effects, Watchdog::none())
    }

    /// Makes snapshots of what the worker on this seat owns, on the caller's own stack, until that worker has ended; returns at
    /// once where there is nothing to keep them in.
    pub fn keep_snapshots_here(&self, keeping: Keeping) {
        if let Some(snapshots) = &self.snapshots {
            keeper::keep(&*self.topology, &self.log, snapshots, &self.owned, keeping, &self.signals);
        }
    }

    /// What a worker's thread does: the worker under a watchdog, and snapshots beside it, never in it.
    pub(super) fn run_watched<E: Effects<T>>(self, effects: E) -> Result<(), StageError> {
        let watchdog = Watchdog::watch(&self.name).map_err(StageError::Thread)?;
        stand_back(self.config.stage_nice);
        let (keeper, name) = (self.clone(), self.name.clone());
        let thread = std::thread::Builder::new().name(format!("snapshots {name}"));
        let wanted = self.snapshots.is_some();
        let keeper = wanted.then(|| thread.spawn(move || keeper.keep_snapshots_here(Keeping::default())));
        let keeper = keeper.transpose().map_err(StageError::Thread)?;
        let outcome = self.run(effects, watchdog);
        if let Some(keeper) = keeper
            && keeper.join().is_err()
        {
            tracing::error!(worker = name, "the maker of snapshots panicked");
        }
        outcome
    }

    fn run<E: Effects<T>>(self, effects: E, watchdog: Watchdog) -> Result<(), StageError> {
        let Seat { topology, log, config, snapshots, signals, name, instance, owned } = self;
        let _until = Until(owned.clone());
        worker::run(
            worker::Parts { topology, log, config, effects, snapshots, signals, name, instance, owned },
            watchdog,
        )
    }
}

/// Gives this thread a nice value, and with it all that it starts from here on: the client's threads and the maker of snapshots.
fn stand_back(nice: i32) {
    if nice == 0 {
        return;
    }
    // On Linux a thread's own, whatever POSIX says of processes.
    if let Err(error) = rustix::process::setpriority_process(None, nice) {
        tracing::warn!(%error, nice, "a stage's worker can't stand back, and runs as the others do");
    }
}

/// Tells the maker of snapshots of the worker's end, whichever it was.
struct Until(Owned);

impl Drop for Until {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
