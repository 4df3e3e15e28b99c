//! Facts of the `orders` topic, both ways.

use super::{addresses, deliveries, states};
use crate::domain::{CancelRequest, Fact, LineDelta, Placed, PlacedLine, Remarks, Terms};
use prost::Message as _;
use weir_decider::Fault;
use weir_pipeline::Outgoing;
use weir_privacy::TenantKey;
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::order_event::Event;
use weir_proto::order::v1::{self as proto, OrderEvent};
use weir_proto::topics::Topic;

pub(super) fn write(meta: Meta, fact: &Fact) -> Outgoing {
    let (event_type, event) = event(fact);
    let key = meta.key.clone();
    let value = OrderEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
    Outgoing { topic: Topic::Orders, key, event_type, value }
}

fn event(fact: &Fact) -> (&'static str, Event) {
    match fact {
        Fact::Placed(placed) => {
            ("weir.order.v1.OrderPlaced", Event::OrderPlaced(proto::OrderPlaced { order: Some(order(placed)) }))
        }
        Fact::Paid { state, version, payload, .. } => (
            "weir.order.v1.PaymentReceived",
            Event::PaymentReceived(proto::PaymentReceived {
                payment: proto::Payment::decode(payload.as_slice()).ok(),
                state: states::payment_to(*state),
                platform_version: *version,
            }),
        ),
        Fact::Refunded { state, version } => (
            "weir.order.v1.RefundNoted",
            Event::RefundNoted(proto::RefundNoted {
                state: states::payment_to(*state),
                platform_version: *version,
                refund_id: String::new(),
            }),
        ),
        Fact::CancelRequested { request, version } => (
            "weir.order.v1.CancellationRequested",
            Event::CancellationRequested(proto::CancellationRequested {
                request_id: request.request_id.clone(),
                reason: request.reason.clone(),
                line_ids: request.line_ids.clone(),
                platform_version: *version,
            }),
        ),
        Fact::Cancelled { reason, version } => (
            "weir.order.v1.OrderCancelled",
            Event::OrderCancelled(proto::OrderCancelled { reason: reason.clone(), platform_version: *version }),
        ),
        Fact::Completed { version } => (
            "weir.order.v1.OrderCompleted",
            Event::OrderCompleted(proto::OrderCompleted { platform_version: *version }),
        ),
        edit => edit_event(edit),
    }
}

fn edit_event(fact: &Fact) -> (&'static str, Event) {
    match fact {
        Fact::AddressChangeRequested { request_id, ship_to, version } => (
            "weir.order.v1.AddressChangeRequested",
            Event::AddressChangeRequested(proto::AddressChangeRequested {
                request_id: request_id.clone(),
                ship_to: proto::ShipTo::decode(ship_to.payload.as_slice()).ok(),
                platform_version: *version,
            }),
        ),
        Fact::NoteChanged { remarks, version } => (
            "weir.order.v1.NoteChanged",
            Event::NoteChanged(proto::NoteChanged {
                buyer_remark: remarks.buyer.clone(),
                seller_remark: remarks.seller.clone(),
                flag: remarks.flag.clone(),
                platform_version: *version,
            }),
        ),
        Fact::HoldsChanged { holds, version } => (
            "weir.order.v1.PlatformHoldChanged",
            Event::PlatformHoldChanged(proto::PlatformHoldChanged { holds: holds.clone(), platform_version: *version }),
        ),
        Fact::LinesChanged { deltas, version } => (
            "weir.order.v1.LinesChanged",
            Event::LinesChanged(proto::LinesChanged {
                deltas: deltas.iter().map(delta).collect(),
                platform_version: *version,
            }),
        ),
        other => (
            "weir.order.v1.OrderObserved",
            Event::OrderObserved(proto::OrderObserved { platform_version: observed(other) }),
        ),
    }
}

fn observed(fact: &Fact) -> i64 {
    match fact {
        Fact::Observed { version } => *version,
        _ => 0,
    }
}

/// The order as it was mapped, with what the rules decided: our SKUs, the terms, what is known to be paid.
fn order(placed: &Placed) -> proto::Order {
    let mut order = proto::Order::decode(placed.payload.as_slice()).unwrap_or_default();
    for (line, decided) in order.lines.iter_mut().zip(&placed.lines) {
        line.sku.clone_from(&decided.sku);
    }
    order.payment_terms = states::terms_to(placed.terms);
    order.payment_state = states::payment_to(placed.payment);
    order
}

fn delta(delta: &LineDelta) -> proto::LineDelta {
    let line = delta.line.as_ref().map(|(sku, payload)| proto::Line {
        sku: sku.clone(),
        ..proto::Line::decode(payload.as_slice()).unwrap_or_default()
    });
    proto::LineDelta { line_id: delta.line_id.clone(), quantity: delta.quantity, line }
}

/// What was told of an address is compared again from here on, so the key that sealed it is needed to read it back.
pub(super) fn read(key: &TenantKey, order_id: &str, event: Event) -> Result<Fact, Fault> {
    Ok(match event {
        Event::OrderPlaced(event) => {
            let order =
                event.order.ok_or_else(|| Fault::field("field-missing", "order", "the fact carries no order"))?;
            Fact::Placed(Box::new(placed(key, order_id, &order)))
        }
        Event::PaymentReceived(event) => {
            let payment = event.payment.unwrap_or_default();
            Fact::Paid {
                state: states::payment_from(event.state),
                version: event.platform_version,
                payload: payment.encode_to_vec(),
                id: payment.payment_id,
            }
        }
        Event::RefundNoted(event) => {
            Fact::Refunded { state: states::payment_from(event.state), version: event.platform_version }
        }
        Event::CancellationRequested(event) => Fact::CancelRequested {
            request: CancelRequest { request_id: event.request_id, reason: event.reason, line_ids: event.line_ids },
            version: event.platform_version,
        },
        Event::OrderCancelled(event) => Fact::Cancelled { reason: event.reason, version: event.platform_version },
        Event::OrderCompleted(event) => Fact::Completed { version: event.platform_version },
        Event::AddressChangeRequested(event) => Fact::AddressChangeRequested {
            ship_to: addresses::ship_to(key, order_id, event.ship_to.as_ref()),
            request_id: event.request_id,
            version: event.platform_version,
        },
        Event::NoteChanged(event) => Fact::NoteChanged {
            remarks: Remarks { buyer: event.buyer_remark, seller: event.seller_remark, flag: event.flag },
            version: event.platform_version,
        },
        Event::PlatformHoldChanged(event) => Fact::HoldsChanged { holds: event.holds, version: event.platform_version },
        Event::LinesChanged(event) => Fact::LinesChanged {
            deltas: event.deltas.into_iter().map(delta_back).collect(),
            version: event.platform_version,
        },
        Event::OrderObserved(event) => Fact::Observed { version: event.platform_version },
        Event::Stage(_) => return Err(Fault::whole("unknown-type", "the clerk never says this")),
    })
}

fn placed(key: &TenantKey, order_id: &str, order: &proto::Order) -> Placed {
    let content = deliveries::content(key, order_id, order);
    let line =
        |line: &proto::Line| PlacedLine { id: line.line_id.clone(), sku: line.sku.clone(), quantity: line.ordered };
    Placed {
        version: order.identity.as_ref().map_or(0, |identity| identity.platform_version),
        placed_at: content.placed_at,
        terms: content.terms.unwrap_or(Terms::Prepaid),
        payment: content.payment,
        payment_ids: content.payment_ids,
        lines: order.lines.iter().map(line).collect(),
        place: content.ship_to.place,
        remarks: content.remarks,
        holds: content.holds,
        payload: content.payload,
    }
}

fn delta_back(delta: proto::LineDelta) -> LineDelta {
    let line = delta.line.map(|line| (line.sku.clone(), line.encode_to_vec()));
    LineDelta { line_id: delta.line_id, quantity: delta.quantity, line }
}
