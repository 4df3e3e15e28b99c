//! What is not believed, not read, or about no order at all.

use super::*;

fn fault(changes: &[(&str, Value)]) -> (&'static str, String) {
    let fault = map_order(changes).map(|_| changes).expect_err("this can't be read");
    (fault.reason, fault.field)
}

fn fault_in(body: &Value) -> (&'static str, String) {
    let fault = map_notice(body).expect_err("this can't be read");
    let identified = TikTok.identify(&Headers::default(), body.to_string().as_bytes());
    if let Err(other) = identified {
        assert_eq!(other, fault, "both say the same");
    }
    (fault.reason, fault.field)
}

fn verify(secrets: &[&str], headers: &[(&str, &str)], body: &[u8]) -> Result<(), SignatureFault> {
    let secrets: Vec<Vec<u8>> = secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect();
    let headers = Headers::of(headers);
    TikTok.verify(&Request { headers: &headers, body, now_ms: 0 }, &secrets, 0)
}

/// Over a body of our own; TikTok's published example was recomputed by the same rule and matched.
#[test]
fn the_signature_vector_holds() {
    const BODY: &[u8] = br#"{"type":1,"data":{"order_id":"576000000000000017"}}"#;
    const VECTOR: &str = "a82cf309a9805f28f03af953160f3dcbe011469f2313759a18c549e1b2f8d3de";
    assert_eq!(sign(b"app7key", b"hush", BODY), VECTOR);
    let signed = [("Authorization", VECTOR)];
    assert_eq!(verify(&["old:secret", "app7key:hush"], &signed, BODY), Ok(()));
    assert_eq!(verify(&["app7key:hush"], &[("Authorization", &VECTOR.to_uppercase())], BODY), Ok(()));
    assert_eq!(verify(&["app7key:hush"], &signed, &BODY[1..]), Err(SignatureFault::Mismatch));
    for other in ["app7key:other", "other:hush", "app7ke:yhush", "app7keyhush", ":hush", "app7key:", ":", ""] {
        assert_eq!(verify(&[other], &signed, BODY), Err(SignatureFault::Mismatch), "{other}");
    }
    for bad in ["", "a82c", &format!("{VECTOR}de"), &format!("Bearer {VECTOR}"), "no hex"] {
        assert_eq!(verify(&["app7key:hush"], &[("Authorization", bad)], BODY), Err(SignatureFault::Mismatch), "{bad}");
    }
    assert_eq!(verify(&["app7key:hush"], &[], BODY), Err(SignatureFault::Missing(SIGNATURE)));
}

/// Nor does a secret without a key stand for one, whatever is signed with what.
#[test]
fn a_secret_has_two_parts() {
    let body = b"{}";
    for (secret, key, word) in
        [("s", "", "s"), ("s", "s", ""), ("s", "s", "s"), (":s", "", "s"), ("s:", "s", ""), ("", "", "")]
    {
        let signature = sign(key.as_bytes(), word.as_bytes(), body);
        assert_eq!(
            verify(&[secret], &[("Authorization", &signature)], body),
            Err(SignatureFault::Mismatch),
            "{secret:?}"
        );
    }
    let with_colon = sign(b"k", b"a:b", body);
    assert_eq!(verify(&["k:a:b"], &[("Authorization", &with_colon)], body), Ok(()));
}

/// The door keeps no header of ours, so what is pushed is a notice, whatever it says of itself.
#[test]
fn nobody_can_push_an_order() {
    assert!(!TikTok.kept_headers().contains(&PULLED));
    let fault = TikTok.map(&Headers::of(&[("Authorization", "00")]), GOOD.as_bytes()).expect_err("no notice");
    assert_eq!((fault.reason, fault.field.as_str()), (FIELD_MISSING, "type"));
}

#[test]
fn a_notice_about_no_order_names_its_type() {
    // Packages, products, the seller's leave, an authorisation's end, conversations; and one that is nobody's.
    for kind in [0, 2, 4, 5, 6, 7, 13, 14, 15, 67, 2_000_000_000] {
        let body = envelope(kind, &json!({ "order_id": ID, "update_time": 7, "message": "x" }));
        assert_eq!(fault_in(&body), (FIELD_INVALID, "type".to_owned()), "{kind}");
    }
}

#[test]
fn the_notice_is_named_as_well() {
    let good = of_status("UNPAID", UPDATED_S);
    let cases = [
        ("/type", json!(null), FIELD_MISSING, "type"),
        ("/type", json!("1"), FIELD_INVALID, "type"),
        ("/type", json!(-1), FIELD_INVALID, "type"),
        ("/tts_notification_id", json!([]), FIELD_INVALID, "tts_notification_id"),
        ("/data", json!(null), FIELD_MISSING, "data"),
        ("/data", json!("{}"), FIELD_INVALID, "data"),
        ("/data/order_id", json!(null), FIELD_MISSING, "data.order_id"),
        ("/data/order_id", json!(""), FIELD_INVALID, "data.order_id"),
        ("/data/order_id", json!(1.5), FIELD_INVALID, "data.order_id"),
        ("/data/order_status", json!(null), FIELD_MISSING, "data.order_status"),
        ("/data/order_status", json!("DREAMT"), FIELD_INVALID, "data.order_status"),
        ("/data/order_status", json!(111), FIELD_INVALID, "data.order_status"),
        ("/data/update_time", json!(null), FIELD_MISSING, "data.update_time"),
        ("/data/update_time", json!("1795255560"), FIELD_INVALID, "data.update_time"),
        ("/data/update_time", json!(0), FIELD_INVALID, "data.update_time"),
        ("/data/update_time", json!(1_795_255_560_000_i64), FIELD_INVALID, "data.update_time"),
    ];
    for (pointer, value, reason, field) in cases {
        let mut body = good.clone();
        *body.pointer_mut(pointer).expect("it is there") = value;
        assert_eq!(fault_in(&body), (reason, field.to_owned()), "{body}");
    }
    let read = |text: &str| TikTok.map(&Headers::default(), text.as_bytes()).expect_err("no notice");
    assert_eq!(read("<notice/>").reason, BODY_NOT_JSON);
    assert_eq!((read("[]").reason, read("[]").field.as_str()), (FIELD_INVALID, ""));
    let twice = good.to_string().replace("\"order_id\":", "\"order_id\":\"1\",\"order_id\":");
    assert_eq!((read(&twice).reason, read(&twice).field.as_str()), (DUPLICATE_KEY, "data.order_id"));
}

#[test]
fn every_field_it_needs_is_named_with_its_path() {
    let cases = [
        ("/id", json!(true)),
        ("/status", json!(3)),
        ("/create_time", json!("2026-11-21")),
        ("/update_time", json!(1.5)),
        ("/payment", json!([])),
        ("/payment/currency", json!("usd")),
        ("/payment/total_amount", json!({})),
        ("/line_items/1/id", json!([])),
        ("/line_items/1/sale_price", json!("1,00")),
    ];
    for (pointer, wrong) in cases {
        let path = pointer[1..].replace("/1/", "[1].").replace('/', ".");
        assert_eq!(fault(&[(pointer, Value::Null)]), (FIELD_MISSING, path.clone()), "{pointer}");
        assert_eq!(fault(&[(pointer, wrong)]), (FIELD_INVALID, path), "{pointer}");
    }
}

#[test]
fn every_other_field_is_named_where_it_is_wrong() {
    let cases = [
        ("/status", json!("DREAMT"), "status"),
        ("/create_time", json!(0), "create_time"),
        ("/update_time", json!(1_795_255_560_000_i64), "update_time"),
        ("/paid_time", json!("1795255500"), "paid_time"),
        ("/paid_time", json!(-1), "paid_time"),
        ("/rts_sla_time", json!(1.5), "rts_sla_time"),
        ("/shipping_due_time", json!("soon"), "shipping_due_time"),
        ("/delivery_sla_time", json!(true), "delivery_sla_time"),
        ("/delivery_due_time", json!({}), "delivery_due_time"),
        ("/request_cancel_time", json!([]), "request_cancel_time"),
        ("/is_cod", json!("true"), "is_cod"),
        ("/is_buyer_request_cancel", json!(1), "is_buyer_request_cancel"),
        ("/is_sample_order", json!(0), "is_sample_order"),
        ("/is_replacement_order", json!("no"), "is_replacement_order"),
        ("/is_exchange_order", json!({}), "is_exchange_order"),
        ("/order_type", json!(1), "order_type"),
        ("/fulfillment_type", json!(0), "fulfillment_type"),
        ("/user_id", json!(1.5), "user_id"),
        ("/buyer_message", json!("a\0b"), "buyer_message"),
        ("/seller_note", json!(7), "seller_note"),
        ("/cancel_reason", json!([]), "cancel_reason"),
        ("/cancellation_initiator", json!(1), "cancellation_initiator"),
        ("/payment_method_name", json!("a\nb"), "payment_method_name"),
        ("/shipping_provider", json!(7), "shipping_provider"),
        ("/replaced_order_id", json!(1.5), "replaced_order_id"),
        ("/exchange_source_order_id", json!(true), "exchange_source_order_id"),
        ("/payment/shipping_fee", json!("5 USD"), "payment.shipping_fee"),
        ("/recipient_address", json!("home"), "recipient_address"),
        ("/recipient_address/name", json!(7), "recipient_address.name"),
        ("/recipient_address/address_line3", json!(7), "recipient_address.address_line3"),
        ("/recipient_address/address_line1", json!("x".repeat(32 * 1024)), "recipient_address.address_line1"),
        ("/recipient_address/district_info", json!({}), "recipient_address.district_info"),
        ("/recipient_address/district_info/0", json!(7), "recipient_address.district_info[0]"),
        (
            "/recipient_address/district_info/1/address_name",
            json!(7),
            "recipient_address.district_info[1].address_name",
        ),
        ("/line_items", json!({}), "line_items"),
        ("/line_items", json!([]), "line_items"),
        ("/line_items", Value::Null, "line_items"),
        ("/line_items/0", json!(7), "line_items[0]"),
        ("/line_items/0/seller_sku", json!("TEA\n"), "line_items[0].seller_sku"),
        ("/line_items/2/sku_id", json!("9".repeat(250)), "line_items[2].sku_id"),
        ("/line_items/2/sku_id", json!(1.5), "line_items[2].sku_id"),
        ("/line_items/0/is_gift", json!("no"), "line_items[0].is_gift"),
        ("/line_items/0/display_status", json!(7), "line_items[0].display_status"),
        ("/line_items/0/sku_name", json!("x".repeat(32 * 1024)), "line_items[0].sku_name"),
        ("/line_items/0/item_tax", json!({}), "line_items[0].item_tax"),
        ("/line_items/2/id", json!("577012345678911111"), "line_items[2].id"),
    ];
    for (pointer, wrong, path) in cases {
        assert_eq!(fault(&[(pointer, wrong)]), (FIELD_INVALID, path.to_owned()), "{pointer}");
    }
}

#[test]
fn money_never_passes_through_a_float() {
    let paths = [
        ("/payment/total_amount", "payment.total_amount"),
        ("/payment/shipping_fee", "payment.shipping_fee"),
        ("/payment/tax", "payment.tax"),
        ("/payment/seller_discount", "payment.seller_discount"),
        ("/payment/platform_discount", "payment.platform_discount"),
        ("/line_items/1/sale_price", "line_items[1].sale_price"),
        ("/line_items/1/original_price", "line_items[1].original_price"),
        ("/line_items/1/platform_discount", "line_items[1].platform_discount"),
        ("/line_items/1/item_tax/0/tax_amount", "line_items[1].item_tax[0].tax_amount"),
    ];
    for (pointer, path) in paths {
        for bare in [json!(15.9), json!(1590)] {
            assert_eq!(fault(&[(pointer, bare)]), (MONEY, path.to_owned()));
        }
        for text in ["15.901", "", "1e3", "null", "9999999999999999"] {
            assert_eq!(fault(&[(pointer, json!(text))]), (FIELD_INVALID, path.to_owned()), "{text}");
        }
    }
    let negative = fault(&[("/payment/total_amount", json!("-1.00"))]);
    assert_eq!(negative, (FIELD_INVALID, "payment.total_amount".to_owned()), "nobody is paid for an order");
    let largest = json!("999999999999999.99");
    let (_, order) = whole(&[("/line_items/0/original_price", largest.clone()), ("/payment/seller_discount", largest)]);
    assert_eq!(minor(&order.lines[0].sold_price), 99_999_999_999_999_999);
}

/// Inventory allocates no more lines, and no list is read that is longer.
#[test]
fn an_order_has_at_most_500_lines_and_1000_units() {
    let units = |count: u32, skus: u32| {
        let unit = |n: u32| json!({ "id": n, "sku_id": 1 + n % skus, "seller_sku": "S", "sale_price": "1.00" });
        [("/line_items", Value::Array((0..count).map(unit).collect()))]
    };
    assert_eq!(whole(&units(500, 500)).1.lines.len(), 500);
    assert_eq!(fault(&units(501, 501)), (FIELD_INVALID, "line_items".to_owned()));
    assert_eq!(goods(&whole(&units(1000, 1)).1), (vec![("1", 1000)], 100_000));
    assert_eq!(fault(&units(1001, 1)), (FIELD_INVALID, "line_items".to_owned()));
}

fn every_way(body: &[u8]) {
    for headers in [Headers::of(&[("Authorization", "00")]), pulled()] {
        let request = Request { headers: &headers, body, now_ms: 0 };
        let _ = TikTok.identify(&headers, body);
        let _ = TikTok.map(&headers, body);
        assert!(TikTok.verify(&request, &[b"k:s".to_vec(), b"none".to_vec()], 0).is_err());
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_upset_it(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        every_way(&body);
    }

    #[test]
    fn no_change_of_a_body_upsets_it(flip in 0_usize..6000, cut in 0_usize..6000, by in 1_u8..=255) {
        for good in [GOOD.as_bytes().to_vec(), of_status("UNPAID", UPDATED_S).to_string().into_bytes()] {
            let signature = sign(b"k", b"s", &good);
            let mut body = good;
            let place = flip % body.len();
            body[place] ^= by;
            every_way(&body);
            proptest::prop_assert_ne!(sign(b"k", b"s", &body), signature);
            body.truncate(cut.min(body.len()));
            every_way(&body);
        }
    }
}
