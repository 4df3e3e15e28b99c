//! What is planted, and which invariant must break.

use super::copy::Copy;
use super::id_of;
use weir_invariants::Id;
use weir_proto::log::v1::{Envelope, StageFact, stage_fact::Fact};
use weir_proto::notice::v1::{NoticeEvent, notice_event};
use weir_proto::order::v1::{OrderEvent, order_event};
use weir_proto::quarantine::v1::{QuarantineEvent, quarantine_event};
use weir_proto::routing::v1::{RouteEvent, route_event};
use weir_proto::shipment::v1::{ShipmentEvent, shipment_event};
use weir_proto::stock::v1::{PlacedQuantity, Restocked, StockEvent, StockStatus, stock_event};
use weir_proto::topics::Topic;

type Planted = (&'static str, Id, fn(&mut Copy));

pub const ALL: &[Planted] = &[
    ("a fact is missing", Id::I5, |copy| {
        let key = id_of("W-1");
        let (at, _) = copy.find(Topic::Routes, |e: &RouteEvent| {
            let ours = e.meta.as_ref().is_some_and(|meta| meta.key == key);
            ours && matches!(e.event, Some(route_event::Event::Planned(_)))
        });
        copy.records.remove(at);
    }),
    ("a fact is there twice", Id::I5, |copy| {
        let (at, _) =
            copy.find(Topic::Routes, |e: &RouteEvent| matches!(e.event, Some(route_event::Event::Released(_))));
        copy.append(at);
    }),
    ("an input is decided twice", Id::I11, |copy| {
        let wanted = |e: &RouteEvent| matches!(e.event, Some(route_event::Event::PaymentNoted(_)));
        let (at, mut event) = copy.find(Topic::Routes, wanted);
        let meta = event.meta.take().expect("a meta");
        event.meta = copy.next(at, &meta).map(|next| weir_proto::log::v1::Meta { cause: meta.cause, ..next });
        let last = copy.append(at);
        copy.put(last, &event);
    }),
    ("more is allocated than is there", Id::I1, |copy| {
        copy.change(Topic::Stock, |e: &mut StockEvent| match &mut e.event {
            Some(stock_event::Event::Allocated(allocated)) => {
                allocated.lines[0].quantity = 1000;
                true
            }
            _ => false,
        });
    }),
    ("stock below nothing", Id::I2, |copy| {
        let (at, mut event) =
            copy.find(Topic::Stock, |e: &StockEvent| matches!(e.event, Some(stock_event::Event::Received(_))));
        event.meta = copy.next(at, &event.meta.take().expect("a meta"));
        let line = PlacedQuantity { sku: "TEA".into(), warehouse: "east".into(), quantity: -1, ..Default::default() };
        let status = StockStatus::Damaged.into();
        event.event =
            Some(stock_event::Event::Restocked(Restocked { order_id: id_of("W-1"), lines: vec![line], status }));
        let last = copy.append(at);
        copy.put(last, &event);
    }),
    ("a reservation ends twice", Id::I6, |copy| {
        let (at, mut event) =
            copy.find(Topic::Stock, |e: &StockEvent| matches!(e.event, Some(stock_event::Event::Issued(_))));
        event.meta = copy.next(at, &event.meta.take().expect("a meta"));
        let last = copy.append(at);
        copy.put(last, &event);
    }),
    ("a notice is due twice", Id::I7, |copy| {
        let due = |e: &NoticeEvent| matches!(e.event, Some(notice_event::Event::NoticeDue(_)));
        let (at, mut event) = copy.find(Topic::Notices, due);
        event.meta = copy.next(at, &event.meta.take().expect("a meta"));
        let last = copy.append(at);
        copy.put(last, &event);
    }),
    ("a notice is settled twice", Id::I7, |copy| {
        let sent = |e: &NoticeEvent| matches!(e.event, Some(notice_event::Event::NoticeSent(_)));
        let (at, mut event) = copy.find(Topic::Notices, sent);
        event.meta = copy.next(at, &event.meta.take().expect("a meta"));
        let last = copy.append(at);
        copy.put(last, &event);
    }),
    ("a command is decided again under another body", Id::I8, |copy| {
        copy.change(Topic::Shipments, |e: &mut Envelope| match &mut e.stage {
            Some(StageFact { fact: Some(Fact::Answered(answer)) }) if answer.repeated => {
                answer.body_hash = vec![9; 16];
                true
            }
            _ => false,
        });
    }),
    ("a command is decided again", Id::I8, |copy| {
        copy.change(Topic::Shipments, |e: &mut Envelope| match &mut e.stage {
            Some(StageFact { fact: Some(Fact::Answered(answer)) }) if answer.repeated => {
                answer.repeated = false;
                true
            }
            _ => false,
        });
    }),
    ("a pick list before its release", Id::I17, |copy| {
        copy.change(Topic::Shipments, |e: &mut ShipmentEvent| match &mut e.event {
            Some(shipment_event::Event::ReleaseNoted(noted)) => {
                noted.plan_version = 9;
                true
            }
            _ => false,
        });
    }),
    ("a delivery that nobody accounts for", Id::I3, |copy| {
        let (at, _) = copy.find(Topic::Orders, |e: &Envelope| ignored(e) > 0);
        copy.records.remove(at);
    }),
    ("an input that nobody accounts for", Id::I14, |copy| {
        let (at, _) = copy.find(Topic::Notices, |e: &Envelope| ignored(e) > 0);
        copy.records.remove(at);
    }),
    ("an order that is placed again", Id::I3, |copy| {
        let (at, mut event) = placed(copy);
        event.meta = copy.next(at, &event.meta.take().expect("a meta"));
        let last = copy.append(at);
        copy.put(last, &event);
    }),
    ("a price that was changed", Id::I13, |copy| {
        let (at, mut event) = placed(copy);
        let Some(order_event::Event::OrderPlaced(told)) = &mut event.event else { unreachable!("placed above") };
        let line = told.order.iter_mut().flat_map(|order| order.lines.iter_mut()).next().expect("a line");
        line.sold_price.iter_mut().for_each(|price| price.minor += 1);
        copy.put(at, &event);
    }),
    ("a parcel with more than was wanted", Id::I13, |copy| {
        copy.change(Topic::Shipments, |e: &mut ShipmentEvent| match &mut e.event {
            Some(shipment_event::Event::Shipped(parcel)) => {
                parcel.lines[0].quantity += 1;
                true
            }
            _ => false,
        });
    }),
    ("a fact of an owner behind the fence", Id::I12, |copy| {
        let (at, mut event) = placed(copy);
        let before = event.meta.clone().expect("a meta");
        event.meta = copy.next(at, &before).map(|next| weir_proto::log::v1::Meta { owner: before.owner, ..next });
        assert!(before.owner < copy.last_owner(at), "it was taken over since");
        let last = copy.append(at);
        copy.put(last, &event);
    }),
    ("facts without their offsets", Id::I11, |copy| {
        let clerk = copy.committed.iter_mut().filter(|((stage, _), _)| *stage == "clerk");
        clerk.for_each(|(_, next)| *next = (*next - 2).max(0));
    }),
    ("bytes that no message has", Id::I9, |copy| {
        let (at, _) = placed(copy);
        copy.records[at].value = vec![0xff; 9].into();
    }),
    ("a quarantined record that is gone", Id::I14, |copy| {
        let kept = |e: &QuarantineEvent| matches!(e.event, Some(quarantine_event::Event::Quarantined(_)));
        let (at, _) = copy.find(Topic::Quarantine, kept);
        copy.records.remove(at);
    }),
    ("an order that nobody goes on with", Id::I4, |copy| {
        let key = id_of("W-2");
        copy.records.retain(|record| record.topic != Topic::Shipments || record.key != key);
        copy.running = false;
    }),
];

/// How many inputs a fact says that it passed over.
fn ignored(envelope: &Envelope) -> usize {
    match &envelope.stage {
        Some(StageFact { fact: Some(Fact::Ignored(ignored)) }) => ignored.inputs.len(),
        _ => 0,
    }
}

/// The order that was there before the take-over.
fn placed(copy: &Copy) -> (usize, OrderEvent) {
    let key = id_of("W-1");
    copy.find(Topic::Orders, |e: &OrderEvent| {
        let ours = e.meta.as_ref().is_some_and(|meta| meta.key == key);
        ours && matches!(e.event, Some(order_event::Event::OrderPlaced(_)))
    })
}
