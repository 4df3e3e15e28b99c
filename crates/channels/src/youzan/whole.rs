//! `full_order_info`: the whole order, in yuan and at +08:00.

use super::field::{CURRENCY, DIGITS, time, time_or_zero, told};
use super::lines::map_line;
use super::people::people;
use super::status::{self, Status};
use super::{About, closing, same_order};
use crate::Fault;
use crate::assemble::{Sums, amounts, check_lines, has_money, not_negative, payment};
use crate::json::Object;
use crate::mapped::{Draft, Mapped};
use weir_proto::order::v1::{
    self as order, Deadlines, FulfillmentMethod, OrderKind, Payment, PaymentPart, PaymentState, PaymentTerms,
    Permissions,
};

/// `order_info`.
struct Info<'a> {
    status: Status,
    raw_status: &'a str,
    placed_ms: i64,
    paid_ms: i64,
    pay_by_ms: i64,
    refund_state: i64,
    on_delivery: bool,
    pay_type: String,
    /// The price is paid in two parts.
    in_parts: bool,
    is_offline: bool,
    method: FulfillmentMethod,
    closing: String,
}

/// `pay_info`.
struct Price {
    payable: i64,
    freight: i64,
    /// Documented as what was really paid; read for the deposit of a presale alone.
    really_paid: i64,
}

pub(super) fn map(body: Object<'_>, about: &About) -> Result<Mapped, Fault> {
    let info = body.within("order_info", |info| read_info(info, about))?;
    let price = body.within("pay_info", |pay| {
        Ok(Price {
            payable: not_negative(pay.money("payment", DIGITS)?, "payment")?,
            freight: pay.money_or_zero("post_fee", DIGITS)?,
            really_paid: pay.money_or_zero("real_payment", DIGITS)?,
        })
    })?;
    let is_digital = info.method == FulfillmentMethod::Digital;
    let items = body.each("orders", |item| map_line(item, is_digital))?;
    let is_presale = items.iter().any(|(_, is_presale)| *is_presale);
    let lines: Vec<order::Line> = items.into_iter().map(|(line, _)| line).collect();
    check_lines(&lines, "orders")?;

    let version = status::version(about.version, Some(info.status));
    let state = payment_state(&info, &price);
    let paid = match state {
        PaymentState::PartlyPaid => price.really_paid,
        state if has_money(state) => price.payable,
        _ => 0,
    };
    let mut sums = Sums { freight: price.freight, payable: price.payable, paid, ..Sums::default() };
    let goods = amounts(&lines, &sums, CURRENCY).goods.map_or(0, |goods| goods.minor);
    sums.discount = goods.saturating_add(price.freight).saturating_sub(price.payable);
    let told = has_money(state).then(|| tell_payment(&about.id, state, paid, version, &info));

    let mut draft = Draft {
        order: order::Order {
            identity: Some(identity(about, &info, version, is_presale)),
            amounts: Some(amounts(&lines, &sums, CURRENCY)),
            lines,
            payments: told.clone().into_iter().collect(),
            payment_state: state.into(),
            payment_terms: terms(&info).into(),
            deadlines: Some(Deadlines { pay_by_ms: info.pay_by_ms, ..Deadlines::default() }),
            permissions: Some(Permissions { holds: holds(&info), ..Permissions::default() }),
            ..order::Order::default()
        },
        ..Draft::default()
    };
    people(&mut draft, body)?;
    Ok(Mapped {
        platform_order_id: about.id.clone(),
        version,
        payment_state: state,
        payment: told,
        cancelled: (info.status == Status::Closed).then_some(info.closing),
        completed: info.status == Status::Success,
        shipped: info.status.shipped(),
        order: Some(Box::new(draft)),
        ..Mapped::default()
    })
}

fn read_info<'a>(info: Object<'a>, about: &About) -> Result<Info<'a>, Fault> {
    same_order(info, about)?;
    let raw_status = info.text("status")?;
    let tag = |name: &'static str| info.inside("order_tags", |tags| tags.flag(name)).map(Option::unwrap_or_default);
    let pay_type = info.id_or_empty("pay_type")?;
    let pay_word = told(info.name_or_empty("pay_type_str")?);
    Ok(Info {
        status: Status::of("status", raw_status)?,
        raw_status,
        placed_ms: time(info, "created")?,
        paid_ms: time_or_zero(info, "pay_time")?,
        pay_by_ms: time_or_zero(info, "expired_time")?,
        refund_state: info.integer_or("refund_state", 0, 0, 1000)?,
        on_delivery: pay_type == "9" || pay_word == "CODPAY",
        pay_type: if pay_word.is_empty() { pay_type } else { pay_word.to_owned() },
        in_parts: tag("is_down_payment_pre")?,
        is_offline: tag("is_offline_order")?,
        method: match info.integer_or("express_type", 0, 0, 1000)? {
            0 => FulfillmentMethod::Ship,
            1 => FulfillmentMethod::Pickup,
            2 => FulfillmentMethod::LocalDelivery,
            9 => FulfillmentMethod::Digital,
            _ => FulfillmentMethod::Unspecified,
        },
        closing: closing(info, "")?,
    })
}

/// A refund under way (1 and 11) has moved nothing yet.
fn payment_state(info: &Info<'_>, price: &Price) -> PaymentState {
    use Status::{Closed, Confirming, Paid, Success, ToPay};
    match (info.status, info.refund_state) {
        (_, 12) => PaymentState::Refunded,
        (_, 2) => PaymentState::PartlyRefunded,
        (ToPay | Paid | Confirming | Closed, _) if info.in_parts => match price.really_paid > 0 {
            true => PaymentState::PartlyPaid,
            false => PaymentState::Pending,
        },
        (ToPay, _) => PaymentState::Pending,
        (Closed, _) if info.paid_ms == 0 => PaymentState::Pending,
        (status, _) if info.on_delivery && status != Success => PaymentState::Pending,
        _ => PaymentState::Paid,
    }
}

fn tell_payment(id: &str, state: PaymentState, paid: i64, version: i64, info: &Info<'_>) -> Payment {
    let at_ms = if info.paid_ms > 0 { info.paid_ms } else { version };
    let told = payment(id, state, paid, at_ms, CURRENCY, &info.pay_type);
    match state {
        PaymentState::PartlyPaid => Payment { part: PaymentPart::Deposit.into(), ..told },
        _ if info.on_delivery => Payment { part: PaymentPart::CashOnDelivery.into(), ..told },
        _ => told,
    }
}

/// The platform's word for why it waits. What needs no shipping waits for nothing.
fn holds(info: &Info<'_>) -> Vec<String> {
    match info.status.is_held() && info.method != FulfillmentMethod::Digital {
        true => vec![info.raw_status.to_owned()],
        false => Vec::new(),
    }
}

fn terms(info: &Info<'_>) -> PaymentTerms {
    if info.on_delivery { PaymentTerms::CashOnDelivery } else { PaymentTerms::Unspecified }
}

fn identity(about: &About, info: &Info<'_>, version: i64, is_presale: bool) -> order::Identity {
    let kind = match (info.is_offline, is_presale) {
        (true, _) => OrderKind::Offline,
        (_, true) => OrderKind::Presale,
        _ => OrderKind::Sale,
    };
    order::Identity {
        channel: "youzan".to_owned(),
        platform_order_id: about.id.clone(),
        shown_number: about.id.clone(),
        platform_version: version,
        raw_status: info.raw_status.to_owned(),
        kind: kind.into(),
        method: info.method.into(),
        test: about.test,
        source: "webhook".to_owned(),
        placed_at_ms: info.placed_ms,
        ..order::Identity::default()
    }
}
