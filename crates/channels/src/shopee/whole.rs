//! An order as `get_order_detail` tells it.

use super::decimals;
use super::field::{amount_if_told, time, time_or_zero};
use super::lines::map_line;
use super::people::people;
use super::status::{self, Status};
use crate::Fault;
use crate::adapter::Identity;
use crate::assemble::{Sums, amounts, check_lines, first, has_money, not_negative, payment};
use crate::json::{Object, read};
use crate::mapped::{CancelRequest, Draft, Mapped, Shipped};
use crate::money::exponent;
use weir_proto::order::v1::{
    self as order, Deadlines, FulfillmentMethod, OrderKind, Payment, PaymentPart, PaymentState, PaymentTerms,
    Permissions,
};

/// The call that tells it.
const KIND: &str = "get_order_detail";

/// What a parcel that has left is said to be.
const LEFT: [&str; 4] =
    ["LOGISTICS_PICKUP_DONE", "LOGISTICS_DELIVERY_DONE", "LOGISTICS_DELIVERY_FAILED", "LOGISTICS_LOST"];

/// Shopee ships it from a warehouse of its own.
const BY_SHOPEE: &str = "fulfilled_by_shopee";
const ADVANCE: &str = "advance_package";

pub(super) fn identify(body: &[u8]) -> Result<Identity, Fault> {
    read(&decimals::kept(body), |order| Ok(identity(order.text("order_sn")?)))
}

pub(super) fn map(body: &[u8]) -> Result<Mapped, Fault> {
    read(&decimals::kept(body), map_order)
}

fn identity(order_sn: &str) -> Identity {
    Identity { kind: KIND.to_owned(), delivery_id: String::new(), platform_order_id: order_sn.to_owned() }
}

/// What is read once and used in several places.
struct Told<'a> {
    sn: &'a str,
    status: Status,
    raw_status: &'a str,
    version: i64,
    currency: &'a str,
    on_delivery: bool,
    paid_ms: i64,
}

fn map_order(body: Object<'_>) -> Result<Mapped, Fault> {
    let raw_status = body.text("order_status")?;
    let status = Status::of("order_status", raw_status)?;
    let told = Told {
        sn: body.text("order_sn")?,
        status,
        raw_status,
        version: status::version(time(body, "update_time")?, status),
        currency: body.currency("currency")?,
        on_delivery: body.flag("cod")?,
        paid_ms: time_or_zero(body, "pay_time")?,
    };
    let digits = exponent(told.currency);
    let lines = body.each("item_list", |item| map_line(item, told.currency, digits))?;
    let lines: Vec<order::Line> = lines.into_iter().filter(|line| line.ordered > 0).collect();
    // A cancelled order may have no line any more.
    if status != Status::Cancelled || !lines.is_empty() {
        check_lines(&lines, "item_list")?;
    }
    let goods = amounts(&lines, &Sums::default(), told.currency).goods.map_or(0, |goods| goods.minor);
    let payable = not_negative(amount_if_told(body, "total_amount", digits)?.unwrap_or(goods), "total_amount")?;
    let state = payment_state(&told);
    let sums = Sums {
        discount: goods.saturating_sub(payable).max(0),
        freight: payable.saturating_sub(goods).max(0),
        payable,
        paid: if has_money(state) { payable } else { 0 },
        ..Sums::default()
    };
    let payment = tell_payment(body, &told, state, payable)?;
    let mut draft = Draft {
        order: order::Order {
            identity: Some(identity_of(body, &told)?),
            amounts: Some(amounts(&lines, &sums, told.currency)),
            lines,
            payments: payment.clone().into_iter().collect(),
            payment_state: state.into(),
            payment_terms: terms(&told).into(),
            deadlines: Some(Deadlines {
                ship_by_ms: time_or_zero(body, "ship_by_date")?,
                after_sales_until_ms: time_or_zero(body, "return_request_due_date")?,
                ..Deadlines::default()
            }),
            permissions: Some(Permissions { holds: holds(body, &told)?, ..Permissions::default() }),
            ..order::Order::default()
        },
        ..Draft::default()
    };
    people(&mut draft, body)?;
    let Identity { kind, delivery_id, platform_order_id } = identity(told.sn);
    let reason = first(&[body.text_or_empty("cancel_reason")?, body.text_or_empty("buyer_cancel_reason")?]);
    Ok(Mapped {
        kind,
        delivery_id,
        platform_order_id,
        version: told.version,
        payment_state: state,
        payment,
        cancelled: (status == Status::Cancelled).then(|| reason.to_owned()),
        cancel_requested: (status == Status::InCancel).then(|| cancel_request(told.sn, reason)),
        completed: status == Status::Completed,
        shipped: shipped(body, status)?,
        order: Some(Box::new(draft)),
        ..Mapped::default()
    })
}

/// The buyer's wish. A push and the order tell of the same one.
pub(super) fn cancel_request(order_sn: &str, reason: &str) -> CancelRequest {
    CancelRequest { request_id: format!("{order_sn}:cancel"), reason: reason.to_owned(), line_ids: Vec::new() }
}

/// On delivery it is paid when all is done.
fn payment_state(told: &Told<'_>) -> PaymentState {
    let is_paid = match told.status.is_paid() {
        _ if told.on_delivery => told.status == Status::Completed,
        Some(is_paid) => is_paid,
        None => told.paid_ms > 0,
    };
    if is_paid { PaymentState::Paid } else { PaymentState::Pending }
}

fn tell_payment(body: Object<'_>, told: &Told<'_>, state: PaymentState, paid: i64) -> Result<Option<Payment>, Fault> {
    let method = body.name_or_empty("payment_method")?;
    let at_ms = if told.paid_ms > 0 { told.paid_ms } else { told.version };
    let payment = has_money(state).then(|| payment(told.sn, state, paid, at_ms, told.currency, method));
    Ok(payment.map(|payment| match told.on_delivery {
        true => Payment { part: PaymentPart::CashOnDelivery.into(), ..payment },
        false => payment,
    }))
}

fn terms(told: &Told<'_>) -> PaymentTerms {
    if told.on_delivery { PaymentTerms::CashOnDelivery } else { PaymentTerms::Prepaid }
}

/// Why the platform wants nothing shipped by the seller, in its own words.
fn holds(body: Object<'_>, told: &Told<'_>) -> Result<Vec<String>, Fault> {
    let terms = body.texts("pending_terms")?;
    let mut holds = match told.status {
        Status::Pending if terms.is_empty() => vec![told.raw_status.to_owned()],
        Status::Pending => terms,
        Status::InvoicePending => vec![told.raw_status.to_owned()],
        _ => Vec::new(),
    };
    // Matched with a parcel that is under way already.
    if body.flag(ADVANCE)? {
        holds.push(ADVANCE.to_owned());
    }
    if is_by_shopee(body)? {
        holds.push(BY_SHOPEE.to_owned());
    }
    Ok(if told.status.is_before_shipping() { holds } else { Vec::new() })
}

fn is_by_shopee(body: Object<'_>) -> Result<bool, Fault> {
    Ok(body.name_or_empty("fulfillment_flag")? == BY_SHOPEE)
}

/// An order of several parcels is shipped by its status when all have left.
fn shipped(body: Object<'_>, status: Status) -> Result<Shipped, Fault> {
    let left = body.each("package_list", |parcel| Ok(LEFT.contains(&parcel.name_or_empty("logistics_status")?)))?;
    Ok(match status {
        status if status.has_left() => Shipped::Wholly,
        Status::Cancelled => Shipped::Nothing,
        _ if left.contains(&true) => Shipped::Partly,
        _ => Shipped::Nothing,
    })
}

fn identity_of(body: Object<'_>, told: &Told<'_>) -> Result<order::Identity, Fault> {
    let method = match (is_by_shopee(body)?, body.flag("is_buyer_shop_collection")?) {
        (true, _) => FulfillmentMethod::Platform,
        (_, true) => FulfillmentMethod::Pickup,
        _ => FulfillmentMethod::Ship,
    };
    Ok(order::Identity {
        channel: "shopee".to_owned(),
        platform_order_id: told.sn.to_owned(),
        shown_number: told.sn.to_owned(),
        platform_version: told.version,
        raw_status: told.raw_status.to_owned(),
        kind: OrderKind::Sale.into(),
        method: method.into(),
        source: "pull".to_owned(),
        placed_at_ms: time(body, "create_time")?,
        ..order::Identity::default()
    })
}
