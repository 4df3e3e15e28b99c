//! What stands still, and what goes on beside it (STAGE.md §1, §2, §5).

use crate::toy::Bench;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use weir_pipeline::log::Log as _;
use weir_proto::log::v1::Meta;
use weir_proto::log::v1::stage_fact::Fact;
use weir_proto::partition::partition_of;
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

/// A key of this partition, of two.
fn key_in(partition: i32) -> String {
    let keys = (0..).map(|n| format!("order-{n}"));
    keys.into_iter().find(|key| partition_of(key.as_bytes(), 2) == partition).expect("endless")
}

#[test]
fn a_partition_whose_facts_do_not_fit_stops_alone() {
    let bench = Bench::start(2);
    let (stopped, sound) = (key_in(0), key_in(1));
    let worker = bench.run("a");
    bench.write(&stopped, "one");
    bench.write(&sound, "one");
    bench.await_facts(2);
    worker.stop();
    bench.write_foreign_fact(&stopped, 999, 2);
    let worker = bench.run("a");
    worker.await_told(true, "partition 0 is stopped");
    bench.write(&stopped, "two");
    bench.write(&sound, "two");
    bench.await_said(&sound, "two");
    // It ends in good order, and a second start comes to the same.
    worker.stop();
    assert_eq!(bench.said(&stopped), ["one", "foreign"]);
    let worker = bench.run("a");
    worker.await_told(true, "partition 0 is stopped");
    worker.stop();
}

#[test]
fn where_every_partition_is_stopped_the_worker_is_not_ready() {
    let bench = Bench::start(1);
    let worker = bench.run("a");
    bench.write("order-0", "one");
    bench.await_facts(1);
    worker.stop();
    bench.write_foreign_fact("order-0", 999, 2);
    let worker = bench.run("a");
    worker.await_told(false, "partition 0 is stopped");
    worker.stop();
}

#[test]
fn a_gap_in_an_orders_facts_stops_that_order_only() {
    let bench = Bench::start(1);
    let worker = bench.run("a");
    bench.write_inputs(2, 0..1);
    bench.await_facts(2);
    worker.stop();
    bench.write_foreign_fact("order-0", bench.owner(0), 9);
    let worker = bench.run("a");
    bench.write_inputs(2, 1..2);
    bench.await_quarantined_for("torn", "order-0");
    bench.await_said("order-1", "remark 1");
    worker.stop();
    assert_eq!(bench.said("order-0"), ["remark 0", "foreign"]);
}

#[test]
fn uneven_inputs_are_paused_until_the_group_does_better() {
    let bench = Bench::start(2);
    let (stop, joined) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    // A member of the same group that reads only one of the two inputs.
    let foreign: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &bench.config.brokers)
        .set("group.id", format!("{}.toy", bench.config.prefix))
        .set("partition.assignment.strategy", "range")
        // What it reads is read again by whoever has both inputs.
        .set("enable.auto.commit", "false")
        .set("session.timeout.ms", "6000")
        .create()
        .expect("consumer");
    foreign.subscribe(&[&bench.log.full_name(Topic::Orders)]).expect("subscribed");
    let (stopping, has_joined) = (stop.clone(), joined.clone());
    let polling = std::thread::spawn(move || {
        while !stopping.load(Ordering::Relaxed) {
            drop(foreign.poll(Duration::from_millis(50)));
            has_joined.store(foreign.assignment().is_ok_and(|list| list.count() > 0), Ordering::Relaxed);
        }
    });
    wait_for("the foreign member", Duration::from_secs(30), || joined.load(Ordering::Relaxed).then_some(()));
    let worker = bench.run("a");
    worker.await_told(false, "unevenly");
    bench.write_inputs(6, 0..2);
    stop.store(true, Ordering::Relaxed);
    polling.join().expect("polled");
    bench.await_facts(12);
    worker.stop();
    bench.assert_once(6, 2);
}

#[test]
fn a_fact_that_no_topic_takes_sends_its_input_to_quarantine() {
    let bench = Bench::start(1);
    bench.write("order-0", "huge");
    bench.write_inputs(2, 0..2);
    let worker = bench.run("a");
    bench.await_quarantined_for("oversize", "order-0");
    bench.await_said("order-1", "remark 1");
    worker.stop();
    assert!(bench.said("order-0").is_empty(), "something was said of the order whose input is missing");
}

#[test]
fn a_deadline_whose_rule_panics_is_left_out_and_stops_nothing() {
    let bench = Bench::start(1);
    bench.write("order-0", "bomb");
    bench.write("order-1", "deadline");
    let worker = bench.run("a");
    bench.await_expired("order-1");
    bench.write_inputs(1, 0..1);
    bench.await_said("order-0", "remark 0");
    worker.stop();
    assert!(!bench.expired("order-0"));
}

#[test]
fn a_command_out_of_turn_is_refused_and_answered() {
    let bench = Bench::start(1);
    let worker = bench.run("a");
    let code = |answered: weir_proto::log::v1::Answered| answered.refusal.map(|refusal| refusal.code);
    assert_eq!(code(bench.ask("order-0", "one", 0)), None);
    assert_eq!(code(bench.ask("order-0", "two", 1)), None);
    assert_eq!(code(bench.ask("order-0", "three", 1)).as_deref(), Some("version-conflict"));
    bench.write("order-0", "rest");
    wait_for("the order to be closed", Duration::from_secs(30), || {
        bench.stage_facts().iter().any(|fact| matches!(fact, Fact::Closed(_))).then_some(())
    });
    assert_eq!(code(bench.ask("order-0", "four", 0)).as_deref(), Some("closed"));
    worker.stop();
}

#[test]
fn a_command_of_another_tenant_is_refused_and_moves_nothing() {
    let bench = Bench::start(1);
    let worker = bench.run("a");
    assert_eq!(bench.ask("order-0", "one", 0).refusal, None);
    let stranger = Meta { tenant: "acme".to_owned(), ..Meta::default() };
    let answered = bench.ask_as("order-0", "two", stranger);
    assert_eq!(answered.refusal.map(|refusal| refusal.code).as_deref(), Some("not-found"));
    assert_eq!(bench.ask("order-0", "three", 0).version, 2);
    worker.stop();
    assert_eq!(bench.said("order-0"), ["one", "three"]);
}

#[test]
fn inputs_with_more_partitions_than_the_catalogue_says_are_paused() {
    let bench = Bench::start(1);
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &bench.config.brokers).create().expect("admin");
    let names = [Topic::Orders, Topic::RoutingCommands].map(|topic| bench.log.full_name(topic));
    let raised: Vec<_> = names.iter().map(|name| NewPartitions::new(name, 2)).collect();
    let outcome = futures::executor::block_on(admin.create_partitions(&raised, &AdminOptions::new()));
    assert!(outcome.expect("answered").iter().all(Result::is_ok));
    let worker = bench.run("a");
    worker.await_told(false, "more partitions than the catalogue says");
    worker.stop();
}

#[test]
fn offsets_that_the_group_has_forgotten_are_found_from_the_facts() {
    let bench = Bench::start(2);
    let worker = bench.run("a");
    bench.write_inputs(10, 0..5);
    bench.await_facts(50);
    worker.stop();
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &bench.config.brokers).create().expect("admin");
    let group = format!("{}.toy", bench.config.prefix);
    // The static seat outlives the worker by its session.
    wait_for("the group to be forgotten", Duration::from_secs(30), || {
        let outcome = futures::executor::block_on(admin.delete_groups(&[&group], &AdminOptions::new()));
        outcome.expect("answered").iter().all(Result::is_ok).then_some(())
    });
    bench.write_inputs(10, 5..8);
    let worker = bench.run("a");
    bench.await_facts(80);
    worker.stop();
    // Nothing was read again, and the next owner finds nothing torn.
    assert!(!bench.stage_facts().iter().any(|fact| matches!(fact, Fact::Ignored(_))), "inputs were read twice");
    let worker = bench.run("a");
    worker.await_told(true, "");
    bench.write_inputs(10, 8..9);
    bench.await_facts(90);
    worker.stop();
    bench.assert_once(10, 9);
}
