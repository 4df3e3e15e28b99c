//! A gap in an aggregate's versions, and an aggregate that calls itself broken: what each stops, and how loudly (STAGE.md §1).

use crate::toy::{Bench, Strict, Toy};
use prost::Message as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record as Values};
use tracing::{Event, Metadata, Subscriber};
use weir_decider::Millis;
use weir_pipeline::stage::{Folded, Partition};
use weir_pipeline::{Headers, Record, Topology as _};
use weir_proto::log::v1::Meta;
use weir_proto::partition::partition_of;
use weir_proto::routing::v1::{RouteEvent, ShippingNoted, route_event};
use weir_proto::topics::Topic;

/// A key of this partition, of two.
fn key_in(partition: i32) -> String {
    let keys = (0..).map(|n| format!("order-{n}"));
    keys.into_iter().find(|key| partition_of(key.as_bytes(), 2) == partition).expect("endless")
}

#[test]
fn where_one_aggregate_stands_for_many_orders_a_gap_stops_its_partition() {
    let bench = Bench::start(2);
    let (torn, sound) = (key_in(0), key_in(1));
    let worker = bench.run_strictly("a");
    bench.write(&torn, "one");
    bench.write(&sound, "one");
    bench.await_facts(2);
    worker.stop();
    bench.write_foreign_fact(&torn, bench.owner(0), 9);
    let worker = bench.run_strictly("a");
    worker.await_told(true, "partition 0 is stopped");
    bench.write(&torn, "two");
    bench.write(&sound, "two");
    bench.await_said(&sound, "two");
    worker.stop();
    // Its inputs wait where they are: nothing is parked, and nothing is said.
    assert_eq!(bench.said(&torn), ["one", "foreign"]);
    assert_eq!(bench.quarantined(), []);
}

#[test]
fn an_aggregate_that_calls_itself_broken_stops_its_partition() {
    let bench = Bench::start(2);
    let (broken, sound) = (key_in(0), key_in(1));
    let worker = bench.run("a");
    bench.write(&broken, "one");
    bench.write(&sound, "one");
    bench.await_facts(2);
    bench.write(&broken, "broken");
    worker.await_told(true, "partition 0 is stopped");
    bench.write(&sound, "two");
    bench.await_said(&sound, "two");
    worker.stop();
    // What would have broken it was not said, so the next owner comes to the same.
    assert_eq!(bench.said(&broken), ["one"]);
    let worker = bench.run("a");
    worker.await_told(true, "calls itself broken");
    bench.write(&sound, "three");
    bench.await_said(&sound, "three");
    worker.stop();
    assert_eq!(bench.said(&broken), ["one"]);
    assert_eq!(bench.said(&sound), ["one", "two", "three"]);
}

/// Counts what is logged as an error.
struct Errors(Arc<AtomicUsize>);

/// Whether an event is the notice of a gap.
struct IsNotice(bool);

impl Visit for IsNotice {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0 |= field.name() == "message" && format!("{value:?}").contains("have a gap");
    }
}

impl Subscriber for Errors {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::ERROR
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Values<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut notice = IsNotice(false);
        event.record(&mut notice);
        self.0.fetch_add(usize::from(notice.0), Ordering::Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn fact(key: &str, offset: i64, version: u64) -> Record {
    let meta = Meta { key: key.to_owned(), owner: -1, version, at_ms: 1, ..Meta::default() };
    let event = route_event::Event::ShippingNoted(ShippingNoted { outcome: format!("remark {version}") });
    let value = RouteEvent { meta: Some(meta), event: Some(event) }.encode_to_vec().into();
    let (topic, time, key) = (Topic::Routes, Millis(1), key.to_owned());
    Record { topic, partition: 0, offset, time, key, value, headers: Headers::default() }
}

#[test]
fn a_torn_aggregate_is_told_of_once_and_not_with_every_record() {
    let told = Arc::new(AtomicUsize::new(0));
    let mut partition: Partition<Toy> = Partition::new(0);
    tracing::subscriber::with_default(Errors(told.clone()), || {
        let mut offset = 0;
        let mut fold = |key: &str, version| {
            offset += 1;
            partition.fold(&Toy, &fact(key, offset, version)).expect("the others go on")
        };
        assert_eq!(fold("order-1", 1), Folded::Domain);
        for version in 3..30 {
            assert_eq!(fold("order-1", version), Folded::Gap);
        }
        assert_eq!(told.load(Ordering::Relaxed), 1);
        // Each has a notice of its own; the one that fits has none.
        assert_eq!(fold("order-2", 2), Folded::Gap);
        assert_eq!(fold("order-3", 1), Folded::Domain);
        assert_eq!(fold("order-1", 30), Folded::Gap);
        assert_eq!(told.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn where_a_gap_stops_the_partition_nothing_is_folded_over_it() {
    assert!(Strict.gap_stops_partition() && !Toy.gap_stops_partition());
    let mut partition: Partition<Strict> = Partition::new(0);
    partition.fold(&Strict, &fact("order-1", 0, 1)).expect("it fits");
    let broken = partition.fold(&Strict, &fact("order-1", 1, 3)).expect_err("a gap");
    assert_eq!(broken.invariant, "I5");
    assert!(broken.why.contains("goes from version 1 to 3"), "{broken}");
}
