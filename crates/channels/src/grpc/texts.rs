//! Each text of a canonical order against the limits of what the log takes.

use crate::Fault;
use weir_proto::limits;
use weir_proto::money::v1::Money;
use weir_proto::order::v1::{Amounts, Buyer, Identity, Line, Order, ShipTo};

pub(super) fn check(order: &Order) -> Result<(), Fault> {
    order.identity.as_ref().map_or(Ok(()), |part| identity(part).map_err(|fault| fault.below("identity")))?;
    order.buyer.as_ref().map_or(Ok(()), |part| buyer(part).map_err(|fault| fault.below("buyer")))?;
    order.ship_to.as_ref().map_or(Ok(()), |part| ship_to(part).map_err(|fault| fault.below("ship_to")))?;
    order.amounts.as_ref().map_or(Ok(()), |part| amounts(part).map_err(|fault| fault.below("amounts")))?;
    each("lines", &order.lines, line)?;
    each("payments", &order.payments, |payment| {
        ids(&[("payment_id", &payment.payment_id), ("method", &payment.method)])?;
        currency("amount", payment.amount.as_ref())
    })?;
    if let Some(invoice) = &order.invoice {
        let words = [("kind", &invoice.kind), ("tax_number", &invoice.tax_number), ("state", &invoice.state)];
        ids(&words).map_err(|fault| fault.below("invoice"))?;
    }
    each("risks", &order.risks, |risk| {
        id("kind", &risk.kind)?;
        free("value", &risk.value)
    })?;
    let holds = order.permissions.as_ref().map_or(&[][..], |permissions| &permissions.holds);
    each("holds", holds, |hold| id("", hold)).map_err(|fault| fault.below("permissions"))
}

fn identity(identity: &Identity) -> Result<(), Fault> {
    ids(&[
        ("tenant", &identity.tenant),
        ("order_id", &identity.order_id),
        ("channel", &identity.channel),
        ("shop", &identity.shop),
        ("platform_order_id", &identity.platform_order_id),
        ("shown_number", &identity.shown_number),
        ("parent_id", &identity.parent_id),
        ("raw_status", &identity.raw_status),
        ("source", &identity.source),
    ])?;
    each("sub_ids", &identity.sub_ids, |sub| id("", sub))?;
    each("links", &identity.links, |link| ids(&[("kind", &link.kind), ("order_id", &link.order_id)]))
}

fn buyer(buyer: &Buyer) -> Result<(), Fault> {
    ids(&[
        ("platform_buyer_id", &buyer.platform_buyer_id),
        ("phone_hash", &buyer.phone_hash),
        ("email_hash", &buyer.email_hash),
        ("tier", &buyer.tier),
        ("flag", &buyer.flag),
    ])?;
    free("buyer_remark", &buyer.buyer_remark)?;
    free("seller_remark", &buyer.seller_remark)
}

fn ship_to(ship_to: &ShipTo) -> Result<(), Fault> {
    ids(&[
        ("recipient_id", &ship_to.recipient_id),
        ("virtual_phone", &ship_to.virtual_phone),
        ("merge_key", &ship_to.merge_key),
        ("wished_carrier", &ship_to.wished_carrier),
    ])?;
    let places = [
        ("country", &ship_to.country),
        ("province", &ship_to.province),
        ("city", &ship_to.city),
        ("district", &ship_to.district),
        ("town", &ship_to.town),
    ];
    places.iter().try_for_each(|(field, text)| free(field, text))
}

fn line(line: &Line) -> Result<(), Fault> {
    ids(&[
        ("line_id", &line.line_id),
        ("platform_sku", &line.platform_sku),
        ("sku", &line.sku),
        ("kit_parent", &line.kit_parent),
        ("lot_rule", &line.lot_rule),
        ("designated_warehouse", &line.designated_warehouse),
        ("refund_status", &line.refund_status),
    ])?;
    free("title", &line.title)?;
    currency("list_price", line.list_price.as_ref())?;
    currency("sold_price", line.sold_price.as_ref())?;
    each("discounts", &line.discounts, |discount| {
        id("discount_id", &discount.discount_id)?;
        currency("amount", discount.amount.as_ref())
    })?;
    each("taxes", &line.taxes, |tax| currency("amount", tax.amount.as_ref()))
}

fn amounts(amounts: &Amounts) -> Result<(), Fault> {
    id("presentment_currency", &amounts.presentment_currency)?;
    let sums = [
        ("goods", &amounts.goods),
        ("discount", &amounts.discount),
        ("freight", &amounts.freight),
        ("tax", &amounts.tax),
        ("duty", &amounts.duty),
        ("payable", &amounts.payable),
        ("paid", &amounts.paid),
        ("due", &amounts.due),
        ("refunded", &amounts.refunded),
        ("seller_receivable", &amounts.seller_receivable),
    ];
    sums.iter().try_for_each(|(field, money)| currency(field, money.as_ref()))
}

fn currency(field: &str, money: Option<&Money>) -> Result<(), Fault> {
    money.map_or(Ok(()), |money| id("currency", &money.currency).map_err(|fault| fault.below(field)))
}

fn ids(texts: &[(&str, &String)]) -> Result<(), Fault> {
    texts.iter().try_for_each(|(field, text)| id(field, text))
}

fn id(field: &str, text: &str) -> Result<(), Fault> {
    limits::id(text).map_err(|why| Fault::invalid(field, why))
}

fn free(field: &str, text: &str) -> Result<(), Fault> {
    limits::free(text).map_err(|why| Fault::invalid(field, why))
}

fn each<T>(field: &str, items: &[T], judge: impl Fn(&T) -> Result<(), Fault>) -> Result<(), Fault> {
    let place = |index: usize, fault: Fault| fault.below(&format!("[{index}]")).below(field);
    items.iter().enumerate().try_for_each(|(index, item)| judge(item).map_err(|fault| place(index, fault)))
}
