//! When the process may be given work.
//!
//! Without a journal the door needs the log, and readiness follows log and clerk. With one it does not: once the process has
//! worked, an outage of the log must not take it out of the service, for where all replicas went, platforms would be turned away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use weir_host::{Condition, Readiness};

/// Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    log: Condition,
    clerk: Condition,
    door: Option<Latched>,
}

/// Holds from when both have held, or from when the door goes by memory, whatever comes.
#[derive(Clone)]
struct Latched {
    door: Condition,
    log: Arc<AtomicBool>,
    clerk: Arc<AtomicBool>,
}

impl Gate {
    pub fn new(readiness: &Readiness, journal: bool) -> Gate {
        if !journal {
            let (log, clerk) = (readiness.condition("log"), readiness.condition("stage clerk"));
            return Gate { log, clerk, door: None };
        }
        let door = Latched { door: readiness.condition("door"), log: Arc::default(), clerk: Arc::default() };
        Gate { log: readiness.shown("log"), clerk: readiness.shown("stage clerk"), door: Some(door) }
    }

    pub fn log(&self) -> &Condition {
        &self.log
    }

    pub fn log_reached(&self) {
        self.log.set(true, "reached");
        if let Some(door) = &self.door {
            door.log.store(true, Ordering::SeqCst);
            door.look();
        }
    }

    pub fn clerk(&self, holds: bool, why: impl Into<String>) {
        self.clerk.set(holds, why);
        if let Some(door) = self.door.as_ref().filter(|_| holds) {
            door.clerk.store(true, Ordering::SeqCst);
            door.look();
        }
    }

    /// The log is away since the start, and this many shops are known from before.
    pub fn goes_by_memory(&self, shops: usize) {
        if let Some(door) = self.door.as_ref().filter(|_| shops > 0) {
            door.door.set(true, format!("the log is not reached; {shops} shops are known from before"));
        }
    }
}

impl Latched {
    fn look(&self) {
        if self.log.load(Ordering::SeqCst) && self.clerk.load(Ordering::SeqCst) {
            self.door.set(true, "open");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_journal_readiness_comes_and_goes_with_the_log_and_the_clerk() {
        let readiness = Readiness::new();
        let gate = Gate::new(&readiness, false);
        gate.log_reached();
        assert!(!readiness.is_ready());
        gate.clerk(true, "2 partitions");
        assert!(readiness.is_ready());
        gate.clerk(false, "taking over again");
        assert!(!readiness.is_ready());
    }

    #[test]
    fn with_one_it_waits_for_both_once() {
        let readiness = Readiness::new();
        let gate = Gate::new(&readiness, true);
        gate.clerk(true, "2 partitions");
        assert!(!readiness.is_ready());
        gate.log_reached();
        assert!(readiness.is_ready());
        gate.clerk(false, "taking over again");
        assert!(readiness.is_ready());
    }

    #[test]
    fn while_the_log_is_away_it_takes_shops_that_it_knows() {
        let readiness = Readiness::new();
        let gate = Gate::new(&readiness, true);
        gate.goes_by_memory(0);
        assert!(!readiness.is_ready(), "there is nobody whom it could believe");
        gate.goes_by_memory(3);
        assert!(readiness.is_ready());
    }
}
