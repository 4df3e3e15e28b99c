//! The counters' loop where somebody sets the wall clock back right after it has begun: a partition that ends with a control record
//! is still said to be whole.

use crate::house::facts;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_decider::Millis;
use weir_pipeline::log::Stamp;
use weir_pipeline::projection::redis::{Standing, Step, Tallies, run_here};
use weir_pipeline::projection::{Change, Counters, StoreFault};
use weir_pipeline::{Log as _, Outgoing, Record, Signals, Transactional as _};
use weir_proto::topics::Topic;
use weir_sim::{Settings, World};

/// Counts nothing.
struct Nothing;

impl Counters for Nothing {
    fn name(&self) -> &'static str {
        "test.nothing"
    }

    fn topic(&self) -> Topic {
        facts(0).topic
    }

    fn changes(&mut self, _: &Record, _: &mut Vec<Change>) {}
}

/// Where the partitions stand.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<BTreeMap<i32, Standing>>>);

impl Store {
    fn now(&self) -> BTreeMap<i32, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Tallies for Store {
    fn open(&mut self) -> Result<BTreeMap<i32, Standing>, StoreFault> {
        Ok(self.now())
    }

    fn apply(&mut self, step: &Step<'_>) -> Result<bool, StoreFault> {
        let standing = Standing { next: Some(step.next), whole: step.whole };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(step.partition, standing);
        Ok(true)
    }

    fn standings(&mut self) -> Result<Option<BTreeMap<i32, Standing>>, StoreFault> {
        Ok(Some(self.now()))
    }
}

#[test]
fn counters_are_whole_though_the_wall_was_set_back_when_they_had_begun() {
    let mut world = World::new(Settings { partitions: 1, ..Settings::new(8) });
    let log = world.log();
    world.spawn("stage", "stage", move || {
        let mut producer = log.producer("stage").expect("a producer");
        producer.begin().expect("begun");
        let stamp = Stamp { partition: Some(0), id: "a", time: Millis(0), traceparent: None };
        let (topic, key) = (facts(0).topic, "order-0".to_owned());
        producer.send(Outgoing { topic, key, event_type: "", value: vec![1] }, &stamp).expect("queued");
        producer.drain().expect("drained");
        producer.commit().map(drop)
    });
    world.run_for(Duration::from_secs(1));
    let (control, stop, store) = (world.control(), Arc::new(AtomicBool::new(false)), Store::default());
    control.skew(300_000);
    let begun = Arc::new(AtomicBool::new(false));
    let noted = begun.clone();
    let signals = Signals::new(stop, move |ready, _| {
        if ready && !noted.swap(true, Ordering::Relaxed) {
            control.skew(0);
        }
    });
    let (log, mut sink) = (world.log(), store.clone());
    world.spawn("counters", "counters", move || run_here(&mut Nothing, &mut sink, &log, "counters", &signals));
    world.run_for(Duration::from_secs(30));
    assert!(begun.load(Ordering::Relaxed));
    assert_eq!(store.now().values().map(|standing| standing.whole).collect::<Vec<_>>(), [true], "{:?}", store.now());
}
