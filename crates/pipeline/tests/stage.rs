//! The stage on real Kafka: exactly once over restarts, and partitions that move under load.

#[path = "stage/counted.rs"]
mod counted;
#[path = "stage/gaps.rs"]
mod gaps;
#[path = "stage/hung.rs"]
mod hung;
#[path = "stage/moving.rs"]
mod moving;
#[path = "stage/standstill.rs"]
mod standstill;
#[path = "stage/time.rs"]
mod time;
mod toy;

use prost::Message as _;
use std::time::Duration;
use toy::{Bench, Toy};
use weir_decider::Millis;
use weir_pipeline::stage::{Partition, make_snapshot, restore_snapshot};
use weir_pipeline::{Headers, Record};
use weir_proto::log::v1::{Closed, Envelope, Meta, StageFact, stage_fact::Fact};
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

/// Orders in play.
const ORDERS: usize = 40;

#[test]
fn each_input_is_decided_once_over_restarts() {
    let bench = Bench::start(4);
    bench.write_inputs(ORDERS, 0..10);
    let first = bench.run("a");
    bench.await_facts(ORDERS * 10);
    first.stop();
    bench.write_inputs(ORDERS, 10..20);
    let second = bench.run("a");
    bench.await_facts(ORDERS * 20);
    second.stop();
    bench.assert_once(ORDERS, 20);
}

#[test]
fn a_repeated_delivery_changes_nothing_and_is_counted() {
    let bench = Bench::start(2);
    bench.write_inputs(5, 0..4);
    bench.write_inputs(5, 0..4);
    let worker = bench.run("a");
    bench.await_facts(20);
    bench.await_ignored(20);
    worker.stop();
    bench.assert_once(5, 4);
}

#[test]
fn an_undecodable_fact_blocks_its_order_only() {
    let bench = Bench::start(2);
    bench.write_inputs(3, 0..1);
    bench.write_garbage("order-1");
    bench.write_inputs(3, 1..3);
    let worker = bench.run("a");
    // order-1 says one thing before it is blocked, the others three each.
    bench.await_facts(1 + 3 + 3);
    bench.await_quarantined(1 + 2);
    worker.stop();
}

#[test]
fn a_deadline_fires_once_and_only_after_the_backlog_was_read() {
    let bench = Bench::start(1);
    // The deadline is long past when the worker starts, and the input that cancels it is already in the log.
    bench.write("order-0", "deadline");
    bench.write_inputs(1, 1..2);
    bench.write("order-1", "deadline");
    let worker = bench.run("a");
    bench.await_expired("order-1");
    worker.stop();
    assert!(!bench.expired("order-0"), "the deadline fired before the input that cancels it was read");
}

#[test]
fn a_second_process_of_the_same_name_ends_the_first() {
    let bench = Bench::start(2);
    let first = bench.run("a");
    bench.write_inputs(ORDERS, 0..5);
    bench.await_facts(ORDERS);
    let second = bench.run("a");
    bench.write_inputs(ORDERS, 5..10);
    bench.await_facts(ORDERS * 10);
    first.must_have_failed();
    second.stop();
    bench.assert_once(ORDERS, 10);
}

#[test]
fn a_snapshot_only_shortens_the_fold_and_a_foreign_one_is_ignored() {
    let bench = Bench::start(1);
    let (_schema, snapshots) = bench.snapshots();
    let worker = bench.run("a");
    bench.write_inputs(ORDERS, 0..5);
    bench.await_facts(ORDERS * 5);
    worker.stop();
    let made = wait_for("a snapshot", Duration::from_secs(30), || {
        make_snapshot(&Toy, &bench.log, &snapshots, 0, &bench.signals()).ok()
    });
    assert!(made, "there are facts");
    let second = bench.run_from("a", Some(snapshots.clone()));
    bench.write_inputs(ORDERS, 3..8);
    bench.await_facts(ORDERS * 8);
    second.stop();
    bench.assert_once(ORDERS, 8);
    // I9: the snapshot and what came after it is the fold of the whole log.
    let mut live = wait_for("a good snapshot", Duration::from_secs(30), || {
        restore_snapshot(&Toy, &bench.log, &snapshots, 0).expect("the log answers")
    });
    let from = live.next_fact();
    for record in bench.read(Topic::Routes).iter().filter(|record| record.offset >= from) {
        live.fold(&Toy, record).expect("fits");
    }
    let states: Vec<_> = live.states().into_iter().map(|(key, state)| (key.to_owned(), state.clone())).collect();
    assert_eq!(states, bench.fold(0));

    let other = Bench::start(1);
    other.write_inputs(ORDERS, 0..1);
    let worker = other.run("a");
    other.await_facts(ORDERS);
    worker.stop();
    assert!(restore_snapshot(&Toy, &other.log, &snapshots, 0).expect("log").is_none(), "a snapshot of another log");
}

#[test]
fn a_closed_order_is_forgotten_after_400_days_of_the_logs_own_time() {
    const DAY_MS: i64 = 24 * toy::HOUR_MS;
    let mut partition = Partition::new(0);
    let closed = |order: u64, day: i64, offset: i64| {
        let fact = Fact::Closed(Closed { fingerprint: order, version: 1, end_state: 1 });
        let meta = Meta { key: format!("order-{order}"), owner: -1, at_ms: day * DAY_MS, ..Meta::default() };
        let value = Envelope { meta: Some(meta), stage: Some(StageFact { fact: Some(fact) }) }.encode_to_vec().into();
        let (topic, time, key) = (Topic::Routes, Millis(day * DAY_MS), format!("order-{order}"));
        Record { topic, partition: 0, offset, time, key, value, headers: Headers::default() }
    };
    for (order, day, kept) in [(1, 1_000, 1), (2, 1_200, 2), (3, 1_400, 3), (4, 1_401, 3), (5, 1_401, 4)] {
        partition.fold(&Toy, &closed(order, day, i64::try_from(order).expect("small"))).expect("fits");
        assert_eq!(partition.closed(), kept, "after day {day}");
    }
}
