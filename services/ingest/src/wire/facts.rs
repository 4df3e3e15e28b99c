//! Facts of the `orders` topic, both ways.

use super::{addresses, deliveries, states};
use crate::domain::{Announced, CancelRequest, Fact, LineDelta, Placed, PlacedLine, Remarks, Shipped, Terms};
use prost::Message as _;
use weir_decider::Fault;
use weir_pipeline::Outgoing;
use weir_privacy::TenantKey;
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::order_event::Event;
use weir_proto::order::v1::{self as proto, OrderEvent};
use weir_proto::topics::Topic;

pub(super) fn write(meta: Meta, fact: &Fact) -> Outgoing {
    let event = event(fact);
    let (event_type, key) = (event_type(&event), meta.key.clone());
    let value = OrderEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
    Outgoing { topic: Topic::Orders, key, event_type, value }
}

fn event(fact: &Fact) -> Event {
    match fact {
        Fact::Placed(placed) => Event::OrderPlaced(proto::OrderPlaced { order: Some(order(placed)) }),
        Fact::Paid { state, version, payload, .. } => Event::PaymentReceived(proto::PaymentReceived {
            payment: proto::Payment::decode(payload.as_slice()).ok(),
            state: states::payment_to(*state),
            platform_version: *version,
        }),
        Fact::Refunded { state, version } => Event::RefundNoted(proto::RefundNoted {
            state: states::payment_to(*state),
            platform_version: *version,
            refund_id: String::new(),
        }),
        Fact::CancelRequested { request, version } => Event::CancellationRequested(proto::CancellationRequested {
            request_id: request.request_id.clone(),
            reason: request.reason.clone(),
            line_ids: request.line_ids.clone(),
            platform_version: *version,
        }),
        Fact::Cancelled { reason, version } => {
            Event::OrderCancelled(proto::OrderCancelled { reason: reason.clone(), platform_version: *version })
        }
        Fact::Completed { version } => Event::OrderCompleted(proto::OrderCompleted { platform_version: *version }),
        Fact::Shipped { shipped, version } => {
            Event::OrderShipped(proto::OrderShipped { partly: *shipped == Shipped::Partly, platform_version: *version })
        }
        Fact::AddressChangeRequested { request_id, ship_to, version } => {
            Event::AddressChangeRequested(proto::AddressChangeRequested {
                request_id: request_id.clone(),
                ship_to: proto::ShipTo::decode(ship_to.payload.as_slice()).ok(),
                platform_version: *version,
            })
        }
        Fact::NoteChanged { remarks, version } => Event::NoteChanged(proto::NoteChanged {
            buyer_remark: remarks.buyer.clone(),
            seller_remark: remarks.seller.clone(),
            flag: remarks.flag.clone(),
            platform_version: *version,
        }),
        Fact::HoldsChanged { holds, version } => {
            Event::PlatformHoldChanged(proto::PlatformHoldChanged { holds: holds.clone(), platform_version: *version })
        }
        Fact::LinesChanged { deltas, version } => Event::LinesChanged(proto::LinesChanged {
            deltas: deltas.iter().map(delta).collect(),
            platform_version: *version,
        }),
        Fact::Announced { announced, version } => Event::OrderAnnounced(announced_to(announced, *version)),
        Fact::AnnouncementDropped { reason, version } => Event::AnnouncementDropped(proto::AnnouncementDropped {
            reason: reason.clone(),
            platform_version: *version,
        }),
        Fact::Observed { version } => Event::OrderObserved(proto::OrderObserved { platform_version: *version }),
    }
}

fn event_type(event: &Event) -> &'static str {
    match event {
        Event::Stage(_) => "weir.log.v1.StageFact",
        Event::OrderPlaced(_) => "weir.order.v1.OrderPlaced",
        Event::PaymentReceived(_) => "weir.order.v1.PaymentReceived",
        Event::CancellationRequested(_) => "weir.order.v1.CancellationRequested",
        Event::OrderCancelled(_) => "weir.order.v1.OrderCancelled",
        Event::AddressChangeRequested(_) => "weir.order.v1.AddressChangeRequested",
        Event::NoteChanged(_) => "weir.order.v1.NoteChanged",
        Event::LinesChanged(_) => "weir.order.v1.LinesChanged",
        Event::RefundNoted(_) => "weir.order.v1.RefundNoted",
        Event::PlatformHoldChanged(_) => "weir.order.v1.PlatformHoldChanged",
        Event::OrderCompleted(_) => "weir.order.v1.OrderCompleted",
        Event::OrderObserved(_) => "weir.order.v1.OrderObserved",
        Event::OrderShipped(_) => "weir.order.v1.OrderShipped",
        Event::OrderAnnounced(_) => "weir.order.v1.OrderAnnounced",
        Event::AnnouncementDropped(_) => "weir.order.v1.AnnouncementDropped",
    }
}

fn announced_to(announced: &Announced, version: i64) -> proto::OrderAnnounced {
    let Announced { channel, shop, platform_order_id, kind } = announced.clone();
    proto::OrderAnnounced { platform_version: version, channel, shop, platform_order_id, kind }
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
        Event::OrderShipped(event) => Fact::Shipped {
            shipped: if event.partly { Shipped::Partly } else { Shipped::Wholly },
            version: event.platform_version,
        },
        Event::OrderAnnounced(event) => Fact::Announced {
            announced: Box::new(Announced {
                channel: event.channel,
                shop: event.shop,
                platform_order_id: event.platform_order_id,
                kind: event.kind,
            }),
            version: event.platform_version,
        },
        Event::AnnouncementDropped(event) => {
            Fact::AnnouncementDropped { reason: event.reason, version: event.platform_version }
        }
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
