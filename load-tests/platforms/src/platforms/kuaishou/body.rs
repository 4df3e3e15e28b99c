//! Kuaishou's messages and orders. Pure.

use crate::platform::Telling;
use crate::texts::region;
use crate::truth::{FREIGHT_MINOR, Line, Order, Step};
use serde_json::{Value, json};

const SELLER: u64 = 2_161_524;

pub fn event(step: Step) -> &'static str {
    match step {
        Step::Placed => "kwaishop_order_addOrder",
        Step::Edited { .. } => "kwaishop_order_totalFeeChange",
        Step::Paid => "kwaishop_order_paySuccess",
        Step::Cancelled => "kwaishop_order_orderFail",
    }
}

pub fn message(telling: &Telling<'_>) -> Value {
    let (order, delivery) = (telling.order, telling.delivery);
    json!({
        "eventId": format!("243_{}_{}", delivery.at_ms, delivery.number), "msgId": format!("84_{}", delivery.number),
        "bizId": order.id, "userId": SELLER, "openId": "f1b1d3", "appKey": "ks7", "event": event(telling.step),
        "info": info(telling.step, order).to_string(), "status": 1, "createTime": delivery.at_ms, "updateTime": delivery.at_ms
    })
}

/// What is told of a new order has no update time, and what is told of a price no status.
fn info(step: Step, order: &Order) -> Value {
    let mut info = json!({ "oid": order.id, "sellerId": SELLER, "openId": "f1b1d3" });
    match step {
        Step::Placed => info["createTime"] = json!(order.created_s * 1000),
        Step::Edited { .. } => {
            info["updateTime"] = json!(order.updated_s * 1000);
            info["totalFee"] = json!(order.total_minor() - FREIGHT_MINOR);
        }
        Step::Paid | Step::Cancelled => {
            info["updateTime"] = json!(order.updated_s * 1000);
            info["status"] = json!(status(order));
        }
    }
    info
}

fn status(order: &Order) -> u64 {
    match (order.cancelled_s, order.paid_s) {
        (Some(_), _) => 80,
        (None, Some(_)) => 30,
        (None, None) => 10,
    }
}

/// As a list has it: of every eighth order's parts the ids alone.
pub fn listed(order: &Order) -> Value {
    let bare = |line: &Line| json!({ "subOrderId": line.id });
    let mut listed = match order.id % 8 {
        0 => order_with(order, bare),
        _ => order_with(order, |line| part(order, line)),
    };
    listed["orderRefundList"] = json!([]);
    listed
}

pub fn detail(order: &Order) -> Value {
    let mut detail = order_with(order, |line| part(order, line));
    detail["orderDetailRefundList"] = json!([]);
    detail
}

fn part(order: &Order, line: &Line) -> Value {
    json!({ "subOrderBaseInfo": { "oid": line.id, "status": status(order) }, "subOrderItemInfo": item(line), "subOrderType": 1 })
}

fn order_with(order: &Order, part: impl Fn(&Line) -> Value) -> Value {
    let parts: Vec<Value> = order.lines.iter().skip(1).map(part).collect();
    let (_, province, city) = region(order);
    let ms = |s: Option<i64>| s.unwrap_or(0) * 1000;
    json!({
        "orderBaseInfo": {
            "oid": order.id, "status": status(order), "createTime": order.created_s * 1000, "updateTime": order.updated_s * 1000,
            "payTime": ms(order.paid_s), "sendTime": 0, "recvTime": 0, "refundTime": 0, "payType": 1, "coType": 0, "preSale": 0,
            "totalFee": order.total_minor() - FREIGHT_MINOR, "expressFee": FREIGHT_MINOR, "discountFee": 0,
            "buyerOpenId": format!("buyer-{}", order.buyer), "buyerNick": "b**", "sellerNick": "play", "remark": "",
            "riskCode": 0, "disableDeliveryReasonCode": [], "cpsType": 1
        },
        "orderItemInfo": order.lines.first().map_or(Value::Null, item),
        "subOrderInfo": parts,
        "orderAddress": {
            "province": province, "city": city, "district": "", "town": "", "encryptedConsignee": "#c#",
            "encryptedMobile": "#m#", "encryptedAddress": "#a#", "desensitiseConsignee": "B**",
            "desensitiseMobile": "1********01", "desensitiseAddress": "Mill Lane ***"
        },
        "orderDeliveryInfo": { "splitDeliveryOrder": false, "deliveryNum": 0, "openAddressId": format!("addr-{}", order.buyer) },
        "orderLogisticsInfo": []
    })
}

fn item(line: &Line) -> Value {
    json!({
        "orderItemId": line.id, "itemId": line.id + 1, "skuId": line.id + 2, "skuNick": &*line.sku, "itemTitle": &*line.sku,
        "skuDesc": "", "goodsCode": "", "num": line.current, "originalPrice": line.price_minor, "price": line.price_minor,
        "discountFee": 0
    })
}
