//! A push: which order has changed, when, and to which status. The order itself is not in it.

use super::field::time_or_zero;
use super::status::{self, Status};
use super::whole::cancel_request;
use crate::Fault;
use crate::adapter::Identity;
use crate::json::{Object, read};
use crate::mapped::{Mapped, Shipped};
use weir_proto::order::v1::PaymentState;

/// Shopee's names for the pushes about orders.
const STATUS: (i64, &str) = (3, "order_status_push");
const TRACKING: (i64, &str) = (4, "order_trackingno_push");
const PROBE: i64 = 0;

/// Of the envelope, which is signed.
pub(super) fn identity(push: Object<'_>) -> Result<Identity, Fault> {
    let code = push.integer("code", 0, i64::from(i32::MAX))?;
    let known = [STATUS, TRACKING].into_iter().find(|(known, _)| *known == code);
    let kind = known.map_or_else(|| code.to_string(), |(_, name)| name.to_owned());
    Ok(Identity {
        kind,
        delivery_id: push.id_or_empty("msg_id")?,
        platform_order_id: push.within("data", |data| data.text("ordersn").map(str::to_owned))?,
    })
}

pub(super) fn map(push: Object<'_>) -> Result<Mapped, Fault> {
    let code = push.integer("code", 0, i64::from(i32::MAX))?;
    if code != STATUS.0 && code != TRACKING.0 {
        let detail = format!(
            "{code} is about no order; pushes of {} and {} are, and no others need be sent",
            STATUS.0, TRACKING.0
        );
        return Err(Fault::invalid("code", detail));
    }
    let Identity { kind, delivery_id, platform_order_id } = identity(push)?;
    push.integer("shop_id", 1, i64::MAX)?;
    let told = match code {
        code if code == STATUS.0 => push.within("data", |data| tell(data, &platform_order_id))?,
        // A tracking number has no time of the order's with it.
        _ => Mapped::default(),
    };
    Ok(Mapped { kind, delivery_id, platform_order_id, announced: true, ..told })
}

/// What the status alone says. Whether money has come in it does not: the order may be paid on delivery.
fn tell(data: Object<'_>, order_sn: &str) -> Result<Mapped, Fault> {
    let status = Status::of("status", data.text("status")?)?;
    Ok(Mapped {
        version: status::version(time_or_zero(data, "update_time")?, status),
        payment_state: match status {
            Status::Unpaid => PaymentState::Pending,
            _ => PaymentState::Unspecified,
        },
        cancelled: (status == Status::Cancelled).then(String::new),
        cancel_requested: (status == Status::InCancel).then(|| cancel_request(order_sn, "")),
        completed: status == Status::Completed,
        shipped: if status.has_left() { Shipped::Wholly } else { Shipped::Nothing },
        ..Mapped::default()
    })
}

/// Whose push it is, where that can be read. A test of the address is of no shop.
pub(super) fn shop_id(body: &[u8]) -> Option<i64> {
    read(body, |push| push.integer("shop_id", 1, i64::MAX)).ok()
}

/// Shopee's test of the address: it is about no order.
pub(super) fn is_probe(body: &[u8]) -> bool {
    let probe = |push: Object<'_>| {
        let order = push.inside("data", |data| Ok(data.get("ordersn").is_some()))?;
        Ok(push.integer("code", 0, i64::from(i32::MAX))? == PROBE && !order.unwrap_or_default())
    };
    read(body, probe).unwrap_or(false)
}
