//! Shopify's order and the headers of its pushes.
//!
//! Known: the fields and topics, money as decimal strings, times with the shop's offset, the same webhook id over retries. Assumed:
//! one topic for each event, where the real one tells of most changes under orders/updated as well; `total_price` is what an edit left,
//! as `current_total_price` is; cancelling leaves a payment alone (the money is refunded by hand, later), and voids what was not paid.

use crate::platform::Delivery;
use crate::shop::Shop;
use crate::texts::{decimal, email, instant, phone, region};
use crate::truth::{FREIGHT_MINOR, Line, Order, Step};
use serde_json::{Value, json};
use weir_channels::shopify;

const CURRENCY: &str = "EUR";

pub fn topic(step: Step) -> &'static str {
    match step {
        Step::Placed => "orders/create",
        Step::Edited { .. } => "orders/updated",
        Step::Paid => "orders/paid",
        Step::Cancelled => "orders/cancelled",
    }
}

pub fn headers(shop: &Shop, topic: &'static str, delivery: Delivery, body: &[u8]) -> Vec<(&'static str, String)> {
    let id = format!("{:012x}-{:08x}", delivery.at_ms, delivery.number);
    vec![
        (shopify::TOPIC, topic.to_owned()),
        (shopify::SIGNATURE, shopify::sign(shop.secret.as_bytes(), body)),
        (shopify::EVENT_ID, format!("event-{id}")),
        (shopify::WEBHOOK_ID, id),
        ("x-shopify-shop-domain", format!("{}.example", shop.name)),
        ("x-shopify-api-version", "2026-10".to_owned()),
        ("x-shopify-triggered-at", instant(delivery.at_ms.div_euclid(1000))),
    ]
}

pub fn order(order: &Order) -> Value {
    let total = decimal(order.total_minor());
    let is_paid = order.paid_s.is_some();
    let status = match (is_paid, order.cancelled_s) {
        (true, _) => "paid",
        (false, None) => "pending",
        (false, Some(_)) => "voided",
    };
    let owed = if status == "pending" { total.as_str() } else { "0.00" };
    let goods = decimal(order.total_minor() - FREIGHT_MINOR);
    let lines: Vec<Value> = order.lines.iter().map(line).collect();
    let (country, province, city) = region(order);
    let (name, number) = (format!("Buyer {}", order.buyer), order.id % 1_000_000_000);
    json!({
        "id": order.id, "name": format!("#{number}"), "order_number": number, "test": false,
        "created_at": instant(order.created_s), "processed_at": instant(order.created_s),
        "updated_at": instant(order.updated_s), "cancelled_at": order.cancelled_s.map(instant),
        "cancel_reason": order.cancelled_s.map(|_| "customer"), "closed_at": null,
        "currency": CURRENCY, "presentment_currency": CURRENCY,
        "total_price": total, "current_total_price": total, "total_outstanding": owed, "subtotal_price": goods,
        "total_discounts": "0.00", "total_tax": "0.00", "taxes_included": true,
        "financial_status": status, "fulfillment_status": null, "payment_gateway_names": ["card"],
        "email": email(order), "phone": null, "note": null, "customer": { "id": order.buyer, "email": email(order) },
        "line_items": lines, "discount_applications": [], "refunds": [], "fulfillments": [],
        "shipping_lines": [{ "id": order.id, "title": "Parcel", "price": decimal(FREIGHT_MINOR) }],
        "shipping_address": { "name": name, "phone": phone(order), "address1": "Lechweg 7", "address2": null,
            "zip": "10000", "city": city, "province_code": province, "country_code": country }
    })
}

fn line(line: &Line) -> Value {
    json!({
        "id": line.id, "product_id": line.id, "variant_id": line.id, "sku": &*line.sku, "title": &*line.sku,
        "quantity": line.ordered, "current_quantity": line.current, "fulfillable_quantity": line.current,
        "price": decimal(line.price_minor), "requires_shipping": true, "gift_card": false, "taxable": true,
        "discount_allocations": [], "tax_lines": []
    })
}
