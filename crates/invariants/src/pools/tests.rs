//! The ledger on histories made by hand.

use super::*;
use crate::catalogue::Id;
use weir_decider::Millis;
use weir_pipeline::Headers;
use weir_proto::stock::v1::{Allocated, Issued, PlacedQuantity, Received, SoftReserved, Voided};
use weir_proto::topics::Topic;

fn line(warehouse: &str, quantity: i64) -> PlacedQuantity {
    PlacedQuantity { line_id: "1".to_owned(), sku: "TEA".to_owned(), warehouse: warehouse.to_owned(), quantity }
}

fn received(quantity: i64) -> Event {
    let (sku, warehouse) = ("TEA".to_owned(), "east".to_owned());
    Event::Received(Received { sku, warehouse, quantity, ..Received::default() })
}

fn allocated(order: &str, quantity: i64) -> Event {
    let lines = vec![line("east", quantity)];
    Event::Allocated(Allocated { order_id: order.to_owned(), plan_version: 1, lines, ..Allocated::default() })
}

fn issued(order: &str, quantity: i64) -> Event {
    let lines = vec![line("east", quantity)];
    Event::Issued(Issued { order_id: order.to_owned(), plan_version: 1, lines, unallocated: Vec::new() })
}

/// The ids that break, in the order of the catalogue, and the levels.
fn run(events: &[Event]) -> (Vec<Id>, Levels) {
    let (mut pools, mut report) = (Pools::default(), Report::new());
    for (offset, event) in (0..).zip(events) {
        let record = Record {
            topic: Topic::Stock,
            partition: 0,
            offset,
            time: Millis(1),
            key: "demo/main".to_owned(),
            value: Default::default(),
            headers: Headers::default(),
        };
        pools.take(&record, event, &mut report);
    }
    let levels = pools.end(&mut report);
    (report.broken().map(|(id, _)| id).collect(), levels)
}

#[test]
fn what_comes_in_is_allocated_and_leaves() {
    let (broken, levels) = run(&[received(5), allocated("o-1", 3), issued("o-1", 3)]);
    assert_eq!(broken, []);
    let place = ("demo/main".to_owned(), "TEA".to_owned(), "east".to_owned());
    assert_eq!(levels, Levels::from([(place, Level { on_hand: 2, ..Level::default() })]));
}

#[test]
fn a_promise_of_what_is_not_there_breaks_i1() {
    assert_eq!(run(&[received(5), allocated("o-1", 3), allocated("o-2", 3)]).0, [Id::I1]);
    let lines = vec![weir_proto::stock::v1::LineQuantity { line_id: "1".into(), sku: "TEA".into(), quantity: 6 }];
    let soft = Event::SoftReserved(SoftReserved { order_id: "o-1".to_owned(), plan_version: 1, lines });
    assert_eq!(run(&[received(5), soft]).0, [Id::I1]);
}

#[test]
fn a_unit_that_ends_twice_breaks_i6() {
    let voided =
        Event::Voided(Voided { order_id: "o-1".to_owned(), lines: vec![line("east", 3)], ..Voided::default() });
    assert!(run(&[received(5), allocated("o-1", 3), issued("o-1", 3), voided.clone()]).0.contains(&Id::I6));
    assert_eq!(run(&[received(5), allocated("o-1", 3), voided]).0, []);
}
