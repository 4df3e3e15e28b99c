//! The projectors: production's loops, on sinks of the simulator's own, killed and frozen like everybody else.

use super::sinks::{Counted, Desk, Postgres, Redis, Shared, Table, Tables};
use super::tail::Records;
use super::{House, Task};
use crate::SimLog;
use crate::world::{ActorId, Outcome, World};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use weir_inventory::projection::availability::Availability;
use weir_pipeline::projection::{Change, Counters as _, postgres, redis};
use weir_pipeline::{Record, Signals};
use weir_proto::topics::Topic;

/// A projection of the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Console's: every fact topic.
    Console,
    Levels,
    Availability,
}

impl Sight {
    pub const ALL: [Sight; 3] = [Sight::Console, Sight::Levels, Sight::Availability];

    pub fn name(self) -> &'static str {
        match self {
            Sight::Console => "console.orders",
            Sight::Levels => "inventory.levels",
            Sight::Availability => "inventory.availability",
        }
    }

    fn topics(self) -> &'static [Topic] {
        match self {
            Sight::Console => &[
                Topic::Orders,
                Topic::Routes,
                Topic::Stock,
                Topic::Allocations,
                Topic::Shipments,
                Topic::Notices,
                Topic::Quarantine,
            ],
            Sight::Levels | Sight::Availability => &[Topic::Stock],
        }
    }
}

/// The sinks of all of them.
#[derive(Clone)]
pub struct Sinks {
    pub postgres: Shared<Postgres>,
    pub redis: Shared<Redis>,
}

impl Sinks {
    pub fn new(seed: u64) -> Sinks {
        Sinks { postgres: Shared::new(Postgres::new(seed)), redis: Shared::new(Redis::new(seed)) }
    }

    pub fn heal(&self) {
        self.postgres.lock().service.heal();
        self.redis.lock().service.heal();
    }
}

/// A projector's process.
pub struct Projector {
    pub sight: Sight,
    /// Which of those that share the work.
    pub number: usize,
    pub name: String,
    pub worker: ActorId,
    stop: Arc<AtomicBool>,
}

impl Projector {
    pub fn start(world: &mut World, log: &SimLog, sinks: &Sinks, sight: Sight, number: usize) -> Projector {
        let name = format!("{} {number}", sight.name());
        let stop = Arc::new(AtomicBool::new(false));
        let signals = Signals::new(stop.clone(), |_, _| {});
        let (log, sinks, instance) = (log.clone(), sinks.clone(), name.clone());
        let worker = world.spawn(&name, &name, move || match sight {
            Sight::Availability => {
                let mut desk = Desk { redis: sinks.redis, log: log.clone(), opened: None };
                redis::run_here(&mut Availability, &mut desk, &log, &instance, &signals)
            }
            Sight::Console | Sight::Levels => {
                let with_levels = sight == Sight::Levels;
                let mut table = Table { name: sight.name(), with_levels, postgres: sinks.postgres, log: log.clone() };
                postgres::run_here(sight.name(), sight.topics(), &mut table, &log, &instance, &signals)
            }
        });
        Projector { sight, number, name, worker, stop }
    }

    pub fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn asked(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl House {
    /// Two of each, so that partitions move between them.
    pub(super) fn start_projectors(&mut self) {
        for sight in Sight::ALL {
            for number in 0..2 {
                self.start_projector(sight, number);
            }
        }
    }

    pub(super) fn start_projector(&mut self, sight: Sight, number: usize) {
        let projector = Projector::start(&mut self.world, &self.shop.log, &self.sinks, sight, number);
        self.projectors.push(projector);
    }

    pub(super) fn kill_projector(&mut self) {
        if self.projectors.is_empty() {
            return;
        }
        let projector = self.projectors.remove(self.random.below(self.projectors.len()));
        self.tell(|| format!("kill {}", projector.name));
        self.coverage.hit(&format!("a projector was killed: {}", projector.sight.name()));
        self.counts.kills += 1;
        self.world.kill_process(&projector.name);
        let pause = Duration::from_millis(self.random.within((5, 8_000)));
        let at = self.world.now() + pause;
        self.agenda.put(at, Task::Project(projector.sight, projector.number));
    }

    pub(super) fn freeze_projector(&mut self) {
        if self.projectors.is_empty() {
            return;
        }
        let number = self.random.below(self.projectors.len());
        let length = Duration::from_millis(self.random.within((500, 12_000)));
        let projector = &self.projectors[number];
        let name = projector.name.clone();
        self.coverage.hit(&format!("a projector was frozen: {}", projector.sight.name()));
        self.tell(|| format!("freeze {name} for {} ms", length.as_millis()));
        self.world.freeze_process(&name, length);
    }

    pub(super) fn look_after_projectors(&mut self) {
        let mut ended = Vec::new();
        let mut number = 0;
        while number < self.projectors.len() {
            if self.world.is_over(self.projectors[number].worker) {
                ended.push(self.projectors.remove(number));
            } else {
                number += 1;
            }
        }
        for projector in ended {
            let outcome = self.world.outcome(projector.worker);
            if outcome != Outcome::Returned || !projector.asked() {
                self.breach("house", &projector.name, format!("the projector ended: {outcome:?}"));
                let at = self.world.now() + Duration::from_millis(500);
                self.agenda.put(at, Task::Project(projector.sight, projector.number));
            }
        }
    }

    /// I10: what the sinks hold is the fold of the log.
    pub(super) fn check_sinks(&mut self, records: &Records) {
        if !self.plan.projectors {
            return;
        }
        self.coverage.merge(&self.sinks.postgres.lock().service.met);
        self.coverage.merge(&self.sinks.redis.lock().service.met);
        let mut broken = Vec::new();
        let postgres = self.sinks.postgres.lock();
        for sight in [Sight::Console, Sight::Levels] {
            let written = postgres.tables.get(sight.name()).cloned().unwrap_or_default();
            let mut folded = Tables::default();
            for record in sight.topics().iter().flat_map(|topic| records.of(*topic)) {
                folded.take(record, sight == Sight::Levels);
            }
            if written.digests != folded.digests {
                broken.push((sight, format!("read {:?}, the log has more or other records", written.offsets)));
            }
            if written.levels != folded.levels {
                broken.push((sight, "its rows are not the fold".to_owned()));
            }
        }
        drop(postgres);
        let Counted { generation, whole, counters, .. } = self.sinks.redis.lock().now.clone();
        let all = usize::try_from(self.plan.settings.partitions).unwrap_or(0);
        if generation.is_none() || whole.len() != all {
            broken.push((Sight::Availability, format!("only the partitions {whole:?} are whole")));
        } else if without_zeros(counters) != counted(records.of(Topic::Stock)) {
            broken.push((Sight::Availability, "its counters are not the fold".to_owned()));
        }
        for (sight, detail) in broken {
            self.breach("I10", sight.name(), detail);
        }
    }
}

fn counted<'a>(records: impl Iterator<Item = &'a Record>) -> BTreeMap<(String, String), i64> {
    let mut counters = BTreeMap::new();
    let mut changes = Vec::new();
    records.for_each(|record| Availability.changes(record, &mut changes));
    for Change { hash, field, by } in changes {
        *counters.entry((hash, field)).or_insert(0) += by;
    }
    without_zeros(counters)
}

/// What came and went within one batch may never have been written.
fn without_zeros(mut counters: BTreeMap<(String, String), i64>) -> BTreeMap<(String, String), i64> {
    counters.retain(|_, count| *count != 0);
    counters
}
