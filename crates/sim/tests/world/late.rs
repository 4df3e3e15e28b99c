//! A take-over whose snapshots come late: they are large, or Postgres has much to do.

use crate::echo::Echo;
use crate::keeper::{Store, keeping, say, start};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_pipeline::snapshot::{Head, Loaded, SnapshotError, SnapshotKey, SnapshotStore, Snapshots};
use weir_pipeline::stage::Seat;
use weir_pipeline::{Config, Log as _, NoEffects, Signals};
use weir_sim::{Settings, SimLog, World};

/// Less than a seat may be silent for; two of them are more.
const LOAD_TAKES: Duration = Duration::from_secs(10);

/// A store that takes its time, and notes of which partitions it gave something back.
#[derive(Clone)]
struct Late {
    store: Store,
    log: SimLog,
    given: Arc<Mutex<Vec<i32>>>,
}

impl SnapshotStore for Late {
    fn head(&self, key: &SnapshotKey) -> Result<Option<Head>, SnapshotError> {
        self.store.head(key)
    }

    fn load(&self, key: &SnapshotKey) -> Result<Option<Loaded>, SnapshotError> {
        self.log.sleep(LOAD_TAKES);
        let loaded = self.store.load(key)?;
        if loaded.is_some() {
            self.given.lock().unwrap_or_else(PoisonError::into_inner).push(key.partition);
        }
        Ok(loaded)
    }

    fn replace(&self, head: &Head, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.store.replace(head, bytes)
    }
}

#[test]
fn each_snapshot_is_waited_for_and_the_seat_is_kept() {
    let (mut world, store) = (World::new(Settings { partitions: 2, ..Settings::new(15) }), Store::default());
    for number in [0, 1] {
        say(&world, number, 30);
    }
    start(&mut world, &store, keeping(20, 20));
    world.run_for(Duration::from_secs(60));
    world.kill_process("a");
    assert!([0, 1].iter().all(|number| store.reached(*number).is_some()));
    let late = Late { store, log: world.log(), given: Arc::default() };
    let signals = Signals::new(Arc::new(AtomicBool::new(false)), |_, _| {});
    let (config, snapshots) = (Config::new("", "b"), Some(Snapshots::on(late.clone())));
    let seat = Seat::new(Arc::new(Echo), world.log(), &config, 0, snapshots, signals);
    world.spawn("b", "stage", move || drop(seat.run_here(NoEffects)));
    world.run_for(Duration::from_secs(120));
    // A partition that is not there was folded from its beginning; one that is there twice was taken away and taken over again.
    assert_eq!(*late.given.lock().unwrap_or_else(PoisonError::into_inner), [0, 1]);
}
