//! TikTok Shop's order, and the notice that it has changed.

use crate::platform::Telling;
use crate::texts::{decimal, email, phone, region};
use crate::truth::{FREIGHT_MINOR, Line, Order};
use serde_json::{Value, json};

pub fn status(order: &Order) -> &'static str {
    match (order.cancelled_s, order.paid_s) {
        (Some(_), _) => "CANCELLED",
        (None, Some(_)) => "AWAITING_SHIPMENT",
        (None, None) => "UNPAID",
    }
}

pub fn notice(telling: &Telling<'_>) -> Value {
    let (order, delivery) = (telling.order, telling.delivery);
    // Notices have a word of their own for this one.
    let status = if order.cancelled_s.is_some() { "CANCEL" } else { status(order) };
    json!({
        "type": 1, "tts_notification_id": format!("73{:017}", delivery.number), "shop_id": "7494000000000000001",
        "timestamp": delivery.at_ms.div_euclid(1000),
        "data": {
            "order_id": order.id.to_string(), "order_status": status, "is_on_hold_order": false,
            "update_time": order.updated_s
        }
    })
}

pub fn whole(order: &Order) -> Value {
    let goods = order.total_minor() - FREIGHT_MINOR;
    let (country, province, city) = region(order);
    let status = status(order);
    let units: Vec<Value> = order.lines.iter().flat_map(|line| units(line, status)).collect();
    let is_cancelled = order.cancelled_s.is_some();
    json!({
        "id": order.id.to_string(), "status": status, "order_type": "NORMAL", "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "create_time": order.created_s, "update_time": order.updated_s, "paid_time": order.paid_s.unwrap_or(0),
        "cancel_time": order.cancelled_s.unwrap_or(0), "rts_sla_time": order.created_s + 172_800, "is_cod": false,
        "is_on_hold_order": false, "is_buyer_request_cancel": false, "is_sample_order": false,
        "cancel_reason": if is_cancelled { "Changed mind" } else { "" },
        "cancellation_initiator": if is_cancelled { "BUYER" } else { "" },
        "user_id": (7_290_000_000_000_000_000_u64 + order.buyer).to_string(), "buyer_email": email(order), "buyer_message": "",
        "seller_note": "", "payment_method_name": "Credit/debit card", "shipping_type": "SELLER",
        "payment": {
            "currency": "USD", "original_total_product_price": decimal(goods), "sub_total": decimal(goods),
            "seller_discount": "0.00", "platform_discount": "0.00", "shipping_fee": decimal(FREIGHT_MINOR),
            "original_shipping_fee": decimal(FREIGHT_MINOR), "tax": "0.00", "total_amount": decimal(order.total_minor())
        },
        "recipient_address": {
            "name": format!("Buyer {}", order.buyer), "phone_number": phone(order), "region_code": country,
            "postal_code": "86150", "address_line1": "1 Mill Lane", "address_detail": "1 Mill Lane",
            "district_info": [
                { "address_level": "L1", "address_level_name": "State", "address_name": province },
                { "address_level": "L2", "address_level_name": "City", "address_name": city }
            ]
        },
        "line_items": units
    })
}

/// One entry for each unit.
fn units(line: &Line, status: &'static str) -> impl Iterator<Item = Value> {
    let price = decimal(line.price_minor);
    (0..line.current).map(move |number| {
        json!({
            "id": format!("{}{number:03}", line.id), "sku_id": line.id.to_string(), "seller_sku": &*line.sku,
            "product_name": &*line.sku, "sku_name": "", "display_status": status, "currency": "USD", "original_price": price,
            "sale_price": price, "seller_discount": "0.00", "platform_discount": "0.00", "is_gift": false
        })
    })
}
