//! The way back from quarantine, whole: a stage can't read a record, a person lists it and writes it back, the stage reads it.

use crate::corner::{Corner, PATIENCE};
use crate::old::{OldRouting, REASON};
use std::sync::Arc;
use weir_ingest::wire::{Clerk, subject_key};
use weir_privacy::TenantKey;
use weir_proto::ids;
use weir_proto::log::v1::{IgnoredReason, stage_fact::Fact};
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
    assert_eq!(corner.weir(&["quarantine", "redrive", "--reason", "body-not-json"]), "0 records redriven\n");
    assert_eq!(corner.weir(&["quarantine", "redrive", "--key", &id_of("W-1")]), "0 records redriven\n");
    assert_eq!(corner.weir(&["quarantine", "redrive", "--reason", "wrong-key"]), "1 records redriven\n");
    corner.await_facts(Topic::Orders, "W-1", 1);
    assert_eq!(corner.weir(&["quarantine", "list"]), "0 records in quarantine\n");
    assert!(corner.weir(&["quarantine", "list", "--all"]).ends_with("1 records in quarantine\n"));

    // The platform sends it once more: it is known.
    corner.deliver(&id_of("W-1"), "m-1", &body);
    wait_for("the copy", PATIENCE, || (corner.ignored(Topic::Orders, IgnoredReason::Duplicate) == 1).then_some(()));
    clerk.stop();
    assert_eq!(corner.facts(Topic::Orders), [(id_of("W-1"), vec!["OrderPlaced".to_owned()])].into());
    assert_eq!(corner.weir(&["quarantine", "redrive"]), "0 records redriven\n", "what was redriven stays so");
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
        "0 records redriven\n",
        "nor what is parked"
    );

    // Too early: what still can't be read lies in quarantine anew; what only waited is taken in.
    assert_eq!(corner.weir(&["quarantine", "redrive", "--key", &id_of("W-1")]), "4 records redriven\n");
    wait_for("the first order to go on", PATIENCE, || (corner.blocks("W-1") == (2, 1)).then_some(()));
    assert_eq!(corner.listed("W-1"), [REASON]);
    assert_eq!(corner.facts(Topic::Routes)[&id_of("W-1")], ["PaymentNoted", "PaymentNoted"]);
    assert_eq!(corner.listed("W-2").len(), 4, "another order is left alone");
    old.stop();

    // Mended.
    let new = corner.run(RoutingTopology);
    assert_eq!(corner.weir(&["quarantine", "redrive", "--reason", REASON]), "5 records redriven\n");
    corner.await_facts(Topic::Routes, "W-1", 4);
    corner.await_facts(Topic::Routes, "W-2", 4);
    wait_for("the second order to go on", PATIENCE, || (corner.blocks("W-2") == (1, 1)).then_some(()));
    new.stop();
    let facts = corner.facts(Topic::Routes);
    assert_eq!(facts[&id_of("W-1")], ["PaymentNoted", "PaymentNoted", "Planned", "Released"]);
    assert_eq!(facts[&id_of("W-2")], ["Planned", "PaymentNoted", "PaymentNoted", "Released"]);
    assert_eq!(facts[&id_of("W-2")], facts[&id_of("W-3")], "as if it had never been blocked");
    for (order, blocks) in [("W-1", (2, 1)), ("W-2", (1, 1)), ("W-3", (0, 0))] {
        assert_eq!((corner.allocations_asked(order), corner.blocks(order)), (1, blocks), "{order}");
    }
    let passed_over = |reason| corner.ignored(Topic::Routes, reason);
    assert_eq!((passed_over(IgnoredReason::Quarantined), passed_over(IgnoredReason::Parked)), (3, 6));
    assert_eq!(corner.weir(&["quarantine", "list"]), "0 records in quarantine\n");

    // The copies lie in the clerk's own topic: who takes it over must not take them for facts.
    writing.stop();
    let again = corner.run(clerk());
    corner.deliver(&id_of("W-1"), "W-1-4", &whole("order.updated", "W-1", 4, "ring twice"));
    corner.await_facts(Topic::Orders, "W-1", 5);
    again.stop();
    corner.weir(VERIFY);
}
