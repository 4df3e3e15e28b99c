//! What counts as a named wait where fulfillment has said that it waits too long.

use super::*;
use prost::Message as _;
use weir_decider::Millis;
use weir_pipeline::Headers;
use weir_proto::shipment::v1::{FulfillmentOrderOpened, Stuck as Said};

fn record(event: shipment_event::Event) -> Record {
    Record {
        topic: Topic::Shipments,
        partition: 0,
        offset: 7,
        time: Millis(1),
        key: "order-1".to_owned(),
        value: ShipmentEvent { meta: None, event: Some(event) }.encode_to_vec().into(),
        headers: Headers::default(),
    }
}

fn opened(plan_version: u32) -> Record {
    let opened = FulfillmentOrderOpened { plan_version, ..FulfillmentOrderOpened::default() };
    record(shipment_event::Event::FulfillmentOrderOpened(opened))
}

fn stuck(plan_version: u32, waits_for: &str) -> Record {
    let waits_for = waits_for.to_owned();
    record(shipment_event::Event::Stuck(Said { plan_version, waits_for, ..Said::default() }))
}

/// Placed, planned and released under plan 1, and then what fulfillment said.
fn order(shipments: &[Record]) -> (Order, Report) {
    let mut report = Report::new();
    let mut order = Order { placed: 1, planned: true, released: vec![1], ..Order::default() };
    shipments.iter().for_each(|record| order.shipment(record, &mut report));
    (order, report)
}

#[test]
fn a_wait_that_was_said_to_take_too_long_is_a_named_one() {
    assert!(order(&[opened(1)]).0.waits_for().is_err());
    let (silent, _) = order(&[opened(1), stuck(1, "inventory")]);
    assert_eq!(silent.waits_for(), Ok(Some("inventory: stuck without its word")));
    let (mut stopped, _) = order(&[opened(1), stuck(1, "routing")]);
    stopped.stopped = true;
    assert_eq!(stopped.waits_for(), Ok(Some("routing: stuck without a new plan")));
}

#[test]
fn it_names_no_wait_under_a_newer_plan() {
    let (order, _) = order(&[opened(1), stuck(1, "inventory"), opened(2)]);
    assert!(order.waits_for().is_err());
}

#[test]
fn the_same_wait_is_said_once() {
    let (_, report) = order(&[stuck(1, "inventory"), stuck(1, "routing"), stuck(2, "inventory")]);
    assert_eq!(report.invariants["I5"].breaks, 0);
    let (_, report) = order(&[stuck(1, "inventory"), stuck(1, "inventory")]);
    assert_eq!(report.invariants["I5"].breaks, 1);
}
