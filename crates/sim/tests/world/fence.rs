//! A take-over whose snapshot is newer than its own fence. Whoever makes snapshots folds what is committed, and the fence is
//! committed before a snapshot is looked for: it may lie in it, and then it never comes again (STAGE.md §2.4).

use crate::echo::Echo;
use crate::house::{House, facts, instance};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_pipeline::snapshot::{Head, Loaded, SnapshotError, SnapshotKey, SnapshotStore, Snapshots};
use weir_pipeline::stage::{Keeping, Seat};
use weir_pipeline::{Config, Log as _, NoEffects, Signals};
use weir_sim::{Settings, SimLog, World};

/// A snapshot as it was kept.
type Kept = (Head, Vec<u8>);

/// The newest snapshot of the one partition.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<Option<Kept>>>);

impl Store {
    fn newest(&self) -> Option<Loaded> {
        let newest = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        newest.map(|(head, bytes)| (head, Some(bytes)))
    }
}

impl SnapshotStore for Store {
    fn head(&self, _: &SnapshotKey) -> Result<Option<Head>, SnapshotError> {
        Ok(self.newest().map(|(head, _)| head))
    }

    fn load(&self, _: &SnapshotKey) -> Result<Option<Loaded>, SnapshotError> {
        Ok(self.newest())
    }

    fn replace(&self, head: &Head, bytes: &[u8]) -> Result<(), SnapshotError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((head.clone(), bytes.to_vec()));
        Ok(())
    }
}

/// The same store, so slow for the heir that another's maker keeps a snapshot of the heir's fence meanwhile.
#[derive(Clone)]
struct Slow {
    store: Store,
    world: (SimLog, weir_sim::Control),
    heir: String,
    /// What was given back held the fence.
    held: Arc<AtomicBool>,
}

impl SnapshotStore for Slow {
    fn head(&self, key: &SnapshotKey) -> Result<Option<Head>, SnapshotError> {
        self.store.head(key)
    }

    fn load(&self, key: &SnapshotKey) -> Result<Option<Loaded>, SnapshotError> {
        let (log, control) = &self.world;
        for _ in 0..100 {
            let mut took = i64::MAX;
            control.visit(facts(0), 0, |record| {
                if record.key == self.heir {
                    took = record.offset;
                }
            });
            if self.store.newest().is_some_and(|(head, _)| head.next_offset > took) {
                self.held.store(true, Ordering::Relaxed);
                break;
            }
            log.sleep(Duration::from_millis(50));
        }
        self.store.load(key)
    }

    fn replace(&self, head: &Head, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.store.replace(head, bytes)
    }
}

fn seat(world: &World, process: &str, snapshots: Snapshots) -> Seat<Echo, SimLog> {
    let signals = Signals::new(Arc::new(AtomicBool::new(false)), |_, _| {});
    Seat::new(Arc::new(Echo), world.log(), &Config::new("", process), 0, Some(snapshots), signals)
}

#[test]
fn a_snapshot_that_holds_the_own_fence_is_no_fence_to_wait_for() {
    let mut house = House::new(Settings { partitions: 1, ..Settings::new(4) }, 10, &[]);
    let store = Store::default();
    let first = seat(&house.world, "a", Snapshots::on(store.clone()));
    let keeping = Keeping {
        look_every: Duration::from_secs(1),
        facts_min: 1,
        rest: Duration::ZERO,
        facts_rested: 1,
        facts_max: 1_000,
    };
    let maker = first.clone();
    let worker = house.world.spawn("a", "stage", move || first.run_here(NoEffects));
    house.world.spawn("a", "maker", move || maker.keep_snapshots_here(keeping));
    house.world.run_for(Duration::from_secs(5));
    house.say();
    house.settle(Duration::from_secs(10));
    // The worker stands still and loses its seat; the maker beside it has not heard of it.
    house.world.freeze(worker, Duration::from_secs(300));
    let world = (house.world.log(), house.world.control());
    let slow = Slow { store, world, heir: instance("b"), held: Arc::default() };
    let heir = seat(&house.world, "b", Snapshots::on(slow.clone()));
    house.world.spawn("b", "stage", move || heir.run_here(NoEffects));
    house.say();
    house.settle(Duration::from_secs(60));
    house.check();
    assert!(slow.held.load(Ordering::Relaxed), "the heir began with a snapshot that was older than its fence");
}
