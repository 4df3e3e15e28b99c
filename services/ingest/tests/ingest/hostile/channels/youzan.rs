//! Youzan's message with a whole order, and how each of its fields is read. Its `msg` is an object here, as in the newer types: what is wrong
//! within one that is URL-encoded has the same path.

use super::{Channel, Signature};
use crate::hostile::fields::Reads::{
    self, Code, Entries, EntriesOrNone, Entry, Flag, Free, Id, IdOrNone, Message, Money, MoneyOrNone, Name, Object,
    ObjectOrNone, Payable, Root, Time, TimeOrBlank, Twin, Unread, Whole, WholeOrNone,
};

pub fn channel() -> Channel {
    Channel {
        name: "youzan",
        good: GOOD,
        plain: &[("client-id", "client")],
        signature: Signature::Hex("event-sign"),
        fields: FIELDS,
    }
}

const GOOD: &str = r#"{
  "type": "trade_TradePaid", "id": "E1", "msg_id": "m-1", "version": 1795255446, "status": "WAIT_SELLER_SEND_GOODS", "test": false,
  "kdt_id": 5,
  "msg": {
    "delivery_order": [ { "express_state": 0 } ],
    "full_order_info": {
      "order_info": { "tid": "E1", "status": "WAIT_SELLER_SEND_GOODS", "created": "2026-11-21 18:04:05",
        "update_time": "2026-11-21 18:04:06", "pay_time": "2026-11-21 18:04:06", "expired_time": "2026-11-21 19:04:05",
        "pay_type": 1, "pay_type_str": "WEIXIN", "refund_state": 0, "express_type": 0, "close_type": 0,
        "order_tags": { "is_down_payment_pre": false, "is_offline_order": false } },
      "pay_info": { "payment": "26.80", "post_fee": "4.90", "real_payment": "26.80", "transaction": [] },
      "buyer_info": { "yz_open_id": "o1", "buyer_id": 7, "outer_user_id": "u1", "buyer_phone": "13800000002" },
      "address_info": { "receiver_name": "Kim", "receiver_tel": "13800000001", "delivery_address": "1", "delivery_postal_code": "310013",
        "delivery_province": "Z", "delivery_city": "H", "delivery_district": "X",
        "delivery_start_time": "2026-11-22 09:00:00", "delivery_end_time": "2026-11-22 11:00:00" },
      "remark_info": { "buyer_message": "at the door", "trade_memo": "m", "star": 3 },
      "orders": [
        { "oid": 11, "item_id": 4, "sku_id": 5, "outer_sku_id": "TEA-250", "outer_item_id": "TEA", "title": "Tea", "num": 2,
          "price": "11.00", "total_fee": "22.00", "payment": "21.90", "sku_properties_name": "[]", "item_type": 0,
          "is_present": false, "is_pre_sale": "0", "expect_delivery_time": 1795255446 },
        { "oid": 12, "num": 1, "price": "0.00" }
      ]
    }
  }
}"#;

const FIELDS: &[(&str, Reads)] = &[
    ("", Root("type")),
    ("type", Code),
    ("id", Twin("msg.full_order_info.order_info.tid")),
    ("msg_id", IdOrNone),
    ("version", Whole(0, 100_000_000_000_000)),
    // The whole order has its own.
    ("status", Unread),
    ("test", Flag),
    ("kdt_id", Unread),
    ("msg", Message),
    ("msg.delivery_order", EntriesOrNone),
    ("msg.delivery_order[]", Entry),
    ("msg.delivery_order[].express_state", WholeOrNone(0, 1000)),
    ("msg.full_order_info", ObjectOrNone("order_info")),
    ("msg.full_order_info.order_info", Object("tid")),
    // The envelope's id.
    ("msg.full_order_info.order_info.tid", Code),
    ("msg.full_order_info.order_info.status", Code),
    ("msg.full_order_info.order_info.created", Time),
    ("msg.full_order_info.order_info.update_time", Unread),
    ("msg.full_order_info.order_info.pay_time", TimeOrBlank),
    ("msg.full_order_info.order_info.expired_time", TimeOrBlank),
    ("msg.full_order_info.order_info.pay_type", IdOrNone),
    ("msg.full_order_info.order_info.pay_type_str", Name),
    ("msg.full_order_info.order_info.refund_state", WholeOrNone(0, 1000)),
    ("msg.full_order_info.order_info.express_type", WholeOrNone(0, 1000)),
    ("msg.full_order_info.order_info.close_type", WholeOrNone(0, 2_147_483_647)),
    ("msg.full_order_info.order_info.order_tags", ObjectOrNone("")),
    ("msg.full_order_info.order_info.order_tags.is_down_payment_pre", Flag),
    ("msg.full_order_info.order_info.order_tags.is_offline_order", Flag),
    ("msg.full_order_info.pay_info", Object("payment")),
    ("msg.full_order_info.pay_info.payment", Payable),
    ("msg.full_order_info.pay_info.post_fee", MoneyOrNone),
    ("msg.full_order_info.pay_info.real_payment", MoneyOrNone),
    ("msg.full_order_info.pay_info.transaction", Unread),
    ("msg.full_order_info.buyer_info", ObjectOrNone("")),
    ("msg.full_order_info.buyer_info.yz_open_id", IdOrNone),
    ("msg.full_order_info.buyer_info.buyer_id", IdOrNone),
    ("msg.full_order_info.buyer_info.outer_user_id", IdOrNone),
    ("msg.full_order_info.buyer_info.buyer_phone", Free),
    ("msg.full_order_info.address_info", ObjectOrNone("")),
    ("msg.full_order_info.address_info.receiver_name", Free),
    ("msg.full_order_info.address_info.receiver_tel", Free),
    ("msg.full_order_info.address_info.delivery_address", Free),
    ("msg.full_order_info.address_info.delivery_postal_code", Free),
    ("msg.full_order_info.address_info.delivery_province", Free),
    ("msg.full_order_info.address_info.delivery_city", Free),
    ("msg.full_order_info.address_info.delivery_district", Free),
    ("msg.full_order_info.address_info.delivery_start_time", TimeOrBlank),
    ("msg.full_order_info.address_info.delivery_end_time", TimeOrBlank),
    ("msg.full_order_info.remark_info", ObjectOrNone("")),
    ("msg.full_order_info.remark_info.buyer_message", Free),
    ("msg.full_order_info.remark_info.trade_memo", Free),
    ("msg.full_order_info.remark_info.star", IdOrNone),
    ("msg.full_order_info.orders", Entries),
    ("msg.full_order_info.orders[]", Object("num")),
    ("msg.full_order_info.orders[].oid", Id),
    ("msg.full_order_info.orders[].item_id", Unread),
    ("msg.full_order_info.orders[].sku_id", Unread),
    ("msg.full_order_info.orders[].outer_sku_id", Name),
    ("msg.full_order_info.orders[].outer_item_id", Name),
    ("msg.full_order_info.orders[].title", Free),
    ("msg.full_order_info.orders[].num", Whole(1, 1_000_000)),
    ("msg.full_order_info.orders[].price", Money),
    ("msg.full_order_info.orders[].total_fee", MoneyOrNone),
    ("msg.full_order_info.orders[].payment", MoneyOrNone),
    ("msg.full_order_info.orders[].sku_properties_name", Free),
    ("msg.full_order_info.orders[].item_type", WholeOrNone(0, 2_147_483_647)),
    ("msg.full_order_info.orders[].is_present", Flag),
    ("msg.full_order_info.orders[].is_pre_sale", IdOrNone),
    // What is no number of seconds is no date.
    ("msg.full_order_info.orders[].expect_delivery_time", Unread),
];
