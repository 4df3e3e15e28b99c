//! Youzan's order, and the messages that tell of it.

use crate::platform::Telling;
use crate::texts::{chinese_phone, chinese_region, decimal, in_china};
use crate::truth::{FREIGHT_MINOR, Line, Order, Step};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// E and 23 digits.
pub fn tid(number: u64) -> String {
    format!("E{number:023}")
}

/// What [`tid`] writes.
pub fn number(tid: &str) -> Option<u64> {
    tid.strip_prefix('E').filter(|digits| digits.len() == 23)?.parse().ok()
}

pub fn topic(step: Step) -> &'static str {
    match step {
        Step::Placed => "trade_TradeCreate",
        Step::Edited { .. } => "trade_TradeMemoModified",
        Step::Paid => "trade_TradeBuyerPay",
        Step::Cancelled => "trade_TradeClose",
    }
}

pub fn status(order: &Order) -> &'static str {
    match (order.cancelled_s, order.paid_s) {
        (Some(_), _) => "TRADE_CLOSED",
        (None, Some(_)) => "WAIT_SELLER_SEND_GOODS",
        (None, None) => "WAIT_BUYER_PAY",
    }
}

/// The envelope with its message, which is JSON as forms encode it.
pub fn message(telling: &Telling<'_>, client_id: &str) -> Value {
    let order = telling.order;
    let tid = tid(order.id);
    let told = match telling.step {
        Step::Placed | Step::Paid => whole(order),
        Step::Edited { .. } => json!({ "tid": tid, "update_time": in_china(order.updated_s) }),
        Step::Cancelled => {
            json!({ "tid": tid, "update_time": in_china(order.updated_s), "close_type": 4, "close_reason": "买家取消" })
        }
    };
    let encoded = utf8_percent_encode(&told.to_string(), NON_ALPHANUMERIC).to_string().replace("%20", "+");
    json!({
        "client_id": client_id, "id": tid, "kdt_id": 41_495_797, "kdt_name": telling.shop.name, "root_kdt_id": 41_495_797,
        "mode": 1, "msg": encoded, "msg_id": format!("{:012x}-{:08x}", telling.delivery.at_ms, telling.delivery.number),
        "sendCount": 0, "sign": "", "status": status(order), "test": false, "type": topic(telling.step),
        "version": order.updated_s
    })
}

/// `full_order_info` and what stands beside it.
pub fn whole(order: &Order) -> Value {
    let total = decimal(order.total_minor());
    let goods = decimal(order.total_minor() - FREIGHT_MINOR);
    let lines: Vec<Value> = order.lines.iter().map(line).collect();
    let (province, city, district) = chinese_region(order);
    json!({
        "order_promotion": { "adjust_fee": "0.00", "item": [], "order": [] }, "delivery_order": [], "refund_order": [],
        "full_order_info": {
            "order_info": {
                "tid": tid(order.id), "status": status(order), "type": 0, "created": in_china(order.created_s),
                "update_time": in_china(order.updated_s), "expired_time": in_china(order.created_s + 3_600),
                "pay_time": order.paid_s.map_or_else(String::new, in_china), "consign_time": {}, "success_time": null,
                "pay_type": if order.paid_s.is_some() { 1 } else { 0 }, "express_type": 0, "refund_state": 0,
                "close_type": if order.cancelled_s.is_some() { 4 } else { 0 }, "order_tags": { "is_secured_transactions": true }
            },
            "pay_info": {
                "total_fee": goods, "post_fee": decimal(FREIGHT_MINOR), "payment": total,
                "real_payment": if order.paid_s.is_some() { total.as_str() } else { "0.00" },
                "transaction": [], "outer_transactions": [], "phase_payments": []
            },
            "buyer_info": { "yz_open_id": format!("open-{}", order.buyer), "buyer_phone": chinese_phone(order) },
            "address_info": {
                "delivery_province": province, "delivery_city": city, "delivery_district": district,
                "delivery_address": "龙井路 1 号", "delivery_postal_code": "310013",
                "receiver_name": format!("买家 {}", order.buyer), "receiver_tel": chinese_phone(order),
                "self_fetch_info": "", "address_extra": "{}"
            },
            "remark_info": { "buyer_message": "", "trade_memo": "" }, "source_info": { "is_offline_order": false },
            "orders": lines
        }
    })
}

fn line(line: &Line) -> Value {
    let (price, total) = (decimal(line.price_minor), decimal(line.price_minor * line.current));
    json!({
        "oid": line.id.to_string(), "item_id": line.id, "sku_id": 0, "outer_sku_id": &*line.sku, "outer_item_id": "",
        "title": &*line.sku, "num": line.current, "price": price, "discount_price": price, "total_fee": total,
        "payment": total, "sku_properties_name": "[]", "item_type": 0, "is_present": false, "is_pre_sale": "null"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        assert_eq!(tid(28_000_000_001).len(), 24);
        assert_eq!(number(&tid(28_000_000_001)), Some(28_000_000_001));
        for wrong in ["", "E1", "28000000001", "X00000000000028000000001"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
