//! People do what the facts ask of them, once, and the books know a broken promise from a kept one.

use super::*;
use prost::Message as _;
use weir_proto::allocation::v1::{AllocationEvent, Voided, allocation_event};
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::{OrderEvent, OrderPlaced, order_event};
use weir_proto::routing::v1::{Candidate, Plan, Planned, Released, RouteEvent, route_event};
use weir_proto::shipment::v1::{PickListIssued, Picked, ShipmentEvent, Shipped, shipment_event};
use weir_proto::stock::v1::{PlacedQuantity, StockCommand, stock_command};
use weir_proto::topics::Topic;

const NOW: Millis = Millis(1_795_300_010_000);

fn fact(order: &str, offset: i64, event_type: &str, event: shipment_event::Event) -> Record {
    let meta = Meta { key: order.to_owned(), version: 4, ..Meta::default() };
    Record {
        topic: Topic::Shipments,
        partition: 0,
        offset,
        time: NOW,
        key: order.to_owned(),
        value: ShipmentEvent { meta: Some(meta), event: Some(event) }.encode_to_vec().into(),
        headers: Headers { event_type: Some(event_type.to_owned().into()), ..Headers::default() },
    }
}

fn list(order: &str) -> shipment_event::Event {
    let line = PlacedQuantity {
        line_id: "1".to_owned(),
        sku: "SKU-000".to_owned(),
        warehouse: "w0-0".to_owned(),
        quantity: 1,
    };
    shipment_event::Event::PickListIssued(PickListIssued {
        pick_list_id: format!("{order}:1:w0-0"),
        warehouse: "w0-0".to_owned(),
        plan_version: 1,
        lines: vec![line],
        ..PickListIssued::default()
    })
}

const ISSUED: &str = "weir.shipment.v1.PickListIssued";
const PLANNED: &str = "weir.routing.v1.Planned";

/// A plain workload of one order, played; and the order's id.
fn one(shape: Shape) -> (Workload, String) {
    let mut workload = Workload::new(1, shape);
    played(&mut workload);
    let id = workload.books().orders()[0].id.clone();
    (workload, id)
}

#[test]
fn a_list_is_picked_once_and_then_packed() {
    let (mut workload, id) = one(Shape::plain(1));
    let record = fact(&id, 9, ISSUED, list(&id));
    let asked = workload.react(&record, NOW);
    assert_eq!(asked.iter().map(|(_, action)| action.what).collect::<Vec<_>>(), [What::Pick]);
    assert_eq!((asked[0].1.record.topic, asked[0].1.record.key.as_str()), (Topic::ShipmentCommands, id.as_str()));
    assert!(workload.react(&record, NOW).is_empty(), "a fact that is seen again is known");
    let picked = Picked { pick_list_id: format!("{id}:1:w0-0") };
    let picked = fact(&id, 10, "weir.shipment.v1.Picked", shipment_event::Event::Picked(picked));
    assert_eq!(workload.react(&picked, NOW)[0].1.what, What::Pack);
    let stranger = fact("nobody", 11, ISSUED, list("nobody"));
    assert!(workload.react(&stranger, NOW).is_empty());
}

#[test]
fn what_goes_wrong_around_a_command_goes_wrong_as_asked() {
    let (mut workload, id) = one(Shape { repeats: 10_000, conflicts: 10_000, ..Shape::plain(1) });
    let asked = workload.react(&fact(&id, 9, ISSUED, list(&id)), NOW);
    assert_eq!(asked.len(), 3);
    let of = |what| asked.iter().find(|(_, action)| action.what == what).expect("asked");
    let (pick, repeat, conflict) = (of(What::Pick), of(What::Repeat), of(What::Conflict));
    assert!(repeat.1.record == pick.1.record && repeat.1.id == pick.1.id, "a repeat has the same bytes");
    assert!(repeat.0 >= pick.0 && conflict.0 > pick.0);
    let ids = |of: &(Duration, Action)| of.1.command.expect("a command");
    assert_eq!(ids(conflict).0, ids(pick).0);
    assert_ne!(ids(conflict).1, ids(pick).1, "another body under a known id");
    for (_, action) in asked.clone() {
        workload.settled(action, Outcome::Written { partition: 0, offset: 50 });
    }
    let book = &workload.books().commands()[&ids(pick).0];
    assert_eq!((book.written, book.others, book.is_stale), (2, 1, false));
}

#[test]
fn a_caller_who_is_behind_says_so_in_a_command_of_its_own() {
    let (mut workload, id) = one(Shape { stale: 10_000, ..Shape::plain(1) });
    let asked = workload.react(&fact(&id, 9, ISSUED, list(&id)), NOW);
    let stale: Vec<&Action> = asked.iter().map(|(_, action)| action).filter(|one| one.what == What::Stale).collect();
    assert!(!stale.is_empty());
    for action in stale {
        let (command, _) = action.command.expect("a command");
        assert!(workload.books().commands()[&command].is_stale);
        let (meta, _) = record(action).envelope().expect("an envelope");
        assert_eq!(meta.seen_version, 3, "the fact was of version 4");
    }
}

/// What somebody at a desk does upon a route, where all cancel and all are behind.
fn asked_upon(event_type: &str, event: route_event::Event) -> Vec<(What, Topic, u64)> {
    let (mut workload, id) = one(Shape { stale: 10_000, desk_cancels: 10_000, ..Shape::plain(1) });
    let mut route = fact(&id, 9, event_type, list(&id));
    let meta = Meta { key: id, version: 4, ..Meta::default() };
    let value = RouteEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
    (route.topic, route.value) = (Topic::Routes, value.into());
    let seen = |action: &Action| record(action).envelope().expect("an envelope").0.seen_version;
    let asked = workload.react(&route, NOW);
    asked.iter().map(|(_, action)| (action.what, action.record.topic, seen(action))).collect()
}

#[test]
fn a_route_says_nothing_of_the_shipments_version() {
    let plan = Plan { version: 1, ..Plan::default() };
    let planned = route_event::Event::Planned(Planned { plan: Some(plan), ..Planned::default() });
    let routing = asked_upon(PLANNED, planned);
    let commands = Topic::RoutingCommands;
    assert_eq!(routing, [(What::Stale, commands, 3), (What::DeskCancel, commands, 0)]);
    let released = route_event::Event::Released(Released { plan_version: 1 });
    let fulfillment = asked_upon("weir.routing.v1.Released", released);
    assert_eq!(fulfillment, [(What::LateCancel, Topic::ShipmentCommands, 0)], "version 3 of what?");
}

#[test]
fn an_older_plans_demand_comes_behind_a_newer_plan() {
    let (mut workload, id) = one(Shape { old_demands: 10_000, ..Shape::plain(1) });
    let mut planned = |version: u32, offset| {
        let plan = Plan { version, candidates: vec![Candidate::default()], ..Plan::default() };
        let event = route_event::Event::Planned(Planned { plan: Some(plan), ..Planned::default() });
        let mut route = fact(&id, offset, PLANNED, list(&id));
        let meta = Meta { key: id.clone(), version: 4, ..Meta::default() };
        let value = RouteEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
        (route.topic, route.value) = (Topic::Routes, value.into());
        workload.react(&route, NOW)
    };
    assert!(planned(1, 20).is_empty(), "there is no older one");
    let asked = planned(3, 21);
    assert_eq!((asked.len(), asked[0].1.what, asked[0].1.record.topic), (1, What::OldDemand, Topic::StockCommands));
    let command: StockCommand = record(&asked[0].1).decode().expect("a command");
    let Some(stock_command::Command::Allocate(demand)) = command.command else { panic!("no demand") };
    assert_eq!((demand.order_id, demand.plan_version), (id, 2));
}

#[test]
fn inventory_that_goes_back_to_an_older_plan_is_seen() {
    let told = |sequence, plan_version| {
        let event = Some(allocation_event::Event::Voided(Voided::default()));
        let word = AllocationEvent { event, sequence, plan_version, ..AllocationEvent::default() };
        let mut record = fact("order", 1, "weir.allocation.v1.Voided", list("order"));
        (record.topic, record.value) = (Topic::Allocations, word.encode_to_vec().into());
        record
    };
    let mut facts = Facts::new();
    for (sequence, plan) in [(1, 1), (2, 2), (1, 1), (2, 2), (3, 2)] {
        facts.take(&told(sequence, plan));
    }
    assert_eq!(facts.overtaken, Vec::<String>::new(), "a repeat is old news, and no fault");
    facts.take(&told(4, 1));
    let faults = Books::default().check(&facts);
    assert!(faults.len() == 1 && faults[0].contains("of plan 1 after plan 2"), "{faults:?}");
}

#[test]
fn the_books_know_a_kept_promise_from_a_broken_one() {
    let (workload, id) = one(Shape { channels: vec![Channel::Shopify], ..Shape::plain(1) });
    let mut facts = Facts::new();
    for accepted in workload.books().accepted() {
        facts.deliveries.insert((accepted.partition, accepted.offset));
    }
    for id in workload.books().commands().keys() {
        let answer = Answer { body_hash: vec![1], version: 1, refusal: None, repeated: false };
        facts.answers.insert(*id, vec![answer]);
    }
    let faults = workload.books().check(&facts);
    assert!(faults.iter().any(|fault| fault.contains("0 times here")), "{faults:?}");
    let placed = OrderEvent { meta: None, event: Some(order_event::Event::OrderPlaced(OrderPlaced::default())) };
    let mut record = fact(&id, 1, "weir.order.v1.OrderPlaced", list(&id));
    (record.topic, record.value) = (Topic::Orders, placed.encode_to_vec().into());
    facts.take(&record);
    let faults = workload.books().check(&facts);
    assert!(faults.len() == 1 && faults[0].contains("can't end as Unknown"), "{faults:?}");
    facts.take(&fact(&id, 2, ISSUED, list(&id)));
    assert!(workload.books().check(&facts)[0].contains("Undone"));
    let shipped = Shipped { pick_list_id: format!("{id}:1:w0-0"), last: true, ..Shipped::default() };
    facts.take(&fact(&id, 3, "weir.shipment.v1.Shipped", shipment_event::Event::Shipped(shipped)));
    assert_eq!(workload.books().check(&facts), Vec::<String>::new());
    facts.deliveries.pop_last();
    assert!(workload.books().check(&facts)[0].contains("is not there"), "an acknowledged delivery that is lost");
}

#[test]
fn a_command_that_was_decided_twice_is_seen() {
    let answer = |repeated, version| Answer { body_hash: vec![1], version, refusal: None, repeated };
    let book = CommandBook {
        topic: Topic::StockCommands,
        key: "sim/pool-0".to_owned(),
        body_hash: [1; 16],
        written: 2,
        others: 0,
        unknown: 0,
        is_stale: false,
    };
    assert_eq!(book.broken(&[answer(false, 3), answer(true, 3)]), None);
    assert!(book.broken(&[answer(false, 3), answer(false, 4)]).is_some(), "decided twice");
    assert!(book.broken(&[answer(false, 3), answer(true, 4)]).is_some(), "two answers");
    assert!(book.broken(&[answer(false, 3)]).is_some(), "one copy was not answered");
    let stale = CommandBook { is_stale: true, written: 1, ..book };
    assert!(stale.broken(&[answer(false, 3)]).is_some(), "a version that has passed was accepted");
}

#[test]
fn every_scenario_is_written_down_whole() {
    let all = scenario::all();
    assert!(all.len() >= 20, "{}", all.len());
    let names: HashSet<&str> = all.iter().map(|scenario| scenario.name).collect();
    assert_eq!(names.len(), all.len());
    for scenario in all {
        assert!(!scenario.sources.is_empty() && !scenario.words.is_empty());
        let mut workload = Workload::of(scenario, 1);
        let actions = played(&mut workload);
        assert!(actions.iter().any(|(_, action)| action.what == What::Receipt), "{}", scenario.name);
        // Nobody has answered yet, so nothing can be as it should.
        assert!(scenario.check(&Facts::new(), &workload).is_err(), "{}", scenario.name);
    }
}
