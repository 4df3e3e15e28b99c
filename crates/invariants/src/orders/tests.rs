//! What counts as a named wait, and what is still known of an order that has ended.

use super::live::Step;
use super::*;
use weir_decider::Millis;
use weir_pipeline::Headers;
use weir_proto::notice::v1::{NoticeDue, NoticeSent};
use weir_proto::order::v1::{self as outside, OrderPlaced, PaymentReceived, PaymentState, PaymentTerms};
use weir_proto::routing::v1::{
    self as routing, ChangeAsked, ChangeRefused, Demand, Plan, Planned, Released, RouteCancelled,
};
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

fn planned(version: u32, demand: Option<Demand>) -> route_event::Event {
    route_event::Event::Planned(Planned { plan: Some(Plan { version, ..Plan::default() }), demand })
}

fn released(plan_version: u32) -> route_event::Event {
    route_event::Event::Released(Released { plan_version })
}

/// Placed, planned and released under plan 1, and then what fulfillment said.
fn order(shipments: &[shipment_event::Event]) -> (Live, Report) {
    let mut report = Report::new();
    let mut order = Live::new("order-1");
    order.outside(&record(), &placed(), &mut report);
    order.route(&record(), &planned(1, None), &mut report);
    order.route(&record(), &released(1), &mut report);
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

/// Placed, planned, released and backordered under plan 1, and then what routing said.
fn asked(routes: &[route_event::Event]) -> (Live, Report) {
    let (mut order, mut report) = order(&[opened(1)]);
    order.allocation = (1, live::Stock::Waiting);
    routes.iter().for_each(|event| order.route(&record(), event, &mut report));
    (order, report)
}

fn ask(request: &str) -> route_event::Event {
    route_event::Event::ChangeAsked(ChangeAsked { request_id: request.to_owned(), ..ChangeAsked::default() })
}

fn refused(request: &str) -> route_event::Event {
    route_event::Event::ChangeRefused(ChangeRefused { request_id: request.to_owned(), ..ChangeRefused::default() })
}

fn silent(request: &str) -> route_event::Event {
    let (request_id, waits_for) = (request.to_owned(), "fulfillment".to_owned());
    route_event::Event::Stuck(routing::Stuck { plan_version: 1, waits_for, request_id, since_ms: 7 })
}

fn outcome(outcome: &str) -> route_event::Event {
    route_event::Event::ShippingNoted(routing::ShippingNoted { outcome: outcome.to_owned() })
}

#[test]
fn a_change_without_an_answer_is_a_wait_that_must_be_said() {
    let waits = |routes: &[route_event::Event]| asked(routes).0.waits_for();
    let (goods, named) = (Ok(Some("stock: backordered")), Ok(Some("fulfillment: stuck without its answer")));
    assert_eq!(waits(&[]), goods);
    assert_eq!(waits(&[ask("r-1")]), Err("has asked fulfillment for a change and has no answer"));
    assert_eq!(waits(&[ask("r-1"), silent("r-1")]), named);
    assert_eq!(waits(&[ask("r-1"), silent("r-1"), refused("r-1")]), goods, "the answer ends the wait");
    assert_eq!(waits(&[ask("r-1"), refused("r-1"), ask("r-1"), silent("r-1")]), named, "asked anew");
    assert!(waits(&[ask("r-1"), ask("r-2"), silent("r-1")]).is_err(), "each request is a wait of its own");
    assert_eq!(waits(&[ask("r-1"), outcome("cancelled")]), goods, "routing knows the end");
    assert_eq!(waits(&[ask("r-1"), route_event::Event::Planned(Planned::default()), silent("r-1")]), named);
}

#[test]
fn routings_wait_is_said_once_while_it_lasts() {
    let breaks = |routes: &[route_event::Event]| asked(routes).1.breaks(Id::I5);
    let cancelled = || route_event::Event::RouteCancelled(RouteCancelled::default());
    assert_eq!(breaks(&[ask("r-1"), ask("r-2"), silent("r-1"), silent("r-2"), refused("r-1"), refused("r-2")]), 0);
    assert_eq!(breaks(&[ask("r-1"), ask("r-1"), refused("r-1"), ask("r-1"), silent("r-1")]), 0);
    assert_eq!(breaks(&[ask("r-1"), silent("r-1"), silent("r-1")]), 1, "twice");
    assert_eq!(breaks(&[ask("r-1"), silent("r-1"), ask("r-1"), silent("r-1")]), 1, "a repeat is the same wait");
    assert_eq!(breaks(&[silent("r-1")]), 1, "nobody asked");
    assert_eq!(breaks(&[ask("r-1"), silent("r-2")]), 1, "another was asked");
    assert_eq!(breaks(&[ask("r-1"), refused("r-1"), silent("r-1")]), 1, "answered");
    assert_eq!(breaks(&[ask("r-1"), outcome("shipped"), silent("r-1")]), 1, "the order has ended");
    assert_eq!(breaks(&[outcome("shipped"), ask("r-1"), silent("r-1")]), 1, "asked after the end, for the record");
    assert_eq!(breaks(&[ask("r-1"), cancelled(), silent("r-1")]), 1, "routing has ended it itself");
    assert_eq!(breaks(&[ask("r-1"), refused("r-1"), refused("r-1")]), 1, "refused twice");
}

/// Placed on these terms, unpaid, and then what routing said.
fn on(terms: PaymentTerms, routes: &[route_event::Event]) -> (Live, Report) {
    let (mut order, mut report) = (Live::new("order-1"), Report::new());
    let placed = outside::Order { payment_terms: terms.into(), ..outside::Order::default() };
    let placed = OrderPlaced { order: Some(placed) };
    order.outside(&record(), &order_event::Event::OrderPlaced(placed), &mut report);
    routes.iter().for_each(|event| order.route(&record(), event, &mut report));
    (order, report)
}

/// A whole demand, as plan 1 has it.
fn whole(terms: PaymentTerms) -> Option<Demand> {
    Some(Demand { ship_to: Some(outside::ShipTo::default()), terms: terms.into(), ..Demand::default() })
}

/// One that says only its terms.
fn due_anew(terms: PaymentTerms) -> Option<Demand> {
    Some(Demand { terms: terms.into(), pay_by_ms: 7, ..Demand::default() })
}

fn pay(order: &mut Live, state: PaymentState) {
    let paid = PaymentReceived { state: state.into(), ..PaymentReceived::default() };
    order.outside(&record(), &order_event::Event::PaymentReceived(paid), &mut Report::new());
}

const PAYMENT: Result<Option<&str>, &str> = Ok(Some("payment"));
const UNRELEASED: Result<Option<&str>, &str> = Err("is paid, not held and not released");

#[test]
fn a_rules_terms_go_before_those_that_it_was_placed_with() {
    use PaymentTerms::{CashOnDelivery, OnAccount, Prepaid, Unspecified};
    let cases = [
        (CashOnDelivery, Prepaid, PAYMENT),
        (OnAccount, Prepaid, PAYMENT),
        (Prepaid, CashOnDelivery, UNRELEASED),
        (Unspecified, OnAccount, UNRELEASED),
        (CashOnDelivery, Unspecified, UNRELEASED),
        (Unspecified, Unspecified, PAYMENT),
    ];
    for (placed, said, expected) in cases {
        let (mut order, _) = on(placed, &[planned(1, whole(said))]);
        assert_eq!(order.waits_for(), expected, "{placed:?}, {said:?}");
        pay(&mut order, PaymentState::PartlyPaid);
        assert_eq!(order.waits_for(), expected, "{placed:?}, {said:?}, paid in part");
        pay(&mut order, PaymentState::Paid);
        assert_eq!(order.waits_for(), UNRELEASED, "{placed:?}, {said:?}, paid");
    }
    let (mut late, mut report) = (Live::new("order-1"), Report::new());
    late.route(&record(), &planned(1, whole(Prepaid)), &mut report);
    let placed = outside::Order { payment_terms: CashOnDelivery.into(), ..outside::Order::default() };
    let placed = OrderPlaced { order: Some(placed) };
    late.outside(&record(), &order_event::Event::OrderPlaced(placed), &mut report);
    assert_eq!(late.waits_for(), PAYMENT, "whichever topic is read first");
}

#[test]
fn a_new_plan_may_wait_for_a_payment_that_the_released_one_did_not_ask_for() {
    use PaymentTerms::{CashOnDelivery, OnAccount, Prepaid};
    let after = |next: &[route_event::Event]| {
        let first = [planned(1, whole(CashOnDelivery)), released(1)];
        let (mut order, report) = on(CashOnDelivery, &[&first, next].concat());
        assert_eq!(report.breaks(Id::I5), 0, "{report}");
        order.allocation = (2, live::Stock::Soft);
        order
    };
    for demand in [due_anew(Prepaid), whole(Prepaid)] {
        let mut order = after(&[planned(2, demand)]);
        assert_eq!(order.waits_for(), PAYMENT);
        pay(&mut order, PaymentState::Paid);
        assert_eq!(order.waits_for(), UNRELEASED);
        order.route(&record(), &released(2), &mut Report::new());
        assert_eq!(order.waits_for(), Err("is released and inventory said nothing"));
    }
    assert_eq!(after(&[planned(2, None)]).waits_for(), UNRELEASED, "the terms go on");
    assert_eq!(after(&[planned(2, due_anew(Prepaid)), planned(3, None)]).waits_for(), PAYMENT, "so do the new ones");
    let no_more = after(&[planned(2, due_anew(Prepaid)), planned(3, due_anew(OnAccount))]);
    assert_eq!(no_more.waits_for(), UNRELEASED);
}

/// What lies before an order's end is not known once it is over, so nothing that routing says then is a break.
#[test]
fn an_order_that_is_kept_whole_again_knows_nothing_of_its_requests() {
    let (mut orders, mut report) = (life(), Report::new());
    orders.take(&record(), &Told::Notice(&sent(1)), &mut report);
    orders.take(&record(), &Told::Notice(&due(2)), &mut report);
    assert_eq!(orders.kept(), (1, 0));
    for event in [silent("r-1"), refused("r-1"), outcome("shipped")] {
        orders.take(&record(), &Told::Route(&event), &mut report);
    }
    assert!(report.clean(), "{report}");
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
fn the_version_of_an_order_that_has_ended_goes_on() {
    let (mut orders, mut report) = (life(), Report::new());
    orders.take(&record(), &Told::Notice(&sent(1)), &mut report);
    assert_eq!(orders.kept(), (0, 1));
    assert_eq!(orders.version(Topic::Routes, "order-1", 7), Some(0));
    assert_eq!(orders.version(Topic::Routes, "order-1", 70_000), Some(7), "the last that was small");
    assert_eq!(orders.kept(), (1, 0), "it stays whole");
    assert_eq!(orders.version(Topic::Routes, "order-1", 70_001), Some(70_000));
    assert_eq!(orders.version(Topic::Stock, "demo/main", 1), None);
    orders.take(&record(), &Told::Order(&placed()), &mut report);
    assert_eq!(report.breaks(Id::I3), 1, "what it was is still known");
}

#[test]
fn an_order_is_small() {
    assert_eq!(std::mem::size_of::<(u64, Folded)>(), 24);
    assert!(std::mem::size_of::<Live>() <= 312, "{} bytes", std::mem::size_of::<Live>());
    assert_eq!(std::mem::size_of::<(u64, Step)>(), 16);
}

fn told(events: &[order_event::Event]) -> Live {
    let (mut order, mut report) = (Live::new("order-1"), Report::new());
    events.iter().for_each(|event| order.outside(&record(), event, &mut report));
    assert!(report.clean(), "{report}");
    order
}

fn placed_on(terms: PaymentTerms, state: PaymentState) -> order_event::Event {
    let placed = outside::Order {
        payment_terms: terms.into(),
        payment_state: state.into(),
        amounts: Some(outside::Amounts {
            checksum: weir_channels::snapshot_checksum(&outside::Order::default()),
            ..Default::default()
        }),
        ..outside::Order::default()
    };
    order_event::Event::OrderPlaced(OrderPlaced { order: Some(placed) })
}

fn left() -> order_event::Event {
    order_event::Event::OrderShipped(outside::OrderShipped::default())
}

fn paid() -> order_event::Event {
    order_event::Event::PaymentReceived(PaymentReceived { state: PaymentState::Paid.into(), ..Default::default() })
}

fn by_others() -> route_event::Event {
    route_event::Event::ShippedOutside(routing::ShippedOutside { plan: 1 })
}

fn breaks(mut order: Live, routes: &[route_event::Event]) -> Vec<Id> {
    let mut report = Report::new();
    routes.iter().for_each(|event| order.route(&record(), event, &mut report));
    report.broken().map(|(id, _)| id).collect()
}

#[test]
fn what_has_left_first_is_not_planned_or_released() {
    let prepaid = || placed_on(PaymentTerms::Prepaid, PaymentState::Pending);
    let planned = planned(1, whole(PaymentTerms::Prepaid));
    let both = [planned, released(1)];
    assert_eq!(
        breaks(told(&[left(), placed_on(PaymentTerms::OnAccount, PaymentState::Pending)]), &both[..1]),
        [Id::I5]
    );
    assert_eq!(breaks(told(&[prepaid(), left(), paid()]), &both), [Id::I5]);
    let completed = order_event::Event::OrderCompleted(outside::OrderCompleted::default());
    assert_eq!(breaks(told(&[prepaid(), completed, paid()]), &both), [Id::I5]);
    // Released by the payment before, or by terms that ask for none.
    assert_eq!(breaks(told(&[prepaid(), paid(), left()]), &both), []);
    assert_eq!(breaks(told(&[placed_on(PaymentTerms::Prepaid, PaymentState::PartlyRefunded), left()]), &both), []);
    let on_account = [self::planned(1, whole(PaymentTerms::OnAccount)), released(1)];
    assert_eq!(breaks(told(&[placed_on(PaymentTerms::OnAccount, PaymentState::Pending), left()]), &on_account), []);
    let part = order_event::Event::OrderShipped(outside::OrderShipped { partly: true, platform_version: 1 });
    assert_eq!(breaks(told(&[prepaid(), part, paid()]), &both), [], "a person may have let it go");
}

#[test]
fn an_order_that_others_have_shipped_has_ended() {
    let order = || told(&[placed_on(PaymentTerms::Prepaid, PaymentState::Pending)]);
    let plan = |version| planned(version, None);
    assert_eq!(breaks(order(), &[plan(1), by_others(), plan(2)]), [Id::I5]);
    assert_eq!(breaks(order(), &[plan(1), by_others(), released(1)]), [Id::I5]);
    let mut ended = order();
    ended.route(&record(), &by_others(), &mut Report::new());
    assert_eq!(ended.waits_for(), Ok(None));
    let mut report = Report::new();
    ended.shipment(&record(), &issued(), &mut report);
    assert_eq!(report.broken().map(|(id, _)| id).collect::<Vec<_>>(), [Id::I5, Id::I17]);
}

#[test]
fn the_digest_of_one_knows_that_nothing_leaves_and_no_stock_is_kept() {
    let (mut orders, mut report) = (Orders::default(), Report::new());
    orders.take(&record(), &Told::Order(&placed()), &mut report);
    orders.take(&record(), &Told::Route(&by_others()), &mut report);
    assert_eq!(orders.kept(), (0, 1));
    orders.take(&record(), &Told::Route(&released(1)), &mut report);
    assert_eq!(report.breaks(Id::I5), 1);
    orders.end(false, &|_| true, &mut report);
    assert_eq!((report.breaks(Id::I6), report.summary.shipped_outside), (1, 1));
}
