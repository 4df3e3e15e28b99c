//! Messages: what a list is taken apart into, and what each tells.

use super::*;

const KEY: &[u8] = b"7001234567890123456";
const SECRET: &[u8] = b"runtime-secret";
const AT_S: i64 = 1_795_255_500;

fn open(body: &str) -> Opened {
    let headers =
        Headers::of(&[("Event-Sign", &sign(KEY, SECRET, body.as_bytes())), ("App-Id", "7001234567890123456")]);
    let secrets = [[KEY, b":", SECRET].concat()];
    Douyin.open(&Request { headers: &headers, body: body.as_bytes(), now_ms: 0 }, &secrets, 0).expect("it is signed")
}

fn parts(body: &str) -> Vec<String> {
    let Opened::Parts(parts) = open(body) else { panic!("{body} is not taken apart") };
    parts.into_iter().map(|part| String::from_utf8(part).expect("UTF-8")).collect()
}

/// A message about the order, with more fields.
fn message(tag: &str, more: &Value) -> Value {
    let mut data = json!({ "p_id": 6_917_345_028_831_207_425_u64, "s_ids": [6_917_345_028_831_207_425_u64], "shop_id": 81_234_567, "order_type": 0 });
    for (name, value) in more.as_object().expect("fields") {
        data[name] = value.clone();
    }
    json!({ "tag": tag, "msg_id": "0428::100:1795255500:1", "data": data.to_string() })
}

fn map(message: &Value) -> Mapped {
    let mapped = Douyin.map(&Headers::default(), message.to_string().as_bytes());
    mapped.unwrap_or_else(|fault| panic!("{message}: {fault}"))
}

fn tell(tag: &str, more: &Value) -> Mapped {
    let mapped = map(&message(tag, more));
    assert_eq!((mapped.kind.as_str(), mapped.platform_order_id.as_str()), (tag, ID));
    assert_eq!((mapped.delivery_id.as_str(), mapped.announced), ("0428::100:1795255500:1", true), "{tag}");
    assert_eq!((&mapped.order, &mapped.payment), (&None, &None), "{tag}: nothing of the order is here");
    mapped
}

#[test]
fn each_message_of_a_list_is_a_part_in_its_own_bytes() {
    let (one, two) =
        (r#"{"tag":"100", "msg_id":"a","data":"{}"}"#, r#"{ "data":{"p_id":9007199254740993},"tag":106 }"#);
    assert_eq!(parts(&format!("[{one} ,\n {two}]")), [one, two]);
    let unreadable = r#"{"tag":"100","tag":"101"}"#;
    assert_eq!(
        parts(&format!("[{one},{unreadable},null]")),
        [one, unreadable, "null"],
        "each is kept for somebody to see"
    );
}

#[test]
fn a_probe_is_no_delivery() {
    let probe = r#"{"tag":"0","msg_id":"0","data":"2026-09-28T10:00:00+08:00"}"#;
    assert_eq!(parts(&format!("[{probe}]")), Vec::<String>::new());
    assert_eq!(parts(&format!("[{}]", probe.replace("\"0\"", "0"))), Vec::<String>::new());
    assert_eq!(parts("[]"), Vec::<String>::new());
    let order = r#"{"tag":"100","msg_id":"0","data":{"p_id":1}}"#;
    assert_eq!(parts(&format!("[{probe},{order}]")), [order]);
    let unsigned = Request { headers: &Headers::default(), body: probe.as_bytes(), now_ms: 0 };
    assert!(!Douyin.is_probe(&unsigned), "it is signed like all others");
}

#[test]
fn what_is_no_list_or_too_long_a_one_stays_whole() {
    for body in ["", "{", "[1,", "[1] 2", r#"{"tag":"100"}"#, "7", "\"\u{7f}\""] {
        assert_eq!(open(body), Opened::Whole, "{body}");
    }
    let many = |count: usize| format!("[{}]", vec![r#"{"tag":"100"}"#; count].join(","));
    assert_eq!(parts(&many(MESSAGES_MAX)).len(), MESSAGES_MAX);
    assert_eq!(open(&many(MESSAGES_MAX + 1)), Opened::Whole);
    let fault = Douyin.map(&Headers::default(), many(MESSAGES_MAX + 1).as_bytes()).expect_err("too many");
    assert_eq!((fault.reason, fault.field.as_str()), (FIELD_INVALID, "[256]"));
    assert!(fault.detail.contains("257"), "{}", fault.detail);
}

#[test]
fn data_is_an_object_or_a_text_with_one() {
    let text = message("101", &json!({ "order_status": 2, "pay_type": 1, "pay_time": AT_S }));
    let mut object = text.clone();
    object["data"] = serde_json::from_str(text["data"].as_str().expect("a text")).expect("JSON");
    assert_eq!(map(&object), map(&text));
    for id in [json!("6917345028831207425"), json!(6_917_345_028_831_207_425_u64)] {
        object["data"]["p_id"] = id;
        assert_eq!(map(&object).platform_order_id, ID, "each digit is kept");
    }
    object["tag"] = json!(101);
    assert_eq!(map(&object), map(&text), "a tag may be a number");
}

#[test]
fn a_message_says_up_to_where_the_order_must_be_known() {
    let version =
        |tag: &str, field: &str, status: i64| tell(tag, &json!({ field: AT_S, "order_status": status })).version;
    let at = |rank: i64| AT_S * 1000 + rank;
    assert_eq!(version("100", "create_time", 1), at(1));
    assert_eq!(version("102", "update_time", 3), at(6));
    assert_eq!(version("103", "complete_time", 5), at(7));
    assert_eq!(version("104", "update_time", 3), at(6));
    assert_eq!(version("105", "update_time", 2), at(4));
    assert_eq!(version("106", "cancel_time", 4), at(8));
    assert_eq!(version("108", "update_time", 101), at(5));
    assert_eq!(version("109", "modify_time", 1), at(1));
    let order = order_with(&[("/update_time", json!(AT_S)), ("/order_status", json!(3)), ("/main_status", json!(3))]);
    let known = Douyin.map(&pulled(), order.as_bytes()).expect("readable").version;
    assert_eq!(known, version("102", "update_time", 3), "in the measure of the order that is pulled for it");
    // A payment's time is before its release; the others' may not be the order's.
    for (tag, field) in [
        ("101", "pay_time"),
        ("110", "pay_time"),
        ("111", "apply_time"),
        ("113", "update_time"),
        ("206", "success_time"),
        ("126", "update_time"),
    ] {
        assert_eq!(version(tag, field, 2), 0, "{tag}: any order will do");
    }
    assert_eq!(tell("108", &json!({})).version, 0);
}

#[test]
fn a_message_says_what_its_tag_says() {
    use PaymentState::{Paid, Pending, Unspecified};
    let nothing = (Unspecified, Shipped::Nothing, false, false);
    let cases = [
        ("100", json!({ "order_status": 1 }), (Pending, Shipped::Nothing, false, false)),
        (
            "101",
            json!({ "order_status": 2, "pay_type": 1, "pay_amount": 4370 }),
            (Paid, Shipped::Nothing, false, false),
        ),
        ("101", json!({ "order_status": 2, "pay_type": 0 }), nothing),
        ("101", json!({ "order_status": 105, "pay_type": 1 }), nothing),
        ("101", json!({ "order_status": 103, "pay_type": 1 }), nothing),
        ("101", json!({ "order_status": 1, "pay_type": 1 }), nothing),
        ("101", json!({ "order_status": 2 }), nothing),
        ("110", json!({ "order_status": 105 }), nothing),
        ("110", json!({ "order_status": 2 }), nothing),
        ("102", json!({ "order_status": 3 }), (Unspecified, Shipped::Wholly, false, false)),
        ("102", json!({ "order_status": 101 }), (Unspecified, Shipped::Partly, false, false)),
        ("102", json!({}), (Unspecified, Shipped::Wholly, false, false)),
        ("108", json!({ "order_status": 101 }), (Unspecified, Shipped::Partly, false, false)),
        ("103", json!({ "order_status": 5 }), (Unspecified, Shipped::Nothing, true, false)),
        (
            "106",
            json!({ "order_status": 4, "cancel_reason": "不想要了" }),
            (Unspecified, Shipped::Nothing, false, true),
        ),
        ("106", json!({ "order_status": 2 }), nothing),
        ("104", json!({ "order_status": 3 }), nothing),
        ("105", json!({ "order_status": 2 }), nothing),
        ("109", json!({ "order_status": 1, "total_amount": 4300, "post_amount": 600 }), nothing),
        ("111", json!({ "receiver_msg": { "name": "#k#" }, "post_receiver_msg": {} }), nothing),
        ("112", json!({}), nothing),
        ("113", json!({ "remark": "急", "star": "5" }), nothing),
        ("126", json!({ "exp_delivery_time": "2026-12-01" }), nothing),
        ("206", json!({ "aftersale_id": 7, "aftersale_type": 2, "refund_amount": 4370 }), nothing),
        ("217", json!({}), nothing),
        ("227", json!({}), nothing),
    ];
    for (tag, more, expected) in cases {
        let mapped = tell(tag, &more);
        let told = (mapped.payment_state, mapped.shipped, mapped.completed, mapped.cancelled.is_some());
        assert_eq!(told, expected, "{tag} {more}");
        assert_eq!(mapped.cancel_requested, None, "{tag}");
    }
    let cancelled = tell("106", &json!({ "cancel_reason": "不想要了" }));
    assert_eq!(cancelled.cancelled.as_deref(), Some("不想要了"));
}

/// Asked, not done: the shop answers it on the platform, and meanwhile nobody should pack it.
#[test]
fn a_refund_before_shipping_asks_to_cancel_its_line() {
    let asked = |kind: i64| {
        let more = json!({ "aftersale_id": 7_034_512_345_678_901_234_u64, "aftersale_type": kind, "s_id": 6_917_345_028_831_272_961_u64, "reason_code": 15 });
        tell("200", &more).cancel_requested
    };
    for kind in [2, 5] {
        let request = asked(kind).expect("asked");
        assert_eq!((request.request_id.as_str(), request.reason.as_str()), ("7034512345678901234", "15"));
        assert_eq!(request.line_ids, ["6917345028831272961"], "as the pulled order has it");
    }
    for kind in [0, 1, 3, 6, 7] {
        assert_eq!(asked(kind), None, "{kind}");
    }
    let whole = tell("200", &json!({ "aftersale_id": "1", "aftersale_type": 2 })).cancel_requested;
    assert_eq!(whole.map(|request| request.line_ids.len()), Some(0), "without a line it is the order");
}

#[test]
fn which_order_it_is_about_is_told_though_the_rest_is_wrong() {
    let wrong = message("106", &json!({ "order_status": 77 }));
    let identity = Douyin.identify(&Headers::default(), wrong.to_string().as_bytes()).expect("identified");
    assert_eq!((identity.kind.as_str(), identity.platform_order_id.as_str()), ("106", ID));
    assert_eq!(identity.delivery_id, "0428::100:1795255500:1");
}
