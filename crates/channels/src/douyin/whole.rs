//! `shop_order_detail`: the whole order as Douyin's API tells it, in fen and seconds.

use super::field::{CURRENCY, code, fen, fen_or_zero, time, time_or_zero};
use super::lines::{Item, read_item};
use super::payments::{Told, read_phase};
use super::people::people;
use super::status::{self, Status, Statuses};
use crate::Fault;
use crate::adapter::Identity;
use crate::assemble::{Sums, amounts, check_lines, first, not_negative};
use crate::json::Object;
use crate::mapped::{Draft, Mapped, Shipped};
use weir_proto::order::v1::{
    self as order, Deadlines, FulfillmentMethod, OrderKind, PaymentState, PaymentTerms, Permissions,
};

/// The kind of a pulled order: what it was asked for with.
const KIND: &str = "order.orderDetail";

/// Why an order with status 105 waits, which Douyin has no word for.
const RISK_CONTROL: &str = "risk-control";

/// Of `order_type`.
const ORDINARY: i64 = 0;
/// Virtual goods, and vouchers that are redeemed here or elsewhere.
const NEVER_SHIPPED: [i64; 3] = [2, 4, 5];

/// Of `trade_type` of a line.
const DEPOSIT_PRESALE: i64 = 2;
const SAMPLE: i64 = 10;
const WITHIN_THE_HOUR: i64 = 18;

/// A time to pay that is smaller than this is a length, in ms: as a time it would be before 2001.
const LENGTHS_BELOW_MS: i64 = 1_000_000_000_000;

pub(super) fn identity(order: Object<'_>) -> Result<Identity, Fault> {
    let platform_order_id = order.id("order_id")?;
    Ok(Identity { kind: KIND.to_owned(), delivery_id: String::new(), platform_order_id })
}

pub(super) fn map(body: Object<'_>) -> Result<Mapped, Fault> {
    let identity = identity(body)?;
    let statuses = Statuses::read(body)?;
    let placed_ms = time(body, "create_time")?;
    let version = status::version(time(body, "update_time")?, Some(statuses.latest()));
    let order_type = code(body, "order_type")?;
    let is_digital = NEVER_SHIPPED.contains(&order_type);
    let mut items = body.each("sku_order_list", |item| read_item(item, is_digital))?;
    let told = Told {
        order: identity.platform_order_id.clone(),
        statuses,
        payable: not_negative(fen(body, "pay_amount")?, "pay_amount")?,
        paid_ms: time_or_zero(body, "pay_time")?,
        method: body.id_or_empty("pay_type")?,
        phases: body.each("order_phase_list", read_phase)?,
        is_line_refunded: items.iter().any(|item| item.is_refunded),
    };
    let freight = fen_or_zero(body, "post_amount")?;
    let (kind, method) = (kind(&items), method(order_type, &items));
    // What was agreed and paid is of all lines, whatever became of them.
    let agreed: Vec<order::Line> = items.iter().map(|item| item.line.clone()).collect();
    check_lines(&agreed, "sku_order_list")?;
    // A cancelled order tells of all its lines, an open one of those that are still to come.
    if !statuses.order.is_cancelled() && items.iter().any(|item| !item.is_taken_off) {
        items.retain(|item| !item.is_taken_off);
    }
    let lines: Vec<order::Line> = items.into_iter().map(|item| item.line).collect();

    let (state, payments) = (told.state(), told.payments(version));
    let paid = told.paid(&payments);
    let refunded = if state == PaymentState::Refunded { paid } else { 0 };
    let mut sums = Sums { freight, payable: told.payable, paid, refunded, ..Sums::default() };
    let goods = amounts(&agreed, &sums, CURRENCY).goods.map_or(0, |goods| goods.minor);
    sums.discount = goods.saturating_add(freight).saturating_sub(told.payable);
    let is_held = statuses.is_held() && method != FulfillmentMethod::Digital;

    let mut draft = Draft {
        order: order::Order {
            identity: Some(order::Identity {
                channel: "douyin".to_owned(),
                platform_order_id: identity.platform_order_id.clone(),
                shown_number: identity.platform_order_id.clone(),
                sub_ids: lines.iter().map(|line| line.line_id.clone()).collect(),
                platform_version: version,
                raw_status: raw_status(body)?,
                kind: kind.into(),
                method: method.into(),
                source: "pull".to_owned(),
                placed_at_ms: placed_ms,
                ..order::Identity::default()
            }),
            amounts: Some(amounts(&agreed, &sums, CURRENCY)),
            lines,
            payments: payments.clone(),
            payment_state: state.into(),
            payment_terms: terms(&told).into(),
            deadlines: Some(Deadlines {
                pay_by_ms: pay_by_ms(body, placed_ms)?,
                balance_by_ms: told.balance_by_ms(),
                ship_by_ms: time_or_zero(body, "exp_ship_time")?,
                ..Deadlines::default()
            }),
            permissions: Some(Permissions {
                holds: if is_held { vec![RISK_CONTROL.to_owned()] } else { Vec::new() },
                ..Permissions::default()
            }),
            ..order::Order::default()
        },
        ..Draft::default()
    };
    people(&mut draft, body)?;
    let reason = first(&[body.text_or_empty("cancel_reason")?, statuses.end()]).to_owned();
    Ok(Mapped {
        kind: identity.kind,
        platform_order_id: identity.platform_order_id,
        version,
        payment_state: state,
        payment: payments.into_iter().next_back(),
        cancelled: statuses.order.is_cancelled().then_some(reason),
        completed: statuses.order == Status::Done,
        shipped: match statuses.order {
            Status::PartShipped => Shipped::Partly,
            Status::Shipped | Status::Done => Shipped::Wholly,
            _ => Shipped::Nothing,
        },
        order: Some(Box::new(draft)),
        ..Mapped::default()
    })
}

/// Both statuses as Douyin has them: "2", or "4/21" where they differ.
fn raw_status(body: Object<'_>) -> Result<String, Fault> {
    let (status, main) = (code(body, "order_status")?, code(body, "main_status")?);
    Ok(if main == 0 || main == status { status.to_string() } else { format!("{status}/{main}") })
}

fn pay_by_ms(body: Object<'_>, placed_ms: i64) -> Result<i64, Fault> {
    Ok(match time_or_zero(body, "order_expire_time")? {
        0 => 0,
        length if length < LENGTHS_BELOW_MS => placed_ms.saturating_add(length),
        at => at,
    })
}

fn terms(told: &Told) -> PaymentTerms {
    if told.is_on_delivery() { PaymentTerms::CashOnDelivery } else { PaymentTerms::Unspecified }
}

fn kind(items: &[Item]) -> OrderKind {
    match items {
        items if items.iter().any(|item| item.is_presale || item.trade_type == DEPOSIT_PRESALE) => OrderKind::Presale,
        items if items.iter().any(|item| item.trade_type == SAMPLE) => OrderKind::Sample,
        _ => OrderKind::Sale,
    }
}

fn method(order_type: i64, items: &[Item]) -> FulfillmentMethod {
    match order_type {
        ORDINARY if items.iter().any(|item| item.trade_type == WITHIN_THE_HOUR) => FulfillmentMethod::LocalDelivery,
        ORDINARY if items.iter().all(|item| item.is_picked_up) => FulfillmentMethod::Pickup,
        ORDINARY => FulfillmentMethod::Ship,
        order_type if NEVER_SHIPPED.contains(&order_type) => FulfillmentMethod::Digital,
        _ => FulfillmentMethod::Unspecified,
    }
}
