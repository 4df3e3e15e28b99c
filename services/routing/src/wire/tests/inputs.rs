//! Orders, commands and reference data, as they are read.

use super::*;

fn read_event(event: order_event::Event) -> Input {
    let value = orders::OrderEvent { meta: Some(meta()), event: Some(event) }.encode_to_vec();
    RoutingTopology.read(&record(Topic::Orders, value)).expect("it can be read").input
}

#[test]
fn an_order_is_read_as_far_as_a_plan_depends_on_it() {
    let line = |id: &str, kind: orders::LineKind, ordered, cancelled| orders::Line {
        line_id: id.to_owned(),
        sku: "SKU-1".to_owned(),
        kind: kind.into(),
        ordered,
        cancelled,
        ..orders::Line::default()
    };
    let order = orders::Order {
        identity: Some(orders::Identity {
            channel: "shopify".to_owned(),
            shop: "acme".to_owned(),
            platform_order_id: "42".to_owned(),
            placed_at_ms: 5,
            ..orders::Identity::default()
        }),
        ship_to: Some(ship_to()),
        lines: vec![
            line("1", orders::LineKind::Sale, 3, 1),
            line("2", orders::LineKind::Gift, 1, 0),
            line("3", orders::LineKind::Digital, 1, 0),
            line("4", orders::LineKind::Sale, 1, 1),
        ],
        payment_state: orders::PaymentState::Paid.into(),
        permissions: Some(orders::Permissions { urgent: true, holds: vec!["fraud".to_owned()], ..Default::default() }),
        ..orders::Order::default()
    };
    let Input::Placed(placed) = read_event(order_event::Event::OrderPlaced(orders::OrderPlaced { order: Some(order) }))
    else {
        panic!("an order placed is a placed order");
    };
    let lines: Vec<(&str, i64)> =
        placed.order.lines.iter().map(|line| (line.line_id.as_str(), line.quantity)).collect();
    assert_eq!(lines, [("1", 2), ("2", 1)], "services, downloads and cancelled lines need no stock");
    assert_eq!((placed.order.tenant.as_str(), placed.order.region.province.as_str()), ("demo", "Hubei"));
    assert_eq!((placed.payment, placed.order.terms), (Payment::Paid, None));
    assert_eq!(placed.platform_holds, ["fraud"]);
    assert_eq!(placed.ship_to, ship_to().encode_to_vec());
}

#[test]
fn the_other_events_of_an_order_are_read() {
    let paid = orders::PaymentReceived {
        payment: Some(orders::Payment {
            amount: Some(weir_proto::money::v1::Money { minor: 9900, currency: "CNY".to_owned() }),
            ..orders::Payment::default()
        }),
        state: orders::PaymentState::Paid.into(),
        platform_version: 1,
    };
    let refund = orders::RefundNoted { state: orders::PaymentState::Refunded.into(), ..Default::default() };
    let asked = orders::CancellationRequested {
        request_id: "r".to_owned(),
        reason: "buyer".to_owned(),
        line_ids: vec!["1".to_owned()],
        platform_version: 1,
    };
    let new_line = orders::Line { sku: "SKU-2".to_owned(), ..orders::Line::default() };
    let deltas = vec![orders::LineDelta { line_id: "2".to_owned(), quantity: 1, line: Some(new_line) }];
    let moved = orders::AddressChangeRequested { ship_to: Some(ship_to()), ..Default::default() };
    let region = Region { country: "CN".to_owned(), province: "Hubei".to_owned() };
    let cases = vec![
        (order_event::Event::PaymentReceived(paid), Input::PaymentSeen(Payment::Paid, Some(money(9900)))),
        (order_event::Event::RefundNoted(refund), Input::PaymentSeen(Payment::Refunded, None)),
        (
            order_event::Event::CancellationRequested(asked),
            Input::CancellationAsked(CancellationAsked {
                request_id: "r".to_owned(),
                reason: "buyer".to_owned(),
                line_ids: vec!["1".to_owned()],
            }),
        ),
        (
            order_event::Event::OrderCancelled(orders::OrderCancelled { reason: "b".to_owned(), platform_version: 1 }),
            Input::CancelledOutside { reason: "b".to_owned() },
        ),
        (
            order_event::Event::LinesChanged(orders::LinesChanged { deltas, platform_version: 1 }),
            Input::LinesChanged(vec![LineDelta {
                line_id: "2".to_owned(),
                quantity: 1,
                sku: Some("SKU-2".to_owned()),
            }]),
        ),
        (
            order_event::Event::AddressChangeRequested(moved),
            Input::AddressChangeAsked { ship_to: ship_to().encode_to_vec(), region },
        ),
        (order_event::Event::NoteChanged(orders::NoteChanged::default()), Input::Irrelevant),
        (order_event::Event::OrderCompleted(orders::OrderCompleted::default()), Input::ShippedOutside { wholly: true }),
        (order_event::Event::OrderShipped(orders::OrderShipped::default()), Input::ShippedOutside { wholly: true }),
        (
            order_event::Event::OrderShipped(orders::OrderShipped { partly: true, platform_version: 1 }),
            Input::ShippedOutside { wholly: false },
        ),
        (order_event::Event::OrderAnnounced(orders::OrderAnnounced::default()), Input::Irrelevant),
        (order_event::Event::AnnouncementDropped(orders::AnnouncementDropped::default()), Input::Irrelevant),
    ];
    for (event, expected) in cases {
        assert_eq!(read_event(event), expected);
    }
}

#[test]
fn commands_are_read() {
    let approve = pb::ApproveHold { hold_id: "h".to_owned(), note: "n".to_owned() };
    let command = routing_command::Command::ApproveHold(approve);
    let value = pb::RoutingCommand { meta: Some(meta()), command: Some(command) }.encode_to_vec();
    let incoming = RoutingTopology.read(&record(Topic::RoutingCommands, value)).expect("it can be read");
    assert_eq!(incoming.meta, meta());
    assert_eq!(incoming.input, Input::ApproveHold(HoldAnswer { hold_id: "h".to_owned(), note: "n".to_owned() }));
}

#[test]
fn a_refusal_is_read() {
    let refusal = pb::NoteRefusal { request_id: "r".to_owned(), reason: "too-late".to_owned() };
    let command = routing_command::Command::NoteRefusal(refusal);
    let value = pb::RoutingCommand { meta: Some(meta()), command: Some(command) }.encode_to_vec();
    let incoming = RoutingTopology.read(&record(Topic::RoutingCommands, value)).expect("it can be read");
    assert_eq!(incoming.input, Input::NoteRefusal { request_id: "r".to_owned(), reason: "too-late".to_owned() });
}

#[test]
fn reference_data_is_learned_and_forgotten() {
    let mut world = World::default();
    let shop = reference_pb::Shop { pool: "main".to_owned(), pay_within_ms: 5, ..Default::default() };
    let event = |entity| Some(reference_pb::ReferenceEvent { entity: Some(entity), ..Default::default() });
    RoutingTopology.learn(&mut world, "demo/shop/shopify/acme", event(Entity::Shop(shop)));
    let rules = reference_pb::RuleSet { name: "default".to_owned(), version: 4, rules: Vec::new() };
    RoutingTopology.learn(&mut world, "demo/rule-set/default", event(Entity::RuleSet(rules)));
    assert_eq!(world.shop("demo", "shopify", "acme").map(|shop| shop.pay_within), Some(5));
    assert_eq!(world.rule_set("demo").map(|set| set.version), Some(4));
    assert!(world.shop("other", "shopify", "acme").is_none(), "tenants do not see each other");
    RoutingTopology.learn(&mut world, "demo/shop/shopify/acme", None);
    RoutingTopology.learn(&mut world, "demo/rule-set/default", None);
    assert!(world.shop("demo", "shopify", "acme").is_none() && world.rule_set("demo").is_none());
}
