//! A take-over that stands still behind its fence, and is overtaken. While it looks for the fence of one partition it folds the
//! others on, through what the newer owner said; the offsets that it asked for before know nothing of that, and it is no tear.

use crate::echo::Echo;
use crate::house::{House, start};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_pipeline::snapshot::{Head, Loaded, SnapshotError, SnapshotKey, SnapshotStore, Snapshots};
use weir_pipeline::stage::Seat;
use weir_pipeline::{Config, Log as _, NoEffects, Signals};
use weir_sim::{Settings, SimLog};

/// Longer than a seat is kept for one who is silent.
const STANDS_STILL: Duration = Duration::from_secs(40);

/// It holds nothing, and takes long to say so of the last partition: behind the fences, and with no look at the group to come.
#[derive(Clone)]
struct Slow(SimLog);

impl SnapshotStore for Slow {
    fn head(&self, _: &SnapshotKey) -> Result<Option<Head>, SnapshotError> {
        Ok(None)
    }

    fn load(&self, key: &SnapshotKey) -> Result<Option<Loaded>, SnapshotError> {
        if key.partition == 1 {
            self.0.sleep(STANDS_STILL);
        }
        Ok(None)
    }

    fn replace(&self, _: &Head, _: &[u8]) -> Result<(), SnapshotError> {
        Ok(())
    }
}

/// What the owner who stood still says of his readiness.
fn overtaken(seed: u64) -> Vec<String> {
    let mut house = House::new(Settings { partitions: 2, ..Settings::new(seed) }, 10, &[]);
    let before = start(&mut house.world, "b");
    house.say();
    house.settle(Duration::from_secs(20));
    house.world.kill(before);
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let hears = heard.clone();
    let signals = Signals::new(Arc::new(AtomicBool::new(false)), move |_, why| {
        hears.lock().unwrap_or_else(PoisonError::into_inner).push(why.to_owned());
    });
    let snapshots = Snapshots::on(Slow(house.world.log()));
    let seat = Seat::new(Arc::new(Echo), house.world.log(), &Config::new("", "a"), 0, Some(snapshots), signals);
    let slow = house.world.spawn("a", "stage", move || seat.run_here(NoEffects));
    house.world.run_for(Duration::from_secs(8));
    house.world.freeze(slow, STANDS_STILL);
    start(&mut house.world, "b");
    house.world.run_for(Duration::from_secs(10));
    house.say();
    house.settle(Duration::from_secs(20));
    house.world.run_for(STANDS_STILL * 3);
    house.check();
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    heard.clone()
}

#[test]
fn a_newer_owners_facts_are_no_torn_transaction() {
    for seed in 1..=20 {
        let heard = overtaken(seed);
        assert!(!heard.iter().any(|why| why.contains("torn")), "seed {seed}: {heard:?}");
    }
}
