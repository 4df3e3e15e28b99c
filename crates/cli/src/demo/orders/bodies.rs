//! Webhooks as each platform writes and signs them. Pure: the same order and moment give the same bytes.

use super::{Broken, Delivery, FREIGHT_MINOR, OrderSpec, PAID_AFTER_MS, Step, Story};
use crate::demo::catalogue::{CURRENCY, Catalogue, REGIONS};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use weir_channels::{shopify, standard_webhooks, woocommerce};

/// A request as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// "/webhooks/shopify/acme"
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// The moment at which an order is told of.
#[derive(Clone, Copy)]
struct Telling<'a> {
    catalogue: &'a Catalogue,
    order: &'a OrderSpec,
    step: Step,
    /// Unix ms of the placing and of the event.
    placed_ms: i64,
    event_ms: i64,
}

/// The webhook of a delivery. `start_ms` is when the run began, `now_ms` when this attempt is made.
pub fn webhook(catalogue: &Catalogue, order: &OrderSpec, delivery: &Delivery, start_ms: i64, now_ms: i64) -> Webhook {
    let event_ms = start_ms + delivery.event_us / 1000;
    let earlier_ms = if order.story == Story::OutOfOrder { PAID_AFTER_MS } else { 0 };
    let placed_ms = start_ms + i64::try_from(order.placed_us / 1000).unwrap_or(0) - earlier_ms;
    let telling = Telling { catalogue, order, step: delivery.step, placed_ms, event_ms };
    let shop = &catalogue.shops[order.shop];
    let (kind, mut value) = match shop.channel {
        "shopify" => telling.shopify(),
        "woocommerce" => telling.woocommerce(),
        _ => telling.generic(),
    };
    if order.story == Story::Broken(Broken::NoTotal) {
        remove_total(&mut value);
    }
    let mut body = value.to_string().into_bytes();
    if order.story == Story::Broken(Broken::CutOff) {
        body.truncate(body.len() / 2);
    }
    let secret = match order.story {
        Story::Broken(Broken::Signature) => "not the shop's secret",
        _ => &shop.secret,
    };
    let id = format!("{}-{}-{kind}", catalogue.run, order.number).replace(['.', '/'], "-");
    let headers = headers(shop.channel, kind, &id, secret.as_bytes(), now_ms, &shop.shop, &body);
    Webhook { path: format!("/webhooks/{}/{}", shop.channel, shop.shop), headers, body }
}

fn headers(
    channel: &str,
    kind: &str,
    id: &str,
    secret: &[u8],
    now_ms: i64,
    shop: &str,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    match channel {
        "shopify" => headers.extend([
            (shopify::TOPIC, kind.to_owned()),
            (shopify::SIGNATURE, shopify::sign(secret, body)),
            (shopify::WEBHOOK_ID, id.to_owned()),
            (shopify::EVENT_ID, format!("event-{id}")),
            ("x-shopify-shop-domain", format!("{shop}.example")),
            ("x-shopify-api-version", "2026-10".to_owned()),
        ]),
        "woocommerce" => headers.extend([
            (woocommerce::TOPIC, kind.to_owned()),
            (woocommerce::SIGNATURE, woocommerce::sign(secret, body)),
            (woocommerce::DELIVERY_ID, id.to_owned()),
            ("x-wc-webhook-source", format!("https://{shop}.example/")),
        ]),
        _ => headers.extend([
            (standard_webhooks::ID, id.to_owned()),
            (standard_webhooks::TIMESTAMP, (now_ms / 1000).to_string()),
            (standard_webhooks::SIGNATURE, standard_webhooks::sign(secret, id, now_ms / 1000, body)),
        ]),
    }
    headers
}

impl Telling<'_> {
    fn is_paid(&self) -> bool {
        match self.step {
            Step::Paid => true,
            Step::Created | Step::Cancelled => !matches!(self.order.story, Story::PayLater { .. } | Story::OutOfOrder),
        }
    }

    fn total(&self) -> String {
        decimal(self.order.total_minor(self.catalogue))
    }

    fn email(&self) -> String {
        format!("buyer-{}@demo.example", self.order.buyer)
    }

    /// Each line's id, SKU, quantity and unit price.
    fn lines<'a>(&'a self) -> impl Iterator<Item = (u64, &'a str, i64, i64)> + 'a {
        self.order.lines.iter().enumerate().map(|(index, (item, quantity))| {
            let item = &self.catalogue.items[*item];
            (self.order.number * 10 + index as u64, item.sku.as_str(), *quantity, item.price_minor)
        })
    }

    fn shopify(&self) -> (&'static str, Value) {
        let kind = match self.step {
            Step::Created => "orders/create",
            Step::Paid => "orders/paid",
            Step::Cancelled => "orders/cancelled",
        };
        let lines: Vec<Value> = self
            .lines()
            .map(|(id, sku, quantity, price)| {
                json!({ "id": id, "sku": sku, "title": sku, "quantity": quantity, "price": decimal(price),
                    "requires_shipping": true, "gift_card": false })
            })
            .collect();
        let cancelled_at = (self.step == Step::Cancelled).then(|| instant(self.event_ms));
        let (country, province, city) = REGIONS[self.order.region];
        let body = json!({
            "id": self.order.number, "name": format!("#{}", self.order.number), "order_number": self.order.number,
            "test": false, "created_at": instant(self.placed_ms), "updated_at": instant(self.event_ms),
            "cancelled_at": cancelled_at, "cancel_reason": cancelled_at.as_ref().map(|_| "customer"), "closed_at": null,
            "currency": CURRENCY, "total_price": self.total(), "total_discounts": "0.00", "total_tax": "0.00",
            "financial_status": if self.is_paid() { "paid" } else { "pending" }, "fulfillment_status": null,
            "email": self.email(), "phone": null, "note": null, "customer": { "id": self.order.buyer },
            "payment_gateway_names": ["card"], "line_items": lines,
            "shipping_lines": [{ "price": decimal(FREIGHT_MINOR), "title": "Parcel" }],
            "shipping_address": { "name": self.name(), "phone": self.phone(), "address1": "Lechweg 7", "address2": null,
                "zip": "10000", "city": city, "province_code": province, "country_code": country }
        });
        (kind, body)
    }

    fn woocommerce(&self) -> (&'static str, Value) {
        let kind = if self.step == Step::Created { "order.created" } else { "order.updated" };
        let status = match (self.step, self.is_paid()) {
            (Step::Cancelled, _) => "cancelled",
            (_, true) => "processing",
            (_, false) => "pending",
        };
        let paid_ms = if self.step == Step::Cancelled { self.placed_ms } else { self.event_ms };
        let lines: Vec<Value> = self
            .lines()
            .map(|(id, sku, quantity, price)| {
                let total = decimal(price * quantity);
                json!({ "id": id, "name": sku, "product_id": id, "variation_id": 0, "sku": sku, "quantity": quantity,
                    "subtotal": total, "total": total, "total_tax": "0.00" })
            })
            .collect();
        let (country, province, city) = REGIONS[self.order.region];
        let address = json!({ "first_name": "Sam", "last_name": format!("Buyer {}", self.order.buyer), "company": "",
            "address_1": "5 Mill Lane", "address_2": "", "city": city, "state": province, "postcode": "10000",
            "country": country, "email": self.email(), "phone": self.phone() });
        let body = json!({
            "id": self.order.number, "number": self.order.number.to_string(), "status": status, "currency": CURRENCY,
            "customer_id": self.order.buyer, "customer_note": "",
            "date_created_gmt": seconds(self.placed_ms), "date_modified_gmt": seconds(self.event_ms),
            "date_paid_gmt": self.is_paid().then(|| seconds(paid_ms)),
            "discount_total": "0.00", "shipping_total": decimal(FREIGHT_MINOR), "total_tax": "0.00", "total": self.total(),
            "payment_method": "card", "billing": address, "shipping": address, "line_items": lines
        });
        (kind, body)
    }

    fn generic(&self) -> (&'static str, Value) {
        let (kind, version) = match self.step {
            Step::Created => ("order.created", 1),
            Step::Paid => ("order.paid", 2),
            Step::Cancelled => ("order.cancelled", 3),
        };
        let id = self.order.number.to_string();
        let data = match self.step {
            Step::Created => self.whole(&id, version),
            Step::Paid => {
                json!({ "order_id": id, "version": version, "payment": { "id": format!("pay-{id}"),
                "amount": self.total(), "currency": CURRENCY, "state": "paid", "paid_at": instant(self.event_ms), "method": "card" } })
            }
            Step::Cancelled => json!({ "order_id": id, "version": version, "reason": "customer" }),
        };
        (kind, json!({ "type": kind, "timestamp": instant(self.event_ms), "data": data }))
    }

    fn whole(&self, id: &str, version: u32) -> Value {
        let lines: Vec<Value> = self
            .lines()
            .map(|(id, sku, quantity, price)| {
                json!({ "line_id": id, "sku": sku, "title": sku, "quantity": quantity, "price": decimal(price) })
            })
            .collect();
        let (country, province, city) = REGIONS[self.order.region];
        json!({
            "order_id": id, "number": id, "version": version, "status": "open", "placed_at": instant(self.placed_ms),
            "currency": CURRENCY, "total": self.total(), "freight": decimal(FREIGHT_MINOR),
            "payment_state": if self.is_paid() { "paid" } else { "pending" },
            "buyer": { "id": format!("b-{}", self.order.buyer), "email": self.email(), "phone": self.phone() },
            "ship_to": { "country": country, "province": province, "city": city, "name": self.name(),
                "address": "12 Xinhua Road" },
            "lines": lines
        })
    }

    fn name(&self) -> String {
        format!("Buyer {}", self.order.buyer)
    }

    fn phone(&self) -> String {
        format!("+49 821 {:06}", self.order.buyer)
    }
}

fn remove_total(body: &mut Value) {
    let inner = if body.get("data").is_some() { &mut body["data"] } else { body };
    if let Some(fields) = inner.as_object_mut() {
        fields.remove("total_price");
        fields.remove("total");
    }
}

fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

fn instant(ms: i64) -> String {
    moment(ms).format(&Rfc3339).unwrap_or_default()
}

fn seconds(ms: i64) -> String {
    moment(ms).format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]")).unwrap_or_default()
}

fn moment(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
