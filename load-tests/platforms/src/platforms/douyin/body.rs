//! Douyin's order as its API tells it, and the messages that tell of it.

use crate::platform::Telling;
use crate::texts::chinese_region;
use crate::truth::{FREIGHT_MINOR, Line, Order, Step};
use serde_json::{Value, json};

pub fn tag(step: Step) -> &'static str {
    match step {
        Step::Placed => "100",
        Step::Edited { .. } => "109",
        Step::Paid => "101",
        Step::Cancelled => "106",
    }
}

fn status(order: &Order) -> i64 {
    match (order.cancelled_s, order.paid_s) {
        (Some(_), _) => 4,
        (None, Some(_)) => 2,
        (None, None) => 1,
    }
}

/// One message of a list. What it tells is JSON in a text.
pub fn message(telling: &Telling<'_>) -> Value {
    let (order, tag) = (telling.order, tag(telling.step));
    let mut data = json!({
        "p_id": order.id, "s_ids": order.lines.iter().map(|line| line.id).collect::<Vec<_>>(), "shop_id": 81_234_567,
        "order_status": status(order), "order_type": 0, "biz": 2
    });
    let more = match telling.step {
        Step::Placed => json!({ "create_time": order.created_s }),
        Step::Edited { .. } => {
            json!({ "modify_time": order.updated_s, "total_amount": order.total_minor(), "post_amount": FREIGHT_MINOR })
        }
        Step::Paid => json!({ "pay_time": order.updated_s, "pay_amount": order.total_minor(), "pay_type": 1 }),
        Step::Cancelled => json!({ "cancel_time": order.updated_s, "cancel_reason": "不想要了" }),
    };
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    let id = format!("{:012x}::{tag}:{}:{:08x}", telling.delivery.at_ms, order.updated_s, telling.delivery.number);
    json!({ "tag": tag, "msg_id": id, "data": data.to_string() })
}

/// `shop_order_detail`, and an entry of `shop_order_list`.
pub fn whole(order: &Order) -> Value {
    let (total, status) = (order.total_minor(), status(order));
    let (province, city, district) = chinese_region(order);
    let level = |name: &str| json!({ "name": name, "id": "0" });
    let address = |detail: &str| json!({ "province": level(province), "city": level(city), "town": level(district), "street": level(""), "detail": detail });
    let lines: Vec<Value> = order.lines.iter().map(|sold| line(sold, order, status)).collect();
    json!({
        "order_id": order.id.to_string(), "order_level": 2, "shop_id": 81_234_567, "biz": 2, "order_type": 0, "trade_type": 0,
        "order_status": status, "main_status": status, "create_time": order.created_s, "update_time": order.updated_s,
        "pay_time": order.paid_s.unwrap_or(0), "order_expire_time": 1800, "finish_time": 0,
        "cancel_reason": if order.cancelled_s.is_some() { "不想要了" } else { "" },
        "buyer_words": "", "seller_words": "", "seller_remark_stars": 0, "pay_type": i64::from(order.paid_s.is_some()),
        "order_amount": total, "pay_amount": total, "post_amount": FREIGHT_MINOR, "promotion_amount": 0, "modify_amount": 0,
        "exp_ship_time": order.created_s + 172_800, "ship_time": 0, "logistics_info": [], "order_phase_list": [],
        "doudian_open_id": format!("#open-{}", order.buyer), "open_address_id": format!("#address-{}", order.buyer),
        "post_receiver": "", "post_tel": "", "encrypt_post_receiver": "#x#", "encrypt_post_tel": "$y$",
        "mask_post_receiver": "买*", "mask_post_tel": "138****0000",
        "post_addr": address(""), "mask_post_addr": address("龙井路****"), "sku_order_list": lines
    })
}

fn line(line: &Line, order: &Order, status: i64) -> Value {
    let sum = line.price_minor * line.current;
    json!({
        "order_id": line.id.to_string(), "parent_order_id": order.id.to_string(), "order_level": 3, "order_status": status,
        "main_status": status, "product_id": line.id, "product_name": &*line.sku, "sku_id": line.id, "out_sku_id": "0",
        "code": &*line.sku, "goods_type": 0, "item_num": line.current, "origin_amount": line.price_minor, "sum_amount": sum,
        "pay_amount": sum, "promotion_amount": 0, "promotion_shop_amount": 0, "modify_amount": 0, "spec": [],
        "exp_ship_time": order.created_s + 172_800, "ship_time": 0, "pre_sale_type": 0, "trade_type": 0, "receive_type": 1,
        "given_product_type": "", "after_sale_info": { "after_sale_status": 0, "after_sale_type": 0, "refund_status": 0 }
    })
}
