//! Notices: an envelope, and in `data` which order has changed. The order itself is to be asked for.
//!
//! Of a payment nothing is said here: a notice does not tell whether the order is paid on delivery.

use super::field::seconds;
use super::status::Status;
use crate::Fault;
use crate::adapter::Identity;
use crate::json::Object;
use crate::mapped::Mapped;

/// The type of the one notice that tells a status.
const STATUS_CHANGE: i64 = 1;

/// The types of notices that are about one order.
const KINDS: [(i64, &str); 4] = [
    (STATUS_CHANGE, "ORDER_STATUS_CHANGE"),
    (3, "RECIPIENT_ADDRESS_UPDATE"),
    (11, "CANCELLATION_STATUS_CHANGE"),
    (12, "RETURN_STATUS_CHANGE"),
];

fn kind(envelope: Object<'_>) -> Result<(i64, &'static str), Fault> {
    let told = envelope.integer("type", 0, i64::from(i32::MAX))?;
    KINDS.into_iter().find(|(number, _)| *number == told).ok_or_else(|| {
        let numbers = KINDS.map(|(number, _)| number);
        Fault::invalid("type", format!("{told} is none of {numbers:?}, which are about an order"))
    })
}

pub(super) fn identity(envelope: Object<'_>) -> Result<Identity, Fault> {
    let (_, kind) = kind(envelope)?;
    Ok(Identity {
        kind: kind.to_owned(),
        delivery_id: envelope.id_or_empty("tts_notification_id")?,
        platform_order_id: envelope.within("data", |data| data.id("order_id"))?,
    })
}

/// What the status says by itself, and up to where the order is to be asked for. The others may leave the order's `update_time` as it is,
/// so any answer that comes after them will do.
pub(super) fn map(envelope: Object<'_>) -> Result<Mapped, Fault> {
    let announced = Mapped { announced: true, ..Mapped::default() };
    if kind(envelope)?.0 != STATUS_CHANGE {
        return Ok(announced);
    }
    let (status, updated_s) = envelope.within("data", |data| {
        Ok((Status::of("order_status", data.text("order_status")?)?, seconds(data, "update_time")?))
    })?;
    Ok(Mapped {
        version: status.version(updated_s),
        cancelled: (status == Status::Cancelled).then(String::new),
        completed: status == Status::Completed,
        shipped: status.shipped(),
        ..announced
    })
}
