//! An order as the Order API gives it.

use super::field::{SECONDS_MAX, first_ms, ms_or_zero, seconds};
use super::lines::lines;
use super::people::people;
use super::status::Status;
use crate::Fault;
use crate::assemble::{Sums, amounts, check_lines, first, has_money, not_negative, payment};
use crate::json::Object;
use crate::mapped::{CancelRequest, Draft, Mapped};
use crate::money::exponent;
use weir_proto::order::v1::{
    self as order, Deadlines, FulfillmentMethod, OrderKind, Payment, PaymentPart, PaymentState, PaymentTerms,
    Permissions,
};

const BY_SELLER: &str = "FULFILLMENT_BY_SELLER";

/// What the order says of itself, its money apart.
struct Facts<'a> {
    id: &'a str,
    status: Status,
    raw_status: &'a str,
    version: i64,
    placed_ms: i64,
    paid_ms: i64,
    on_delivery: bool,
    /// Who ships, where that is not the seller: "FULFILLMENT_BY_TIKTOK".
    shipped_by: Option<&'a str>,
}

/// `payment`.
struct Price<'a> {
    currency: &'a str,
    payable: i64,
    freight: i64,
    tax: i64,
    discount: i64,
}

pub(super) fn map(body: Object<'_>, id: &str) -> Result<Mapped, Fault> {
    let facts = read_facts(body, id)?;
    let price = body.within("payment", read_price)?;
    let digits = exponent(price.currency);
    let lines = lines(body, price.currency, digits)?;
    check_lines(&lines, "line_items")?;

    let state = payment_state(&facts);
    let paid = if has_money(state) { price.payable } else { 0 };
    let told = match has_money(state) {
        true => Some(tell_payment(&facts, state, &price, body.name_or_empty("payment_method_name")?)),
        false => None,
    };
    let sums = Sums {
        discount: price.discount,
        freight: price.freight,
        tax: price.tax,
        payable: price.payable,
        paid,
        refunded: 0,
    };
    let mut draft = Draft {
        order: order::Order {
            identity: Some(identity(body, &facts)?),
            amounts: Some(amounts(&lines, &sums, price.currency)),
            lines,
            payments: told.clone().into_iter().collect(),
            payment_state: state.into(),
            payment_terms: terms(&facts).into(),
            deadlines: Some(deadlines(body)?),
            permissions: Some(Permissions { holds: holds(&facts), ..Permissions::default() }),
            ..order::Order::default()
        },
        ..Draft::default()
    };
    people(&mut draft, body)?;
    Ok(Mapped {
        version: facts.version,
        payment_state: state,
        payment: told,
        cancelled: cancelled(body, facts.status)?,
        cancel_requested: cancel_requested(body, facts.status)?,
        completed: facts.status == Status::Completed,
        shipped: facts.status.shipped(),
        order: Some(Box::new(draft)),
        ..Mapped::default()
    })
}

fn read_facts<'a>(body: Object<'a>, id: &'a str) -> Result<Facts<'a>, Fault> {
    let raw_status = body.text("status")?;
    let status = Status::of("status", raw_status)?;
    let shipped_by = body.name_or_empty("fulfillment_type")?;
    Ok(Facts {
        id,
        status,
        raw_status,
        version: status.version(seconds(body, "update_time")?),
        placed_ms: seconds(body, "create_time")? * 1000,
        paid_ms: ms_or_zero(body, "paid_time")?,
        on_delivery: body.flag("is_cod")?,
        shipped_by: Some(shipped_by).filter(|word| !["", BY_SELLER].contains(word)),
    })
}

/// `total_amount` has fees in it that have no place of their own here, so the parts need not add up to it.
fn read_price(payment: Object<'_>) -> Result<Price<'_>, Fault> {
    let currency = payment.currency("currency")?;
    let digits = exponent(currency);
    let sum = |name: &str| payment.money_or_zero(name, digits);
    Ok(Price {
        currency,
        payable: not_negative(payment.money("total_amount", digits)?, "total_amount")?,
        freight: sum("shipping_fee")?,
        tax: sum("tax")?,
        discount: sum("seller_discount")?.saturating_add(sum("platform_discount")?),
    })
}

/// A presale is on hold before anything is paid. What a cancelled order gives back is told by the Return API alone.
fn payment_state(facts: &Facts<'_>) -> PaymentState {
    use Status::{Cancelled, Completed, Delivered, OnHold, Unpaid};
    match facts.status {
        Unpaid => PaymentState::Pending,
        OnHold | Cancelled if facts.paid_ms == 0 => PaymentState::Pending,
        status if facts.on_delivery && !matches!(status, Delivered | Completed) => PaymentState::Pending,
        _ => PaymentState::Paid,
    }
}

fn tell_payment(facts: &Facts<'_>, state: PaymentState, price: &Price<'_>, method: &str) -> Payment {
    let at_ms = if facts.paid_ms > 0 { facts.paid_ms } else { facts.version };
    let told = payment(facts.id, state, price.payable, at_ms, price.currency, method);
    match facts.on_delivery {
        true => Payment { part: PaymentPart::CashOnDelivery.into(), ..told },
        false => told,
    }
}

fn terms(facts: &Facts<'_>) -> PaymentTerms {
    if facts.on_delivery { PaymentTerms::CashOnDelivery } else { PaymentTerms::Unspecified }
}

/// The buyer may still think better of it, or somebody else ships: in either case nothing is to be shipped from here.
fn holds(facts: &Facts<'_>) -> Vec<String> {
    let on_hold = (facts.status == Status::OnHold).then_some(facts.raw_status);
    on_hold.into_iter().chain(facts.shipped_by).map(str::to_owned).collect()
}

fn deadlines(body: Object<'_>) -> Result<Deadlines, Fault> {
    Ok(Deadlines {
        ship_by_ms: first_ms(body, ["rts_sla_time", "shipping_due_time"])?,
        deliver_by_ms: first_ms(body, ["delivery_sla_time", "delivery_due_time"])?,
        ..Deadlines::default()
    })
}

fn cancelled(body: Object<'_>, status: Status) -> Result<Option<String>, Fault> {
    let reason = first(&[body.text_or_empty("cancel_reason")?, body.text_or_empty("cancellation_initiator")?]);
    Ok((status == Status::Cancelled).then(|| reason.to_owned()))
}

/// The wish has no id here; the time at which it was made is its own.
fn cancel_requested(body: Object<'_>, status: Status) -> Result<Option<CancelRequest>, Fault> {
    let asked_s = body.integer_or("request_cancel_time", 0, 0, SECONDS_MAX)?;
    let is_asked = body.flag("is_buyer_request_cancel")? && status != Status::Cancelled;
    let request = || {
        Ok(CancelRequest {
            request_id: format!("buyer:{asked_s}"),
            reason: body.text_or_empty("cancel_reason")?.to_owned(),
            line_ids: Vec::new(),
        })
    };
    is_asked.then(request).transpose()
}

fn identity(body: Object<'_>, facts: &Facts<'_>) -> Result<order::Identity, Fault> {
    let replaced = body.id_or_empty("replaced_order_id")?;
    let exchanged = body.id_or_empty("exchange_source_order_id")?;
    let kind = match body.name_or_empty("order_type")? {
        _ if body.flag("is_sample_order")? => OrderKind::Sample,
        _ if body.flag("is_replacement_order")? => OrderKind::Reshipment,
        _ if body.flag("is_exchange_order")? => OrderKind::Exchange,
        "PRE_ORDER" => OrderKind::Presale,
        _ => OrderKind::Sale,
    };
    let method = match facts.shipped_by {
        Some(_) => FulfillmentMethod::Platform,
        None => FulfillmentMethod::Ship,
    };
    Ok(order::Identity {
        channel: "tiktok".to_owned(),
        platform_order_id: facts.id.to_owned(),
        shown_number: facts.id.to_owned(),
        parent_id: first(&[&replaced, &exchanged]).to_owned(),
        platform_version: facts.version,
        raw_status: facts.raw_status.to_owned(),
        kind: kind.into(),
        method: method.into(),
        source: "pull".to_owned(),
        placed_at_ms: facts.placed_ms,
        ..order::Identity::default()
    })
}
