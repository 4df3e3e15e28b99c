//! Turns, sleeps, endings: what any actor can rely on.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use weir_decider::Millis;
use weir_pipeline::log::{Offsets, Pace, Stamp};
use weir_pipeline::{Log as _, LogError, Outgoing, Reader as _, TopicPartition, Transactional as _};
use weir_proto::topics::Topic;
use weir_sim::{ActorId, Outcome, Settings, SimLog, World};

pub const FACTS: TopicPartition = TopicPartition { topic: Topic::Routes, partition: 0 };

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Where actors write what they did, in the order in which they did it.
type Notes = Arc<Mutex<Vec<String>>>;

fn note(notes: &Notes, text: impl Into<String>) {
    notes.lock().expect("no panic").push(text.into());
}

/// Spawns an actor that sleeps in steps and notes when it woke up.
fn sleeper(world: &mut World, name: &'static str, steps: &'static [u64], notes: &Notes) -> ActorId {
    let (log, notes) = (world.log(), notes.clone());
    world.spawn("p", name, move || {
        for step in steps {
            log.sleep(Duration::from_millis(*step));
            note(&notes, format!("{name} {}", log.uptime().as_millis()));
        }
    })
}

#[test]
fn sleepers_wake_in_the_order_of_time_and_the_clock_stops_for_nobody() {
    let mut world = World::new(Settings::new(1));
    let notes = Notes::default();
    sleeper(&mut world, "a", &[10, 30], &notes);
    sleeper(&mut world, "b", &[25], &notes);
    world.run_for(seconds(100));
    assert_eq!(*notes.lock().expect("no panic"), ["a 1010", "b 1025", "a 1040"]);
    assert_eq!(world.now(), seconds(101));
}

#[test]
fn who_comes_first_at_one_instant_is_drawn_from_the_seed() {
    let order = |seed| {
        let mut world = World::new(Settings::new(seed));
        let notes = Notes::default();
        for name in ["a", "b", "c"] {
            sleeper(&mut world, name, &[10], &notes);
        }
        world.run_for(seconds(1));
        notes.lock().expect("no panic").join(",")
    };
    assert_eq!(order(7), order(7));
    let orders: BTreeSet<String> = (0..100).map(order).collect();
    assert_eq!(orders.len(), 6, "all orders happen");
}

#[test]
fn actions_happen_at_their_time_and_may_begin_actors() {
    let mut world = World::new(Settings::new(1));
    let notes = Notes::default();
    let theirs = notes.clone();
    world.at(seconds(2), move |world| {
        note(&theirs, format!("action {}", world.now().as_millis()));
        sleeper(world, "late", &[5], &theirs);
    });
    assert!(!world.run_while(seconds(1), |_| true), "the limit ends it");
    assert!(notes.lock().expect("no panic").is_empty());
    let theirs = notes.clone();
    assert!(world.run_while(seconds(10), move |_| theirs.lock().expect("no panic").len() < 2));
    assert_eq!(*notes.lock().expect("no panic"), ["action 3000", "late 3005"]);
    assert!(world.now() < Duration::from_millis(3_020));
}

#[test]
fn how_it_went_with_an_actor_is_kept() {
    let mut world = World::new(Settings::new(1));
    let log = world.log();
    let well = world.spawn("p", "well", || {});
    let badly = world.spawn("p", "badly", move || log.producer("never").map(drop));
    let wrongly = world.spawn("p", "wrongly", || assert_eq!(1, 2, "one is not two"));
    let log = world.log();
    let forever = world.spawn("q", "forever", move || log.sleep(Duration::from_secs(1_000)));
    world.control().stop();
    world.run_for(seconds(20));
    assert_eq!(world.outcome(well), Outcome::Returned);
    assert!(matches!(world.outcome(badly), Outcome::Failed(why) if why.contains("Unreachable")));
    assert!(matches!(world.outcome(wrongly), Outcome::Panicked(why) if why.contains("one is not two")));
    assert_eq!(world.activity(forever), "sleep");
    world.kill_process("q");
    assert_eq!(world.outcome(forever), Outcome::Killed);
    assert!(world.alive("p").is_empty() && world.is_over(forever));
}

struct Counted(Arc<AtomicU64>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn whatever_an_actor_holds_is_dropped_with_it_begun_or_not() {
    let dropped = Arc::new(AtomicU64::new(0));
    let mut world = World::new(Settings::new(1));
    let (log, held) = (world.log(), Counted(dropped.clone()));
    let begun = world.spawn("p", "begun", move || {
        let _held = held;
        log.sleep(seconds(1_000));
    });
    world.run_for(seconds(1));
    let held = Counted(dropped.clone());
    let fresh = world.spawn("p", "fresh", move || drop(held));
    world.kill(begun);
    world.kill(fresh);
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
    let (log, held) = (world.log(), Counted(dropped.clone()));
    world.spawn("p", "left", move || {
        let _held = held;
        log.sleep(seconds(1_000));
    });
    world.run_for(seconds(1));
    drop(world);
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
}

fn outgoing(value: &str) -> Outgoing {
    Outgoing { topic: FACTS.topic, key: value.to_owned(), event_type: "weir.test.v1.Event", value: vec![1] }
}

/// Commits a transaction with one record.
pub fn write(log: &SimLog, id: &str, value: &str) -> Result<(), LogError> {
    let mut producer = log.producer(id)?;
    producer.begin()?;
    let stamp = Stamp { partition: Some(FACTS.partition), id: value, time: Millis(0), traceparent: None };
    producer.send(outgoing(value), &stamp)?;
    producer.drain()?;
    producer.commit().map(drop)
}

/// Spawns a reader of the facts that notes when it had each.
fn reading(world: &mut World, pace: Pace, notes: &Notes) -> ActorId {
    let (log, notes) = (world.log(), notes.clone());
    world.spawn("reader", "reader", move || -> Result<(), LogError> {
        let mut reader = log.reader(pace)?;
        reader.assign(&Offsets::from([(FACTS, 0)]))?;
        loop {
            if let Some(record) = reader.poll(seconds(1_000))? {
                note(&notes, format!("{} {}", record.key, log.uptime().as_millis()));
            }
        }
    })
}

#[test]
fn whoever_waits_for_records_has_them_soon_after_they_are_stable_and_sleeps_meanwhile() {
    let mut world = World::new(Settings::new(3));
    let notes = Notes::default();
    reading(&mut world, Pace::Eager, &notes);
    let log = world.log();
    let writer = world.spawn("writer", "writer", move || {
        log.sleep(Duration::from_secs(100));
        write(&log, "writer", "a")
    });
    world.run_for(seconds(99));
    let before = world.turns();
    assert!(before < 10, "{before} turns, and nothing happened");
    world.run_for(seconds(100));
    assert_eq!(world.outcome(writer), Outcome::Returned);
    let notes = notes.lock().expect("no panic");
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    let at: u64 = note.strip_prefix("a ").and_then(|at| at.parse().ok()).expect("a time");
    assert!((101_000..101_020).contains(&at), "{at}");
}

#[test]
fn a_partition_without_a_leader_is_neither_written_nor_read() {
    let mut world = World::new(Settings::new(3));
    let notes = Notes::default();
    let reader = reading(&mut world, Pace::Eager, &notes);
    let (log, control) = (world.log(), world.control());
    world.run_for(seconds(1));
    control.write(FACTS, "early", &[]);
    control.take_offline(FACTS);
    let writer = world.spawn("writer", "writer", move || write(&log, "writer", "a"));
    world.run_for(seconds(2));
    assert!(!world.is_over(writer) && notes.lock().expect("no panic").is_empty());
    world.control().bring_online(FACTS);
    world.run_for(seconds(1));
    assert_eq!(world.outcome(writer), Outcome::Returned);
    assert_eq!(world.outcome(reader), Outcome::Running);
    assert_eq!(notes.lock().expect("no panic").len(), 2);
}

#[test]
fn a_broker_that_comes_back_wakes_who_waits() {
    let mut world = World::new(Settings::new(3));
    let notes = Notes::default();
    reading(&mut world, Pace::Prompt, &notes);
    world.run_for(seconds(1));
    world.control().stop();
    world.control().write(FACTS, "a", &[]);
    world.run_for(seconds(5));
    assert!(notes.lock().expect("no panic").is_empty());
    world.control().start();
    world.run_for(seconds(1));
    assert_eq!(notes.lock().expect("no panic").len(), 1);
}

#[test]
fn an_actor_is_killed_in_the_call_that_was_meant_and_its_successor_ends_what_it_left() {
    for (call, seen) in [("drain", 0), ("commit", 0)] {
        let mut world = World::new(Settings::new(5));
        let log = world.log();
        let victim = world.spawn("w", "first", move || write(&log, "w", "a"));
        world.when_in(victim, call, |world, id| world.kill(id));
        world.run_for(seconds(1));
        assert_eq!(world.outcome(victim), Outcome::Killed, "{call}");
        let log = world.log();
        let heir = world.spawn("w", "second", move || write(&log, "w", "b"));
        world.run_for(seconds(1));
        assert_eq!(world.outcome(heir), Outcome::Returned);
        let mut keys = Vec::new();
        world.control().visit(FACTS, 0, |record| keys.push(record.key.clone()));
        assert_eq!(keys.iter().filter(|key| *key == "a").count(), seen, "{call}");
        assert_eq!(keys.last().map(String::as_str), Some("b"));
    }
}

#[test]
fn each_process_has_its_own_wall_clock_and_all_have_one_uptime() {
    let mut world = World::new(Settings::new(1));
    world.skew_process("fast", 60_000);
    let notes = Notes::default();
    for process in ["fast", "right"] {
        let (log, notes) = (world.log(), notes.clone());
        world.spawn(process, process, move || {
            note(&notes, format!("{process} {} {}", log.now().0, log.uptime().as_micros()));
        });
    }
    world.run_for(seconds(1));
    let mut notes = notes.lock().expect("no panic").clone();
    notes.sort();
    let begins = Settings::new(1).begins_ms + 1_000;
    let wanted = [format!("fast {} 1000000", begins + 60_000), format!("right {begins} 1000000")];
    assert_eq!(notes, wanted);
}

#[test]
fn everything_takes_longer_where_the_broker_is_slow() {
    let took = |times| {
        let mut world = World::new(Settings::new(9));
        world.control().slow(times);
        let log = world.log();
        let writer = world.spawn("w", "w", move || write(&log, "w", "a"));
        world.run_while(seconds(60), |world| !world.is_over(writer));
        assert_eq!(world.outcome(writer), Outcome::Returned);
        world.now() - seconds(1)
    };
    assert!(took(50) > took(1) * 5, "{:?}, {:?}", took(50), took(1));
}

#[test]
fn what_the_broker_refuses_as_too_large_aborts() {
    let mut world = World::new(Settings::new(9));
    world.control().refuse_above(1);
    let log = world.log();
    let writer = world.spawn("w", "w", move || write(&log, "w", "too large"));
    world.run_for(seconds(1));
    assert!(matches!(world.outcome(writer), Outcome::Failed(why) if why.contains("MessageTooLarge")));
}

#[test]
fn a_producer_whose_coordinator_moves_finds_it_again() {
    let mut world = World::new(Settings::new(9));
    world.control().move_producer("w");
    let log = world.log();
    let writer = world.spawn("w", "w", move || write(&log, "w", "a"));
    world.run_for(Duration::from_millis(400));
    assert!(!world.is_over(writer), "it waits half a second for the coordinator");
    world.run_for(seconds(1));
    assert_eq!(world.outcome(writer), Outcome::Returned);
}
