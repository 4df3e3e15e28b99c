//! Why the platform forbids shipping for now: refunds, and reasons in numbers.

use crate::Fault;
use crate::json::{Json, Object};
use weir_proto::limits;

const REFUND_DONE: i64 = 60;
/// From "asked for" to "being paid".
const REFUND_UNDER_WAY: std::ops::RangeInclusive<i64> = 10..=50;
const REASONS: &str = "disableDeliveryReasonCode";
/// No order has more reasons.
const REASONS_MAX: usize = 100;

/// What all refunds of an order come to.
#[derive(Default)]
pub(super) struct Refunds {
    pub(super) is_done: bool,
    pub(super) under_way: Option<i64>,
}

/// The detail has the latest one, a list has all, each under a name of its own.
pub(super) fn refunds(body: Object<'_>) -> Result<Refunds, Fault> {
    let mut refunds = Refunds::default();
    for name in ["orderDetailRefundList", "orderRefundList"] {
        for status in body.each(name, |refund| refund.integer("refundStatus", 0, i64::from(i32::MAX)))? {
            refunds.is_done |= status == REFUND_DONE;
            if REFUND_UNDER_WAY.contains(&status) {
                refunds.under_way = refunds.under_way.or(Some(status));
            }
        }
    }
    Ok(refunds)
}

/// Why Kuaishou refuses a parcel for now: numbers, which it explains to whoever sends one.
pub(super) fn reasons(base: Object<'_>) -> Result<Vec<String>, Fault> {
    let items = match base.get(REASONS) {
        None => return Ok(Vec::new()),
        Some(Json::List(items)) if items.len() <= REASONS_MAX => items,
        Some(Json::List(_)) => return Err(Fault::invalid(REASONS, format!("it has more than {REASONS_MAX} entries"))),
        Some(other) => return Err(Fault::invalid(REASONS, format!("it is {}; it should be a list", other.what()))),
    };
    let reason = |(index, item): (usize, &Json)| {
        let code = match item {
            Json::Integer(code) => Ok(code.to_string()),
            Json::Text(code) => limits::id(code).map(|()| code.clone()),
            other => Err(format!("it is {}; it should be a whole number", other.what())),
        };
        let named = code.map(|code| format!("NO_DELIVERY_{code}"));
        named
            .and_then(|named| limits::id(&named).map(|()| named))
            .map_err(|why| Fault::invalid(format!("{REASONS}[{index}]"), why))
    };
    items.iter().enumerate().map(reason).collect()
}
