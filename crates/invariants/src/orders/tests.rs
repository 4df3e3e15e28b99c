//! What counts as a named wait, and what is still known of an order that has ended.

use super::live::Step;
use super::*;
use weir_decider::Millis;
use weir_pipeline::Headers;
use weir_proto::notice::v1::{NoticeDue, NoticeSent};
use weir_proto::order::v1::OrderPlaced;
use weir_proto::routing::v1::Released;
use weir_proto::shipment::v1::{
    AllocationNoted, FulfillmentOrderOpened, Packed, PickListIssued, Picked, ReleaseNoted, Shipped, Stuck as Said,
};

fn record() -> Record {
    Record {
        topic: Topic::Shipments,
        partition: 0,
        offset: 7,
        time: Millis(1),
        key: "order-1".to_owned(),
        value: Default::default(),
        headers: Headers::default(),
    }
}

fn opened(plan_version: u32) -> shipment_event::Event {
    let opened = FulfillmentOrderOpened { plan_version, ..FulfillmentOrderOpened::default() };
    shipment_event::Event::FulfillmentOrderOpened(opened)
}

fn stuck(plan_version: u32, waits_for: &str) -> shipment_event::Event {
    let waits_for = waits_for.to_owned();
    shipment_event::Event::Stuck(Said { plan_version, waits_for, ..Said::default() })
}

fn placed() -> order_event::Event {
    order_event::Event::OrderPlaced(OrderPlaced::default())
}

fn released(plan_version: u32) -> route_event::Event {
    route_event::Event::Released(Released { plan_version })
}

/// Placed, planned and released under plan 1, and then what fulfillment said.
fn order(shipments: &[shipment_event::Event]) -> (Live, Report) {
    let mut report = Report::new();
    let mut order = Live::new("order-1");
    order.outside(&record(), &placed(), &mut report);
    order.planned = true;
    order.released.insert(1);
    shipments.iter().for_each(|event| order.shipment(&record(), event, &mut report));
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
    assert_eq!(report.breaks(Id::I5), 0);
    let (_, report) = order(&[stuck(1, "inventory"), stuck(1, "inventory")]);
    assert_eq!(report.breaks(Id::I5), 1);
}

/// A whole life of an order without lines: its notices are due and settled.
fn life() -> Orders {
    let (mut orders, mut report) = (Orders::default(), Report::new());
    orders.take(&record(), &Told::Order(&placed()), &mut report);
    orders.take(&record(), &Told::Route(&released(1)), &mut report);
    let noted =
        |state: &str| AllocationNoted { plan_version: 1, state: state.to_owned(), ..AllocationNoted::default() };
    let list = || "l-1".to_owned();
    for event in [
        opened(1),
        shipment_event::Event::ReleaseNoted(ReleaseNoted { plan_version: 1 }),
        shipment_event::Event::AllocationNoted(noted("allocated")),
        issued(),
        shipment_event::Event::Picked(Picked { pick_list_id: list() }),
        shipment_event::Event::Packed(Packed { pick_list_id: list(), ..Packed::default() }),
        shipment_event::Event::Shipped(Shipped { pick_list_id: list(), last: true, ..Shipped::default() }),
    ] {
        orders.take(&record(), &Told::Shipment(&event), &mut report);
    }
    orders.take(&record(), &Told::Notice(&due(1)), &mut report);
    let broken: Vec<Id> = report.broken().map(|(id, _)| id).collect();
    assert_eq!(broken, [], "{report}");
    orders
}

fn issued() -> shipment_event::Event {
    let list = PickListIssued { pick_list_id: "l-1".to_owned(), plan_version: 1, ..PickListIssued::default() };
    shipment_event::Event::PickListIssued(list)
}

fn due(kind: i32) -> notice_event::Event {
    let (notice_id, recipient) = (format!("n-{kind}"), "shop".to_owned());
    notice_event::Event::NoticeDue(NoticeDue { notice_id, kind, medium: 2, recipient, parameters: Vec::new() })
}

fn sent(kind: i32) -> notice_event::Event {
    notice_event::Event::NoticeSent(NoticeSent { notice_id: format!("n-{kind}"), ..NoticeSent::default() })
}

#[test]
fn an_order_that_has_ended_is_kept_as_a_digest() {
    let (mut orders, mut report) = (life(), Report::new());
    assert_eq!(orders.kept(), (1, 0), "a notice is not settled");
    orders.take(&record(), &Told::Notice(&sent(1)), &mut report);
    assert_eq!(orders.kept(), (0, 1));
    orders.take(&record(), &Told::Notice(&due(2)), &mut report);
    assert_eq!(orders.kept(), (1, 0), "another notice");
    orders.take(&record(), &Told::Notice(&sent(2)), &mut report);
    assert_eq!(orders.kept(), (0, 1));
    orders.end(false, &|_| false, &mut report);
    assert!(report.clean(), "{report}");
    assert_eq!((report.summary.orders, report.summary.shipped, report.summary.cancelled), (1, 1, 0));
}

#[test]
fn a_digest_still_knows_what_must_not_come() {
    let after = |told: &Told<'_>| {
        let (mut orders, mut report) = (life(), Report::new());
        orders.take(&record(), &Told::Notice(&sent(1)), &mut report);
        orders.take(&record(), told, &mut report);
        report.broken().map(|(id, _)| id).collect::<Vec<Id>>()
    };
    assert_eq!(after(&Told::Order(&placed())), [Id::I3]);
    assert_eq!(after(&Told::Route(&released(1))), [Id::I5]);
    assert_eq!(after(&Told::Shipment(&issued())), [Id::I5, Id::I17]);
    assert_eq!(after(&Told::Notice(&due(1))), [Id::I7]);
    assert_eq!(after(&Told::Notice(&sent(1))), [Id::I7]);
    assert_eq!(after(&Told::Notice(&due(3))), []);
}

#[test]
fn stock_that_is_reserved_for_an_order_that_has_ended_is_never_ended() {
    let (orders, mut report) = (life(), Report::new());
    orders.end(true, &|_| true, &mut report);
    assert_eq!(report.breaks(Id::I6), 0, "it may be on its way");
    orders.end(false, &|id| id == print("order-1"), &mut report);
    assert_eq!(report.breaks(Id::I6), 1);
}

#[test]
fn a_live_order_is_small() {
    assert!(std::mem::size_of::<Entry>() <= 32, "{} bytes", std::mem::size_of::<Entry>());
    assert!(std::mem::size_of::<Live>() <= 280, "{} bytes", std::mem::size_of::<Live>());
    assert_eq!(std::mem::size_of::<(u64, Step)>(), 16);
}
