//! Redis, as far as a projector knows it: counters and positions that change together, and may all be gone.

use super::{Fate, Service, Shared, unanswered};
use crate::SimLog;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use weir_pipeline::Log as _;
use weir_pipeline::projection::StoreFault;
use weir_pipeline::projection::redis::{Standing, Step, Tallies};

/// The one projection that counts there.
const WHOSE: &str = "inventory.availability";

/// The whole of it.
pub struct Redis {
    pub service: Service,
    generations: u64,
    pub now: Counted,
    /// As a replica has it that lags behind.
    replica: Counted,
}

/// What is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub generation: Option<u64>,
    pub next: BTreeMap<i32, i64>,
    pub whole: BTreeSet<i32>,
    pub counters: BTreeMap<(String, String), i64>,
}

impl Counted {
    fn standings(&self) -> BTreeMap<i32, Standing> {
        let standing = |(number, next): (&i32, &i64)| {
            (*number, Standing { next: Some(*next), whole: self.whole.contains(number) })
        };
        self.next.iter().map(standing).collect()
    }
}

impl Redis {
    pub fn new(seed: u64) -> Redis {
        let service = Service::new("redis", seed ^ 0x7265_6469);
        Redis { service, generations: 0, now: Counted::default(), replica: Counted::default() }
    }

    /// FLUSHALL. Says whether there was anything.
    pub fn flush(&mut self) -> bool {
        std::mem::take(&mut self.now) != Counted::default()
    }

    /// The replica takes over. Says whether it had not heard of something, which is lost.
    pub fn fail_over(&mut self) -> bool {
        std::mem::replace(&mut self.now, self.replica.clone()) != self.replica
    }

    /// The replica catches up.
    pub fn replicate(&mut self) {
        self.replica = self.now.clone();
    }
}

/// One projector's connection.
pub struct Desk {
    pub redis: Shared<Redis>,
    pub log: SimLog,
    pub opened: Option<u64>,
}

impl Tallies for Desk {
    fn open(&mut self) -> Result<BTreeMap<i32, Standing>, StoreFault> {
        self.log.sleep(Duration::from_micros(500));
        let mut redis = self.redis.lock();
        if redis.service.fate(WHOSE) == Fate::NotDone {
            return Err(unanswered());
        }
        if redis.now.generation.is_none() {
            redis.generations += 1;
            redis.now = Counted { generation: Some(redis.generations), ..Counted::default() };
        }
        self.opened = redis.now.generation;
        Ok(redis.now.standings())
    }

    fn apply(&mut self, step: &Step<'_>) -> Result<bool, StoreFault> {
        self.log.sleep(Duration::from_micros(500));
        let mut redis = self.redis.lock();
        let fate = redis.service.fate(WHOSE);
        if fate == Fate::NotDone {
            return Err(unanswered());
        }
        let now = &mut redis.now;
        if self.opened.is_none() || now.generation != self.opened {
            return Ok(false);
        }
        if now.next.get(&step.partition).copied() != step.expected {
            return Ok(false);
        }
        for change in step.changes {
            *now.counters.entry((change.hash.clone(), change.field.clone())).or_insert(0) += change.by;
        }
        now.next.insert(step.partition, step.next);
        if step.whole {
            now.whole.insert(step.partition);
        }
        if fate == Fate::DoneUnsaid { Err(redis.service.unsaid(WHOSE)) } else { Ok(true) }
    }

    fn standings(&mut self) -> Result<Option<BTreeMap<i32, Standing>>, StoreFault> {
        let mut redis = self.redis.lock();
        if redis.service.fate(WHOSE) == Fate::NotDone {
            return Err(unanswered());
        }
        let is_in_force = self.opened.is_some() && redis.now.generation == self.opened;
        Ok(is_in_force.then(|| redis.now.standings()))
    }
}
