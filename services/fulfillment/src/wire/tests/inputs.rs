//! What other services and the edge write is read as what it means, and faults name their field.

use super::*;
use crate::domain::{Asker, CancelAsked, MissingLine, ShipOrder, ShortOrder};
use weir_proto::allocation::v1 as allocation;

fn route(event: routing::route_event::Event) -> Record {
    let event = routing::RouteEvent { meta: Some(meta()), event: Some(event) };
    record(Topic::Routes, event.encode_to_vec())
}

fn read(record: &Record) -> Result<Input, Fault> {
    Wire.read(record).map(|incoming| incoming.input)
}

fn planned() -> routing::Planned {
    let (line_id, sku, pool) = (text("l1"), text("A"), text("main"));
    routing::Planned {
        plan: Some(routing::Plan {
            version: 2,
            lines: vec![routing::DemandLine { line_id, sku, quantity: 2, pool }],
            priority: -3,
            attempt: 1,
            excluded_warehouses: vec![text("w9")],
            ..routing::Plan::default()
        }),
        demand: Some(routing::Demand {
            channel: text("generic"),
            shop: text("acme"),
            platform_order_id: text("1001"),
            ship_to: Some(ship_to()),
            ship_by_ms: 900,
            ..routing::Demand::default()
        }),
    }
}

#[test]
fn routes_are_read_as_what_they_mean() {
    use routing::route_event::Event;
    assert_eq!(read(&route(Event::Planned(planned()))), Ok(Input::Planned(opened())));
    let bare = routing::Planned { demand: None, ..planned() };
    let Ok(Input::Planned(bare)) = read(&route(Event::Planned(bare))) else {
        panic!("a plan without a demand is a plan");
    };
    assert_eq!((bare.ship_to, bare.ship_by_ms, bare.plan), (None, 0, 2));
    let released = routing::Released { plan_version: 2 };
    assert_eq!(read(&route(Event::Released(released))), Ok(Input::Released { plan: 2 }));
    let cancelled = routing::RouteCancelled { reason: text("rejected"), ..Default::default() };
    let expected = Input::RouteCancelled { reason: text("rejected") };
    assert_eq!(read(&route(Event::RouteCancelled(cancelled))), Ok(expected));
    let outside = routing::ShippedOutside { plan: 2 };
    let expected = Input::RouteCancelled { reason: text("shipped-outside") };
    assert_eq!(read(&route(Event::ShippedOutside(outside))), Ok(expected));
    let asked = routing::ChangeAsked {
        request_id: text("r-1"),
        kind: routing::ChangeKind::Cancel.into(),
        reason: text("changed mind"),
        done_outside: true,
        plan_version: 2,
    };
    let expected = Input::CancelAsked(CancelAsked {
        request_id: text("r-1"),
        reason: text("changed mind"),
        asker: Asker::Routing { done_outside: true },
    });
    assert_eq!(read(&route(Event::ChangeAsked(asked))), Ok(expected));
    let held = routing::Held { reason: text("reroute-attempts"), ..Default::default() };
    assert_eq!(read(&route(Event::Held(held))), Ok(Input::Held { reason: text("reroute-attempts") }));
    for own in [
        Event::ChangeRefused(routing::ChangeRefused::default()),
        Event::Stuck(routing::Stuck::default()),
        Event::ShippingNoted(routing::ShippingNoted::default()),
    ] {
        assert_eq!(read(&route(own)), Ok(Input::Other));
    }
}

#[test]
fn routes_that_make_no_sense_name_their_field() {
    use routing::route_event::Event;
    let no_plan = routing::Planned { plan: None, ..planned() };
    let mut no_lines = planned();
    no_lines.plan.as_mut().expect("it has one").lines.clear();
    let address = routing::ChangeKind::Address.into();
    let cases = [
        (Event::Planned(no_plan), "field-missing", "planned.plan"),
        (Event::Planned(no_lines), "field-missing", "planned.plan.lines"),
        (Event::Released(routing::Released::default()), "field-missing", "released.plan_version"),
        (
            Event::ChangeAsked(routing::ChangeAsked { kind: address, ..Default::default() }),
            "unsupported-change",
            "change_asked.kind",
        ),
    ];
    for (event, reason, field) in cases {
        let fault = read(&route(event)).expect_err("it makes no sense");
        assert_eq!((fault.reason, fault.field.as_str()), (reason, field));
    }
    let empty = record(Topic::Routes, routing::RouteEvent::default().encode_to_vec());
    assert_eq!(read(&empty).expect_err("it is empty").field, "event");
    let broken = record(Topic::Routes, vec![0xff]);
    assert_eq!(read(&broken).expect_err("it is broken").reason, "undecodable");
}

fn told(event: allocation::allocation_event::Event) -> allocation::AllocationEvent {
    allocation::AllocationEvent {
        meta: Some(meta()),
        event: Some(event),
        sequence: 4,
        pool: text("main"),
        plan_version: 1,
    }
}

#[test]
fn allocations_are_read_as_what_they_mean() {
    use allocation::allocation_event::Event;
    let lines = || {
        let (line_id, sku, warehouse) = (text("l1"), text("A"), text("w1"));
        vec![stock::PlacedQuantity { line_id, sku, warehouse, quantity: 2 }]
    };
    let word = |said, lines| Input::Allocation(Allocation { pool: text("main"), plan: 1, sequence: 4, said, lines });
    let allocated = allocation::Allocated { lines: lines(), cost: None };
    let partly = allocation::PartiallyAllocated { lines: lines(), missing: vec![] };
    let back = allocation::Deallocated { lines: lines(), reason: text("count") };
    let cases = [
        (Event::Allocated(allocated), word(Said::Allocated, placed())),
        (Event::PartiallyAllocated(partly), word(Said::Backordered, vec![])),
        (Event::Backordered(Default::default()), word(Said::Backordered, vec![])),
        (Event::Voided(Default::default()), word(Said::Voided, vec![])),
        (Event::Deallocated(back), word(Said::Deallocated, vec![])),
        (Event::SoftReserved(Default::default()), Input::Other),
        (Event::Unfillable(Default::default()), Input::Other),
    ];
    for (event, expected) in cases {
        let record = record(Topic::Allocations, told(event).encode_to_vec());
        assert_eq!(read(&record), Ok(expected));
    }
    for (field, broken) in [
        ("sequence", allocation::AllocationEvent { sequence: 0, ..told(Event::Voided(Default::default())) }),
        ("pool", allocation::AllocationEvent { pool: text(""), ..told(Event::Voided(Default::default())) }),
        ("plan_version", allocation::AllocationEvent { plan_version: 0, ..told(Event::Voided(Default::default())) }),
    ] {
        let record = record(Topic::Allocations, broken.encode_to_vec());
        assert_eq!(read(&record).expect_err("a part is missing").field, field);
    }
}

#[test]
fn commands_are_read_as_the_edge_writes_them() {
    use shipment::shipment_command::Command;
    let id = || text("o:1:w1");
    let missing = vec![shipment::MissingLine { line_id: text("l1"), quantity: 1 }];
    let short = shipment::ShortPick { pick_list_id: id(), missing, reason: text("damaged") };
    let ship = shipment::Ship { pick_list_id: id(), carrier: text("sf"), tracking_number: text("T1") };
    let cancel = shipment::Cancel { request_id: text("r-1"), reason: text("changed mind") };
    let scan = shipment::RecordScan { tracking_number: text("T1"), kind: text("delivered"), scanned_at_ms: 5 };
    let cases = [
        (Command::Pick(shipment::Pick { pick_list_id: id() }), Input::Pick { pick_list_id: id() }),
        (
            Command::ShortPick(short),
            Input::ShortPick(ShortOrder {
                pick_list_id: id(),
                missing: vec![MissingLine { line_id: text("l1"), quantity: 1 }],
                reason: ShortReason::Damaged,
            }),
        ),
        (
            Command::Pack(shipment::Pack { pick_list_id: id(), weight_grams: 400 }),
            Input::Pack { pick_list_id: id(), weight_grams: 400 },
        ),
        (
            Command::Ship(ship),
            Input::Ship(ShipOrder { pick_list_id: id(), carrier: text("sf"), tracking_number: text("T1") }),
        ),
        (
            Command::Cancel(cancel),
            Input::CancelAsked(CancelAsked {
                request_id: text("r-1"),
                reason: text("changed mind"),
                asker: Asker::Caller,
            }),
        ),
        (
            Command::RecordScan(scan),
            Input::Scan { tracking_number: text("T1"), kind: text("delivered"), scanned_at_ms: 5 },
        ),
    ];
    for (command, expected) in cases {
        let record = record(Topic::ShipmentCommands, commands::write(meta(), command));
        assert_eq!(read(&record), Ok(expected));
    }
    let short = shipment::ShortPick { reason: text("tired"), ..Default::default() };
    let record = record(Topic::ShipmentCommands, commands::write(meta(), Command::ShortPick(short)));
    assert_eq!(read(&record).expect_err("no such reason").field, "short_pick.reason");
}
