//! What a message tells beside that there is an order to be asked for.

use super::field::{code, time_or_zero};
use super::message::Message;
use super::status::{self, Status};
use crate::Fault;
use crate::json::Object;
use crate::mapped::{CancelRequest, Mapped, Shipped};
use weir_proto::order::v1::PaymentState;

/// Tags that say more than that something changed. What all others tell (a new price, an address, a remark, a refund) is in the order.
mod tag {
    pub(super) const CREATED: &str = "100";
    /// 110 comes before it, where Douyin has yet to look at the payment.
    pub(super) const PAID: &str = "101";
    pub(super) const SHIPPED: &str = "102";
    pub(super) const DONE: &str = "103";
    pub(super) const CANCELLED: &str = "106";
    pub(super) const PART_SHIPPED: &str = "108";
    pub(super) const REFUND_ASKED: &str = "200";
}

/// Where a message has the time of its change, in the measure of the order's update time. The others have none, or one that is not
/// the change's own: a payment's is older than its release, and whether a remark or a refund moves the order's time is not documented.
const TIMES: [(&str, &str); 8] = [
    (tag::CREATED, "create_time"),
    (tag::SHIPPED, "update_time"),
    (tag::DONE, "complete_time"),
    ("104", "update_time"),
    ("105", "update_time"),
    (tag::CANCELLED, "cancel_time"),
    (tag::PART_SHIPPED, "update_time"),
    ("109", "modify_time"),
];

/// After-sales that end the purchase before it leaves: a refund before shipping, and the buyer's own cancellation.
const BEFORE_SHIPPING: [i64; 2] = [2, 5];

/// Cash on delivery.
const ON_DELIVERY: i64 = 0;

pub(super) fn map(message: &Message<'_>) -> Result<Mapped, Fault> {
    let mapped = message.data(|data| tell(&message.tag, data))?;
    Ok(Mapped { kind: message.tag.clone(), delivery_id: message.id.clone(), announced: true, ..mapped })
}

fn tell(tag: &str, data: Object<'_>) -> Result<Mapped, Fault> {
    let platform_order_id = data.id("p_id")?;
    let status = Status::read(data, "order_status")?;
    let field = TIMES.iter().find(|(of, _)| *of == tag).map(|(_, field)| *field);
    let changed_ms = field.map_or(Ok(0), |field| time_or_zero(data, field))?;
    let is_cancelled = tag == tag::CANCELLED && status.is_none_or(Status::is_cancelled);
    Ok(Mapped {
        platform_order_id,
        version: if changed_ms == 0 { 0 } else { status::version(changed_ms, status) },
        payment_state: payment_state(tag, status, data)?,
        cancelled: if is_cancelled { Some(data.text_or_empty("cancel_reason")?.to_owned()) } else { None },
        cancel_requested: cancel_request(tag, data)?,
        completed: tag == tag::DONE,
        shipped: match (tag, status) {
            (tag::PART_SHIPPED, _) | (tag::SHIPPED, Some(Status::PartShipped)) => Shipped::Partly,
            (tag::SHIPPED, _) => Shipped::Wholly,
            _ => Shipped::Nothing,
        },
        ..Mapped::default()
    })
}

/// Only where the order is free to be shipped is a payment's notice the whole payment's: with a deposit it is still to be paid, and a
/// hold can't be told without the order.
fn payment_state(tag: &str, status: Option<Status>, data: Object<'_>) -> Result<PaymentState, Fault> {
    match (tag, status) {
        (tag::CREATED, Some(Status::ToPay)) => Ok(PaymentState::Pending),
        (tag::PAID, Some(status)) if status.is_released() && data.get("pay_type").is_some() => {
            Ok(match code(data, "pay_type")? {
                ON_DELIVERY => PaymentState::Unspecified,
                _ => PaymentState::Paid,
            })
        }
        _ => Ok(PaymentState::Unspecified),
    }
}

fn cancel_request(tag: &str, data: Object<'_>) -> Result<Option<CancelRequest>, Fault> {
    if tag != tag::REFUND_ASKED || !BEFORE_SHIPPING.contains(&code(data, "aftersale_type")?) {
        return Ok(None);
    }
    let line = data.id_or_empty("s_id")?;
    Ok(Some(CancelRequest {
        request_id: data.id("aftersale_id")?,
        reason: data.id_or_empty("reason_code")?,
        line_ids: if line.is_empty() { Vec::new() } else { vec![line] },
    }))
}
