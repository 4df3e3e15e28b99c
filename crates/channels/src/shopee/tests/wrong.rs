//! Orders that can't be read, and the field that is named.

use super::*;

fn fault_of(body: &str) -> (&'static str, String) {
    let fault = map_text(body).map(|_| body).expect_err("this can't be read");
    (fault.reason, fault.field)
}

/// The order with something else at a pointer.
fn with(pointer: &str, value: &Value) -> String {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match order.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
        Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value.clone(),
        parent => parent[name] = value.clone(),
    }
    order.to_string()
}

fn fault(pointer: &str, value: &Value) -> (&'static str, String) {
    fault_of(&with(pointer, value))
}

fn path(pointer: &str) -> String {
    pointer[1..].replace("/0", "[0]").replace("/1", "[1]").replace('/', ".")
}

#[test]
fn every_field_it_needs_is_named_with_its_path() {
    let cases = [
        ("/order_sn", json!(17)),
        ("/order_status", json!("DREAMT")),
        ("/currency", json!("dollars")),
        ("/create_time", json!("2026-11-21T10:04:05Z")),
        ("/update_time", json!(0)),
        ("/item_list/0/item_id", json!("24680135791")),
        ("/item_list/1/model_quantity_purchased", json!("1")),
        ("/item_list/1/model_discounted_price", json!([])),
    ];
    for (pointer, wrong) in cases {
        assert_eq!(fault(pointer, &Value::Null), (FIELD_MISSING, path(pointer)), "{pointer}");
        assert_eq!(fault(pointer, &wrong), (FIELD_INVALID, path(pointer)), "{pointer}");
    }
    assert_eq!(fault("/item_list", &Value::Null), (FIELD_INVALID, "item_list".to_owned()), "an order has lines");
}

#[test]
fn every_other_field_is_named_where_it_is_wrong() {
    let cases = [
        ("/cod", json!("false")),
        ("/pay_time", json!("yesterday")),
        ("/pay_time", json!(1_795_255_500_000_i64)),
        ("/ship_by_date", json!(-1)),
        ("/total_amount", json!("much")),
        ("/total_amount", json!(-1)),
        ("/payment_method", json!(7)),
        ("/message_to_seller", json!("a\0b")),
        ("/note", json!({})),
        ("/buyer_user_id", json!("me")),
        ("/cancel_reason", json!([])),
        ("/buyer_cancel_reason", json!(false)),
        ("/fulfillment_flag", json!(1)),
        ("/advance_package", json!("no")),
        ("/shipping_carrier", json!(7)),
        ("/recipient_address", json!("Tiong Bahru Road")),
        ("/recipient_address/name", json!(7)),
        ("/recipient_address/zipcode", json!(168_731)),
        ("/recipient_address/full_address", json!("y".repeat(33 * 1024))),
        ("/item_list", json!({})),
        ("/item_list", json!([])),
        ("/item_list/0", json!(7)),
        ("/item_list/0/item_id", json!(0)),
        ("/item_list/0/model_id", json!("big")),
        ("/item_list/0/model_sku", json!("TEA\n")),
        ("/item_list/0/item_sku", json!(7)),
        ("/item_list/0/item_name", json!(["tea"])),
        ("/item_list/0/model_name", json!("y".repeat(33 * 1024))),
        ("/item_list/0/model_quantity_purchased", json!(-1)),
        ("/item_list/0/model_quantity_purchased", json!(1_000_001)),
        ("/item_list/0/cancelled_qty", json!(3)),
        ("/item_list/0/model_original_price", json!("x")),
        ("/item_list/0/promotion_type", json!(1)),
        ("/item_list/0/order_item_id", json!(-1)),
        ("/item_list/0/promotion_group_id", json!("0")),
        ("/package_list", json!("none")),
        ("/package_list/0", json!(null)),
        ("/package_list/0/logistics_status", json!(3)),
        ("/package_list/0/virtual_contact_number", json!(912_345_678)),
    ];
    for (pointer, wrong) in cases {
        assert_eq!(fault(pointer, &wrong), (FIELD_INVALID, path(pointer)), "{pointer} {wrong}");
    }
    let twice: Value = serde_json::from_str(ORDER).expect("JSON");
    let line = twice["item_list"][0].clone();
    assert_eq!(fault("/item_list/1", &line), (FIELD_INVALID, "item_list[1]".to_owned()), "one line twice");
}

/// A number with a point is nothing but an amount.
#[test]
fn a_decimal_is_no_text() {
    let cases = [
        (r#""order_sn": "261121KX7P2M4Q""#, r#""order_sn": 2611.5"#, "order_sn"),
        (r#""note": "regular""#, r#""note": 0.5"#, "note"),
        (r#""item_id": 24680135792, "item_name""#, r#""item_id": 2468.0, "item_name""#, "item_list[1].item_id"),
        (r#""update_time": 1795255506"#, r#""update_time": 1795255506.5"#, "update_time"),
        (r#""cod": false"#, r#""cod": 0.0"#, "cod"),
    ];
    for (old, new, field) in cases {
        assert_eq!(fault_of(&order_text(&[(old, new)])), (FIELD_INVALID, field.to_owned()), "{new}");
    }
}

#[test]
fn money_never_passes_through_a_float() {
    for (amount, payable) in [
        ("47.35", 4735),
        ("0.1", 10),
        ("0.30", 30),
        ("47.350000", 4735),
        ("999999999999999.99", 99_999_999_999_999_999),
        ("47", 4700),
    ] {
        let (_, order) = whole(&[("47.35", amount)]);
        assert_eq!(order.amounts.map(|sums| minor(&sums.payable)), Some(payable), "{amount}");
    }
    let fault = |amount: &str| fault_of(&order_text(&[("47.35", amount)]));
    let field = || "total_amount".to_owned();
    for bare in ["4735e-2", "4.735E1", "99999999999999999999"] {
        assert_eq!(fault(bare), (MONEY, field()), "{bare}");
    }
    for wrong in ["47.351", "47.3500000000001", "9999999999999999.99", "-0.01", "\"47.35\"", "true", "[47.35]"] {
        assert_eq!(fault(wrong), (FIELD_INVALID, field()), "{wrong}");
    }
    for broken in ["47.", ".35", "047.35", "47.35.1", "1e400"] {
        assert_eq!(fault(broken).0, BODY_NOT_JSON, "{broken}");
    }
}

#[test]
fn a_body_has_one_reading() {
    assert_eq!(fault_of("[]"), (FIELD_INVALID, String::new()));
    assert_eq!(fault_of(&ORDER[1..]).0, BODY_NOT_JSON);
    let twice = order_text(&[("\"total_amount\": 47.35", "\"total_amount\": 47.35, \"total_amount\": 1")]);
    assert_eq!(fault_of(&twice), (DUPLICATE_KEY, "total_amount".to_owned()));
}
