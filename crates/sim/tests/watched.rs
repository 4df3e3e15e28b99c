//! The production stage on the simulated broker with every call of it watched: what STAGE.md says of its transactions, its
//! deadlines and the memory of what it gives back, and a broker has no word in.

#[path = "watched/due.rs"]
mod due;
#[path = "watched/watch.rs"]
mod watch;

use due::{Due, PASSED, input};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use watch::{Notes, Watched};
use weir_pipeline::log::{Offsets, Pace};
use weir_pipeline::stage::{Partition, Worker, spawn};
use weir_pipeline::{Config, Log as _, NoEffects, Reader as _, Record, Signals, TopicPartition, Topology as _};
use weir_proto::partition::partition_of;
use weir_proto::topics::Topic;
use weir_sim::{Settings, Sim};
use weir_testkit::wait_for;

const GROUP: &str = "due";
/// Deadlines that one transaction may decide.
const DUE_MAX: usize = 500;
const PATIENCE: Duration = Duration::from_secs(30);

/// A key of this partition, of two.
fn key_in(partition: i32) -> String {
    keys_in(partition).next().expect("endless")
}

fn keys_in(partition: i32) -> impl Iterator<Item = String> {
    let keys = (0..).map(|n| format!("order-{n}"));
    keys.filter(move |key| partition_of(key.as_bytes(), 2) == partition)
}

struct Running {
    log: Watched,
    stop: Arc<AtomicBool>,
    workers: Vec<Worker>,
}

impl Running {
    fn start() -> Running {
        let sim = Sim::new(Settings::new(7));
        let log = Watched { inner: sim.log(), control: sim.control(), notes: Arc::new(Notes::default()) };
        let stop = Arc::new(AtomicBool::new(false));
        let signals = Signals::new(stop.clone(), |_, _| {});
        let config = Config::new("", "a");
        let workers = spawn(Arc::new(Due), log.clone(), &config, |_| NoEffects, None, &signals).expect("a worker");
        let running = Running { log, stop, workers };
        // At its seat in both partitions.
        (0..2).for_each(|number| running.say(&key_in(number), "known"));
        running.await_said("both to be known", |said| said.len() == 2);
        running
    }

    fn notes(&self) -> &Notes {
        &self.log.notes
    }

    fn say(&self, key: &str, remark: &str) {
        let at = TopicPartition::new(Topic::Orders, partition_of(key.as_bytes(), 2));
        self.log.control.write(at, key, &input(key, remark));
    }

    fn facts(&self) -> Vec<Record> {
        let mut reader = self.log.inner.reader(Pace::Eager).expect("a reader");
        let all: Offsets = (0..2).map(|number| (TopicPartition::new(Topic::Routes, number), 0)).collect();
        reader.assign(&all).expect("assigned");
        let mut facts = Vec::new();
        while !reader.done() {
            facts.extend(reader.poll(Duration::ZERO).expect("polled"));
        }
        facts
    }

    /// Partition, key and words of what was said, in the order of the log.
    fn said(&self) -> Vec<(i32, String, String)> {
        let facts = self.facts().into_iter();
        facts.filter_map(|fact| Some((fact.partition, fact.key.clone(), due::said(&fact.value)?))).collect()
    }

    fn passed(&self) -> Vec<(i32, String, i64)> {
        let passed = |fact: &str| fact.strip_prefix(PASSED)?.parse().ok();
        self.said().into_iter().filter_map(|(number, key, fact)| Some((number, key, passed(&fact)?))).collect()
    }

    fn await_said(&self, what: &str, enough: impl Fn(&[(i32, String, String)]) -> bool) {
        wait_for(what, PATIENCE, || enough(&self.said()).then_some(()));
    }

    /// In good order, and with the two laws that hold for every transaction.
    fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        let notes = self.log.notes.clone();
        for worker in self.workers {
            worker.thread.join().expect("no panic").expect("ended in good order");
        }
        for asked in notes.committed() {
            for number in &asked.facts {
                for topic in Due.inputs() {
                    let at = TopicPartition::new(*topic, *number);
                    assert!(asked.offsets.contains_key(&at), "facts without an offset of {at:?}: {asked:?}");
                }
            }
            assert!(asked.passed <= DUE_MAX, "{} deadlines in one transaction", asked.passed);
        }
    }
}

#[test]
fn a_deadline_passes_though_there_is_always_another_input() {
    let running = Running::start();
    running.notes().flood.store(true, Ordering::SeqCst);
    let late = keys_in(0).nth(1).expect("endless");
    running.say(&late, "at 0");
    running.await_said("the deadline", |said| {
        said.iter().any(|(_, key, fact)| *key == late && fact.starts_with(PASSED))
            || running.notes().flooded.load(Ordering::SeqCst) > 20_000
    });
    let passed = running.passed();
    assert_eq!(passed.iter().map(|(_, key, _)| key.as_str()).collect::<Vec<_>>(), [late.as_str()]);
    assert_eq!(running.notes().dry.load(Ordering::SeqCst), 0, "there was a pause, which this test is not about");
    running.notes().flood.store(false, Ordering::SeqCst);
    running.stop();
}

/// So many orders of partition 0, due within these milliseconds from then on, in no order. All of them are there before the stage
/// polls again: its idle polls pass time, however long this thread is kept from its turn.
fn make_due(running: &Running, count: usize, after_ms: i64, within_ms: i64) {
    let _still = running.notes().still();
    let from = running.log.inner.now().0 + after_ms;
    for (number, key) in keys_in(0).skip(1).take(count).enumerate() {
        let number = i64::try_from(number).expect("few");
        running.say(&key, &format!("at {}", from + number * 7_919 % within_ms));
    }
}

#[test]
fn deadlines_pass_in_their_order_and_so_many_at_once_at_most() {
    let running = Running::start();
    make_due(&running, 1_300, 60_000, 100);
    running.await_said("every deadline", |said| said.iter().filter(|said| said.2.starts_with(PASSED)).count() == 1_300);
    let passed: Vec<(i64, String)> = running.passed().into_iter().map(|(_, key, due)| (due, key)).collect();
    assert!(passed.windows(2).all(|pair| pair[0] < pair[1]), "out of their order of deadline and key");
    let times: std::collections::BTreeSet<i64> = passed.iter().map(|(due, _)| *due).collect();
    assert!(times.len() < passed.len(), "none had the same deadline, so the keys' order was not tried");
    running.stop();
}

#[test]
fn inputs_that_cease_while_deadlines_pass_make_no_transaction_larger() {
    let running = Running::start();
    running.notes().flood_until_due.store(true, Ordering::SeqCst);
    running.notes().flood.store(true, Ordering::SeqCst);
    make_due(&running, 1_300, 2_000, 100);
    running.await_said("every deadline", |said| said.iter().filter(|said| said.2.starts_with(PASSED)).count() == 1_300);
    assert!(!running.notes().flood.load(Ordering::SeqCst), "the inputs did not cease");
    running.stop();
}

#[test]
fn a_deadline_alone_commits_the_offsets_of_its_partition() {
    let running = Running::start();
    make_due(&running, 1, 2_000, 1);
    running.await_said("the deadline", |said| said.iter().any(|said| said.2.starts_with(PASSED)));
    let notes = running.log.notes.clone();
    running.stop();
    let alone: Vec<_> = notes.committed().into_iter().filter(|asked| asked.passed > 0).collect();
    assert!(!alone.is_empty());
    let own = Due.inputs().iter().map(|topic| TopicPartition::new(*topic, 0));
    assert_eq!(alone[0].offsets.keys().copied().collect::<Vec<_>>(), own.collect::<Vec<_>>());
}

/// Behind the last fact of each partition.
fn ends(running: &Running) -> Offsets {
    let mut ends = BTreeMap::new();
    for fact in running.facts() {
        ends.insert(TopicPartition::new(Topic::Routes, fact.partition), fact.offset + 1);
    }
    ends
}

fn await_folds(running: &Running, count: usize) {
    wait_for("another take-over", PATIENCE, || (running.notes().folds().len() >= count).then_some(()));
}

#[test]
fn what_was_given_back_in_good_order_is_folded_on_from_there() {
    let running = Running::start();
    let before = ends(&running);
    running.log.control.rebalance(GROUP);
    await_folds(&running, 2);
    assert_eq!(running.notes().folds()[1], before);
    // What was known is known: nothing is said again, and the versions go on.
    for number in 0..2 {
        running.say(&key_in(number), "known");
        running.say(&key_in(number), "new");
    }
    running.await_said("what is new", |said| said.len() == 4);
    for number in 0..2 {
        let mut partition: Partition<Due> = Partition::new(number);
        for record in running.facts().iter().filter(|record| record.partition == number) {
            partition.fold(&Due, record).expect("the facts fit together");
        }
    }
    running.stop();
}

#[test]
fn what_was_lost_is_folded_from_the_beginning() {
    let running = Running::start();
    // Longer than a loop may be away from its polls.
    running.log.control.pass(Duration::from_secs(20));
    await_folds(&running, 2);
    let again = running.notes().folds()[1].clone();
    assert!(again.values().all(|from| *from == 0), "memory of a lost partition was kept: {again:?}");
    assert_eq!(again.len(), 2);
    running.say(&key_in(0), "new");
    running.await_said("what is new", |said| said.len() == 3);
    running.stop();
}
