//! The maker of snapshots beside a worker that does not live for long, and its choice among partitions (ADR 5).

use crate::echo::{Echo, input};
use crate::house::facts;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_pipeline::snapshot::{Head, Loaded, SnapshotError, SnapshotKey, SnapshotStore, Snapshots};
use weir_pipeline::stage::{Keeping, Seat};
use weir_pipeline::{Config, NoEffects, Signals, TopicPartition};
use weir_proto::partition::partition_of;
use weir_proto::topics::Topic;
use weir_sim::{Settings, World};

const LOOK_EVERY: Duration = Duration::from_secs(15);

/// The newest snapshot of each partition, and the partitions in the order in which they were kept. One partition may fail.
#[derive(Clone, Default)]
pub struct Store {
    kept: Arc<Mutex<Kept>>,
    failing: Option<i32>,
}

#[derive(Default)]
struct Kept {
    newest: BTreeMap<i32, (Head, Vec<u8>)>,
    order: Vec<i32>,
}

impl Store {
    fn order(&self) -> Vec<i32> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).order.clone()
    }

    /// The kept one is of another log now.
    fn spoil(&self, number: i32) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.newest.get_mut(&number).expect("one is kept").0.last_fact[0] ^= 1;
    }

    fn last_fact(&self, number: i32) -> Vec<u8> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.newest[&number].0.last_fact.clone()
    }

    pub fn reached(&self, number: i32) -> Option<i64> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.newest.get(&number).map(|(head, _)| head.next_offset)
    }
}

impl SnapshotStore for Store {
    fn head(&self, key: &SnapshotKey) -> Result<Option<Head>, SnapshotError> {
        Ok(self.load(key)?.map(|(head, _)| head))
    }

    fn load(&self, key: &SnapshotKey) -> Result<Option<Loaded>, SnapshotError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.newest.get(&key.partition).cloned().map(|(head, bytes)| (head, Some(bytes))))
    }

    fn replace(&self, head: &Head, bytes: &[u8]) -> Result<(), SnapshotError> {
        let number = head.key.partition;
        if self.failing == Some(number) {
            return Err(SnapshotError::Late);
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = |kept: &Head| kept.key == head.key && kept.next_offset > head.next_offset;
        if kept.newest.get(&number).is_some_and(|(kept, _)| newer(kept)) {
            return Ok(());
        }
        kept.newest.insert(number, (head.clone(), bytes.to_vec()));
        kept.order.push(number);
        Ok(())
    }
}

pub fn keeping(facts_min: i64, facts_rested: i64) -> Keeping {
    Keeping { look_every: LOOK_EVERY, facts_min, rest: LOOK_EVERY * 2, facts_rested, facts_max: 1_000 }
}

/// A process with a worker and its maker.
pub fn start(world: &mut World, store: &Store, keeping: Keeping) {
    let signals = Signals::new(Arc::new(AtomicBool::new(false)), |_, _| {});
    let (config, snapshots) = (Config::new("", "a"), Some(Snapshots::on(store.clone())));
    let seat = Seat::new(Arc::new(Echo), world.log(), &config, 0, snapshots, signals);
    let maker = seat.clone();
    world.spawn("a", "stage", move || drop(seat.run_here(NoEffects)));
    world.spawn("a", "maker", move || maker.keep_snapshots_here(keeping));
}

/// So many orders of this partition, of two, each with one remark.
pub fn say(world: &World, number: i32, orders: usize) {
    let keys = (0..).map(|n| format!("order-{n}")).filter(|key| partition_of(key.as_bytes(), 2) == number);
    for key in keys.take(orders) {
        world.control().write(TopicPartition::new(Topic::Orders, number), &key, &input(&key, "remark"));
    }
}

fn stable(world: &World, number: i32) -> i64 {
    let mut last = -1;
    world.control().visit(facts(number), 0, |record| last = record.offset);
    last + 1
}

#[test]
fn a_service_that_is_killed_more_often_than_it_looks_keeps_snapshots() {
    let (mut world, store) = (World::new(Settings::new(11)), Store::default());
    say(&world, 0, 30);
    // Shorter than any way from its start to a look that is counted from there (`Keeping` has it 4 s into a round for these facts).
    for _ in 0..30 {
        start(&mut world, &store, keeping(20, 20));
        world.run_for(Duration::from_secs(3));
        world.kill_process("a");
    }
    assert!(store.reached(0).is_some_and(|reached| reached >= 30), "{:?}", store.order());
}

#[test]
fn the_partition_that_is_furthest_behind_is_the_first_and_one_for_each_look() {
    let (mut world, store) = (World::new(Settings::new(12)), Store::default());
    say(&world, 0, 30);
    say(&world, 1, 60);
    start(&mut world, &store, keeping(20, 20));
    world.run_while(LOOK_EVERY * 4, |_| store.order().is_empty());
    assert_eq!(store.order(), [1]);
    // The other's turn is at the next look, and not before.
    world.run_for(LOOK_EVERY / 2);
    assert_eq!(store.order(), [1]);
    world.run_for(LOOK_EVERY);
    assert_eq!(store.order(), [1, 0]);
}

#[test]
fn a_partition_that_always_fails_holds_up_no_other() {
    let (mut world, store) = (World::new(Settings::new(13)), Store { failing: Some(1), ..Store::default() });
    say(&world, 0, 30);
    say(&world, 1, 60);
    start(&mut world, &store, keeping(20, 20));
    world.run_for(LOOK_EVERY * 3);
    assert_eq!(store.order(), [0]);
}

#[test]
fn what_came_soon_after_a_snapshot_waits_for_more_or_for_the_rest() {
    let (mut world, store) = (World::new(Settings::new(14)), Store::default());
    say(&world, 0, 30);
    start(&mut world, &store, keeping(1_000, 20));
    world.run_while(LOOK_EVERY * 4, |_| store.order().is_empty());
    say(&world, 0, 60);
    world.run_for(LOOK_EVERY + LOOK_EVERY / 2);
    assert_eq!(store.order(), [0], "so few, so soon");
    world.run_for(LOOK_EVERY * 2);
    assert_eq!(store.order(), [0, 0]);
    assert_eq!(store.reached(0), Some(stable(&world, 0)));
}

#[test]
fn a_long_log_is_taken_in_by_halves() {
    let (mut world, store) = (World::new(Settings::new(15)), Store::default());
    say(&world, 0, 200);
    start(&mut world, &store, Keeping { facts_max: 7, ..keeping(20, 20) });
    let mut reached = Vec::new();
    while reached.len() < 4 {
        let kept = store.order().len();
        assert!(world.run_while(LOOK_EVERY * 4, |_| store.order().len() == kept), "{reached:?}");
        reached.extend(store.reached(0));
    }
    // The first takes in half of what is there, and so does each after it.
    let steps: Vec<i64> = [0].iter().chain(&reached).zip(&reached).map(|(from, to)| to - from).collect();
    assert!(steps.windows(2).all(|pair| (pair[0] / 2 - 5..=pair[0] / 2 + 5).contains(&pair[1])), "{steps:?}");
    assert!((95..=115).contains(&steps[0]), "{steps:?}");
}

#[test]
fn a_snapshot_that_cannot_be_used_gives_way_however_far_it_reaches() {
    let (mut world, store) = (World::new(Settings::new(16)), Store::default());
    say(&world, 0, 60);
    start(&mut world, &store, keeping(20, 20));
    assert!(world.run_while(LOOK_EVERY * 4, |_| store.order().is_empty()));
    let reached = store.reached(0);
    store.spoil(0);
    let spoilt = store.last_fact(0);
    world.kill_process("a");
    say(&world, 0, 90);
    start(&mut world, &store, Keeping { facts_max: 7, ..keeping(20, 20) });
    world.run_for(LOOK_EVERY * 3);
    assert!(store.reached(0) > reached, "{:?}", store.order());
    assert_ne!(store.last_fact(0), spoilt);
}
