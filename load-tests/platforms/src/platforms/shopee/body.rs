//! Shopee's order, and the push that names it.

use crate::platform::Telling;
use crate::texts::{email, phone, region};
use crate::truth::{Line, Order};
use serde_json::{Value, json};

pub const CURRENCY: &str = "SGD";

/// What comes only when it is asked for.
pub const OPTIONAL: [&str; 12] = [
    "buyer_user_id",
    "buyer_username",
    "recipient_address",
    "note",
    "item_list",
    "pay_time",
    "cancel_reason",
    "buyer_cancel_reason",
    "fulfillment_flag",
    "package_list",
    "payment_method",
    "total_amount",
];

/// Digits behind letters, so that nobody takes it for a number.
pub fn order_sn(number: u64) -> String {
    format!("261121S{number:014}")
}

/// What [`order_sn`] writes.
pub fn number(order_sn: &str) -> Option<u64> {
    order_sn.strip_prefix("261121S").filter(|digits| digits.len() == 14)?.parse().ok()
}

pub fn status(order: &Order) -> &'static str {
    match (order.cancelled_s, order.paid_s) {
        (Some(_), _) => "CANCELLED",
        (None, Some(_)) => "READY_TO_SHIP",
        (None, None) => "UNPAID",
    }
}

pub fn push(telling: &Telling<'_>, shop_id: i64) -> Value {
    let order = telling.order;
    json!({
        "msg_id": format!("{:012x}{:012x}", telling.delivery.at_ms, telling.delivery.number), "shop_id": shop_id, "code": 3,
        "timestamp": telling.delivery.at_ms.div_euclid(1000),
        "data": {
            "ordersn": order_sn(order.id), "status": status(order), "update_time": order.updated_s,
            "completed_scenario": null, "items": []
        }
    })
}

pub fn whole(order: &Order) -> Value {
    let (country, state, city) = region(order);
    let why = if order.cancelled_s.is_some() { "BUYER_REQUESTED" } else { "" };
    let lines: Vec<Value> = order.lines.iter().map(line).collect();
    let packed: Vec<Value> = order
        .lines
        .iter()
        .map(|line| json!({ "item_id": line.id, "model_id": 0, "model_quantity": line.current }))
        .collect();
    json!({
        "order_sn": order_sn(order.id), "order_status": status(order), "region": country, "currency": CURRENCY, "cod": false,
        "create_time": order.created_s, "update_time": order.updated_s, "pay_time": order.paid_s, "days_to_ship": 2,
        "ship_by_date": order.paid_s.map_or(0, |paid_s| paid_s + 2 * 86_400), "message_to_seller": "", "note": "",
        "total_amount": decimal(order.total_minor()), "payment_method": "Bank Transfer", "buyer_user_id": order.buyer,
        "buyer_username": email(order), "cancel_reason": why, "buyer_cancel_reason": "", "cancel_by": "",
        "fulfillment_flag": "fulfilled_by_local_seller", "item_list": lines,
        "recipient_address": { "name": format!("B****{}", order.buyer % 10), "phone": phone(order),
            "full_address": "****", "zipcode": "10000", "town": "", "district": "", "city": city, "state": state, "region": country },
        "package_list": [{ "package_number": format!("OFG{}", order.id), "logistics_status": "LOGISTICS_NOT_START",
            "shipping_carrier": "Doorstep", "item_list": packed }]
    })
}

fn line(line: &Line) -> Value {
    json!({
        "item_id": line.id, "item_name": &*line.sku, "item_sku": "", "model_id": 0, "model_name": "", "model_sku": &*line.sku,
        "model_quantity_purchased": line.current, "model_original_price": decimal(line.price_minor),
        "model_discounted_price": decimal(line.price_minor), "promotion_type": "", "promotion_id": 0, "order_item_id": line.id,
        "promotion_group_id": 0, "weight": 0.25
    })
}

/// Shopee writes amounts as numbers with a point. The shortest text of this one has two digits behind it, and whoever reads makes no float.
fn decimal(minor: i64) -> f64 {
    minor as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        assert_eq!(number(&order_sn(28_000_000_001)), Some(28_000_000_001));
        for wrong in ["", "261121S1", "28000000001", "261122S00028000000001"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_amount_is_told_to_the_cent() {
        for minor in [0, 7, 10, 1_990, 1_999, 123_456_789, 99_999_999_999] {
            let told = json!(decimal(minor)).to_string();
            let (whole, fraction) = told.split_once('.').expect("a point");
            let cents = whole.parse::<i64>().expect("digits") * 100
                + format!("{fraction:0<2}").parse::<i64>().expect("two digits");
            assert_eq!(cents, minor, "{told}");
        }
    }
}
