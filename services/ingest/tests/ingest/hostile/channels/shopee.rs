//! Shopee's push of a status, and how each of its fields is read. Whole orders can't be pushed.

use super::{Channel, Signature};
use crate::hostile::fields::Reads::{Code, IdOrNone, Object, Owner, Root, Status, Unread, WholeOrNone};

pub fn channel() -> Channel {
    Channel {
        name: "shopee",
        good: GOOD,
        plain: &[],
        signature: Signature::Hex("authorization"),
        fields: &[
            ("", Root("code")),
            ("msg_id", IdOrNone),
            ("shop_id", Owner),
            ("code", Code),
            ("timestamp", Unread),
            ("data", Object("ordersn")),
            ("data.ordersn", Status),
            ("data.status", Code),
            ("data.update_time", WholeOrNone(0, 99_999_999_999)),
            ("data.completed_scenario", Unread),
        ],
    }
}

const GOOD: &str = r#"{
  "msg_id": "64ca21a145e2", "shop_id": 900001, "code": 3, "timestamp": 1795255447,
  "data": { "ordersn": "261121KX7P2M4Q", "status": "READY_TO_SHIP", "update_time": 1795255446, "completed_scenario": null }
}"#;
