//! What can't be read, or is about no order at all.

use super::*;

fn fault(changes: &[(&str, Value)]) -> (&'static str, String) {
    let fault = map_order(changes).map(|_| changes).expect_err("this can't be read");
    (fault.reason, fault.field)
}

fn fault_in(message: &Value) -> (&'static str, String) {
    let fault = map_message(message).expect_err("this can't be read");
    let identity = Kuaishou.identify(&Headers::default(), message.to_string().as_bytes());
    assert_eq!(identity.map_err(|fault| fault.reason), Err(fault.reason));
    (fault.reason, fault.field)
}

#[test]
fn a_message_is_named_where_it_is_wrong() {
    let good = message("kwaishop_order_paySuccess", &changed(30));
    let cases = [
        ("event", json!("kwaishop_item_auditPass"), FIELD_INVALID, "event"),
        ("event", json!(7), FIELD_INVALID, "event"),
        ("eventId", json!([]), FIELD_INVALID, "eventId"),
        ("eventId", json!("x".repeat(256)), FIELD_INVALID, "eventId"),
        ("info", json!(null), FIELD_MISSING, "info"),
        ("info", json!({ "oid": 1 }), FIELD_INVALID, "info"),
        ("info", json!("a\0"), FIELD_INVALID, "info"),
        ("info", json!("{\"oid\":"), BODY_NOT_JSON, "info"),
        ("info", json!(""), BODY_NOT_JSON, "info"),
        ("info", json!("[]"), FIELD_INVALID, "info"),
        ("info", json!("{}"), FIELD_MISSING, "info.oid"),
        ("info", json!("{\"oid\":1,\"oid\":2}"), DUPLICATE_KEY, "info.oid"),
        ("info", json!("[".repeat(5000)), BODY_NOT_JSON, "info"),
    ];
    for (field, value, reason, path) in cases {
        let mut message = good.clone();
        message[field] = value;
        assert_eq!(fault_in(&message), (reason, path.to_owned()), "{}", message[field]);
    }
    let refund = message("kwaishop_aftersales_addRefund", &json!({ "oid": 1 }));
    assert_eq!(fault_in(&refund), (FIELD_MISSING, "info.orderId".to_owned()));
}

#[test]
fn what_news_tells_is_named_where_it_is_wrong() {
    let cases = [
        ("oid", json!(null), FIELD_MISSING),
        ("oid", json!(1.5), FIELD_INVALID),
        ("oid", json!(""), FIELD_INVALID),
        ("oid", json!(true), FIELD_INVALID),
        ("status", json!("30"), FIELD_INVALID),
        ("status", json!(-1), FIELD_INVALID),
        ("status", json!([]), FIELD_INVALID),
        ("updateTime", json!("1795255500300"), FIELD_INVALID),
        ("updateTime", json!(-1), FIELD_INVALID),
        ("updateTime", json!(i64::MAX), FIELD_INVALID),
        ("createTime", json!({}), FIELD_INVALID),
    ];
    for (field, value, reason) in cases {
        let mut info = changed(30);
        info[field] = value;
        let told = fault_in(&message("kwaishop_order_paySuccess", &info));
        assert_eq!(told, (reason, format!("info.{field}")), "{info}");
    }
}

#[test]
fn every_field_it_needs_is_named_with_its_path() {
    let cases = [
        ("/orderBaseInfo", json!("x")),
        ("/orderBaseInfo/oid", json!(1.5)),
        ("/orderBaseInfo/status", json!(77)),
        ("/orderBaseInfo/createTime", json!("2026-11-21")),
        ("/orderBaseInfo/updateTime", json!(-1)),
        ("/orderBaseInfo/totalFee", json!("43.70")),
        ("/orderItemInfo", json!([])),
        ("/orderItemInfo/orderItemId", json!({})),
        ("/orderItemInfo/num", json!(0)),
        ("/orderItemInfo/price", json!(-1)),
        ("/subOrderInfo/0/subOrderBaseInfo", json!(1)),
        ("/subOrderInfo/0/subOrderBaseInfo/oid", json!(false)),
        ("/subOrderInfo/0/subOrderBaseInfo/status", json!(1)),
        ("/subOrderInfo/0/subOrderItemInfo", json!("cup")),
        ("/subOrderInfo/0/subOrderItemInfo/num", json!(1_000_001)),
    ];
    for (pointer, wrong) in cases {
        let path = pointer[1..].replace("/0/", "[0].").replace('/', ".");
        assert_eq!(fault(&[(pointer, Value::Null)]), (FIELD_MISSING, path.clone()), "{pointer}");
        assert_eq!(fault(&[(pointer, wrong)]), (FIELD_INVALID, path), "{pointer}");
    }
}

#[test]
fn every_other_field_is_named_where_it_is_wrong() {
    let cases = [
        ("/orderBaseInfo/payTime", json!("now"), "orderBaseInfo.payTime"),
        ("/orderBaseInfo/expressFee", json!(-1), "orderBaseInfo.expressFee"),
        ("/orderBaseInfo/payType", json!("2"), "orderBaseInfo.payType"),
        ("/orderBaseInfo/preSale", json!(true), "orderBaseInfo.preSale"),
        ("/orderBaseInfo/coType", json!([]), "orderBaseInfo.coType"),
        ("/orderBaseInfo/riskCode", json!("10001"), "orderBaseInfo.riskCode"),
        ("/orderBaseInfo/buyerOpenId", json!({}), "orderBaseInfo.buyerOpenId"),
        ("/orderBaseInfo/remark", json!(7), "orderBaseInfo.remark"),
        ("/orderBaseInfo/validPromiseShipmentTimeStamp", json!("soon"), "orderBaseInfo.validPromiseShipmentTimeStamp"),
        ("/orderBaseInfo/promiseTimeStampOfDelivery", json!(-5), "orderBaseInfo.promiseTimeStampOfDelivery"),
        ("/orderBaseInfo/disableDeliveryReasonCode", json!(3), "orderBaseInfo.disableDeliveryReasonCode"),
        ("/orderBaseInfo/disableDeliveryReasonCode", json!([3, 1.5]), "orderBaseInfo.disableDeliveryReasonCode[1]"),
        ("/orderBaseInfo/disableDeliveryReasonCode", json!(["a\n"]), "orderBaseInfo.disableDeliveryReasonCode[0]"),
        (
            "/orderBaseInfo/disableDeliveryReasonCode",
            json!(["x".repeat(250)]),
            "orderBaseInfo.disableDeliveryReasonCode[0]",
        ),
        ("/orderBaseInfo/disableDeliveryReasonCode", json!(vec![1; 101]), "orderBaseInfo.disableDeliveryReasonCode"),
        ("/orderItemInfo/originalPrice", json!("x"), "orderItemInfo.originalPrice"),
        ("/orderItemInfo/skuNick", json!(5), "orderItemInfo.skuNick"),
        ("/orderItemInfo/goodsCode", json!("a\tb"), "orderItemInfo.goodsCode"),
        ("/orderItemInfo/itemTitle", json!([]), "orderItemInfo.itemTitle"),
        ("/orderItemInfo/skuDesc", json!("x".repeat(32 * 1024)), "orderItemInfo.skuDesc"),
        ("/subOrderInfo", json!({}), "subOrderInfo"),
        ("/subOrderInfo/0", json!(7), "subOrderInfo[0]"),
        ("/subOrderInfo/0/subOrderBaseInfo/oid", json!("46745568318428"), "subOrderInfo[1]"),
        ("/orderDetailRefundList", json!("none"), "orderDetailRefundList"),
        ("/orderDetailRefundList", json!([{ "refundStatus": "60" }]), "orderDetailRefundList[0].refundStatus"),
        ("/orderRefundList", json!([7]), "orderRefundList[0]"),
        ("/orderAddress", json!("here"), "orderAddress"),
        ("/orderAddress/city", json!(7), "orderAddress.city"),
        ("/orderAddress/desensitiseMobile", json!(138), "orderAddress.desensitiseMobile"),
        ("/orderDeliveryInfo", json!([]), "orderDeliveryInfo"),
        ("/orderDeliveryInfo/splitDeliveryOrder", json!(1), "orderDeliveryInfo.splitDeliveryOrder"),
        ("/orderDeliveryInfo/deliveryNum", json!("1"), "orderDeliveryInfo.deliveryNum"),
        ("/orderDeliveryInfo/openAddressId", json!(1.5), "orderDeliveryInfo.openAddressId"),
    ];
    for (pointer, wrong, path) in cases {
        assert_eq!(fault(&[(pointer, wrong)]), (FIELD_INVALID, path.to_owned()), "{pointer}");
    }
}

#[test]
fn money_never_passes_through_a_float() {
    let paths = ["totalFee", "expressFee"].map(|name| format!("/orderBaseInfo/{name}"));
    let more = ["price", "originalPrice"].map(|name| format!("/orderItemInfo/{name}"));
    for pointer in paths.iter().chain(&more) {
        for bare in [json!(43.7), json!(4370.0), json!(1e3)] {
            assert_eq!(fault(&[(pointer, bare)]), (MONEY, pointer[1..].replace('/', ".")), "{pointer}");
        }
    }
    let most = json!(1_000_000_000_000_000_i64);
    let (_, order) = whole(&[("/orderItemInfo/price", most), ("/orderItemInfo/num", json!(1_000_000))]);
    assert_eq!(order.lines[0].ordered, 1_000_000, "and its product with the quantity is no panic");
}

#[test]
fn an_order_has_at_most_500_lines() {
    let gifts = |count: u64| {
        let gift = |n: u64| json!({ "subOrderBaseInfo": { "oid": n, "status": 30 }, "subOrderItemInfo": { "num": 1 } });
        [("/subOrderInfo", Value::Array((0..count).map(gift).collect()))]
    };
    assert_eq!(whole(&gifts(499)).1.lines.len(), 500);
    assert_eq!(fault(&gifts(500)), (FIELD_INVALID, "subOrderInfo".to_owned()));
}
