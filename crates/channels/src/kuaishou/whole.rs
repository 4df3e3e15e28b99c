//! An order as `open.order.detail` has it, and the list of orders as well.

use super::holds::{Refunds, reasons, refunds};
use super::parts::{Bought, CURRENCY, fen, fen_or_zero, gift, item};
use super::people::address;
use super::status::{self, Status, VERSION_MAX};
use crate::assemble::{Sums, amounts, check_lines, has_money, payment};
use crate::json::Object;
use crate::mapped::{Draft, Mapped, Shipped};
use crate::money::money;
use crate::{Fault, Identity};
use weir_proto::order::v1::{
    self as order, Deadlines, Discount, FulfillmentMethod, FundedBy, OrderKind, Payment, PaymentState, Permissions,
};

/// Recharges, coupons, memberships, fuel cards and vouchers: what needs no parcel, by either of two documented lists.
const DIGITAL_TYPES: [i64; 5] = [2, 3, 9, 13, 14];

/// `orderBaseInfo`.
struct Base {
    id: String,
    status: Status,
    version: i64,
    placed_ms: i64,
    paid_ms: i64,
    ship_by_ms: i64,
    pay_type: String,
    goods: i64,
    freight: i64,
    is_presale: bool,
    is_digital: bool,
    holds: Vec<String>,
    buyer: order::Buyer,
}

/// `orderDeliveryInfo`.
#[derive(Default)]
struct Parcels {
    /// One has left without all of the item.
    is_split: bool,
    address_id: String,
}

pub(super) fn identity(body: Object<'_>) -> Result<Identity, Fault> {
    let platform_order_id = body.within("orderBaseInfo", |base| base.id("oid"))?;
    Ok(Identity { kind: "order".to_owned(), delivery_id: String::new(), platform_order_id })
}

pub(super) fn map(body: Object<'_>) -> Result<Mapped, Fault> {
    let base = body.within("orderBaseInfo", read_base)?;
    let refunds = refunds(body)?;
    let main = body.within("orderItemInfo", |info| item(info, base.is_digital))?;
    let gifts = body.each("subOrderInfo", |part| gift(part, base.is_digital))?;
    let parcels = body.inside("orderDeliveryInfo", |told| read_parcels(told, main.line.ordered))?.unwrap_or_default();
    let has_all_left = !parcels.is_split && gifts.iter().all(|(_, has_left)| *has_left);
    let lines = lines(main, gifts.into_iter().map(|(gift, _)| gift), base.goods);
    check_lines(&lines, "subOrderInfo")?;

    let state = payment_state(&base, &refunds);
    let payable = base.goods.saturating_add(base.freight);
    let paid = if has_money(state) { payable } else { 0 };
    let mut sums = Sums { freight: base.freight, payable, paid, ..Sums::default() };
    let full = amounts(&lines, &sums, CURRENCY).goods.map_or(0, |goods| goods.minor);
    sums.discount = full.saturating_sub(base.goods);
    let told = has_money(state).then(|| tell_payment(&base, state, paid));
    let (ship_to, personal) = body.inside("orderAddress", |told| address(told, parcels.address_id))?.flatten().unzip();
    Ok(Mapped {
        kind: "order".to_owned(),
        platform_order_id: base.id.clone(),
        version: base.version,
        payment_state: state,
        cancelled: (base.status == Status::Failed).then(|| why_failed(&base, &refunds).to_owned()),
        completed: base.status == Status::Success,
        shipped: match base.status.shipped_by_itself() {
            Shipped::Partly if has_all_left => Shipped::Wholly,
            shipped => shipped,
        },
        order: Some(Box::new(Draft {
            order: order::Order {
                identity: Some(told_identity(&base)),
                amounts: Some(amounts(&lines, &sums, CURRENCY)),
                lines,
                payments: told.clone().into_iter().collect(),
                payment_state: state.into(),
                deadlines: Some(Deadlines { ship_by_ms: base.ship_by_ms, ..Deadlines::default() }),
                permissions: Some(Permissions { holds: holds(&base, &refunds), ..Permissions::default() }),
                buyer: Some(base.buyer),
                ship_to,
                ..order::Order::default()
            },
            personal: personal.unwrap_or_default(),
            ..Draft::default()
        })),
        payment: told,
        ..Mapped::default()
    })
}

fn read_base(base: Object<'_>) -> Result<Base, Fault> {
    let time = |name: &str| base.integer_or(name, 0, 0, VERSION_MAX);
    let number = |name: &str| base.integer_or(name, 0, 0, i64::from(i32::MAX));
    let (promised, usual) = (time("validPromiseShipmentTimeStamp")?, time("promiseTimeStampOfDelivery")?);
    let risk = number("riskCode")?;
    let mut holds = reasons(base)?;
    if risk != 0 {
        holds.insert(0, format!("RISK_{risk}"));
    }
    Ok(Base {
        id: base.id("oid")?,
        status: status::read(base)?,
        version: base.integer("updateTime", 0, VERSION_MAX)?,
        placed_ms: base.integer("createTime", 0, VERSION_MAX)?,
        paid_ms: time("payTime")?,
        ship_by_ms: if promised > 0 { promised } else { usual },
        pay_type: match number("payType")? {
            0 => String::new(),
            1 => "WECHAT".to_owned(),
            2 => "ALIPAY".to_owned(),
            other => other.to_string(),
        },
        goods: fen(base, "totalFee")?,
        freight: fen_or_zero(base, "expressFee")?,
        is_presale: number("preSale")? == 1,
        is_digital: DIGITAL_TYPES.contains(&number("coType")?),
        holds,
        buyer: order::Buyer {
            platform_buyer_id: base.id_or_empty("buyerOpenId")?,
            buyer_remark: base.text_or_empty("remark")?.to_owned(),
            ..order::Buyer::default()
        },
    })
}

fn read_parcels(told: Object<'_>, ordered: i64) -> Result<Parcels, Fault> {
    let sent = told.integer_or("deliveryNum", 0, 0, i64::from(i32::MAX))?;
    let is_split = told.flag("splitDeliveryOrder")? && sent < ordered;
    Ok(Parcels { is_split, address_id: told.id_or_empty("openAddressId")? })
}

/// The item first. What the order costs less than its items is a discount of the order's, and stands with the item.
fn lines(mut main: Bought, gifts: impl Iterator<Item = Bought>, goods: i64) -> Vec<order::Line> {
    let mut reduced = main.reduced;
    let gifts: Vec<order::Line> = gifts
        .map(|gift| {
            reduced = reduced.saturating_add(gift.reduced);
            gift.line
        })
        .collect();
    let off = reduced.saturating_sub(goods);
    if off != 0 {
        let discount_id = "order".to_owned();
        let funded_by = FundedBy::Merchant.into();
        main.line.discounts.push(Discount { discount_id, amount: money(off, CURRENCY), funded_by });
    }
    std::iter::once(main.line).chain(gifts).collect()
}

/// A refund under way has moved nothing yet.
fn payment_state(base: &Base, refunds: &Refunds) -> PaymentState {
    match base.status {
        Status::ToPay => PaymentState::Pending,
        Status::Failed if base.paid_ms == 0 => PaymentState::Pending,
        Status::Failed if refunds.is_done => PaymentState::Refunded,
        _ if refunds.is_done => PaymentState::PartlyRefunded,
        _ => PaymentState::Paid,
    }
}

fn tell_payment(base: &Base, state: PaymentState, paid: i64) -> Payment {
    let at_ms = if base.paid_ms > 0 { base.paid_ms } else { base.version };
    payment(&base.id, state, paid, at_ms, CURRENCY, &base.pay_type)
}

fn why_failed(base: &Base, refunds: &Refunds) -> &'static str {
    match (base.paid_ms, refunds.is_done) {
        (0, _) => "not paid",
        (_, true) => "refunded",
        _ => "closed",
    }
}

/// What is on its way, or needs no parcel, waits for nothing.
fn holds(base: &Base, refunds: &Refunds) -> Vec<String> {
    if base.status > Status::Paid || base.is_digital {
        return Vec::new();
    }
    let refund = refunds.under_way.map(|status| format!("REFUND_{status}"));
    base.holds.iter().cloned().chain(refund).collect()
}

fn told_identity(base: &Base) -> order::Identity {
    let kind = if base.is_presale { OrderKind::Presale } else { OrderKind::Sale };
    let method = if base.is_digital { FulfillmentMethod::Digital } else { FulfillmentMethod::Ship };
    order::Identity {
        channel: "kuaishou".to_owned(),
        platform_order_id: base.id.clone(),
        shown_number: base.id.clone(),
        platform_version: base.version,
        raw_status: base.status.number().to_string(),
        kind: kind.into(),
        method: method.into(),
        source: "pull".to_owned(),
        placed_at_ms: base.placed_ms,
        ..order::Identity::default()
    }
}
