//! What is not believed, not read, or no order at all.

use super::*;

fn fault(changes: &[(&str, Value)]) -> (&'static str, String) {
    let fault = map_order(changes).map(|_| changes).expect_err("this can't be read");
    (fault.reason, fault.field)
}

fn fault_in(body: &Value) -> (&'static str, String) {
    let fault = map_value(body).expect_err("this can't be read");
    (fault.reason, fault.field)
}

fn verify(secrets: &[&str], headers: &[(&str, &str)], body: &[u8]) -> Result<(), SignatureFault> {
    let secrets: Vec<Vec<u8>> = secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect();
    let headers = Headers::of(headers);
    Youzan.verify(&Request { headers: &headers, body, now_ms: 0 }, &secrets, 0)
}

#[test]
fn the_signature_vector_holds() {
    const VECTOR: &str = "05a671c66aefea124cc08b76ea6d30bb";
    assert_eq!(sign(b"test", b"test", b""), VECTOR);
    let signed = [("Event-Sign", VECTOR), ("Client-Id", "test")];
    assert_eq!(verify(&["old:secret", "test:test"], &signed, b""), Ok(()));
    assert_eq!(verify(&["test:test"], &[("Event-Sign", &VECTOR.to_uppercase()), ("Client-Id", "test")], b""), Ok(()));
    assert_eq!(verify(&["test:test"], &signed, b" "), Err(SignatureFault::Mismatch));
    assert_eq!(verify(&["test:other"], &signed, b""), Err(SignatureFault::Mismatch));
    for bad in ["", "05a6", "05a671c66aefea124cc08b76ea6d30bbbb", "no hex"] {
        let headers = [("Event-Sign", bad), ("Client-Id", "test")];
        assert_eq!(verify(&["test:test"], &headers, b""), Err(SignatureFault::Mismatch), "{bad}");
    }
    assert_eq!(verify(&["test:test"], &signed[1..], b""), Err(SignatureFault::Missing(SIGNATURE)));
    assert_eq!(verify(&["test:test"], &signed[..1], b""), Err(SignatureFault::Missing(CLIENT_ID)));
}

/// Nor does a secret without an id, or an id without a secret, whatever the header names.
#[test]
fn a_client_id_is_the_secrets_and_stands_for_none() {
    let body = b"{}";
    let signature = sign(b"test", b"s", body);
    let by = |client: &str, secret: &str| verify(&[secret], &[("Event-Sign", &signature), ("Client-Id", client)], body);
    assert_eq!(by("test", "test:s"), Ok(()));
    assert_eq!(by("other", "test:s"), Err(SignatureFault::Mismatch));
    assert_eq!(by("", "test:s"), Err(SignatureFault::Mismatch));
    let with_colon = sign(b"test", b"a:b", body);
    assert_eq!(verify(&["test:a:b"], &[("Event-Sign", &with_colon), ("Client-Id", "test")], body), Ok(()));
    for (client, secret) in [("", "s"), ("s", "s"), ("", ""), ("s", ":s"), ("", ":s"), ("test", "test:"), ("", ":")] {
        let (id, word) = secret.split_once(':').unwrap_or(("", secret));
        for signature in [sign(client.as_bytes(), word.as_bytes(), body), sign(id.as_bytes(), word.as_bytes(), body)] {
            let headers = [("Event-Sign", signature.as_str()), ("Client-Id", client)];
            assert_eq!(verify(&[secret], &headers, body), Err(SignatureFault::Mismatch), "{client:?} {secret:?}");
        }
    }
}

#[test]
fn a_probe_carries_no_order() {
    let headers = Headers::default();
    let probe = |body: &Value| {
        let body = body.to_string();
        Youzan.is_probe(&Request { headers: &headers, body: body.as_bytes(), now_ms: 0 })
    };
    let good = json!({ "test": true, "msg": "", "id": "", "kdt_id": 0, "type": "", "version": 0 });
    assert!(probe(&good) && probe(&json!({ "test": true })));
    for (field, value) in [
        ("test", json!(false)),
        ("test", json!("true")),
        ("test", json!(null)),
        ("msg", json!("%7B%7D")),
        ("msg", json!({})),
        ("id", json!(TID)),
        ("id", json!(17)),
        ("kdt_name", json!("x".repeat(PROBE_BYTES_MAX))),
    ] {
        let mut other = good.clone();
        other[field] = value;
        assert!(!probe(&other), "{other}");
    }
    assert!(!Youzan.is_probe(&Request { headers: &headers, body: b"", now_ms: 0 }));
}

#[test]
fn every_field_it_needs_is_named_with_its_path() {
    let cases = [
        ("/order_info", FIELD_MISSING, json!("x")),
        ("/order_info/tid", FIELD_MISSING, json!(true)),
        ("/order_info/status", FIELD_MISSING, json!(3)),
        ("/order_info/created", FIELD_MISSING, json!("2026-11-21T18:04:05Z")),
        ("/pay_info", FIELD_MISSING, json!([])),
        ("/pay_info/payment", FIELD_MISSING, json!({})),
        ("/orders", FIELD_INVALID, json!({})),
        ("/orders/1/oid", FIELD_MISSING, json!(1.5)),
        ("/orders/1/num", FIELD_MISSING, json!("1")),
        ("/orders/1/price", FIELD_MISSING, json!([])),
    ];
    for (pointer, reason, wrong) in cases {
        let path = format!("msg.full_order_info{}", pointer.replace("/1/", "[1].").replace('/', "."));
        assert_eq!(fault(&[(pointer, Value::Null)]), (reason, path.clone()), "{pointer}");
        assert_eq!(fault(&[(pointer, wrong)]), (FIELD_INVALID, path), "{pointer}");
    }
}

#[test]
fn every_other_field_is_named_where_it_is_wrong() {
    let cases = [
        ("/order_info/pay_time", json!("yesterday"), "order_info.pay_time"),
        ("/order_info/pay_time", json!(1_795_255_446), "order_info.pay_time"),
        ("/order_info/expired_time", json!("2026-02-30 00:00:00"), "order_info.expired_time"),
        ("/order_info/refund_state", json!("2"), "order_info.refund_state"),
        ("/order_info/express_type", json!(-1), "order_info.express_type"),
        ("/order_info/close_type", json!(0.5), "order_info.close_type"),
        ("/order_info/order_tags", json!([]), "order_info.order_tags"),
        ("/order_info/order_tags/is_down_payment_pre", json!("true"), "order_info.order_tags.is_down_payment_pre"),
        ("/pay_info/post_fee", json!("6 yuan"), "pay_info.post_fee"),
        ("/buyer_info", json!("me"), "buyer_info"),
        ("/buyer_info/buyer_id", json!(1.5), "buyer_info.buyer_id"),
        ("/buyer_info/buyer_phone", json!(138), "buyer_info.buyer_phone"),
        ("/remark_info/trade_memo", json!("a\0b"), "remark_info.trade_memo"),
        ("/address_info/delivery_city", json!(7), "address_info.delivery_city"),
        ("/address_info/delivery_end_time", json!("soon"), "address_info.delivery_end_time"),
        ("/orders/0", json!(7), "orders[0]"),
        ("/orders/0/num", json!(0), "orders[0].num"),
        ("/orders/0/outer_sku_id", json!("TEA\n"), "orders[0].outer_sku_id"),
        ("/orders/0/is_present", json!("no"), "orders[0].is_present"),
        ("/orders/0/sku_properties_name", json!(r#"[{"v":"a\u0000"}]"#), "orders[0].sku_properties_name"),
        ("/orders/0/sku_properties_name", json!("x".repeat(32 * 1024)), "orders[0].sku_properties_name"),
        ("/orders/1/item_id", json!("9".repeat(255)), "orders[1].item_id"),
        ("/orders/1/oid", json!("2893166363399291031"), "orders[1]"),
        ("/orders", json!([]), "orders"),
    ];
    for (pointer, wrong, path) in cases {
        let expected = (FIELD_INVALID, format!("msg.full_order_info.{path}"));
        assert_eq!(fault(&[(pointer, wrong)]), expected, "{pointer}");
    }
}

#[test]
fn nobody_is_paid_for_an_order() {
    let negative = fault(&[("/pay_info/payment", json!("-1.00"))]);
    assert_eq!(negative, (FIELD_INVALID, "msg.full_order_info.pay_info.payment".to_owned()));
}

#[test]
fn money_never_passes_through_a_float() {
    let paths = [
        ("/pay_info/payment", "pay_info.payment"),
        ("/pay_info/post_fee", "pay_info.post_fee"),
        ("/pay_info/real_payment", "pay_info.real_payment"),
        ("/orders/1/price", "orders[1].price"),
        ("/orders/1/total_fee", "orders[1].total_fee"),
        ("/orders/1/payment", "orders[1].payment"),
    ];
    for (pointer, path) in paths {
        for bare in [json!(15.9), json!(1590)] {
            assert_eq!(fault(&[(pointer, bare)]), (MONEY, format!("msg.full_order_info.{path}")));
        }
        for text in ["15.901", "", "1e3", "null", "9999999999999999"] {
            assert_eq!(fault(&[(pointer, json!(text))]).0, FIELD_INVALID, "{pointer} {text}");
        }
    }
    let (_, order) = whole(&[("/pay_info/payment", json!("0.1")), ("/orders/1/price", json!("0.30"))]);
    assert_eq!(order.amounts.map(|sums| minor(&sums.payable)), Some(10));
    assert_eq!(minor(&order.lines[1].sold_price), 30);
    let largest = json!("999999999999999.99");
    let (_, order) = whole(&[("/orders/0/price", largest), ("/orders/0/num", json!(1_000_000))]);
    assert_eq!(
        minor(&order.lines[0].sold_price),
        99_999_999_999_999_999,
        "and its product with the quantity is no panic"
    );
}

#[test]
fn the_envelope_is_named_as_well() {
    let good = envelope("trade_TradePaid", "TRADE_PAID", ORDER);
    let cases = [
        ("type", json!(null), FIELD_MISSING),
        ("type", json!("ITEM_STATE"), FIELD_INVALID),
        ("id", json!(null), FIELD_MISSING),
        ("id", json!(1.5), FIELD_INVALID),
        ("version", json!(null), FIELD_MISSING),
        ("version", json!("1"), FIELD_INVALID),
        ("version", json!(-1), FIELD_INVALID),
        ("version", json!(i64::MAX), FIELD_INVALID),
        ("test", json!("false"), FIELD_INVALID),
        ("msg_id", json!([]), FIELD_INVALID),
        ("msg", json!(7), FIELD_INVALID),
        ("msg", json!("%FF"), FIELD_INVALID),
        ("msg", json!("%5B%5D"), FIELD_INVALID),
        ("msg", json!("%7B"), BODY_NOT_JSON),
        ("msg", json!(encoded(&"[".repeat(5000))), BODY_NOT_JSON),
    ];
    for (field, value, reason) in cases {
        let mut body = good.clone();
        body[field] = value;
        assert_eq!(fault_in(&body), (reason, field.to_owned()), "{}", body[field]);
    }
    let twice = encoded(&ORDER.replace("\"post_fee\":", "\"post_fee\": \"0.00\", \"post_fee\":"));
    let mut body = good;
    body["msg"] = json!(twice);
    assert_eq!(fault_in(&body), (DUPLICATE_KEY, "msg.full_order_info.pay_info.post_fee".to_owned()));
    assert_eq!(fault_in(&json!([])), (FIELD_INVALID, String::new()));
}

#[test]
fn an_unknown_status_is_a_fault() {
    let field = "msg.full_order_info.order_info.status";
    assert_eq!(fault(&[("/order_info/status", json!("TRADE_DREAMT"))]), (FIELD_INVALID, field.to_owned()));
    let news = envelope("trade_TradeSellerShip", "TRADE_DREAMT", &json!({ "tid": TID }).to_string());
    assert_eq!(fault_in(&news), (FIELD_INVALID, "status".to_owned()));
    let paid = envelope("trade_TradePaid", "PAID", ORDER);
    assert!(map_value(&paid).is_ok(), "the order's own status counts, not the envelope's");
}

#[test]
fn envelope_and_message_are_about_one_order() {
    let other = json!("E20261121180405070400018");
    let field = "msg.full_order_info.order_info.tid";
    assert_eq!(fault(&[("/order_info/tid", other.clone())]), (FIELD_INVALID, field.to_owned()));
    let news = envelope("trade_TradeClose", "TRADE_CLOSED", &json!({ "tid": other }).to_string());
    assert_eq!(fault_in(&news), (FIELD_INVALID, "msg.tid".to_owned()));
}

/// Inventory allocates no more.
#[test]
fn an_order_has_at_most_500_lines() {
    let lines = |count: u32| {
        let line = |n: u32| json!({ "oid": n, "outer_sku_id": "S", "num": 1, "price": "1.00" });
        [("/orders", Value::Array((0..count).map(line).collect()))]
    };
    assert_eq!(whole(&lines(500)).1.lines.len(), 500);
    assert_eq!(fault(&lines(501)), (FIELD_INVALID, "msg.full_order_info.orders".to_owned()));
}

fn every_way(body: &[u8]) {
    let headers = Headers::of(&[("Event-Sign", "00"), ("Client-Id", "test")]);
    let request = Request { headers: &headers, body, now_ms: 0 };
    let _ = Youzan.is_probe(&request);
    let _ = Youzan.identify(&headers, body);
    let _ = Youzan.map(&headers, body);
    assert_eq!(Youzan.verify(&request, &[b"test:test".to_vec(), b"none".to_vec()], 0), Err(SignatureFault::Mismatch));
}

proptest::proptest! {
    #[test]
    fn no_bytes_upset_it(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        every_way(&body);
    }

    #[test]
    fn no_change_of_a_body_upsets_it(flip in 0_usize..8000, cut in 0_usize..8000, by in 1_u8..=255) {
        let mut body = envelope("trade_TradeCreate", "WAIT_BUYER_PAY", ORDER).to_string().into_bytes();
        let signature = sign(b"test", b"test", &body);
        let place = flip % body.len();
        body[place] ^= by;
        every_way(&body);
        proptest::prop_assert_ne!(sign(b"test", b"test", &body), signature);
        body.truncate(cut.min(body.len()));
        every_way(&body);
    }

    /// Behind the encoding, where the order is.
    #[test]
    fn no_change_of_a_message_upsets_it(flip in 0_usize..4000, cut in 0_usize..4000, by in 1_u8..=127) {
        let mut message = ORDER.as_bytes().to_vec();
        let place = flip % message.len();
        message[place] ^= by;
        for message in [&message[..], &message[..cut.min(message.len())]] {
            let mut body = envelope("trade_TradePaid", "TRADE_PAID", "");
            body["msg"] = json!(percent_encoding::percent_encode(message, NON_ALPHANUMERIC).to_string());
            every_way(body.to_string().as_bytes());
        }
    }
}
