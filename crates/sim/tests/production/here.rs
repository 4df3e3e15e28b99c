//! The production worker on its caller's stack, without any thread, and the maker of its snapshots on a store that lies.

use crate::echo::{Echo, input};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_pipeline::snapshot::{Head, Loaded, SnapshotError, SnapshotKey, SnapshotStore, Snapshots};
use weir_pipeline::stage::{Keeping, Seat, restore_snapshot};
use weir_pipeline::{Config, Effects, NoEffects, Signals, TopicPartition};
use weir_proto::partition::partition_of;
use weir_proto::topics::Topic;
use weir_sim::{Outcome, Settings, Sim, SimLog, World};

const ORDERS: usize = 20;

/// Says stop when so many facts are committed.
struct StopAfter {
    facts: usize,
    stop: Arc<AtomicBool>,
}

impl Effects<Echo> for StopAfter {
    fn taken(&mut self, _: i32, _: &mut dyn Iterator<Item = (&str, &crate::echo::Remarks)>) {}

    fn committed(&mut self, _: i32, _: &str, _: &crate::echo::Remarks, _: &String, _: Option<&str>) {
        self.facts -= 1;
        self.stop.store(self.facts == 0, Ordering::Relaxed);
    }

    fn lost(&mut self, _: i32) {}
}

/// Each order has one remark to be decided.
fn write_remarks(sim: &Sim) {
    for order in 0..ORDERS {
        let key = format!("order-{order}");
        let at = TopicPartition::new(Topic::Orders, partition_of(key.as_bytes(), 2));
        sim.control().write(at, &key, &input(&key, "remark"));
    }
}

fn seat(sim: &Sim, snapshots: Option<Snapshots>, stop: &Arc<AtomicBool>) -> Seat<Echo, SimLog> {
    let signals = Signals::new(stop.clone(), |_, _| {});
    Seat::new(Arc::new(Echo), sim.log(), &Config::new("", "a"), 0, snapshots, signals)
}

/// Every entry of the fact topic after a run on this thread.
fn facts_of_a_run(seed: u64) -> Vec<String> {
    let (sim, stop) = (Sim::new(Settings::new(seed)), Arc::new(AtomicBool::new(false)));
    write_remarks(&sim);
    let effects = StopAfter { facts: ORDERS, stop: stop.clone() };
    seat(&sim, None, &stop).run_here(effects).expect("ended in good order");
    (0..2).flat_map(|number| sim.control().dump(TopicPartition::new(Topic::Routes, number))).collect()
}

#[test]
fn a_worker_on_its_callers_stack_decides_and_one_seed_gives_one_log() {
    let facts = facts_of_a_run(5);
    let orders = (0..ORDERS).filter(|n| facts.iter().any(|fact| fact.contains(&format!(" order-{n} "))));
    assert_eq!(orders.count(), ORDERS);
    assert_eq!(facts, facts_of_a_run(5));
    assert_ne!(facts, facts_of_a_run(6), "the nonces at least are others");
}

type Lie = Box<dyn Fn(&mut Head, &mut Vec<u8>) + Send>;
type Kept = BTreeMap<(String, i32), (Head, Vec<u8>)>;

/// Keeps snapshots in memory, says stop when there is one of each partition, and alters what it gives back.
#[derive(Clone)]
struct Store {
    kept: Arc<Mutex<Kept>>,
    lie: Arc<Mutex<Lie>>,
    stop: Arc<AtomicBool>,
}

impl Store {
    fn new(stop: &Arc<AtomicBool>) -> Store {
        Store { kept: Arc::default(), lie: Arc::new(Mutex::new(Box::new(|_, _| {}))), stop: stop.clone() }
    }

    fn lies(&self, lie: impl Fn(&mut Head, &mut Vec<u8>) + Send + 'static) {
        *self.lie.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(lie);
    }
}

impl SnapshotStore for Store {
    fn head(&self, key: &SnapshotKey) -> Result<Option<Head>, SnapshotError> {
        Ok(self.load(key)?.map(|(head, _)| head))
    }

    fn load(&self, key: &SnapshotKey) -> Result<Option<Loaded>, SnapshotError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(&(key.stage.clone(), key.partition)).cloned();
        Ok(found.map(|(mut head, mut bytes)| {
            self.lie.lock().unwrap_or_else(PoisonError::into_inner)(&mut head, &mut bytes);
            (head, Some(bytes))
        }))
    }

    fn replace(&self, head: &Head, bytes: &[u8]) -> Result<(), SnapshotError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert((head.key.stage.clone(), head.key.partition), (head.clone(), bytes.to_vec()));
        self.stop.store(kept.len() == 2, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn a_maker_beside_its_worker_keeps_what_no_lie_of_the_store_gets_past() {
    let (mut world, stop) = (World::new(Settings::new(7)), Arc::new(AtomicBool::new(false)));
    let sim = world.sim().clone();
    write_remarks(&sim);
    let store = Store::new(&stop);
    let snapshots = Snapshots::on(store.clone());
    let worker = seat(&sim, Some(snapshots.clone()), &stop);
    let maker = worker.clone();
    let keeping = Keeping {
        look_every: Duration::from_secs(1),
        facts_min: 2,
        rest: Duration::ZERO,
        facts_rested: 2,
        facts_max: 1_000,
    };
    let worker = world.spawn("echo", "worker", move || worker.run_here(NoEffects));
    let maker = world.spawn("echo", "maker", move || maker.keep_snapshots_here(keeping));
    let ended = world.run_while(Duration::from_secs(60), |world| !world.is_over(worker) || !world.is_over(maker));
    assert!(ended, "the maker outlives its worker, or has kept nothing");
    assert_eq!([worker, maker].map(|id| world.outcome(id)), [Outcome::Returned, Outcome::Returned]);
    let reader = world.spawn("check", "reader", move || no_lie_gets_past(&sim.log(), &store, &snapshots));
    world.run_while(Duration::from_secs(600), |world| !world.is_over(reader));
    assert_eq!(world.outcome(reader), Outcome::Returned);
}

fn no_lie_gets_past(log: &SimLog, store: &Store, snapshots: &Snapshots) {
    let restored = || restore_snapshot(&Echo, log, snapshots, 0).expect("the log answers");
    let live = restored().expect("a good snapshot").live();
    assert!(live > 0 && live < ORDERS);
    let (head, bytes) = store.kept.lock().expect("no panic")[&("echo".to_owned(), 0)].clone();
    for bit in 0..bytes.len() * 8 {
        store.lies(move |_, bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        assert!(restored().is_none(), "bit {bit} of the bytes");
    }
    for bit in 0..head.last_fact.len() * 8 {
        store.lies(move |head, _| head.last_fact[bit / 8] ^= 1 << (bit % 8));
        assert!(restored().is_none(), "bit {bit} of the last fact's hash");
    }
    for bit in 0..i64::BITS {
        store.lies(move |head, _| head.next_offset ^= 1 << bit);
        assert!(restored().is_none(), "bit {bit} of the next offset");
    }
    store.lies(|_, bytes| bytes.truncate(bytes.len() / 2));
    assert!(restored().is_none(), "torn");
    let other = store.kept.lock().expect("no panic")[&("echo".to_owned(), 1)].clone();
    store.lies(move |head, bytes| {
        (*head, *bytes) = other.clone();
        head.key.partition = 0;
    });
    assert!(restored().is_none(), "another partition's");
    store.lies(|_, _| {});
    assert_eq!(restored().expect("good as ever").live(), live);
}
