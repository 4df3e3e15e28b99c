//! Shopify: orders/create, orders/paid, orders/updated and orders/cancelled, each with the whole order in its body.
//!
//! Source: Shopify's webhook documentation and the Order resource of its REST Admin API. Money comes as decimal strings in
//! the shop's currency; `updated_at` is the version. `fulfillment_status` says what has left, of the order and of each line
//! (documented); a gift card counts as fulfilled once it is sold, so a part is looked for among what is shipped (assumed: a line
//! without a status has not left).

use crate::adapter::{Adapter, Answer, Headers, Identity, Request};
use crate::assemble::{
    QUANTITY_MAX, RawLine, Sums, amounts, check_lines, first, has_money, join, line, not_negative, payment,
};
use crate::json::{Object, read};
use crate::listing::Listing;
use crate::listing::shopify::ShopifyOrders;
use crate::mapped::{Draft, Mapped, Shipped};
use crate::money::exponent;
use crate::signature::{base64, fits_any, hmac};
use crate::{Fault, SignatureFault};
use weir_proto::order::v1::{
    self as order, FulfillmentMethod, OrderKind, PaymentState, PaymentTerms, Permissions, ShipTo,
};
use weir_proto::privacy::v1::Personal;

pub const SIGNATURE: &str = "x-shopify-hmac-sha256";
pub const TOPIC: &str = "x-shopify-topic";
pub const EVENT_ID: &str = "x-shopify-event-id";
pub const WEBHOOK_ID: &str = "x-shopify-webhook-id";

const KEPT: &[&str] = &[
    SIGNATURE,
    TOPIC,
    EVENT_ID,
    WEBHOOK_ID,
    "x-shopify-shop-domain",
    "x-shopify-api-version",
    "x-shopify-triggered-at",
    "x-shopify-test",
];

const TOPICS: [&str; 4] = ["orders/create", "orders/paid", "orders/updated", "orders/cancelled"];

/// The adapter.
pub struct Shopify;

/// What Shopify puts into its signature header.
pub fn sign(secret: &[u8], body: &[u8]) -> String {
    base64(&hmac(secret, &[body]))
}

impl Adapter for Shopify {
    fn channel(&self) -> &'static str {
        "shopify"
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        KEPT
    }

    fn verify(&self, request: &Request<'_>, secrets: &[Vec<u8>], _tolerance_ms: i64) -> Result<(), SignatureFault> {
        let given = request.headers.get(SIGNATURE).ok_or(SignatureFault::Missing(SIGNATURE))?;
        match fits_any(given, secrets.iter().map(|secret| hmac(secret, &[request.body]))) {
            true => Ok(()),
            false => Err(SignatureFault::Mismatch),
        }
    }

    fn identify(&self, headers: &Headers, body: &[u8]) -> Result<Identity, Fault> {
        Ok(Identity {
            kind: headers.required(TOPIC)?.to_owned(),
            delivery_id: delivery_id(headers)?.to_owned(),
            platform_order_id: read(body, |order| order.id("id"))?,
        })
    }

    fn map(&self, headers: &Headers, body: &[u8]) -> Result<Mapped, Fault> {
        let topic = headers.required(TOPIC)?;
        if !TOPICS.contains(&topic) {
            return Err(Fault::invalid(TOPIC, format!("{topic:?} is none of {TOPICS:?}")));
        }
        let mapped = read(body, |order| map_order(order, topic))?;
        Ok(Mapped { kind: topic.to_owned(), delivery_id: delivery_id(headers)?.to_owned(), ..mapped })
    }

    fn answer(&self) -> Answer {
        Answer { status: 200, content_type: "text/plain", body: "" }
    }

    fn listing(&self) -> Option<&'static dyn Listing> {
        Some(&ShopifyOrders)
    }
}

/// A retry carries the same webhook id; the event's id is all that older shops send.
fn delivery_id(headers: &Headers) -> Result<&str, Fault> {
    Ok(first(&[headers.id_or_empty(WEBHOOK_ID)?, headers.id_or_empty(EVENT_ID)?]))
}

fn map_order(body: Object<'_>, topic: &str) -> Result<Mapped, Fault> {
    let id = body.id("id")?;
    let version = body.time("updated_at")?;
    let currency = body.currency("currency")?;
    let digits = exponent(currency);
    let status = body.text("financial_status")?;
    let state = payment_state(status)
        .ok_or_else(|| Fault::invalid("financial_status", format!("{status:?} is no state that Shopify documents")))?;
    let payable = not_negative(body.money("total_price", digits)?, "total_price")?;
    let outstanding = match body.get("total_outstanding") {
        Some(_) => body.money("total_outstanding", digits)?,
        None => 0,
    };
    let paid = if has_money(state) { payable.saturating_sub(outstanding) } else { 0 };
    let refunds_lower_quantities = matches!(state, PaymentState::PartlyRefunded | PaymentState::Refunded);
    let lines = body.each("line_items", |item| map_line(item, currency, digits, refunds_lower_quantities))?;
    let sums = Sums {
        discount: body.money_or_zero("total_discounts", digits)?,
        freight: freight(body, digits)?,
        tax: body.money_or_zero("total_tax", digits)?,
        payable,
        paid,
        refunded: 0,
    };
    let lines: Vec<order::Line> = lines.into_iter().filter(|line| line.ordered > 0).collect();
    let (cancelled, closed) = (has_time(body, "cancelled_at")?, has_time(body, "closed_at")?);
    let cancelled = cancelled || topic == "orders/cancelled";
    // A cancelled order may have no line any more.
    if !(cancelled && lines.is_empty()) {
        check_lines(&lines, "line_items")?;
    }
    let told = has_money(state).then(|| payment(&id, state, paid, version, currency, "shopify"));
    let draft = Draft {
        order: order::Order {
            identity: Some(identity(body, &id, version, status)?),
            buyer: Some(buyer(body)?),
            amounts: Some(amounts(&lines, &sums, currency)),
            lines,
            payments: told.clone().into_iter().collect(),
            payment_state: state.into(),
            payment_terms: terms(body)?.into(),
            permissions: Some(Permissions::default()),
            ..order::Order::default()
        },
        buyer_email: body.text_or_empty("email")?.to_owned(),
        buyer_phone: body.text_or_empty("phone")?.to_owned(),
        personal: Personal::default(),
    };
    Ok(Mapped {
        kind: String::new(),
        delivery_id: String::new(),
        platform_order_id: id,
        version,
        payment_state: state,
        payment: told,
        cancelled: cancelled.then(|| body.text_or_empty("cancel_reason")).transpose()?.map(str::to_owned),
        cancel_requested: None,
        completed: closed && !cancelled,
        shipped: shipped(body)?,
        order: Some(Box::new(with_address(draft, body)?)),
        ..Mapped::default()
    })
}

/// What has left, whoever sent it.
fn shipped(body: Object<'_>) -> Result<Shipped, Fault> {
    match body.name_or_empty("fulfillment_status")? {
        "fulfilled" => Ok(Shipped::Wholly),
        "partial" => shipped_in_part(body),
        _ => Ok(Shipped::Nothing),
    }
}

fn shipped_in_part(body: Object<'_>) -> Result<Shipped, Fault> {
    let lines = body.each("line_items", |item| {
        let left = matches!(item.name_or_empty("fulfillment_status")?, "fulfilled" | "partial");
        Ok((left, is_shipped(item)?))
    })?;
    let is_told = lines.iter().any(|(left, _)| *left);
    let goods = lines.iter().any(|(left, is_shipped)| *left && *is_shipped);
    Ok(if goods || !is_told { Shipped::Partly } else { Shipped::Nothing })
}

/// A gift card or a download is not.
fn is_shipped(item: Object<'_>) -> Result<bool, Fault> {
    let gift_card = item.flag("gift_card")?;
    let ships = item.flag("requires_shipping")? || item.get("requires_shipping").is_none();
    Ok(ships && !gift_card)
}

/// Whether something has happened, which Shopify tells by its time.
fn has_time(body: Object<'_>, name: &str) -> Result<bool, Fault> {
    match body.get(name) {
        None => Ok(false),
        Some(_) => body.time(name).map(|_| true),
    }
}

fn payment_state(status: &str) -> Option<PaymentState> {
    Some(match status {
        "pending" | "unpaid" | "expired" => PaymentState::Pending,
        "authorized" => PaymentState::Authorized,
        "partially_paid" => PaymentState::PartlyPaid,
        "paid" => PaymentState::Paid,
        "partially_refunded" => PaymentState::PartlyRefunded,
        "refunded" => PaymentState::Refunded,
        "voided" => PaymentState::Voided,
        _ => return None,
    })
}

fn identity(body: Object<'_>, id: &str, version: i64, status: &str) -> Result<order::Identity, Fault> {
    let shown = match body.name_or_empty("name")? {
        "" => body.id_or_empty("order_number")?,
        name => name.to_owned(),
    };
    Ok(order::Identity {
        channel: "shopify".to_owned(),
        platform_order_id: id.to_owned(),
        shown_number: shown,
        platform_version: version,
        raw_status: join(&[status, body.name_or_empty("fulfillment_status")?], "/"),
        kind: OrderKind::Sale.into(),
        method: FulfillmentMethod::Ship.into(),
        test: body.flag("test")?,
        source: "webhook".to_owned(),
        placed_at_ms: body.time("created_at")?,
        ..order::Identity::default()
    })
}

fn buyer(body: Object<'_>) -> Result<order::Buyer, Fault> {
    let id = body.inside("customer", |customer| customer.id_or_empty("id"))?;
    Ok(order::Buyer {
        platform_buyer_id: id.unwrap_or_default(),
        buyer_remark: body.text_or_empty("note")?.to_owned(),
        ..order::Buyer::default()
    })
}

fn terms(body: Object<'_>) -> Result<PaymentTerms, Fault> {
    let gateways = body.texts("payment_gateway_names")?;
    let on_delivery = |name: &String| name.to_lowercase().replace('_', " ").contains("cash on delivery");
    Ok(match gateways.iter().any(on_delivery) {
        true => PaymentTerms::CashOnDelivery,
        false => PaymentTerms::Unspecified,
    })
}

fn freight(body: Object<'_>, digits: u32) -> Result<i64, Fault> {
    let prices = body.each("shipping_lines", |line| match line.get("discounted_price") {
        Some(_) => line.money("discounted_price", digits),
        None => line.money("price", digits),
    })?;
    Ok(prices.into_iter().fold(0, i64::saturating_add))
}

/// `current_quantity` is what an edit left. A refund lowers it as well, and that takes back nothing that was ordered.
fn map_line(item: Object<'_>, currency: &str, digits: u32, refunded: bool) -> Result<order::Line, Fault> {
    let ordered = item.integer("quantity", 0, QUANTITY_MAX)?;
    let current = item.integer_or("current_quantity", ordered, 0, QUANTITY_MAX)?;
    let unit = item.money("price", digits)?;
    let allocations = item.each("discount_allocations", |given| given.money("amount", digits))?;
    let discounts = allocations.into_iter().enumerate().map(|(index, amount)| (index.to_string(), amount)).collect();
    let taxes = item.each("tax_lines", |tax| Ok((tax.money("price", digits)?, false)))?;
    let raw = RawLine {
        id: item.id("id")?,
        sku: item.name_or_empty("sku")?,
        title: item.text_or_empty("title")?,
        quantity: if refunded { ordered } else { current },
        unit,
        list: unit,
        discounts,
        taxes,
        digital: !is_shipped(item)?,
    };
    Ok(line(raw, currency))
}

fn with_address(mut draft: Draft, body: Object<'_>) -> Result<Draft, Fault> {
    let contact = (draft.buyer_email.clone(), draft.buyer_phone.clone());
    let address = body.inside("shipping_address", |address| {
        let text = |name: &str| address.text_or_empty(name);
        let ship_to = ShipTo {
            country: first(&[text("country_code")?, text("country")?]).to_owned(),
            province: first(&[text("province_code")?, text("province")?]).to_owned(),
            city: text("city")?.to_owned(),
            ..ShipTo::default()
        };
        let full_name = join(&[text("first_name")?, text("last_name")?], " ");
        let personal = Personal {
            name: first(&[text("name")?, &full_name]).to_owned(),
            phone: first(&[text("phone")?, &contact.1]).to_owned(),
            email: contact.0.clone(),
            address_detail: join(&[text("address1")?, text("address2")?, text("zip")?], ", "),
        };
        Ok((ship_to, personal))
    })?;
    if let Some((ship_to, personal)) = address {
        draft.order.ship_to = Some(ship_to);
        draft.personal = personal;
    }
    Ok(draft)
}

#[cfg(test)]
mod tests;
