//! A delivery as the rules see it.

use super::{addresses, orders, states};
use crate::domain::{Announced, CancelRequest, Content, Delivery, Line, NotFound, PaymentTold, Remarks, Shipped};
use prost::Message as _;
use weir_channels::{Headers, Mapped, adapter_for};
use weir_decider::{Fault, Millis};
use weir_privacy::TenantKey;
use weir_proto::delivery::v1::{self as proto, Received};
use weir_proto::ids;
use weir_proto::order::v1::Order;

/// The key of a delivery whose order can't be told.
pub fn subject_key(tenant: &str, channel: &str, shop: &str) -> String {
    format!("shop/{tenant}/{channel}/{shop}")
}

/// Maps a delivery by its channel's adapter.
pub(super) fn read(key: &TenantKey, tenant: &str, record_key: &str, received: Received) -> Result<Delivery, Fault> {
    let (channel, shop) = (received.channel.as_str(), received.shop.as_str());
    let adapter = adapter_for(channel, &received.source)
        .ok_or_else(|| Fault::field("unknown-channel", "channel", format!("no adapter reads {channel:?}")))?;
    let headers = Headers(received.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect());
    let mapped = adapter.map(&headers, &received.body).map_err(|fault| Fault {
        reason: fault.reason,
        field: fault.field,
        detail: fault.detail,
    })?;
    let order_id = ids::order_id(tenant, channel, shop, &mapped.platform_order_id);
    check_key(&order_id, record_key)?;
    Ok(delivery(key, tenant, &order_id, &received, mapped))
}

fn check_key(order_id: &str, record_key: &str) -> Result<(), Fault> {
    if order_id == record_key {
        return Ok(());
    }
    let detail = format!("the body tells of the order {order_id}, the record is kept under {record_key}");
    Err(Fault::field("wrong-key", "key", detail))
}

fn delivery(key: &TenantKey, tenant: &str, order_id: &str, received: &Received, mapped: Mapped) -> Delivery {
    let state = states::payment_from(mapped.payment_state.into());
    let payment = mapped.payment.as_ref();
    let told = PaymentTold {
        id: payment.map(|payment| payment.payment_id.clone()).unwrap_or_default(),
        state,
        payload: payment.map(|payment| payment.encode_to_vec()).unwrap_or_default(),
    };
    let content = mapped.order.map(|draft| orders::complete(key, tenant, order_id, received, *draft));
    Delivery {
        shop: format!("{tenant}/{}/{}", received.channel, received.shop),
        version: mapped.version,
        content: content.map(|order| Box::new(self::content(key, order_id, &order))),
        payment: (told != PaymentTold::default()).then_some(told),
        cancelled: mapped.cancelled,
        cancel_request: mapped.cancel_requested.map(|request| CancelRequest {
            request_id: request.request_id,
            reason: request.reason,
            line_ids: request.line_ids,
        }),
        completed: mapped.completed,
        shipped: match mapped.shipped {
            weir_channels::Shipped::Nothing => Shipped::Nothing,
            weir_channels::Shipped::Partly => Shipped::Partly,
            weir_channels::Shipped::Wholly => Shipped::Wholly,
        },
        announced: mapped.announced.then(|| {
            Box::new(Announced {
                channel: received.channel.clone(),
                shop: received.shop.clone(),
                platform_order_id: mapped.platform_order_id,
                kind: mapped.kind,
            })
        }),
        not_found: None,
    }
}

/// The platform's no to a question about an order that it had announced.
pub(super) fn not_found(tenant: &str, record_key: &str, told: proto::NotFound) -> Result<Delivery, Fault> {
    check_key(&ids::order_id(tenant, &told.channel, &told.shop, &told.platform_order_id), record_key)?;
    Ok(Delivery {
        shop: format!("{tenant}/{}/{}", told.channel, told.shop),
        not_found: Some(NotFound { version: told.platform_version, reason: told.reason }),
        ..Delivery::default()
    })
}

pub(super) fn content(key: &TenantKey, order_id: &str, order: &Order) -> Content {
    let line = |line: &weir_proto::order::v1::Line| Line {
        id: line.line_id.clone(),
        platform_sku: line.platform_sku.clone(),
        sku: line.sku.clone(),
        quantity: line.ordered,
        payload: line.encode_to_vec(),
    };
    Content {
        placed_at: Millis(order.identity.as_ref().map_or(0, |identity| identity.placed_at_ms)),
        terms: states::terms_from(order.payment_terms),
        payment: states::payment_from(order.payment_state),
        payment_ids: order.payments.iter().map(|payment| payment.payment_id.clone()).collect(),
        lines: order.lines.iter().map(line).collect(),
        ship_to: addresses::ship_to(key, order_id, order.ship_to.as_ref()),
        remarks: remarks(order),
        holds: order.permissions.as_ref().map(|permissions| permissions.holds.clone()).unwrap_or_default(),
        payload: order.encode_to_vec(),
    }
}

fn remarks(order: &Order) -> Remarks {
    order.buyer.as_ref().map_or_else(Remarks::default, |buyer| Remarks {
        buyer: buyer.buyer_remark.clone(),
        seller: buyer.seller_remark.clone(),
        flag: buyer.flag.clone(),
    })
}
