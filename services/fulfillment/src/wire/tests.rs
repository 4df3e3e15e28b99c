//! What is written is read back the same, and goes where it should.

mod inputs;

use super::*;
use crate::domain::{
    Allocation, Line, Opened, Outcome, PickListIssued, Placed, Said, ShortReason, StockEffect, StopReason, WaitsFor,
};
use prost::Message as _;
use weir_decider::Millis;
use weir_pipeline::Headers;
use weir_proto::order::v1::ShipTo;
use weir_proto::routing::v1 as routing;
use weir_proto::shipment::v1 as shipment;
use weir_proto::stock::v1 as stock;

const ORDER: &str = "bfdc8376-97e6-58c1-9934-fa54717d5fb3";

fn meta() -> Meta {
    Meta { tenant: "demo".to_owned(), key: ORDER.to_owned(), version: 3, ..Meta::default() }
}

fn record(topic: Topic, value: Vec<u8>) -> Record {
    Record {
        topic,
        partition: 0,
        offset: 7,
        time: Millis(1),
        key: ORDER.to_owned(),
        value: value.into(),
        headers: Headers::default(),
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn placed() -> Vec<Placed> {
    let (line_id, sku, warehouse) = (text("l1"), text("A"), text("w1"));
    vec![Placed { line_id, sku, warehouse, quantity: 2 }]
}

fn ship_to() -> ShipTo {
    ShipTo { country: text("CN"), city: text("Hangzhou"), ..ShipTo::default() }
}

fn opened() -> Opened {
    let (line_id, sku, pool) = (text("l1"), text("A"), text("main"));
    Opened {
        plan: 2,
        lines: vec![Line { line_id, sku, quantity: 2, pool }],
        ship_to: Some(ship_to().encode_to_vec()),
        channel: text("generic"),
        shop: text("acme"),
        platform_order_id: text("1001"),
        priority: -3,
        attempt: 1,
        ship_by_ms: 900,
        excluded_warehouses: vec![text("w9")],
    }
}

fn facts() -> Vec<Fact> {
    let id = || text("o:1:w1");
    let word = |said, lines| Allocation { pool: text("main"), plan: 1, sequence: 4, said, lines };
    let stop = |reason| Fact::WorkStopped { plan: 1, reason, attempt: 2 };
    let short = |reason| Fact::ShortPicked { pick_list_id: id(), warehouse: text("w1"), missing: placed(), reason };
    let mut facts = vec![
        Fact::Opened(opened()),
        Fact::Opened(Opened { ship_to: None, ..opened() }),
        Fact::AllocationNoted(word(Said::Allocated, placed())),
        Fact::AllocationNoted(word(Said::Backordered, vec![])),
        Fact::AllocationNoted(word(Said::Deallocated, vec![])),
        Fact::AllocationNoted(word(Said::Voided, vec![])),
        Fact::ReleaseNoted { plan: 1 },
        Fact::PickListIssued(PickListIssued {
            pick_list_id: id(),
            warehouse: text("w1"),
            plan: 1,
            lines: placed(),
            priority: 5,
            ship_by_ms: 900,
        }),
        Fact::Picked { pick_list_id: id() },
        Fact::Packed { pick_list_id: id(), parcel_id: id(), weight_grams: 400 },
        Fact::Shipped {
            pick_list_id: id(),
            parcel_id: id(),
            carrier: text("sf"),
            tracking_number: text("T1"),
            lines: placed(),
            last: true,
        },
        Fact::CancelAccepted { request_id: text("r-1"), reason: text("changed mind") },
        Fact::CancelRefused {
            request_id: text("r-1"),
            reason: text("too-late"),
            detail: text("o:1:w1 is packed already"),
        },
        Fact::ScanRecorded { tracking_number: text("T1"), kind: text("delivered"), scanned_at_ms: 5 },
        Fact::ShippedAfterCancel { tracking_number: text("T1"), kind: text("delivered") },
        Fact::RouteCancelled { reason: text("payment-timeout") },
        Fact::OnHold { reason: text("short-after-shipping") },
        Fact::Resumed,
        Fact::Stuck { plan: 2, waits_for: WaitsFor::Inventory, pools: vec![text("main")], since_ms: 7 },
        Fact::Stuck { plan: 2, waits_for: WaitsFor::Routing, pools: vec![], since_ms: 7 },
    ];
    facts.extend(ShortReason::ALL.map(short));
    facts.extend(
        [StopReason::ShortPick, StopReason::Deallocated, StopReason::PartlyShipped, StopReason::Replanned].map(stop),
    );
    facts
}

#[test]
fn every_fact_is_read_back_as_it_was_written() {
    for fact in facts() {
        let written = Wire.write_fact(meta(), &fact);
        assert_eq!((written.topic, written.key.as_str()), (Topic::Shipments, ORDER));
        let record = record(Topic::Shipments, written.value);
        assert_eq!(record.envelope().expect("it has a meta").0, meta());
        assert_eq!(Wire.read_fact(&record), Ok(fact));
    }
}

#[test]
fn a_fact_names_its_own_message() {
    // The name of the arm in protobuf's own JSON, whichever fact it is.
    for fact in facts() {
        let written = Wire.write_fact(meta(), &fact);
        let message = shipment::ShipmentEvent::decode(written.value.as_slice()).expect("it decodes");
        let json = serde_json::to_value(&message).expect("it is plain data");
        let arms: Vec<String> =
            json.as_object().expect("an object").keys().filter(|key| *key != "meta").cloned().collect();
        let name = written.event_type.rsplit('.').next().expect("it has a last part");
        let arm = name[..1].to_lowercase() + &name[1..];
        assert_eq!(arms, [arm], "{}", written.event_type);
    }
}

#[test]
fn messages_go_to_their_receivers_key() {
    let void = Message::Void {
        pool: text("main"),
        plan: 1,
        reason: text("not-found"),
        lines: placed(),
        effect: StockEffect::Suspect,
    };
    let written = Wire.write_message(meta(), &void);
    assert_eq!((written.topic, written.key.as_str()), (Topic::StockCommands, "demo/main"));
    assert_eq!(written.event_type, "weir.stock.v1.Void");
    let command = stock::StockCommand::decode(written.value.as_slice()).expect("it decodes");
    assert_eq!(command.meta.expect("it has one").key, "demo/main");
    let Some(stock::stock_command::Command::Void(void)) = command.command else {
        panic!("a void is a void");
    };
    assert_eq!((void.order_id.as_str(), void.plan_version), (ORDER, 1));
    assert_eq!((void.effect(), void.lines.len()), (stock::StockEffect::Suspect, 1));

    let issue = Message::Issue { pool: text("main"), plan: 1, lines: placed() };
    let written = Wire.write_message(meta(), &issue);
    assert_eq!((written.key.as_str(), written.event_type), ("demo/main", "weir.stock.v1.Issue"));

    let reroute = Message::Reroute { plan: 1, excluded: vec![text("w1")], reason: text("not-found"), attempt: 1 };
    let written = Wire.write_message(meta(), &reroute);
    assert_eq!((written.topic, written.key.as_str()), (Topic::RoutingCommands, ORDER));
    assert_eq!(written.event_type, "weir.routing.v1.Reroute");

    let note = Message::NoteOutcome(Outcome::Shipped);
    let written = Wire.write_message(meta(), &note);
    let command = routing::RoutingCommand::decode(written.value.as_slice()).expect("it decodes");
    let Some(routing::routing_command::Command::NoteOutcome(note)) = command.command else {
        panic!("an outcome is an outcome");
    };
    assert_eq!(note.outcome, "shipped");

    let no = Message::NoteRefusal { request_id: text("r-1"), reason: text("too-late") };
    let written = Wire.write_message(meta(), &no);
    assert_eq!((written.topic, written.key.as_str()), (Topic::RoutingCommands, ORDER));
    assert_eq!(written.event_type, "weir.routing.v1.NoteRefusal");
    let command = routing::RoutingCommand::decode(written.value.as_slice()).expect("it decodes");
    let Some(routing::routing_command::Command::NoteRefusal(no)) = command.command else {
        panic!("a refusal is a refusal");
    };
    assert_eq!((no.request_id.as_str(), no.reason.as_str()), ("r-1", "too-late"));
}
