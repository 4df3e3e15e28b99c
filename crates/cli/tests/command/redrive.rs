//! The way back from quarantine, whole: a stage can't read a record, a person lists it and writes it back, the stage reads it.

use crate::corner::{Corner, PARTITIONS, PATIENCE};
use crate::old::{OldRouting, REASON};
use std::sync::Arc;
use weir_ingest::wire::{Clerk, subject_key};
use weir_pipeline::log::{Log as _, Stamp, Transactional as _};
use weir_pipeline::{Outgoing, WrittenBack};
use weir_privacy::TenantKey;
use weir_proto::ids;
use weir_proto::log::v1::{IgnoredReason, Position, stage_fact::Fact};
use weir_proto::stock::v1::{StockCommand, stock_command::Command};
use weir_proto::topics::Topic;
use weir_routing::wire::RoutingTopology;
use weir_testkit::wait_for;

const VERIFY: &[&str] = &["verify", "--log-only", "--running"];

fn clerk() -> Clerk {
    Clerk::new(Arc::new(TenantKey::new([7; 32])))
}

fn id_of(order: &str) -> String {
    ids::order_id("demo", "generic", "acme", order)
}

/// The whole order as of a minute; times ahead of any clock, so that it never lies beyond the horizon.
fn whole(kind: &str, order: &str, minute: u32, remark: &str) -> String {
    format!(
        r#"{{"type":"{kind}","timestamp":"2099-01-01T10:{minute:02}:00Z","data":{{"order_id":"{order}","currency":"CNY",
        "placed_at":"2099-01-01T10:00:00Z","total":"5.00","payment_terms":"prepaid","buyer":{{"remark":"{remark}"}},
        "ship_to":{{"country":"CN","name":"Wang Fang","address":"12 Xinhua Road"}},
        "lines":[{{"line_id":"1","sku":"TEA","quantity":1,"price":"5.00"}}]}}}}"#
    )
}

fn paid(order: &str, minute: u32, amount: &str, state: &str) -> String {
    format!(
        r#"{{"type":"order.paid","timestamp":"2099-01-01T10:{minute:02}:00Z","data":{{"order_id":"{order}",
        "payment":{{"id":"p-{minute}","amount":"{amount}","currency":"CNY","state":"{state}"}}}}}}"#
    )
}

impl Corner {
    /// An order, its deposit, a remark, and the rest of the money.
    fn deliver_order(&self, order: &str) {
        let bodies = [
            whole("order.created", order, 0, ""),
            paid(order, 1, "2.00", "partly_paid"),
            whole("order.updated", order, 2, "no plastic"),
            paid(order, 3, "3.00", "paid"),
        ];
        for (n, body) in bodies.iter().enumerate() {
            self.deliver(&id_of(order), &format!("{order}-{n}"), body);
        }
    }

    fn await_facts(&self, topic: Topic, order: &str, count: usize) {
        wait_for(&format!("{count} facts of {order} in {topic}"), PATIENCE, || {
            self.facts(topic).get(&id_of(order)).is_some_and(|facts| facts.len() >= count).then_some(())
        });
    }

    /// What is listed, by order: "parked", or the reason.
    fn listed(&self, order: &str) -> Vec<String> {
        let said = self.weir(&["quarantine", "list", "--json"]);
        let lines = said.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a JSON line"));
        let of_order = lines.filter(|line| line["key"] == id_of(order));
        of_order.map(|line| line["reason"].as_str().expect("a reason").to_owned()).collect()
    }

    /// How often routing blocked an order, and how often it lifted the block.
    fn blocks(&self, order: &str) -> (usize, usize) {
        let facts = self.stage_facts(Topic::Routes);
        let count =
            |is_it: fn(&Fact) -> bool| facts.iter().filter(|(key, fact)| *key == id_of(order) && is_it(fact)).count();
        (count(|fact| matches!(fact, Fact::Blocked(_))), count(|fact| matches!(fact, Fact::Unblocked(_))))
    }

    /// How many records of an order were taken in behind its block, each in its turn, the block lifted last.
    fn resumed(&self, order: &str) -> usize {
        let facts = self.stage_facts(Topic::Routes).into_iter().filter(|(key, _)| *key == id_of(order));
        let facts: Vec<Fact> = facts.map(|(_, fact)| fact).collect();
        assert!(
            matches!((facts.first(), facts.last()), (Some(Fact::Blocked(_)), Some(Fact::Unblocked(_)))),
            "{facts:?}"
        );
        facts.iter().filter(|fact| matches!(fact, Fact::Resumed(_))).count()
    }

    /// Committed records of a topic that were written back.
    fn copies(&self, topic: Topic) -> usize {
        self.read(topic).iter().filter(|record| record.headers.redriven.is_some()).count()
    }

    /// Inputs that a stage passed over for this reason.
    fn ignored(&self, topic: Topic, reason: IgnoredReason) -> usize {
        let inputs = self.stage_facts(topic).into_iter().filter_map(|(_, fact)| match fact {
            Fact::Ignored(ignored) => Some(ignored.inputs),
            _ => None,
        });
        inputs.flatten().filter(|input| input.reason == i32::from(reason)).count()
    }

    fn allocations_asked(&self, order: &str) -> usize {
        let commands = self.read(Topic::StockCommands);
        let decoded = commands.iter().map(|record| record.decode::<StockCommand>().expect("a command").command);
        decoded.filter(|of| matches!(of, Some(Command::Allocate(of)) if of.order_id == id_of(order))).count()
    }
}

#[test]
fn a_delivery_that_could_not_be_told_apart_goes_under_its_order() {
    let corner = Corner::new();
    corner.publish_reference();
    let clerk = corner.run(clerk());
    // The door of an older version: it believed the sender, and could not tell the order.
    let body = whole("order.created", "W-1", 0, "");
    corner.deliver(&subject_key("demo", "generic", "acme"), "m-1", &body);
    let listed = wait_for("the delivery in quarantine", PATIENCE, || {
        Some(corner.weir(&["quarantine", "list"])).filter(|said| said.ends_with("1 records in quarantine\n"))
    });
    assert!(listed.contains("clerk  wrong-key"), "{listed}");
    assert_eq!(corner.weir(&["quarantine", "redrive", "--reason", "body-not-json"]), "0 records taken in\n");
    assert_eq!(corner.weir(&["quarantine", "redrive", "--key", &id_of("W-1")]), "0 records taken in\n");

    // A run that hangs with its records written and not committed: the next one ends it, and nothing comes twice.
    let mut hanging = corner.log.producer("redrive").expect("a producer");
    hanging.begin().expect("begun");
    let stuck = corner.read(Topic::Deliveries).remove(0);
    let copy = Outgoing { topic: Topic::Deliveries, key: stuck.key, event_type: "", value: stuck.value.to_vec() };
    let stamp = Stamp { partition: None, id: "", time: stuck.time, traceparent: None };
    let place =
        Position { topic: Topic::Deliveries.name().to_owned(), partition: stuck.partition, offset: stuck.offset };
    let back = WrittenBack { place: "clerk:quarantine/0/0".to_owned(), copy_of: place };
    hanging.write_back(copy, &stamp, &back).expect("queued");
    hanging.drain().expect("written");
    assert_eq!(corner.weir(&["quarantine", "redrive", "--reason", "wrong-key"]), "1 records taken in\n");
    assert!(hanging.commit().is_err(), "the first run was not ended");
    assert_eq!(corner.copies(Topic::Deliveries), 1);
    corner.await_facts(Topic::Orders, "W-1", 1);
    assert_eq!(corner.weir(&["quarantine", "list"]), "0 records in quarantine\n");
    assert!(corner.weir(&["quarantine", "list", "--all"]).ends_with("1 records in quarantine\n"));

    // The platform sends it once more: it is known.
    corner.deliver(&id_of("W-1"), "m-1", &body);
    wait_for("the copy", PATIENCE, || (corner.ignored(Topic::Orders, IgnoredReason::Duplicate) == 1).then_some(()));
    clerk.stop();
    assert_eq!(corner.facts(Topic::Orders), [(id_of("W-1"), vec!["OrderPlaced".to_owned()])].into());
    assert_eq!(corner.weir(&["quarantine", "redrive"]), "0 records taken in\n", "what was redriven stays so");
    corner.weir(VERIFY);
}

#[test]
fn a_blocked_order_goes_on_and_everything_is_said_once() {
    let corner = Corner::new();
    corner.publish_reference();
    let writing = corner.run(clerk());
    for order in ["W-1", "W-2", "W-3"] {
        corner.deliver_order(order);
    }
    for order in ["W-1", "W-2", "W-3"] {
        corner.await_facts(Topic::Orders, order, 4);
    }
    let old = corner.run(OldRouting { blind_to: vec![id_of("W-1"), id_of("W-2")] });
    wait_for("two blocked orders", PATIENCE, || (corner.read(Topic::Quarantine).len() == 8).then_some(()));
    corner.await_facts(Topic::Routes, "W-3", 4);
    let whole_order = [REASON, "parked", "parked", "parked"];
    assert_eq!(
        (corner.listed("W-1"), corner.listed("W-2")),
        (whole_order.map(String::from).into(), whole_order.map(String::from).into())
    );

    assert_eq!(
        corner.weir(&["quarantine", "redrive", "--reason", "panic"]),
        "0 records taken in\n",
        "nor what is parked"
    );

    // Too early: nothing passes what still can't be read, and everything keeps its place.
    let early = corner.weir_with(PARTITIONS, &["quarantine", "redrive", "--key", &id_of("W-1")]);
    assert_eq!(early.code, Some(1), "{early:?}");
    assert!(early.said.starts_with("0 records taken in\n1 came back:\n"), "{early:?}");
    assert!(early.said.contains(&format!("routing  {REASON} at order_placed")), "{early:?}");
    assert!(early.said.ends_with("3 wait for their turn, parked as before\n"), "{early:?}");
    assert_eq!(corner.listed("W-1"), whole_order);
    assert_eq!((corner.facts(Topic::Routes).get(&id_of("W-1")), corner.blocks("W-1")), (None, (1, 0)));
    assert_eq!(corner.listed("W-2").len(), 4, "another order is left alone");
    let again = corner.weir_with(PARTITIONS, &["quarantine", "redrive", "--json", "--key", &id_of("W-1")]);
    let again: serde_json::Value = serde_json::from_str(&again.said).expect("JSON");
    assert_eq!((&again["taken_in"], &again["waiting"]), (&0.into(), &3.into()), "{again}");
    assert_eq!((&again["came_back"][0]["reason"], &again["not_read_yet"]), (&REASON.into(), &serde_json::json!({})));
    old.stop();

    // What comes between the reading of the quarantine and the copies waits behind them: the stage has not read it yet.
    for order in ["W-1", "W-3"] {
        corner.deliver(&id_of(order), &format!("{order}-4"), &paid(order, 4, "1.00", "paid"));
        corner.await_facts(Topic::Orders, order, 5);
    }
    let unread = corner.weir_with(PARTITIONS, &["quarantine", "redrive", "--patience", "0", "--key", &id_of("W-1")]);
    assert_eq!(unread.code, Some(1), "{unread:?}");
    assert!(unread.said.starts_with("0 records taken in\n4 written back; routing has not read them yet"), "{unread:?}");

    // Mended.
    let new = corner.run(RoutingTopology);
    wait_for("what came meanwhile", PATIENCE, || (corner.listed("W-1") == ["parked"]).then_some(()));
    assert_eq!(corner.blocks("W-1"), (1, 0));
    assert_eq!(corner.weir(&["quarantine", "redrive", "--reason", REASON]), "5 records taken in\n");
    corner.await_facts(Topic::Routes, "W-3", corner.facts(Topic::Routes)[&id_of("W-1")].len());
    new.stop();
    let facts = corner.facts(Topic::Routes);
    assert_eq!(facts[&id_of("W-2")], ["Planned", "PaymentNoted", "PaymentNoted", "Released"]);
    assert_eq!(facts[&id_of("W-1")], facts[&id_of("W-3")], "as if it had never been blocked");
    assert_eq!(facts[&id_of("W-3")][..4], facts[&id_of("W-2")]);
    for (order, blocks) in [("W-1", (1, 1)), ("W-2", (1, 1)), ("W-3", (0, 0))] {
        assert_eq!((corner.allocations_asked(order), corner.blocks(order)), (1, blocks), "{order}");
    }
    assert_eq!((corner.resumed("W-1"), corner.resumed("W-2")), (5, 4));
    let passed_over = |reason| corner.ignored(Topic::Routes, reason);
    assert_eq!((passed_over(IgnoredReason::Quarantined), passed_over(IgnoredReason::Parked)), (4, 13));
    assert_eq!(corner.weir(&["quarantine", "list"]), "0 records in quarantine\n");

    // The copies lie in the clerk's own topic: who takes it over must not take them for facts.
    writing.stop();
    let again = corner.run(clerk());
    corner.deliver(&id_of("W-1"), "W-1-5", &whole("order.updated", "W-1", 5, "ring twice"));
    corner.await_facts(Topic::Orders, "W-1", 6);
    again.stop();
    corner.weir(VERIFY);
}
