//! The sinks of the projectors: tables and counters in memory, with the troubles of a Postgres and a Redis.

mod counters;
mod tables;

pub use counters::{Counted, Desk, Redis};
pub use tables::{Postgres, Table, Tables};

use super::coverage::Coverage;
use crate::random::Random;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_pipeline::projection::StoreFault;

/// How often of a hundred calls what goes wrong, and whether anybody is there at all.
#[derive(Debug)]
pub struct Service {
    pub away: bool,
    /// Nothing is done, and the caller is told.
    pub refused: u64,
    /// All is done, and the caller is told that it may not be.
    pub unsaid: u64,
    /// What its callers met, each with whose call it was.
    pub met: Coverage,
    name: &'static str,
    random: Random,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Done,
    NotDone,
    DoneUnsaid,
}

impl Service {
    fn new(name: &'static str, seed: u64) -> Service {
        let (met, random) = (Coverage::default(), Random::new(seed));
        Service { away: false, refused: 0, unsaid: 0, met, name, random }
    }

    /// What becomes of this projection's call.
    fn fate(&mut self, whose: &str) -> Fate {
        if self.away {
            self.note("away", whose);
            return Fate::NotDone;
        }
        let drawn = self.random.within((0, 99));
        match drawn {
            drawn if drawn < self.refused => {
                self.note("refused", whose);
                Fate::NotDone
            }
            drawn if drawn < self.refused + self.unsaid => Fate::DoneUnsaid,
            _ => Fate::Done,
        }
    }

    /// What the caller of a write hears that was done, and is not told so.
    fn unsaid(&mut self, whose: &str) -> StoreFault {
        self.note("did it and did not say so", whose);
        unanswered()
    }

    fn note(&mut self, what: &str, whose: &str) {
        self.met.hit(&format!("{} {what}: {whose}", self.name));
    }

    pub fn heal(&mut self) {
        (self.away, self.refused, self.unsaid) = (false, 0, 0);
    }
}

/// What the caller of a service that does not answer hears.
fn unanswered() -> StoreFault {
    StoreFault::Transient("no answer".into())
}

/// Something that a sink shares with the world.
pub struct Shared<T>(Arc<Mutex<T>>);

impl<T> Shared<T> {
    pub fn new(inner: T) -> Shared<T> {
        Shared(Arc::new(Mutex::new(inner)))
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(self.0.clone())
    }
}
