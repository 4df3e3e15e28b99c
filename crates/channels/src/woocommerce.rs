//! WooCommerce: order.created and order.updated, each with the whole order in its body.
//!
//! Source: WooCommerce's REST API v3 (orders) and its webhook documentation. Line totals are decimal strings without tax;
//! the unit price it sends beside them is a float, and is not read. `date_modified_gmt` is the version. Of shipping it says no
//! more than "completed"; a status for it that a plugin adds says nothing here.

use crate::adapter::{Adapter, Answer, Headers, Identity, Request};
use crate::assemble::{
    QUANTITY_MAX, RawLine, Sums, amounts, check_lines, first, has_money, join, line, not_negative, payment,
};
use crate::json::{Object, read};
use crate::listing::Listing;
use crate::listing::woocommerce::WooCommerceOrders;
use crate::mapped::{Draft, Mapped};
use crate::money::exponent;
use crate::signature::{base64, fits_any, hmac};
use crate::{Fault, SignatureFault};
use weir_proto::order::v1::{
    self as order, FulfillmentMethod, OrderKind, PaymentState, PaymentTerms, Permissions, ShipTo,
};
use weir_proto::privacy::v1::Personal;

pub const SIGNATURE: &str = "x-wc-webhook-signature";
pub const TOPIC: &str = "x-wc-webhook-topic";
pub const DELIVERY_ID: &str = "x-wc-webhook-delivery-id";
const DELIVERY_ID_AS_DOCUMENTED: &str = "x-wc-delivery-id";
const CONTENT_TYPE: &str = "content-type";

const KEPT: &[&str] = &[
    SIGNATURE,
    TOPIC,
    DELIVERY_ID,
    DELIVERY_ID_AS_DOCUMENTED,
    CONTENT_TYPE,
    "x-wc-webhook-id",
    "x-wc-webhook-resource",
    "x-wc-webhook-event",
    "x-wc-webhook-source",
];

const TOPICS: [&str; 2] = ["order.created", "order.updated"];

/// The adapter.
pub struct WooCommerce;

/// What WooCommerce puts into its signature header.
pub fn sign(secret: &[u8], body: &[u8]) -> String {
    base64(&hmac(secret, &[body]))
}

impl Adapter for WooCommerce {
    fn channel(&self) -> &'static str {
        "woocommerce"
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

    /// The unsigned ping that a new webhook begins with.
    fn is_probe(&self, request: &Request<'_>) -> bool {
        let form =
            request.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let id = request.body.strip_prefix(b"webhook_id=");
        form && id.is_some_and(|id| !id.is_empty() && id.len() < 20 && id.iter().all(u8::is_ascii_digit))
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
        let mapped = read(body, map_order)?;
        Ok(Mapped { kind: topic.to_owned(), delivery_id: delivery_id(headers)?.to_owned(), ..mapped })
    }

    fn answer(&self) -> Answer {
        Answer { status: 200, content_type: "text/plain", body: "" }
    }

    fn listing(&self) -> Option<&'static dyn Listing> {
        Some(&WooCommerceOrders)
    }
}

fn delivery_id(headers: &Headers) -> Result<&str, Fault> {
    Ok(first(&[headers.id_or_empty(DELIVERY_ID)?, headers.id_or_empty(DELIVERY_ID_AS_DOCUMENTED)?]))
}

fn map_order(body: Object<'_>) -> Result<Mapped, Fault> {
    let id = body.id("id")?;
    let version = body.time_in_utc("date_modified_gmt")?;
    let currency = body.currency("currency")?;
    let digits = exponent(currency);
    let status = body.text("status")?;
    let method = body.name_or_empty("payment_method")?;
    let on_delivery = method == "cod";
    let paid_at = match body.get("date_paid_gmt") {
        Some(_) => body.time_in_utc("date_paid_gmt")?,
        None => 0,
    };
    let state = payment_state(status, paid_at > 0, on_delivery);
    let payable = not_negative(body.money("total", digits)?, "total")?;
    let paid = if has_money(state) { payable } else { 0 };
    let lines = body.each("line_items", |item| map_line(item, currency, digits))?;
    let lines: Vec<order::Line> = lines.into_iter().filter(|line| line.ordered > 0).collect();
    check_lines(&lines, "line_items")?;
    let sums = Sums {
        discount: body.money_or_zero("discount_total", digits)?,
        freight: body.money_or_zero("shipping_total", digits)?,
        tax: body.money_or_zero("total_tax", digits)?,
        payable,
        paid,
        refunded: 0,
    };
    let at_ms = if paid_at > 0 { paid_at } else { version };
    let told = has_money(state).then(|| payment(&id, state, paid, at_ms, currency, method));
    let terms = if on_delivery { PaymentTerms::CashOnDelivery } else { PaymentTerms::Unspecified };
    let mut draft = Draft {
        order: order::Order {
            identity: Some(identity(body, &id, version, status)?),
            buyer: Some(buyer(body)?),
            amounts: Some(amounts(&lines, &sums, currency)),
            lines,
            payments: told.clone().into_iter().collect(),
            payment_state: state.into(),
            payment_terms: terms.into(),
            permissions: Some(Permissions::default()),
            ..order::Order::default()
        },
        ..Draft::default()
    };
    address(&mut draft, body)?;
    Ok(Mapped {
        kind: String::new(),
        delivery_id: String::new(),
        platform_order_id: id,
        version,
        payment_state: state,
        payment: told,
        cancelled: (status == "cancelled").then(|| "cancelled".to_owned()),
        cancel_requested: None,
        completed: status == "completed",
        order: Some(Box::new(draft)),
        ..Mapped::default()
    })
}

/// Plugins add statuses of their own; what such an order has been paid is told by its payment date alone.
fn payment_state(status: &str, has_paid_date: bool, on_delivery: bool) -> PaymentState {
    match status {
        "refunded" => PaymentState::Refunded,
        "completed" => PaymentState::Paid,
        "processing" if !on_delivery => PaymentState::Paid,
        "pending" | "on-hold" | "failed" | "checkout-draft" => PaymentState::Pending,
        _ if has_paid_date => PaymentState::Paid,
        _ => PaymentState::Pending,
    }
}

fn identity(body: Object<'_>, id: &str, version: i64, status: &str) -> Result<order::Identity, Fault> {
    Ok(order::Identity {
        channel: "woocommerce".to_owned(),
        platform_order_id: id.to_owned(),
        shown_number: body.id_or_empty("number")?,
        platform_version: version,
        raw_status: status.to_owned(),
        kind: OrderKind::Sale.into(),
        method: FulfillmentMethod::Ship.into(),
        source: "webhook".to_owned(),
        placed_at_ms: body.time_in_utc("date_created_gmt")?,
        ..order::Identity::default()
    })
}

/// Guests have the customer id 0.
fn buyer(body: Object<'_>) -> Result<order::Buyer, Fault> {
    let id = body.id_or_empty("customer_id")?;
    Ok(order::Buyer {
        platform_buyer_id: if id == "0" { String::new() } else { id },
        buyer_remark: body.text_or_empty("customer_note")?.to_owned(),
        ..order::Buyer::default()
    })
}

/// The total before discounts may not divide by the quantity: the unit price is rounded down, and a discount "rounding"
/// below zero carries what is left, so that the line's sum stays exact.
fn map_line(item: Object<'_>, currency: &str, digits: u32) -> Result<order::Line, Fault> {
    let quantity = item.integer("quantity", 0, QUANTITY_MAX)?;
    let total = item.money("total", digits)?;
    let before = match item.get("subtotal") {
        Some(_) => item.money("subtotal", digits)?,
        None => total,
    };
    let unit = if quantity > 0 { before.div_euclid(quantity) } else { 0 };
    let left = before - unit * quantity;
    let mut discounts = Vec::new();
    if before != total {
        discounts.push(("line".to_owned(), before - total));
    }
    if left != 0 && quantity > 0 {
        discounts.push(("rounding".to_owned(), -left));
    }
    let tax = item.money_or_zero("total_tax", digits)?;
    let raw = RawLine {
        id: item.id("id")?,
        sku: item.name_or_empty("sku")?,
        title: item.text_or_empty("name")?,
        quantity,
        unit,
        list: unit,
        discounts,
        taxes: if tax == 0 { Vec::new() } else { vec![(tax, false)] },
        digital: false,
    };
    Ok(line(raw, currency))
}

/// Goods go to the shipping address, or to the billing address where the buyer gave no other.
fn address(draft: &mut Draft, body: Object<'_>) -> Result<(), Fault> {
    let contact = body.inside("billing", |billing| {
        Ok((billing.text_or_empty("email")?.to_owned(), billing.text_or_empty("phone")?.to_owned()))
    })?;
    let (email, phone) = contact.unwrap_or_default();
    let read = |name| body.inside(name, |address| place(address, &email, &phone));
    let told = |place: &(ShipTo, Personal)| !place.1.address_detail.is_empty() || !place.0.city.is_empty();
    if let Some((ship_to, personal)) = read("shipping")?.filter(told).or(read("billing")?) {
        draft.order.ship_to = Some(ship_to);
        draft.personal = personal;
    }
    (draft.buyer_email, draft.buyer_phone) = (email, phone);
    Ok(())
}

fn place(address: Object<'_>, email: &str, phone: &str) -> Result<(ShipTo, Personal), Fault> {
    let text = |name: &str| address.text_or_empty(name);
    let ship_to = ShipTo {
        country: text("country")?.to_owned(),
        province: text("state")?.to_owned(),
        city: text("city")?.to_owned(),
        ..ShipTo::default()
    };
    let personal = Personal {
        name: join(&[text("first_name")?, text("last_name")?, text("company")?], " "),
        phone: first(&[text("phone")?, phone]).to_owned(),
        email: email.to_owned(),
        address_detail: join(&[text("address_1")?, text("address_2")?, text("postcode")?], ", "),
    };
    Ok((ship_to, personal))
}

#[cfg(test)]
mod tests;
