//! TikTok Shop's notice, and how each of its fields is read. Its orders are pulled, and can't be pushed.

use super::{Channel, Signature};
use crate::hostile::fields::Reads::{self, Code, Id, IdOrNone, Object, Root, Unread, Whole};

pub fn channel() -> Channel {
    Channel { name: "tiktok", good: GOOD, plain: &[], signature: Signature::Hex("authorization"), fields: FIELDS }
}

const GOOD: &str = r#"{
  "type": 1, "tts_notification_id": "7300000000000000017", "shop_id": "7494000000000000001", "timestamp": 1795255561,
  "data": { "order_id": "577012345678901234", "order_status": "AWAITING_SHIPMENT", "is_on_hold_order": false, "update_time": 1795255560 }
}"#;

const FIELDS: &[(&str, Reads)] = &[
    ("", Root("type")),
    ("type", Code),
    ("tts_notification_id", IdOrNone),
    ("shop_id", Unread),
    ("timestamp", Unread),
    ("data", Object("order_id")),
    ("data.order_id", Id),
    ("data.order_status", Code),
    ("data.is_on_hold_order", Unread),
    ("data.update_time", Whole(1, 99_999_999_999)),
];
