//! Kuaishou's ways, on messages and orders of our own.

mod sealing;
mod wrong;

use super::*;
use crate::fault::{BODY_NOT_JSON, DUPLICATE_KEY, FIELD_INVALID, FIELD_MISSING, MONEY};
use crate::mapped::Shipped;
use serde_json::{Value, json};
use weir_proto::money::v1::Money;
use weir_proto::order::v1::{FulfillmentMethod, LineKind, Order, OrderKind, PaymentPart, PaymentState};

const ORDER: &str = include_str!("order.json");
const OID: &str = "9007199254740993";
const UPDATED_MS: i64 = 1_795_255_500_300;

fn message(event: &str, info: &Value) -> Value {
    json!({
        "eventId": "243_4027_17", "msgId": "84_16", "bizId": 9_007_199_254_740_993_u64, "userId": 2_161_524,
        "openId": "f1b1d3", "appKey": "ks7", "event": event, "info": info.to_string(), "status": 2,
        "createTime": UPDATED_MS + 400, "updateTime": UPDATED_MS + 900
    })
}

/// `info` of news that an order has another status.
fn changed(status: i64) -> Value {
    json!({ "oid": 9_007_199_254_740_993_u64, "sellerId": 2_161_524, "status": status, "updateTime": UPDATED_MS })
}

fn map_message(message: &Value) -> Result<Mapped, Fault> {
    Kuaishou.map(&Headers::default(), message.to_string().as_bytes())
}

fn news_of(event: &str, info: &Value) -> Mapped {
    let mapped = map_message(&message(event, info)).unwrap_or_else(|fault| panic!("{event}: {fault}"));
    assert!(mapped.announced && mapped.order.is_none() && mapped.payment.is_none(), "{event}");
    mapped
}

/// The order with changes: a pointer, and what is to stand there.
fn order_with(changes: &[(&str, Value)]) -> Value {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        match order.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
            Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value.clone(),
            parent => parent[name] = value.clone(),
        }
    }
    order
}

fn pulled() -> Headers {
    Headers::of(&[(PULLED, "order")])
}

fn map_order(changes: &[(&str, Value)]) -> Result<Mapped, Fault> {
    Kuaishou.map(&pulled(), order_with(changes).to_string().as_bytes())
}

fn whole(changes: &[(&str, Value)]) -> (Mapped, Order) {
    let mut mapped = map_order(changes).unwrap_or_else(|fault| panic!("{changes:?}: {fault}"));
    assert!(!mapped.announced);
    let draft = mapped.order.take().expect("the whole order");
    (mapped, draft.order)
}

fn minor(money: &Option<Money>) -> i64 {
    money.as_ref().map_or(-1, |money| money.minor)
}

#[test]
fn news_announces_the_order() {
    let mapped = news_of("kwaishop_order_paySuccess", &changed(30));
    assert_eq!((mapped.kind.as_str(), mapped.delivery_id.as_str()), ("kwaishop_order_paySuccess", "243_4027_17"));
    assert_eq!((mapped.platform_order_id.as_str(), mapped.version), (OID, UPDATED_MS), "beyond 2^53");
    let body = message("kwaishop_order_paySuccess", &changed(30)).to_string();
    assert_eq!(Kuaishou.identify(&Headers::default(), body.as_bytes()), Ok(mapped.identity()));
    let placed = json!({ "oid": 17, "sellerId": 1, "createTime": 1_795_255_445_120_i64 });
    assert_eq!(news_of("kwaishop_order_addOrder", &placed).version, 1_795_255_445_120);
    let repriced = json!({ "oid": 17, "totalFee": 1, "beforeTotalFee": 2, "updateTime": 5 });
    assert_eq!(news_of("kwaishop_order_totalFeeChange", &repriced).version, 5);
}

/// Their times are those of something else, and the order need not have reached them.
#[test]
fn news_of_an_audit_or_a_refund_tells_no_version() {
    let audit = json!({ "oid": 17, "createTime": 9_000, "auditTime": 9_500, "auditStatus": 20 });
    let mapped = news_of("kwaishop_order_addressUpdateAudit", &audit);
    assert_eq!((mapped.platform_order_id.as_str(), mapped.version), ("17", 0));
    let refund = json!({ "orderId": 18, "refundId": 99, "status": 80, "updateTime": 9_000, "handlingWay": 10 });
    for event in ["kwaishop_aftersales_addRefund", "kwaishop_aftersales_updateRefund"] {
        let mapped = news_of(event, &refund);
        assert_eq!((mapped.platform_order_id.as_str(), mapped.version), ("18", 0));
        assert_eq!(
            (mapped.cancelled, mapped.payment_state),
            (None, PaymentState::Unspecified),
            "80 is a refund's here"
        );
    }
}

#[test]
fn news_says_what_its_status_says() {
    use PaymentState::{Paid, Pending, Unspecified};
    use Shipped::{Nothing, Partly, Wholly};
    let cases = [
        (0, Unspecified, Nothing),
        (10, Pending, Nothing),
        (30, Unspecified, Nothing),
        (40, Paid, Partly),
        (50, Paid, Wholly),
        (70, Paid, Wholly),
        (80, Unspecified, Nothing),
        (77, Unspecified, Nothing),
    ];
    for (status, state, shipped) in cases {
        let mapped = news_of("kwaishop_order_delivering", &changed(status));
        assert_eq!((mapped.payment_state, mapped.shipped), (state, shipped), "{status}");
        assert_eq!((mapped.cancelled.is_some(), mapped.completed), (status == 80, status == 70), "{status}");
    }
}

#[test]
fn an_order_is_read_whole() {
    let mapped = map_order(&[]).expect("readable");
    assert_eq!((mapped.kind.as_str(), mapped.delivery_id.as_str()), ("order", ""));
    assert_eq!((mapped.platform_order_id.as_str(), mapped.version), (OID, UPDATED_MS));
    assert_eq!(Kuaishou.identify(&pulled(), ORDER.as_bytes()), Ok(mapped.identity()));
    assert_eq!((mapped.cancelled, mapped.completed, mapped.shipped), (None, false, Shipped::Nothing));
    assert_eq!((mapped.cancel_requested, mapped.announced), (None, false));
    let draft = mapped.order.expect("whole");
    assert_eq!((draft.personal.name.as_str(), draft.personal.phone.as_str()), ("林**", "138******01"));
    assert_eq!((draft.personal.address_detail.as_str(), draft.buyer_phone.as_str()), ("龙井路***", ""));
    let order = draft.order;
    let identity = order.identity.expect("an identity");
    assert_eq!((identity.shown_number.as_str(), identity.raw_status.as_str()), (OID, "30"));
    assert_eq!((identity.kind, identity.method), (OrderKind::Sale.into(), FulfillmentMethod::Ship.into()));
    assert_eq!((identity.placed_at_ms, identity.platform_version), (1_795_255_445_120, UPDATED_MS));
    assert_eq!(order.deadlines.map(|deadlines| deadlines.ship_by_ms), Some(1_795_428_300_000));
    let buyer = order.buyer.expect("a buyer");
    assert_eq!((buyer.platform_buyer_id.as_str(), buyer.buyer_remark.as_str()), ("f1a0c2", "不要塑料袋"));
    let to = order.ship_to.expect("an address");
    assert_eq!(
        [&*to.country, &to.province, &to.city, &to.district, &to.town],
        ["CN", "浙江省", "杭州市", "西湖区", "灵隐街道"]
    );
    assert_eq!((to.recipient_id.as_str(), to.personal), ("addr-7f", None));
    assert!(order.permissions.is_some_and(|permissions| permissions.holds.is_empty()));
}

#[test]
fn lines_and_sums_are_exact() {
    let (mapped, order) = whole(&[]);
    let [tea, cup] = order.lines.as_slice() else { panic!("two lines") };
    assert_eq!((tea.line_id.as_str(), tea.sku.as_str(), tea.ordered), ("46745568318428", "TEA-250-R", 3));
    assert_eq!((tea.title.as_str(), minor(&tea.sold_price), tea.kind()), ("龙井 红罐", 1590, LineKind::Sale));
    let off: Vec<(&str, i64)> =
        tea.discounts.iter().map(|off| (off.discount_id.as_str(), minor(&off.amount))).collect();
    assert_eq!(off, [("item", 300), ("order", 100)]);
    assert_eq!((cup.line_id.as_str(), cup.sku.as_str(), cup.kind()), ("9007199254740994", "CUP", LineKind::Gift));
    assert_eq!((cup.title.as_str(), minor(&cup.sold_price), cup.discounts.len()), ("茶杯", 0, 0));
    let sums = order.amounts.as_ref().expect("sums");
    assert_eq!((sums.currency.as_str(), sums.exponent), ("CNY", 2));
    let told = [&sums.goods, &sums.freight, &sums.discount, &sums.payable, &sums.paid, &sums.due].map(minor);
    assert_eq!(told, [4770, 600, 400, 4970, 4970, 0]);
    let payment = mapped.payment.expect("a payment");
    assert_eq!((payment.payment_id.as_str(), minor(&payment.amount)), ("9007199254740993:paid", 4970));
    assert_eq!((payment.paid_at_ms, payment.method.as_str()), (1_795_255_500_250, "ALIPAY"));
    assert_eq!((payment.part(), order.payment_state()), (PaymentPart::Full, PaymentState::Paid));
}

#[test]
fn every_status_says_its_own() {
    use PaymentState::{Paid, Pending};
    use Shipped::{Nothing, Wholly};
    let all_sent = ("/subOrderInfo/0/subOrderBaseInfo/status", json!(40));
    let cases = [
        (10, Pending, Nothing),
        (30, Paid, Nothing),
        (40, Paid, Wholly),
        (50, Paid, Wholly),
        (70, Paid, Wholly),
        (80, Paid, Nothing),
    ];
    for (status, state, shipped) in cases {
        let (mapped, order) = whole(&[("/orderBaseInfo/status", json!(status)), all_sent.clone()]);
        assert_eq!((mapped.payment_state, mapped.shipped), (state, shipped), "{status}");
        assert_eq!((mapped.cancelled.is_some(), mapped.completed), (status == 80, status == 70), "{status}");
        assert_eq!(order.payments.len(), usize::from(state == Paid), "{status}");
    }
}

/// The platform says "shipped" with the first parcel.
#[test]
fn what_has_left_in_part_has_not_left() {
    let shipped = |changes: &[(&str, Value)]| {
        let status = ("/orderBaseInfo/status", json!(40));
        whole(&[&[status], changes].concat()).0.shipped
    };
    let all_sent = ("/subOrderInfo/0/subOrderBaseInfo/status", json!(40));
    let split = ("/orderDeliveryInfo/splitDeliveryOrder", json!(true));
    let sent = |count| ("/orderDeliveryInfo/deliveryNum", json!(count));
    assert_eq!(shipped(&[]), Shipped::Partly, "the gift is still here");
    assert_eq!(shipped(&[all_sent.clone(), split.clone(), sent(2)]), Shipped::Partly);
    assert_eq!(shipped(&[all_sent.clone(), split, sent(3)]), Shipped::Wholly);
    assert_eq!(shipped(&[all_sent, ("/orderDeliveryInfo", json!(null))]), Shipped::Wholly);
}

#[test]
fn what_the_platform_forbids_is_held() {
    let holds = |changes: &[(&str, Value)]| whole(changes).1.permissions.expect("permissions").holds;
    let risk = ("/orderBaseInfo/riskCode", json!(10001));
    assert_eq!(holds(std::slice::from_ref(&risk)), ["RISK_10001"]);
    let reasons = ("/orderBaseInfo/disableDeliveryReasonCode", json!([3, "Q7"]));
    let refund = ("/orderDetailRefundList", json!([{ "refundId": 1, "refundStatus": 10 }]));
    let all = [risk, reasons, refund];
    assert_eq!(holds(&all), ["RISK_10001", "NO_DELIVERY_3", "NO_DELIVERY_Q7", "REFUND_10"]);
    assert_eq!(holds(&[&all[..], &[("/orderBaseInfo/status", json!(40))]].concat()), [] as [&str; 0], "it has left");
    assert_eq!(holds(&[&all[..], &[("/orderBaseInfo/coType", json!(14))]].concat()), [] as [&str; 0], "no parcel");
    for ended in [60, 70] {
        assert_eq!(holds(&[("/orderDetailRefundList", json!([{ "refundStatus": ended }]))]), [] as [&str; 0]);
    }
}

#[test]
fn refunds_count_when_they_are_done() {
    use PaymentState::{Paid, PartlyRefunded, Pending, Refunded};
    let of = |status: i64, paid_ms: i64, refund: i64, list: &str| {
        let refunds = json!([{ "refundId": 1, "refundStatus": refund }]);
        let (status, paid) = (("/orderBaseInfo/status", json!(status)), ("/orderBaseInfo/payTime", json!(paid_ms)));
        let (mapped, order) = whole(&[status, paid, (list, refunds)]);
        (mapped.payment_state, mapped.cancelled, order.amounts.map(|sums| minor(&sums.paid)).expect("sums"))
    };
    for list in ["/orderDetailRefundList", "/orderRefundList"] {
        assert_eq!(of(30, 9, 10, list), (Paid, None, 4970));
        assert_eq!(of(30, 9, 60, list), (PartlyRefunded, None, 4970));
        assert_eq!(of(80, 9, 60, list), (Refunded, Some("refunded".to_owned()), 4970));
        assert_eq!(of(80, 9, 50, list), (Paid, Some("closed".to_owned()), 4970));
        assert_eq!(of(80, 0, 70, list), (Pending, Some("not paid".to_owned()), 0));
    }
}

#[test]
fn presales_and_vouchers_are_told_apart() {
    let (mapped, order) = whole(&[("/orderBaseInfo/preSale", json!(1)), ("/orderBaseInfo/status", json!(10))]);
    assert_eq!(mapped.payment_state, PaymentState::Pending, "a deposit is not told");
    assert_eq!(order.identity.map(|identity| identity.kind), Some(OrderKind::Presale.into()));
    let (_, order) = whole(&[("/orderBaseInfo/coType", json!(14))]);
    assert_eq!(order.identity.map(|identity| identity.method), Some(FulfillmentMethod::Digital.into()));
    assert!(order.lines.iter().all(|line| line.kind() == LineKind::Digital));
    let (_, order) = whole(&[("/orderBaseInfo/coType", json!(8))]);
    assert_eq!(order.lines[0].kind(), LineKind::Sale, "from abroad, but in a parcel");
}

#[test]
fn goods_are_named_by_the_merchants_code_first() {
    let sku = |changes: &[(&str, Value)]| whole(changes).1.lines[0].sku.clone();
    let none = |name: &'static str| (name, json!(""));
    let (nick, goods) = (none("/orderItemInfo/skuNick"), none("/orderItemInfo/goodsCode"));
    let id = |name: &'static str| (name, json!(0));
    assert_eq!(sku(std::slice::from_ref(&nick)), "TEA-250");
    assert_eq!(sku(&[nick.clone(), goods.clone()]), "skuId:888390671925");
    assert_eq!(sku(&[nick.clone(), goods.clone(), id("/orderItemInfo/skuId")]), "itemId:888390669925");
    assert_eq!(sku(&[nick, goods, id("/orderItemInfo/skuId"), id("/orderItemInfo/itemId")]), "");
}

#[test]
fn what_is_not_told_is_not_there() {
    let (_, order) = whole(&[("/orderAddress", json!({ "province": "" })), ("/orderDeliveryInfo", json!(null))]);
    assert_eq!(order.ship_to, None);
    let (_, order) = whole(&[
        ("/orderBaseInfo/validPromiseShipmentTimeStamp", json!(0)),
        ("/orderBaseInfo/buyerOpenId", json!(null)),
        ("/orderBaseInfo/disableDeliveryReasonCode", json!(null)),
        ("/orderBaseInfo/payType", json!(99)),
        ("/orderItemInfo/originalPrice", json!(null)),
        ("/subOrderInfo", json!(null)),
    ]);
    assert_eq!(order.deadlines.map(|deadlines| deadlines.ship_by_ms), Some(1_795_514_700_000), "the usual promise");
    assert_eq!((order.lines.len(), minor(&order.lines[0].sold_price)), (1, 1490));
    assert_eq!(order.payments[0].method, "99");
    let clear = json!({ "consignee": "林小雨", "mobile": "138", "address": "龙井路 1 号", "openAddressId": "addr-8" });
    let mapped = map_order(&[("/orderAddress", clear), ("/orderDeliveryInfo", json!({}))]).expect("readable");
    let draft = mapped.order.expect("whole");
    assert_eq!((draft.personal.name.as_str(), draft.personal.phone.as_str()), ("林小雨", "138"));
    assert_eq!(draft.order.ship_to.map(|to| to.recipient_id), Some("addr-8".to_owned()));
}

#[test]
fn the_answer_is_the_platforms_own() {
    let answer = Kuaishou.answer();
    assert_eq!((answer.status, answer.content_type, answer.body), (200, "application/json", r#"{"result":1}"#));
}
