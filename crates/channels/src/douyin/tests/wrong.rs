//! What is not believed, not read, or no order at all.

use super::*;

fn fault(changes: &[(&str, Value)]) -> (&'static str, String) {
    let fault = map_order(changes).map(|_| changes).expect_err("this can't be read");
    (fault.reason, fault.field)
}

fn fault_in(message: &Value) -> (&'static str, String) {
    let fault = Douyin.map(&Headers::default(), message.to_string().as_bytes()).expect_err("this can't be read");
    (fault.reason, fault.field)
}

fn verify(secrets: &[&str], signature: &str, body: &[u8]) -> Result<(), SignatureFault> {
    let secrets: Vec<Vec<u8>> = secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect();
    let headers = Headers::of(&[("Event-Sign", signature)]);
    Douyin.verify(&Request { headers: &headers, body, now_ms: 0 }, &secrets, 0)
}

#[test]
fn the_signature_vector_holds() {
    const VECTOR: &str = "fc4bd46e9bd501bd2e1e5702384acce1";
    let body = br#"[{"tag":"0","msg_id":"0","data":"2026-09-28T10:00:00+08:00"}]"#;
    assert_eq!(sign(b"runtime-app", b"runtime-secret", body), VECTOR);
    let secrets = ["old-app:secret", "runtime-app:runtime-secret"];
    assert_eq!(verify(&secrets, VECTOR, body), Ok(()));
    assert_eq!(verify(&secrets, &VECTOR.to_uppercase(), body), Ok(()));
    assert_eq!(verify(&secrets[..1], VECTOR, body), Err(SignatureFault::Mismatch));
    assert_eq!(verify(&secrets, VECTOR, &body[1..]), Err(SignatureFault::Mismatch));
    for bad in ["", "fc4b", "fc4bd46e9bd501bd2e1e5702384acce1e1", "no hex"] {
        assert_eq!(verify(&secrets, bad, body), Err(SignatureFault::Mismatch), "{bad}");
    }
    let headers = Headers::of(&[("App-Id", "runtime-app")]);
    let unsigned = Request { headers: &headers, body, now_ms: 0 };
    assert_eq!(Douyin.verify(&unsigned, &[], 0), Err(SignatureFault::Missing(SIGNATURE)));
    assert_eq!(Douyin.open(&unsigned, &[], 0), Err(SignatureFault::Missing(SIGNATURE)), "nor is it taken apart");
}

/// Nor does a secret without a key, or a key without a secret, sign anything.
#[test]
fn a_secret_has_two_parts() {
    let body = b"[]";
    assert_eq!(verify(&["app:a:b"], &sign(b"app", b"a:b", body), body), Ok(()));
    for secret in ["s", ":s", "app:", ":", ""] {
        let (key, word) = secret.split_once(':').unwrap_or(("", secret));
        let signature = sign(key.as_bytes(), word.as_bytes(), body);
        assert_eq!(verify(&[secret], &signature, body), Err(SignatureFault::Mismatch), "{secret:?}");
    }
}

#[test]
fn every_field_it_needs_is_named_with_its_path() {
    let cases = [
        ("/order_id", json!(true)),
        ("/order_status", json!("2")),
        ("/create_time", json!("2026-11-21 18:04:05")),
        ("/update_time", json!(0)),
        ("/pay_amount", json!("43.70")),
        ("/sku_order_list/1/order_id", json!(1.5)),
        ("/sku_order_list/1/item_num", json!(0)),
        ("/sku_order_list/1/origin_amount", json!([])),
    ];
    for (pointer, wrong) in cases {
        let path = pointer[1..].replace("/1/", "[1].").replace('/', ".");
        assert_eq!(fault(&[(pointer, Value::Null)]), (FIELD_MISSING, path.clone()), "{pointer}");
        assert_eq!(fault(&[(pointer, wrong)]), (FIELD_INVALID, path), "{pointer}");
    }
    assert_eq!(fault(&[("/order_status", json!(0))]), (FIELD_MISSING, "order_status".to_owned()));
}

#[test]
fn every_other_field_is_named_where_it_is_wrong() {
    let cases = [
        ("/main_status", json!("105"), "main_status"),
        ("/order_type", json!(-1), "order_type"),
        ("/pay_time", json!("yesterday"), "pay_time"),
        ("/pay_time", json!(i64::MAX), "pay_time"),
        ("/order_expire_time", json!(-1), "order_expire_time"),
        ("/exp_ship_time", json!([]), "exp_ship_time"),
        ("/pay_type", json!(1.5), "pay_type"),
        ("/post_amount", json!("6"), "post_amount"),
        ("/cancel_reason", json!(4), "cancel_reason"),
        ("/buyer_words", json!("a\0b"), "buyer_words"),
        ("/seller_words", json!([]), "seller_words"),
        ("/seller_remark_stars", json!("red"), "seller_remark_stars"),
        ("/doudian_open_id", json!({}), "doudian_open_id"),
        ("/open_address_id", json!("y".repeat(256)), "open_address_id"),
        ("/mask_post_receiver", json!(7), "mask_post_receiver"),
        ("/post_tel", json!(13_800_000_001_i64), "post_tel"),
        ("/post_addr", json!([]), "post_addr"),
        ("/post_addr/city", json!("杭州市"), "post_addr.city"),
        ("/post_addr/street/name", json!(1), "post_addr.street.name"),
        ("/mask_post_addr/detail", json!(1), "mask_post_addr.detail"),
        ("/latest_receipt_time", json!("soon"), "latest_receipt_time"),
        ("/order_phase_list", json!({}), "order_phase_list"),
        (
            "/order_phase_list",
            json!([{ "phase_order_id": "1", "pay_success": "true" }]),
            "order_phase_list[0].pay_success",
        ),
        (
            "/order_phase_list",
            json!([{ "phase_order_id": "1", "current_phase": -1 }]),
            "order_phase_list[0].current_phase",
        ),
        ("/sku_order_list", json!({}), "sku_order_list"),
        ("/sku_order_list", json!([]), "sku_order_list"),
        ("/sku_order_list/0", json!(7), "sku_order_list[0]"),
        ("/sku_order_list/0/order_status", json!(77), "sku_order_list[0].order_status"),
        ("/sku_order_list/0/main_status", json!(77), "sku_order_list[0].main_status"),
        ("/sku_order_list/0/out_sku_id", json!("TEA\n"), "sku_order_list[0].out_sku_id"),
        ("/sku_order_list/0/spec", json!("red"), "sku_order_list[0].spec"),
        ("/sku_order_list/0/spec", json!([{ "value": "x".repeat(32 * 1024) }]), "sku_order_list[0].spec"),
        ("/sku_order_list/0/spec/0/value", json!(1), "sku_order_list[0].spec[0].value"),
        (
            "/sku_order_list/0/after_sale_info/refund_status",
            json!("3"),
            "sku_order_list[0].after_sale_info.refund_status",
        ),
        ("/sku_order_list/0/ship_time", json!("3"), "sku_order_list[0].ship_time"),
        ("/sku_order_list/0/receive_type", json!("1"), "sku_order_list[0].receive_type"),
        ("/sku_order_list/1/order_id", json!("6917345028831207425"), "sku_order_list[1]"),
    ];
    for (pointer, wrong, path) in cases {
        assert_eq!(fault(&[(pointer, wrong)]), (FIELD_INVALID, path.to_owned()), "{pointer}");
    }
    let unnamed = json!([{ "pay_success": true }]);
    assert_eq!(
        fault(&[("/order_phase_list", unnamed)]),
        (FIELD_MISSING, "order_phase_list[0].phase_order_id".to_owned())
    );
}

#[test]
fn an_unknown_status_is_a_fault() {
    assert_eq!(fault(&[("/order_status", json!(77))]), (FIELD_INVALID, "order_status".to_owned()));
    assert_eq!(fault(&[("/main_status", json!(77))]), (FIELD_INVALID, "main_status".to_owned()));
    let message = json!({ "tag": "102", "data": { "p_id": 1, "order_status": 77 } });
    assert_eq!(fault_in(&message), (FIELD_INVALID, "data.order_status".to_owned()));
}

#[test]
fn money_is_whole_fen_and_nobody_is_paid_for_an_order() {
    let paths = [
        ("/pay_amount", "pay_amount"),
        ("/post_amount", "post_amount"),
        ("/sku_order_list/0/origin_amount", "sku_order_list[0].origin_amount"),
        ("/sku_order_list/0/promotion_shop_amount", "sku_order_list[0].promotion_shop_amount"),
        ("/sku_order_list/0/promotion_platform_amount", "sku_order_list[0].promotion_platform_amount"),
        ("/sku_order_list/0/promotion_talent_amount", "sku_order_list[0].promotion_talent_amount"),
        ("/sku_order_list/0/modify_amount", "sku_order_list[0].modify_amount"),
    ];
    for (pointer, path) in paths {
        assert_eq!(fault(&[(pointer, json!(15.9))]), (MONEY, path.to_owned()));
        for wrong in [json!("1590"), json!(1_000_000_000_000_001_i64), json!({})] {
            assert_eq!(fault(&[(pointer, wrong)]), (FIELD_INVALID, path.to_owned()));
        }
    }
    assert_eq!(fault(&[("/pay_amount", json!(-1))]), (FIELD_INVALID, "pay_amount".to_owned()));
    let largest = json!(1_000_000_000_000_000_i64);
    let (_, order) =
        whole(&[("/sku_order_list/0/origin_amount", largest), ("/sku_order_list/0/item_num", json!(1_000_000))]);
    assert_eq!(
        minor(&order.lines[0].sold_price),
        1_000_000_000_000_000,
        "and its product with the quantity is no panic"
    );
}

#[test]
fn a_message_is_named_as_well() {
    let good = json!({ "tag": "106", "msg_id": "m-1", "data": { "p_id": 1, "order_status": 4, "cancel_time": 7 } });
    assert!(Douyin.map(&Headers::default(), good.to_string().as_bytes()).is_ok());
    let cases = [
        ("tag", json!(null), FIELD_MISSING, "tag"),
        ("tag", json!(""), FIELD_INVALID, "tag"),
        ("tag", json!(1.5), FIELD_INVALID, "tag"),
        ("tag", json!("0"), FIELD_INVALID, "tag"),
        ("tag", json!(400), FIELD_INVALID, "tag"),
        ("tag", json!("137"), FIELD_INVALID, "tag"),
        ("tag", json!("501"), FIELD_INVALID, "tag"),
        ("tag", json!("1000"), FIELD_INVALID, "tag"),
        ("tag", json!("1e3"), FIELD_INVALID, "tag"),
        ("msg_id", json!([]), FIELD_INVALID, "msg_id"),
        ("msg_id", json!("a\nb"), FIELD_INVALID, "msg_id"),
        ("data", json!(null), FIELD_MISSING, "data"),
        ("data", json!([]), FIELD_INVALID, "data"),
        ("data", json!(7), FIELD_INVALID, "data"),
        ("data", json!("[]"), FIELD_INVALID, "data"),
        ("data", json!(""), BODY_NOT_JSON, "data"),
        ("data", json!("{\"p_id\":1"), BODY_NOT_JSON, "data"),
        ("data", json!("[".repeat(5000)), BODY_NOT_JSON, "data"),
        ("data", json!(r#"{"p_id":1,"p_id":2}"#), DUPLICATE_KEY, "data.p_id"),
        ("data", json!("{}"), FIELD_MISSING, "data.p_id"),
        ("data", json!({ "p_id": 1.5 }), FIELD_INVALID, "data.p_id"),
        ("data", json!({ "p_id": 1, "order_status": "4" }), FIELD_INVALID, "data.order_status"),
        ("data", json!({ "p_id": 1, "cancel_time": "now" }), FIELD_INVALID, "data.cancel_time"),
        ("data", json!({ "p_id": 1, "cancel_time": -1 }), FIELD_INVALID, "data.cancel_time"),
        ("data", json!({ "p_id": 1, "cancel_reason": 3 }), FIELD_INVALID, "data.cancel_reason"),
    ];
    for (field, value, reason, path) in cases {
        let mut message = good.clone();
        message[field] = value;
        assert_eq!(fault_in(&message), (reason, path.to_owned()), "{message}");
    }
    let refund = |more: Value| fault_in(&json!({ "tag": "200", "data": more }));
    assert_eq!(refund(json!({ "p_id": 1, "aftersale_type": 2 })), (FIELD_MISSING, "data.aftersale_id".to_owned()));
    assert_eq!(refund(json!({ "p_id": 1, "aftersale_type": "2" })), (FIELD_INVALID, "data.aftersale_type".to_owned()));
    assert_eq!(fault_in(&json!(7)), (FIELD_INVALID, String::new()));
    assert_eq!(fault_in(&json!([])), (FIELD_INVALID, String::new()));
}

/// Inventory allocates no more.
#[test]
fn an_order_has_at_most_500_lines() {
    let lines = |count: u32| {
        let line = |n: u32| json!({ "order_id": n, "out_sku_id": "S", "item_num": 1, "origin_amount": 100 });
        [("/sku_order_list", Value::Array((0..count).map(line).collect()))]
    };
    assert_eq!(whole(&lines(500)).1.lines.len(), 500);
    assert_eq!(fault(&lines(501)), (FIELD_INVALID, "sku_order_list".to_owned()));
}

fn every_way(body: &[u8]) {
    let headers = Headers::of(&[("Event-Sign", "00"), ("App-Id", "app")]);
    for headers in [&headers, &pulled()] {
        let _ = Douyin.identify(headers, body);
        let _ = Douyin.map(headers, body);
    }
    let secrets = [b"app:secret".to_vec(), b"none".to_vec()];
    let signature = sign(b"app", b"secret", body);
    let signed = Headers::of(&[("Event-Sign", signature.as_str())]);
    assert!(Douyin.open(&Request { headers: &signed, body, now_ms: 0 }, &secrets, 0).is_ok());
    let strange = Request { headers: &headers, body, now_ms: 0 };
    assert_eq!(Douyin.open(&strange, &secrets, 0), Err(SignatureFault::Mismatch));
}

proptest::proptest! {
    #[test]
    fn no_bytes_upset_it(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        every_way(&body);
    }

    #[test]
    fn no_change_of_an_order_upsets_it(flip in 0_usize..8000, cut in 0_usize..8000, by in 1_u8..=255) {
        let mut body = ORDER.as_bytes().to_vec();
        let place = flip % body.len();
        body[place] ^= by;
        every_way(&body);
        body.truncate(cut.min(body.len()));
        every_way(&body);
    }

    #[test]
    fn no_change_of_a_list_upsets_it(flip in 0_usize..400, cut in 0_usize..400, by in 1_u8..=255) {
        let one = r#"{"tag":"106","msg_id":"m-1","data":"{\"p_id\":1,\"order_status\":4,\"cancel_time\":7}"}"#;
        let mut body = format!(r#"[{one},{{"tag":0}},{one}]"#).into_bytes();
        let signature = sign(b"app", b"secret", &body);
        let place = flip % body.len();
        body[place] ^= by;
        every_way(&body);
        proptest::prop_assert_ne!(sign(b"app", b"secret", &body), signature);
        body.truncate(cut.min(body.len()));
        every_way(&body);
    }
}
