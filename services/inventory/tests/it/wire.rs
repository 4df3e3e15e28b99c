//! Between domain and bytes: what is written is read back the same, with its key, its type and its meta.

use crate::making::{candidate, demand, line, placed};
use bytes::Bytes;
use prost::Message as _;
use weir_decider::Millis;
use weir_inventory::domain::demand::LINES_MAX;
use weir_inventory::domain::{Cost, Fact, Message, Said, Split, Status};
use weir_inventory::projection::{Delta, deltas, fact_of};
use weir_inventory::wire::Stage;
use weir_pipeline::{Headers, Outgoing, Record, Topology as _};
use weir_proto::allocation::v1::AllocationEvent;
use weir_proto::limits::ORDER_LINES_MAX;
use weir_proto::log::v1::Meta;
use weir_proto::money::v1::Money;
use weir_proto::routing::v1::{Candidate, SplitPolicy};
use weir_proto::stock::v1::{Allocate, LineQuantity, StockCommand, StockEvent, Void, stock_command, stock_event};
use weir_proto::topics::Topic;

fn meta() -> Meta {
    Meta { tenant: "demo".into(), key: "demo/main".into(), version: 7, at_ms: 5, ..Meta::default() }
}

pub fn record(outgoing: Outgoing) -> Record {
    let (topic, key, value) = (outgoing.topic, outgoing.key, Bytes::from(outgoing.value));
    Record { topic, partition: 0, offset: 0, time: Millis(5), key, value, headers: Headers::default() }
}

/// One of each.
pub fn facts() -> Vec<Fact> {
    let [order, sku, warehouse] = ["o1", "A", "W1"].map(String::from);
    let (lines, places) = (vec![line("l1", "A", 2)], vec![placed("l1", "A", "W1", 2)]);
    let mut wanted = demand("o1", 3, &lines);
    wanted.split = Split::ShipAvailable;
    wanted.priority = -4;
    wanted.parcels_max = 2;
    wanted.candidates = vec![candidate("W1", 500, 10, 3), candidate("W2", 0, 0, 0)];
    let cost = Cost { minor: 520, currency: "CNY".into() };
    let reason = || "why".to_owned();
    vec![
        Fact::Received { sku: sku.clone(), warehouse: warehouse.clone(), quantity: 2, document: "d".into() },
        Fact::Adjusted {
            sku: sku.clone(),
            warehouse: warehouse.clone(),
            delta: -2,
            reason: reason(),
            document: "d".into(),
        },
        Fact::SoftReserved { order: order.clone(), plan: 3, lines: lines.clone() },
        Fact::Declined { order: order.clone(), plan: 3, missing: lines.clone() },
        Fact::Allocated { demand: wanted.clone(), lines: places.clone(), cost },
        Fact::Queued { demand: wanted, missing: lines },
        Fact::Voided { order: order.clone(), plan: 3, reason: reason(), lines: places.clone() },
        Fact::Replaced { order: order.clone(), plan: 3, lines: places.clone() },
        Fact::Issued { order: order.clone(), plan: 3, lines: places.clone(), unallocated: places.clone() },
        Fact::Restocked { order: order.clone(), lines: places.clone(), status: Status::QualityHold },
        Fact::Deallocated { order: order.clone(), plan: 3, lines: places, reason: reason() },
        Fact::StatusChanged {
            sku: sku.clone(),
            warehouse: warehouse.clone(),
            quantity: 2,
            from: Status::Sellable,
            to: Status::Suspect,
            reason: reason(),
        },
        Fact::Shortage { sku: sku.clone(), warehouse, quantity: 2 },
        Fact::QueueServed { sku, after: order },
    ]
}

/// An order that is placed with more lines than can be allocated would wait for ever.
#[test]
fn an_order_has_no_more_lines_than_can_be_allocated() {
    assert_eq!(ORDER_LINES_MAX, LINES_MAX);
}

#[test]
fn every_fact_is_read_back_as_it_was_written() {
    for fact in facts() {
        let outgoing = Stage.write_fact(meta(), &fact);
        assert_eq!((outgoing.topic, outgoing.key.as_str()), (Topic::Stock, "demo/main"));
        assert!(outgoing.event_type.starts_with("weir.stock.v1."));
        let record = record(outgoing);
        assert_eq!(Stage.read_fact(&record), Ok(fact.clone()));
        assert_eq!(fact_of(&record), Ok(Some(fact)));
        assert_eq!(record.envelope().map(|(meta, _)| meta), Ok(meta()));
    }
}

#[test]
fn a_message_goes_to_its_order_and_says_its_pool() {
    let places = vec![placed("l1", "A", "W1", 2)];
    let missing = vec![line("l1", "A", 2)];
    let cost = Cost { minor: 520, currency: "CNY".into() };
    let all = [
        ("weir.allocation.v1.SoftReserved", Said::SoftReserved),
        ("weir.allocation.v1.Unfillable", Said::Unfillable { missing: missing.clone() }),
        ("weir.allocation.v1.Allocated", Said::Allocated { lines: places.clone(), cost }),
        (
            "weir.allocation.v1.PartiallyAllocated",
            Said::PartiallyAllocated { lines: places.clone(), missing: missing.clone() },
        ),
        ("weir.allocation.v1.Backordered", Said::Backordered { missing }),
        ("weir.allocation.v1.Voided", Said::Voided { reason: "why".into() }),
        ("weir.allocation.v1.Deallocated", Said::Deallocated { lines: places, reason: "why".into() }),
    ];
    for (event_type, said) in all {
        let outgoing = Stage.write_message(meta(), &Message { order: "o1".into(), plan: 3, sequence: 9, said });
        assert_eq!(
            (outgoing.topic, outgoing.key.as_str(), outgoing.event_type),
            (Topic::Allocations, "o1", event_type)
        );
        let wire = AllocationEvent::decode(outgoing.value.as_slice()).expect("decodes");
        assert_eq!((wire.sequence, wire.plan_version, wire.pool.as_str()), (9, 3, "main"));
        let meta = wire.meta.expect("meta");
        assert_eq!((meta.key.as_str(), meta.tenant.as_str()), ("o1", "demo"));
    }
}

fn command(command: Option<stock_command::Command>) -> Record {
    let value = StockCommand { meta: Some(meta()), command }.encode_to_vec();
    record(Outgoing { topic: Topic::StockCommands, key: "demo/main".into(), event_type: "", value })
}

fn allocate(change: impl FnOnce(&mut Allocate)) -> Record {
    let money = |minor| Some(Money { minor, currency: "CNY".into() });
    let candidate = Candidate { warehouse: "W1".into(), parcel_cost: money(5), unit_cost: money(1), keep_back: 0 };
    let mut wire = Allocate {
        order_id: "o1".into(),
        plan_version: 1,
        lines: vec![LineQuantity { line_id: "l1".into(), sku: "A".into(), quantity: 1 }],
        candidates: vec![candidate],
        split: SplitPolicy::ShipComplete.into(),
        parcels_max: 0,
        priority: 0,
    };
    change(&mut wire);
    command(Some(stock_command::Command::Allocate(wire)))
}

#[test]
fn what_can_not_be_read_names_its_field() {
    let fault = |record: &Record| Stage.read(record).map(|_| ()).map_err(|fault| (fault.reason, fault.field));
    assert_eq!(fault(&allocate(|_| {})), Ok(()));
    assert_eq!(fault(&command(None)), Err(("field-missing", "command".into())));
    assert_eq!(fault(&allocate(|wire| wire.split = 0)), Err(("field-invalid", "split".into())));
    let mixed = allocate(|wire| wire.candidates[0].unit_cost = Some(Money { minor: 1, currency: "EUR".into() }));
    assert_eq!(fault(&mixed), Err(("currency-mixed", "candidates[0].unit_cost".into())));
    let void = Void { order_id: "o1".into(), effect: 99, ..Void::default() };
    assert_eq!(fault(&command(Some(stock_command::Command::Void(void)))), Err(("field-invalid", "effect".into())));
    let garbage = Record { value: Bytes::from_static(b"\xff\xff"), ..command(None) };
    assert_eq!(fault(&garbage), Err(("undecodable", String::new())));
    let stage = StockEvent { meta: Some(meta()), event: Some(stock_event::Event::Stage(Default::default())) };
    let record = Record { value: stage.encode_to_vec().into(), topic: Topic::Stock, ..command(None) };
    assert_eq!(fact_of(&record), Ok(None));
}

#[test]
fn deltas_add_up_to_what_a_fact_means() {
    let issued = &deltas(&facts()[8]);
    let sum = issued.iter().fold((0, 0), |sum, delta| (sum.0 + delta.on_hand, sum.1 + delta.held));
    assert_eq!(sum, (-2, -2), "what left unallocated was taken off by an Adjusted");
    let soft = Delta { sku: "A".into(), held: 2, ..Delta::default() };
    assert_eq!(deltas(&facts()[2]), [soft]);
}
