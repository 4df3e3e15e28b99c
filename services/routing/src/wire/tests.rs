//! Every fact comes back as it was written; every message means on the wire what the rule book means.

mod inputs;

use super::*;
use crate::domain::fact::{ChangeAsked, ChangeKind, Held, Resolution};
use crate::domain::input::{CancellationAsked, HoldAnswer, LineDelta};
use crate::domain::order::{Demand, Due, Line, Money, Order, Payment, Region, Terms};
use crate::domain::plan::{Candidate, Explanation, Plan, Pricing, RuleOutcome, Split};
use weir_decider::Millis;
use weir_pipeline::Headers;
use weir_proto::order::v1::{self as orders, order_event};
use weir_proto::privacy::v1::Sealed;
use weir_proto::reference::v1::{self as reference_pb, reference_event::Entity};
use weir_proto::routing::v1::{self as pb, routing_command};
use weir_proto::stock::v1::{self as stock, stock_command};

fn meta() -> Meta {
    Meta { tenant: "demo".to_owned(), key: "order-1".to_owned(), version: 3, ..Meta::default() }
}

fn record(topic: Topic, value: Vec<u8>) -> Record {
    Record {
        topic,
        partition: 0,
        offset: 7,
        time: Millis(1),
        key: "order-1".to_owned(),
        value: value.into(),
        headers: Headers::default(),
    }
}

fn money(minor: i64) -> Money {
    Money { minor, currency: "CNY".to_owned() }
}

fn sealed() -> Sealed {
    Sealed { key_ref: "order/1".to_owned(), nonce: vec![1; 12], ciphertext: vec![0, 255, 7] }
}

/// With a sealed part, of which no bit may be lost.
fn ship_to() -> orders::ShipTo {
    orders::ShipTo {
        country: "CN".to_owned(),
        province: "Hubei".to_owned(),
        personal: Some(sealed()),
        recipient_id: "oaid".to_owned(),
        ..orders::ShipTo::default()
    }
}

fn demand() -> Demand {
    let order = Order {
        tenant: "demo".to_owned(),
        channel: "shopify".to_owned(),
        shop: "acme".to_owned(),
        platform_order_id: "42".to_owned(),
        lines: vec![line()],
        region: Region { country: "CN".to_owned(), province: "Hubei".to_owned() },
        payable: money(9900),
        terms: Some(Terms::CashOnDelivery),
        placed_at: 1,
        pay_by: 2,
        ship_by: 3,
        urgent: true,
        partial_allowed: true,
    };
    Demand { order, payment: Payment::PartlyPaid, ship_to: ship_to().encode_to_vec() }
}

fn line() -> Line {
    Line { line_id: "1".to_owned(), sku: "SKU-1".to_owned(), quantity: 2, pool: "main".to_owned() }
}

fn plan() -> Plan {
    let candidate =
        Candidate { warehouse: "east".to_owned(), parcel_cost: money(500), unit_cost: money(10), keep_back: 5 };
    let outcome = RuleOutcome { rule: "big".to_owned(), matched: true, why: "every condition holds".to_owned() };
    Plan {
        version: 2,
        lines: vec![line()],
        pricing: Pricing { candidates: vec![candidate], split: Split::ShipAvailable, parcels_max: 5, priority: -3 },
        tags: vec!["vip".to_owned()],
        excluded: vec!["west".to_owned()],
        attempt: 1,
        explanation: Explanation {
            rule_set: "default".to_owned(),
            rule_set_version: 7,
            rules: vec![outcome],
            notes: vec!["warehouse west left out: closed".to_owned()],
        },
        soft: true,
    }
}

/// Nobody has said the terms: that is not the same as in advance.
fn unsettled() -> Demand {
    let Demand { order, payment, ship_to } = demand();
    Demand { order: Order { terms: None, ..order }, payment, ship_to }
}

/// A later plan that says the terms anew.
fn due() -> Fact {
    let due = Some(Due { terms: Terms::OnAccount, pay_by: 2 });
    Fact::Planned { plan: Box::new(plan()), demand: None, due }
}

fn every_fact() -> Vec<(&'static str, Fact)> {
    let held = Held {
        hold_id: "order-1:1:big".to_owned(),
        reason: "high-value".to_owned(),
        rule: "big".to_owned(),
        owner_group: "review".to_owned(),
        deadline: 9,
    };
    let resolved = |resolution| Fact::HoldResolved { hold_id: "h".to_owned(), resolution, note: "n".to_owned() };
    let asked = |kind| {
        let (request_id, reason) = ("r".to_owned(), "buyer".to_owned());
        Fact::ChangeAsked(ChangeAsked { request_id, kind, reason, done_outside: true, plan: 2 })
    };
    let noted = |payment, paid| Fact::PaymentNoted { payment, paid, early: true };
    let rerouted =
        Fact::Rerouted { plan: 1, reason: "not-found".to_owned(), excluded: vec!["east".to_owned()], attempt: 2 };
    vec![
        ("Planned", Fact::Planned { plan: Box::new(plan()), demand: Some(Box::new(demand())), due: None }),
        ("Planned", Fact::Planned { plan: Box::new(Plan::default()), demand: None, due: None }),
        ("Planned", due()),
        ("Held", Fact::Held(held)),
        ("HoldResolved", resolved(Resolution::Approved)),
        ("HoldResolved", resolved(Resolution::Rejected)),
        ("HoldResolved", resolved(Resolution::Lifted)),
        ("Released", Fact::Released { plan: 2 }),
        ("ChangeAsked", asked(ChangeKind::Cancel)),
        ("ChangeAsked", asked(ChangeKind::Address)),
        ("ChangeAsked", asked(ChangeKind::Hold)),
        ("ChangeAsked", asked(ChangeKind::Resume)),
        ("Rerouted", rerouted),
        ("RouteCancelled", Fact::RouteCancelled { reason: "buyer".to_owned(), request_id: "r".to_owned() }),
        ("ShippedOutside", Fact::ShippedOutside { plan: 1 }),
        ("PaymentNoted", noted(Payment::Paid, Some(money(9900)))),
        ("PaymentNoted", noted(Payment::Voided, None)),
        ("PaymentTimedOut", Fact::PaymentTimedOut { plan: 1 }),
        ("Parked", Fact::Parked { reason: "unmapped-sku".to_owned(), demand: Box::new(demand()) }),
        ("Parked", Fact::Parked { reason: "unknown-shop".to_owned(), demand: Box::new(unsettled()) }),
        ("ShippingNoted", Fact::ShippingNoted { outcome: "shipped".to_owned() }),
        ("ChangeRefused", Fact::ChangeRefused { request_id: "r".to_owned(), reason: "too-late".to_owned() }),
        ("Stuck", Fact::Stuck { plan: 2, request_id: "r".to_owned(), since: 7 }),
    ]
}

#[test]
fn every_fact_comes_back_as_it_was_written() {
    for (name, fact) in every_fact() {
        let written = RoutingTopology.write_fact(meta(), &fact);
        assert_eq!((written.topic, written.key.as_str()), (Topic::Routes, "order-1"));
        assert_eq!(written.event_type, format!("weir.routing.v1.{name}"));
        let record = record(Topic::Routes, written.value);
        assert_eq!(record.envelope().expect("it has an envelope").0, meta());
        assert_eq!(RoutingTopology.read_fact(&record).expect("it can be read"), fact);
    }
}

#[test]
fn the_sealed_address_passes_through_untouched() {
    let fact = Fact::Planned { plan: Box::new(plan()), demand: Some(Box::new(demand())), due: None };
    let written = RoutingTopology.write_fact(meta(), &fact);
    let event = RouteEvent::decode(written.value.as_slice()).expect("it is a route event");
    let Some(route_event::Event::Planned(planned)) = event.event else { panic!("not planned: {event:?}") };
    assert_eq!(planned.demand.expect("it has a demand").ship_to, Some(ship_to()));
}

/// Whoever reads the demand takes an address, a text and a ship-by that it does not name as those of the plan before.
#[test]
fn terms_that_are_said_anew_say_nothing_else() {
    let written = RoutingTopology.write_fact(meta(), &due());
    let event = RouteEvent::decode(written.value.as_slice()).expect("it is a route event");
    let Some(route_event::Event::Planned(planned)) = event.event else { panic!("not planned: {event:?}") };
    let terms = orders::PaymentTerms::OnAccount.into();
    let said = pb::Demand { order_id: "order-1".to_owned(), terms, pay_by_ms: 2, ..pb::Demand::default() };
    assert_eq!(planned.demand, Some(said));
}

#[test]
fn what_a_record_lacks_is_named() {
    let read = |topic, value: Vec<u8>| RoutingTopology.read(&record(topic, value)).expect_err("it is not whole");
    let no_event = orders::OrderEvent { meta: Some(meta()), event: None }.encode_to_vec();
    let empty = order_event::Event::OrderPlaced(orders::OrderPlaced { order: Some(orders::Order::default()) });
    let no_identity = orders::OrderEvent { meta: Some(meta()), event: Some(empty) }.encode_to_vec();
    let cases = [
        (read(Topic::Orders, vec![0xff]), "undecodable", ""),
        (read(Topic::Orders, Vec::new()), "field-missing", "meta"),
        (read(Topic::Orders, no_event), "field-missing", "event"),
        (read(Topic::Orders, no_identity), "field-missing", "order.identity"),
        (read(Topic::RoutingCommands, Vec::new()), "field-missing", "meta"),
        (
            read(Topic::RoutingCommands, pb::RoutingCommand { meta: Some(meta()), command: None }.encode_to_vec()),
            "field-missing",
            "command",
        ),
    ];
    for (fault, reason, field) in cases {
        assert_eq!((fault.reason, fault.field.as_str()), (reason, field));
    }
}

#[test]
fn stock_commands_go_under_the_pools_key() {
    let message = Message::Allocate {
        pool: "main".to_owned(),
        order: "order-1".to_owned(),
        plan: 2,
        lines: vec![line()],
        pricing: plan().pricing,
    };
    let written = RoutingTopology.write_message(meta(), &message);
    assert_eq!((written.topic, written.key.as_str()), (Topic::StockCommands, "demo/main"));
    assert_eq!(written.event_type, "weir.stock.v1.Allocate");
    let command = stock::StockCommand::decode(written.value.as_slice()).expect("it is a stock command");
    assert_eq!(command.meta.expect("it has a meta").key, "demo/main");
    let Some(stock_command::Command::Allocate(allocate)) = command.command else { panic!("it allocates") };
    assert_eq!((allocate.order_id.as_str(), allocate.plan_version, allocate.priority), ("order-1", 2, -3));
    assert_eq!((allocate.lines[0].quantity, allocate.candidates[0].keep_back), (2, 5));
}
