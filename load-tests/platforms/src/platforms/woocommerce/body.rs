//! WooCommerce's order and the headers of its pushes.
//!
//! Known: the fields; times in the site's zone and, with `_gmt`, in UTC, both without offset; line totals as strings and the unit price
//! as a number; the delivery id is a hash of the webhook and the *second* of the delivery (`get_new_delivery_id` in its source), so two
//! orders that one webhook tells of within a second have the same. Assumed: the body is the order as it was when the event happened,
//! where the real one writes it when Action Scheduler comes to it; a cancelled order keeps its payment date.

use crate::platform::Delivery;
use crate::shop::Shop;
use crate::texts::{decimal, email, gmt, local, phone, region};
use crate::truth::{FREIGHT_MINOR, Line, Order, Step};
use serde_json::{Value, json};
use std::hash::{DefaultHasher, Hash, Hasher};
use weir_channels::woocommerce;

const CURRENCY: &str = "EUR";

pub fn topic(step: Step) -> &'static str {
    match step {
        Step::Placed => "order.created",
        Step::Edited { .. } | Step::Paid | Step::Cancelled => "order.updated",
    }
}

pub fn headers(shop: &Shop, topic: &'static str, delivery: Delivery, body: &[u8]) -> Vec<(&'static str, String)> {
    let event = topic.trim_start_matches("order.");
    let webhook = if event == "created" { 1 } else { 2 };
    vec![
        (woocommerce::TOPIC, topic.to_owned()),
        (woocommerce::SIGNATURE, woocommerce::sign(shop.secret.as_bytes(), body)),
        (woocommerce::DELIVERY_ID, delivery_id(shop, webhook, delivery.at_ms.div_euclid(1000))),
        ("x-wc-webhook-id", webhook.to_string()),
        ("x-wc-webhook-resource", "order".to_owned()),
        ("x-wc-webhook-event", event.to_owned()),
        ("x-wc-webhook-source", format!("https://{}.example/", shop.name)),
    ]
}

/// 32 hex digits.
fn delivery_id(shop: &Shop, webhook: u32, at_s: i64) -> String {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (&shop.name, webhook, at_s, salt).hash(&mut hasher);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(0), half(1))
}

pub fn status(order: &Order) -> &'static str {
    match (order.cancelled_s, order.paid_s) {
        (Some(_), _) => "cancelled",
        (None, Some(_)) => "processing",
        (None, None) => "pending",
    }
}

pub fn order(order: &Order) -> Value {
    let lines: Vec<Value> = order.lines.iter().map(line).collect();
    let (country, province, city) = region(order);
    let address = json!({ "first_name": "Sam", "last_name": format!("Buyer {}", order.buyer), "company": "",
        "address_1": "5 Mill Lane", "address_2": "", "city": city, "state": province, "postcode": "10000",
        "country": country, "email": email(order), "phone": phone(order) });
    json!({
        "id": order.id, "parent_id": 0, "number": order.id.to_string(), "order_key": format!("wc_order_{:x}", order.id),
        "created_via": "checkout", "status": status(order), "currency": CURRENCY, "prices_include_tax": true,
        "customer_id": order.buyer, "customer_note": "",
        "date_created": local(order.created_s), "date_created_gmt": gmt(order.created_s),
        "date_modified": local(order.updated_s), "date_modified_gmt": gmt(order.updated_s),
        "date_paid": order.paid_s.map(local), "date_paid_gmt": order.paid_s.map(gmt),
        "date_completed": null, "date_completed_gmt": null,
        "discount_total": "0.00", "shipping_total": decimal(FREIGHT_MINOR), "total_tax": "0.00",
        "total": decimal(order.total_minor()), "payment_method": "card", "payment_method_title": "Card",
        "billing": address, "shipping": address, "line_items": lines, "meta_data": [], "refunds": [],
        "tax_lines": [], "fee_lines": [], "coupon_lines": [],
        "shipping_lines": [{ "id": order.id, "method_title": "Parcel", "method_id": "flat_rate",
            "total": decimal(FREIGHT_MINOR), "total_tax": "0.00" }]
    })
}

fn line(line: &Line) -> Value {
    let total = decimal(line.price_minor * line.current);
    json!({
        "id": line.id, "name": &*line.sku, "product_id": line.id, "variation_id": 0, "sku": &*line.sku,
        "quantity": line.current, "price": line.price_minor as f64 / 100.0,
        "subtotal": total, "subtotal_tax": "0.00", "total": total, "total_tax": "0.00", "taxes": [], "meta_data": []
    })
}
