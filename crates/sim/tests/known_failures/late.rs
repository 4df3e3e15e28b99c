//! What was told three days before comes once more, to the clerk as it runs in production, on the simulated broker.
//! Between the two the process is gone: three days of an idle one would cost the test minutes, and whoever starts anew
//! has only what the log says.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use weir_ingest::wire::Clerk;
use weir_pipeline::reference::Publisher;
use weir_pipeline::stage::Seat;
use weir_pipeline::{Config, NoEffects, Outgoing, Signals, TopicPartition};
use weir_proto::log::v1::IgnoredReason;
use weir_proto::partition::partition_of;
use weir_proto::topics::Topic;
use weir_sim::workload::{Facts, OrderFacts, Outcome, What, Workload, scenario};
use weir_sim::{ActorId, Settings, World};

const PARTITIONS: i32 = 2;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

fn start(world: &mut World, workload: &Workload) -> ActorId {
    let signals = Signals::new(Arc::new(AtomicBool::new(false)), |_, _| {});
    let clerk = Arc::new(Clerk::new(Arc::new(workload.key())));
    let seat =
        Seat::new(clerk, world.log(), &Config { partitions: PARTITIONS, ..Config::new("", "a") }, 0, None, signals);
    world.spawn("clerk", "stage", move || seat.run_here(NoEffects))
}

fn publish(world: &mut World, workload: &Workload) {
    let (log, entries) = (world.log(), workload.reference(&workload.key()));
    let publisher = world.spawn("weir", "publish", move || Publisher::new(log).publish(entries).map(drop));
    let done = world.run_while(HOUR, |world| !world.is_over(publisher));
    assert!(done, "the reference data was not published");
}

fn write(world: &World, record: &Outgoing) -> (i32, i64) {
    let number = partition_of(record.key.as_bytes(), PARTITIONS);
    (number, world.control().write(TopicPartition::new(record.topic, number), &record.key, &record.value))
}

/// Everything that the workload sends before this time, when it is due.
fn play(world: &mut World, workload: &mut Workload, until: Duration) -> usize {
    let mut late = 0;
    while workload.next_due().is_some_and(|due| due < until) {
        let (due, action) = workload.next().expect("it is due");
        world.run_until(due);
        late += usize::from(action.what == What::Late);
        let (partition, offset) = write(world, &action.record);
        assert!(workload.settled(action, Outcome::Written { partition, offset }).is_none());
    }
    world.run_for(Duration::from_secs(20));
    late
}

fn facts(world: &World) -> Facts {
    let mut facts = Facts::new();
    for number in 0..PARTITIONS {
        world.control().visit(TopicPartition::new(Topic::Orders, number), 0, |record| facts.take(record));
    }
    facts
}

/// How the copies were known.
#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    duplicates: u64,
    stale: u64,
    /// Commands that were answered as before, and that were refused for their age.
    repeated: u64,
    too_old: u64,
}

/// Of the scenario's eight copies, where nobody forgets.
const REMEMBERED: Known = Known { duplicates: 6, stale: 2, repeated: 2, too_old: 0 };

/// Plays the scenario with so many days added to its three.
fn after(more: Duration) -> Known {
    let scenario = scenario::all().into_iter().find(|one| one.name == "three-days-late").expect("a scenario");
    let mut workload = Workload::of(scenario, 1);
    let begins_ms = workload.shape().begins_ms;
    let mut world = World::new(Settings { partitions: PARTITIONS, begins_ms, ..Settings::new(3) });
    publish(&mut world, &workload);
    start(&mut world, &workload);
    assert_eq!(play(&mut world, &mut workload, HOUR), 0, "nothing comes late at first");
    let before = facts(&world);
    assert_eq!(before.orders.values().map(|order| order.placed).sum::<u32>(), 4);
    assert!(before.ignored.is_empty(), "{:?}", before.ignored);
    world.kill_process("clerk");
    world.run_until(DAY * 3 - Duration::from_secs(60) + more);
    start(&mut world, &workload);
    world.run_for(Duration::from_secs(30));
    assert_eq!(play(&mut world, &mut workload, DAY * 4), 8, "two copies of each of four orders");
    assert!(workload.is_over());
    let facts = facts(&world);
    let known = |reason: IgnoredReason| facts.ignored.get(&(Topic::Orders, reason.as_str_name())).copied().unwrap_or(0);
    let mut found =
        Known { duplicates: known(IgnoredReason::Duplicate), stale: known(IgnoredReason::Stale), ..Known::default() };
    for answer in facts.answers.values().flatten() {
        found.repeated += u64::from(answer.repeated && answer.refusal.is_none());
        found.too_old += u64::from(answer.refusal.as_deref() == Some("command-too-old"));
    }
    let said = |of: fn(&OrderFacts) -> u32| facts.orders.values().map(of).sum::<u32>();
    assert_eq!((said(|order| order.placed), said(|order| order.payments)), (4, 4), "each is said once");
    found
}

#[test]
fn copies_that_come_three_days_late_are_known_by_a_clerk_that_has_started_since() {
    // Six webhooks, two of them older news by their platform's own versions, and two commands of the counter.
    assert_eq!(after(Duration::ZERO), REMEMBERED);
}

/// The same with a clerk that forgets, orders or commands.
#[cfg(feature = "plants")]
#[test]
fn a_clerk_that_forgets_is_seen() {
    use weir_decider::plant::{lift, sow};
    for bug in ["order-known-for-a-while", "command-known-for-a-while"] {
        sow(bug);
        let found = std::panic::catch_unwind(|| after(Duration::ZERO));
        lift();
        assert!(found.as_ref().ok() != Some(&REMEMBERED), "{bug} was not seen");
    }
}

#[test]
fn what_comes_after_the_seven_days_makes_nothing_either() {
    // Ids of commands may be forgotten then, and are refused for their age if they are; what is known of an order is not.
    let found = after(DAY * 6);
    assert_eq!((found.stale, found.repeated + found.too_old), (2, 2), "{found:?}");
    assert_eq!(found.duplicates, 4 + found.repeated, "each repeated answer is a copy that was known");
}
