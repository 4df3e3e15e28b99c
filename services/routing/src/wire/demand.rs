//! Money, lines, payment and demand: what facts and inputs have in common.

use super::missing;
use crate::domain::order::{Demand, Due, Line, Money, Order, Payment, Region, Terms};
use prost::Message as _;
use weir_decider::Fault;
use weir_proto::log::v1::Meta;
use weir_proto::{money::v1 as money, order::v1 as order, routing::v1 as pb};

pub(super) fn money(of: Option<money::Money>) -> Money {
    let money::Money { minor, currency } = of.unwrap_or_default();
    Money { minor, currency }
}

pub(super) fn to_money(of: &Money) -> Option<money::Money> {
    Some(money::Money { minor: of.minor, currency: of.currency.clone() })
}

/// A platform that says nothing of payment has seen none.
pub(super) fn payment(of: order::PaymentState) -> Payment {
    match of {
        order::PaymentState::Unspecified | order::PaymentState::Pending => Payment::Pending,
        order::PaymentState::Authorized => Payment::Authorized,
        order::PaymentState::PartlyPaid => Payment::PartlyPaid,
        order::PaymentState::Paid => Payment::Paid,
        order::PaymentState::PartlyRefunded => Payment::PartlyRefunded,
        order::PaymentState::Refunded => Payment::Refunded,
        order::PaymentState::Voided => Payment::Voided,
    }
}

pub(super) fn to_payment(of: Payment) -> order::PaymentState {
    match of {
        Payment::Pending => order::PaymentState::Pending,
        Payment::Authorized => order::PaymentState::Authorized,
        Payment::PartlyPaid => order::PaymentState::PartlyPaid,
        Payment::Paid => order::PaymentState::Paid,
        Payment::PartlyRefunded => order::PaymentState::PartlyRefunded,
        Payment::Refunded => order::PaymentState::Refunded,
        Payment::Voided => order::PaymentState::Voided,
    }
}

pub(super) fn terms(of: order::PaymentTerms) -> Option<Terms> {
    match of {
        order::PaymentTerms::Unspecified => None,
        order::PaymentTerms::Prepaid => Some(Terms::Prepaid),
        order::PaymentTerms::CashOnDelivery => Some(Terms::CashOnDelivery),
        order::PaymentTerms::OnAccount => Some(Terms::OnAccount),
    }
}

fn to_terms(of: Terms) -> order::PaymentTerms {
    match of {
        Terms::Prepaid => order::PaymentTerms::Prepaid,
        Terms::CashOnDelivery => order::PaymentTerms::CashOnDelivery,
        Terms::OnAccount => order::PaymentTerms::OnAccount,
    }
}

pub(super) fn region(of: &order::ShipTo) -> Region {
    Region { country: of.country.clone(), province: of.province.clone() }
}

pub(super) fn line(of: pb::DemandLine) -> Line {
    let pb::DemandLine { line_id, sku, quantity, pool } = of;
    Line { line_id, sku, quantity, pool }
}

pub(super) fn to_line(of: &Line) -> pb::DemandLine {
    let Line { line_id, sku, quantity, pool } = of.clone();
    pb::DemandLine { line_id, sku, quantity, pool }
}

/// Says of a demand only by what terms and until when it must be paid: what else there is of it stays as it was.
pub(super) fn to_due(meta: &Meta, of: &Due) -> pb::Demand {
    pb::Demand {
        order_id: meta.key.clone(),
        terms: to_terms(of.terms).into(),
        pay_by_ms: of.pay_by,
        ..pb::Demand::default()
    }
}

pub(super) fn due(of: &pb::Demand) -> Due {
    Due { terms: terms(of.terms()).unwrap_or_default(), pay_by: of.pay_by_ms }
}

/// Reads a demand back; the tenant is the record's.
pub(super) fn demand(meta: &Meta, of: pb::Demand) -> Result<Demand, Fault> {
    let (terms_said, payment_said) = (of.terms(), of.payment());
    let ship_to = of.ship_to.ok_or_else(|| missing("demand.ship_to"))?;
    let order = Order {
        tenant: meta.tenant.clone(),
        channel: of.channel,
        shop: of.shop,
        platform_order_id: of.platform_order_id,
        lines: of.lines.into_iter().map(line).collect(),
        region: region(&ship_to),
        payable: money(of.payable),
        terms: terms(terms_said),
        placed_at: of.placed_at_ms,
        pay_by: of.pay_by_ms,
        ship_by: of.ship_by_ms,
        urgent: of.urgent,
        partial_allowed: of.partial_allowed,
    };
    Ok(Demand { order, payment: payment(payment_said), ship_to: ship_to.encode_to_vec() })
}

pub(super) fn to_demand(meta: &Meta, of: &Demand) -> pb::Demand {
    let order = &of.order;
    // These are the bytes that the address was read from; a demand without any says at least the region.
    let ship_to = order::ShipTo::decode(of.ship_to.as_slice()).ok().filter(|_| !of.ship_to.is_empty());
    let ship_to = ship_to.unwrap_or_else(|| order::ShipTo {
        country: order.region.country.clone(),
        province: order.region.province.clone(),
        ..order::ShipTo::default()
    });
    pb::Demand {
        order_id: meta.key.clone(),
        channel: order.channel.clone(),
        shop: order.shop.clone(),
        platform_order_id: order.platform_order_id.clone(),
        lines: order.lines.iter().map(to_line).collect(),
        ship_to: Some(ship_to),
        payable: to_money(&order.payable),
        terms: order.terms.map_or(order::PaymentTerms::Unspecified, to_terms).into(),
        payment: to_payment(of.payment).into(),
        placed_at_ms: order.placed_at,
        pay_by_ms: order.pay_by,
        ship_by_ms: order.ship_by,
        urgent: order.urgent,
        partial_allowed: order.partial_allowed,
    }
}
