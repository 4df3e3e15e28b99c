//! Youzan's ways, on bodies of our own.

mod wrong;

use super::*;
use crate::fault::{BODY_NOT_JSON, DUPLICATE_KEY, FIELD_INVALID, FIELD_MISSING, MONEY};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use weir_proto::money::v1::Money;
use weir_proto::order::v1::{FulfillmentMethod, LineKind, Order, OrderKind, PaymentPart, PaymentState, PaymentTerms};

const ORDER: &str = include_str!("order.json");
const TID: &str = "E20261121180405070400017";
const VERSION: i64 = 1_795_255_446;

/// As a form encodes it.
fn encoded(message: &str) -> String {
    utf8_percent_encode(message, NON_ALPHANUMERIC).to_string().replace("%20", "+")
}

/// The envelope of a message.
fn envelope(kind: &str, status: &str, message: &str) -> Value {
    json!({
        "client_id": "test", "id": TID, "kdt_id": 41_495_797, "kdt_name": "有赞的店", "root_kdt_id": 41_495_797, "mode": 1,
        "msg": encoded(message), "msg_id": "be296f41-1cae", "sendCount": 0, "sign": "x", "status": status, "test": false,
        "type": kind, "version": VERSION
    })
}

/// The order with changes: a pointer from `full_order_info` on, and what is to stand there.
fn order_with(changes: &[(&str, Value)]) -> String {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = order["full_order_info"].pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        match parent {
            Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value.clone(),
            parent => parent[name] = value.clone(),
        }
    }
    order.to_string()
}

fn map_value(body: &Value) -> Result<Mapped, Fault> {
    Youzan.map(&Headers::default(), body.to_string().as_bytes())
}

fn map_order(changes: &[(&str, Value)]) -> Result<Mapped, Fault> {
    map_value(&envelope("trade_TradeCreate", "WAIT_BUYER_PAY", &order_with(changes)))
}

fn whole(changes: &[(&str, Value)]) -> (Mapped, Order) {
    let mut mapped = map_order(changes).unwrap_or_else(|fault| panic!("{changes:?}: {fault}"));
    let draft = mapped.order.take().expect("the whole order");
    (mapped, draft.order)
}

fn thin(kind: &str, status: &str, message: &Value) -> Mapped {
    let mapped =
        map_value(&envelope(kind, status, &message.to_string())).unwrap_or_else(|fault| panic!("{kind}: {fault}"));
    assert_eq!(mapped.order, None, "{kind}");
    mapped
}

fn minor(money: &Option<Money>) -> i64 {
    money.as_ref().map_or(-1, |money| money.minor)
}

const PAID: [(&str, &str); 3] = [
    ("/order_info/status", "WAIT_SELLER_SEND_GOODS"),
    ("/order_info/pay_time", "2026-11-21 18:05:00"),
    ("/order_info/pay_type_str", "WEIXIN_DAIXIAO"),
];

fn paid_with(changes: &[(&'static str, Value)]) -> (Mapped, Order) {
    let paid = PAID.iter().map(|(pointer, word)| (*pointer, json!(word)));
    whole(&paid.chain(changes.iter().cloned()).collect::<Vec<_>>())
}

#[test]
fn an_unpaid_order_is_read_whole() {
    let mapped = map_order(&[]).expect("readable");
    assert_eq!((mapped.kind.as_str(), mapped.delivery_id.as_str()), ("trade_TradeCreate", "be296f41-1cae"));
    assert_eq!((mapped.platform_order_id.as_str(), mapped.version), (TID, VERSION * 1000));
    assert_eq!((mapped.payment_state, mapped.payment), (PaymentState::Pending, None));
    assert_eq!((mapped.cancelled, mapped.cancel_requested, mapped.completed), (None, None, false));
    let draft = mapped.order.expect("whole");
    assert_eq!((draft.personal.name.as_str(), draft.personal.phone.as_str()), ("林 小雨", "+86 13800000001"));
    assert_eq!(draft.personal.address_detail, "龙井路+1 号, 310013");
    assert_eq!((draft.buyer_phone.as_str(), draft.buyer_email.as_str()), ("13800000002", ""));
    let order = draft.order;
    let identity = order.identity.expect("an identity");
    assert_eq!((identity.shown_number.as_str(), identity.raw_status.as_str()), (TID, "WAIT_BUYER_PAY"));
    assert_eq!((identity.kind, identity.method), (OrderKind::Sale.into(), FulfillmentMethod::Ship.into()));
    assert_eq!((identity.placed_at_ms, identity.test), (1_795_255_445_000, false));
    assert_eq!(order.deadlines.map(|deadlines| deadlines.pay_by_ms), Some(1_795_259_045_000));
    let buyer = order.buyer.expect("a buyer");
    assert_eq!((buyer.platform_buyer_id.as_str(), buyer.buyer_remark.as_str()), ("dQm7Lp2w", "100% 不要塑料袋"));
    assert_eq!((buyer.seller_remark.as_str(), buyer.flag.as_str()), ("老客户", "3"));
    let to = order.ship_to.expect("an address");
    assert_eq!([to.country, to.province, to.city, to.district], ["CN", "浙江省", "杭州市", "西湖区"]);
    assert_eq!(to.personal, None, "the adapter has no key");
    assert_eq!(order.payments, []);
    assert!(order.permissions.is_some_and(|permissions| permissions.holds.is_empty()));
}

#[test]
fn lines_and_sums_are_exact() {
    let (_, order) = whole(&[]);
    let line = &order.lines[0];
    assert_eq!((line.line_id.as_str(), line.sku.as_str(), line.ordered), ("2893166363399291031", "TEA-250-R", 2));
    assert_eq!((line.title.as_str(), minor(&line.sold_price)), ("龙井 红罐", 1290));
    let discounts: Vec<(&str, i64)> =
        line.discounts.iter().map(|off| (off.discount_id.as_str(), minor(&off.amount))).collect();
    assert_eq!(discounts, [("item", 200), ("order", 120)]);
    let cup = &order.lines[1];
    assert_eq!((cup.line_id.as_str(), cup.title.as_str()), ("2893166363399291032", "茶杯"), "beyond 2^53");
    assert_eq!((cup.platform_sku.as_str(), cup.sku.as_str()), ("item_id:410480152", "item_id:410480152"));
    let sums = order.amounts.expect("sums");
    assert_eq!((sums.currency.as_str(), sums.exponent), ("CNY", 2));
    let told = [&sums.goods, &sums.freight, &sums.discount, &sums.payable, &sums.paid, &sums.due].map(minor);
    assert_eq!(told, [4170, 600, 400, 4370, 0, 4370]);
    let off: i64 = order.lines.iter().flat_map(|line| &line.discounts).map(|off| minor(&off.amount)).sum();
    assert_eq!(off, 400, "the lines' discounts are the order's");
}

#[test]
fn a_paid_order_is_paid_in_full() {
    let (mapped, order) = paid_with(&[]);
    assert_eq!((mapped.payment_state, mapped.completed), (PaymentState::Paid, false));
    let payment = mapped.payment.expect("a payment");
    assert_eq!((payment.payment_id.as_str(), minor(&payment.amount)), ("E20261121180405070400017:paid", 4370));
    assert_eq!((payment.paid_at_ms, payment.method.as_str()), (1_795_255_500_000, "WEIXIN_DAIXIAO"));
    assert_eq!(payment.part(), PaymentPart::Full);
    assert_eq!((order.payment_state(), order.payments.len()), (PaymentState::Paid, 1));
    assert_eq!(order.amounts.map(|sums| (minor(&sums.paid), minor(&sums.due))), Some((4370, 0)));
}

#[test]
fn every_status_says_its_own() {
    use PaymentState::{Paid, Pending};
    let cases = [
        ("WAIT_BUYER_PAY", Pending, &[][..], false, false),
        ("TRADE_PAID", Paid, &["TRADE_PAID"], false, false),
        ("WAIT_CONFIRM", Paid, &["WAIT_CONFIRM"], false, false),
        ("WAIT_SELLER_SEND_GOODS", Paid, &[], false, false),
        ("WAIT_BUYER_CONFIRM_GOODS", Paid, &[], false, false),
        ("TRADE_SUCCESS", Paid, &[], true, false),
        ("TRADE_CLOSED", Paid, &[], false, true),
    ];
    let mut before = 0;
    for (status, state, holds, completed, cancelled) in cases {
        let (mapped, order) = paid_with(&[("/order_info/status", json!(status))]);
        assert_eq!((mapped.payment_state, mapped.completed), (state, completed), "{status}");
        assert_eq!(mapped.cancelled.is_some(), cancelled, "{status}");
        assert_eq!(order.permissions.expect("permissions").holds, holds, "{status}");
        assert!(mapped.version > before, "a later status of the same second is the later version");
        before = mapped.version;
    }
    let (digital, order) =
        paid_with(&[("/order_info/status", json!("TRADE_PAID")), ("/order_info/express_type", json!(9))]);
    assert_eq!(digital.payment_state, Paid);
    assert!(order.permissions.expect("permissions").holds.is_empty(), "it never waits to be shipped");
    assert!(order.lines.iter().all(|line| line.kind() == LineKind::Digital));
}

#[test]
fn a_closed_order_says_why() {
    let closed = ("/order_info/status", json!("TRADE_CLOSED"));
    let (mapped, _) = whole(&[closed.clone(), ("/order_info/close_type", json!(1))]);
    assert_eq!((mapped.cancelled.as_deref(), mapped.payment_state), (Some("not paid in time"), PaymentState::Pending));
    let (mapped, _) =
        paid_with(&[closed, ("/order_info/close_type", json!(4)), ("/order_info/refund_state", json!(12))]);
    assert_eq!((mapped.cancelled.as_deref(), mapped.payment_state), (Some("by the buyer"), PaymentState::Refunded));
}

#[test]
fn refunds_count_when_they_are_done() {
    use PaymentState::{Paid, PartlyRefunded, Refunded};
    for (told, state) in [(0, Paid), (1, Paid), (2, PartlyRefunded), (11, Paid), (12, Refunded)] {
        let (mapped, _) = paid_with(&[("/order_info/refund_state", json!(told))]);
        assert_eq!(mapped.payment_state, state, "{told}");
    }
}

/// Its deposit makes a trade "paid" for a moment; what is shipped then is shipped for a tenth of its price.
#[test]
fn a_deposit_does_not_pay_for_the_order() {
    let presale = |status: &str, really: &str| {
        paid_with(&[
            ("/order_info/order_tags/is_down_payment_pre", json!(true)),
            ("/order_info/status", json!(status)),
            ("/pay_info/real_payment", json!(really)),
            ("/orders/0/is_pre_sale", json!("1")),
            ("/orders/0/expect_delivery_time", json!(1_795_500_000)),
        ])
    };
    for status in ["WAIT_BUYER_PAY", "TRADE_PAID", "WAIT_CONFIRM"] {
        let (mapped, order) = presale(status, "5.00");
        let payment = mapped.payment.expect("a deposit");
        assert_eq!(
            (mapped.payment_state, payment.part()),
            (PaymentState::PartlyPaid, PaymentPart::Deposit),
            "{status}"
        );
        assert_eq!(minor(&payment.amount), 500);
        assert_eq!(order.amounts.map(|sums| (minor(&sums.paid), minor(&sums.due))), Some((500, 3870)));
        assert_eq!(order.identity.map(|identity| identity.kind), Some(OrderKind::Presale.into()));
        assert_eq!((order.lines[0].ship_by_ms, order.lines[1].ship_by_ms), (1_795_500_000_000, 0));
        assert_eq!(presale(status, "0.00").0.payment_state, PaymentState::Pending, "{status}");
    }
    let (mapped, _) = presale("WAIT_SELLER_SEND_GOODS", "43.70");
    assert_eq!(mapped.payment_state, PaymentState::Paid);
    assert_eq!(mapped.payment.map(|payment| payment.part()), Some(PaymentPart::Full));
}

#[test]
fn cash_on_delivery_is_paid_when_it_is_done() {
    for how in [("/order_info/pay_type", json!(9)), ("/order_info/pay_type_str", json!("CODPAY"))] {
        let (mapped, order) = paid_with(std::slice::from_ref(&how));
        assert_eq!(mapped.payment_state, PaymentState::Pending, "{how:?}");
        assert_eq!(order.payment_terms(), PaymentTerms::CashOnDelivery);
        let (mapped, _) = paid_with(&[how, ("/order_info/status", json!("TRADE_SUCCESS"))]);
        assert_eq!(mapped.payment_state, PaymentState::Paid);
        assert_eq!(mapped.payment.map(|payment| payment.part()), Some(PaymentPart::CashOnDelivery));
    }
}

#[test]
fn goods_are_named_by_the_merchants_code_first() {
    let sku = |changes: &[(&str, Value)]| whole(changes).1.lines[0].sku.clone();
    let none = |name: &'static str| (name, json!(""));
    let (by_sku, by_item) = (none("/orders/0/outer_sku_id"), none("/orders/0/outer_item_id"));
    assert_eq!(sku(std::slice::from_ref(&by_sku)), "TEA-250");
    assert_eq!(sku(&[by_sku.clone(), by_item.clone()]), "sku_id:36238041");
    assert_eq!(sku(&[by_sku.clone(), by_item.clone(), ("/orders/0/sku_id", json!(0))]), "item_id:410480151");
    let nothing = [by_sku, by_item, ("/orders/0/sku_id", json!(0)), ("/orders/0/item_id", json!(0))];
    assert_eq!(sku(&nothing), "");
}

#[test]
fn gifts_vouchers_and_pickups_are_told_apart() {
    let (_, order) = whole(&[("/orders/0/is_present", json!(true)), ("/orders/1/item_type", json!(183))]);
    assert_eq!((order.lines[0].kind(), order.lines[1].kind()), (LineKind::Gift, LineKind::Digital));
    use FulfillmentMethod::{LocalDelivery, Pickup, Unspecified};
    for (told, method) in [(1, Pickup), (2, LocalDelivery), (7, Unspecified)] {
        let (_, order) = whole(&[("/order_info/express_type", json!(told))]);
        assert_eq!(order.identity.map(|identity| identity.method), Some(method.into()), "{told}");
    }
    let (_, order) = whole(&[("/order_info/order_tags/is_offline_order", json!(true))]);
    assert_eq!(order.identity.map(|identity| identity.kind), Some(OrderKind::Offline.into()));
}

#[test]
fn what_is_blank_is_not_there() {
    for blank in [json!(null), json!(""), json!("null"), json!({})] {
        let (mapped, order) = whole(&[("/order_info/pay_time", blank.clone()), ("/order_info/expired_time", blank)]);
        assert_eq!(mapped.payment_state, PaymentState::Pending);
        assert_eq!(order.deadlines.map(|deadlines| deadlines.pay_by_ms), Some(0));
    }
    let empty = json!({ "delivery_province": "", "delivery_city": "null", "receiver_name": "", "receiver_tel": null });
    let (_, order) =
        whole(&[("/address_info", empty), ("/buyer_info", json!({ "buyer_id": 0 })), ("/remark_info", json!(null))]);
    assert_eq!((order.ship_to, order.buyer), (None, Some(weir_proto::order::v1::Buyer::default())));
    let (_, order) = whole(&[("/buyer_info/yz_open_id", json!(""))]);
    assert_eq!(order.buyer.map(|buyer| buyer.platform_buyer_id), Some("9007199254740995".to_owned()));
}

#[test]
fn a_delivery_window_is_local_time() {
    let (_, order) = whole(&[
        ("/address_info/delivery_start_time", json!("2026-11-22 09:00:00")),
        ("/address_info/delivery_end_time", json!("2026-11-22 11:00:00")),
    ]);
    let window = order.ship_to.map(|to| (to.window_from_ms, to.window_to_ms));
    assert_eq!(window, Some((1_795_309_200_000, 1_795_316_400_000)));
}

#[test]
fn a_test_order_is_marked() {
    let mut body = envelope("trade_TradePaid", "TRADE_PAID", ORDER);
    body["test"] = json!(true);
    let order = map_value(&body).expect("readable").order.expect("whole").order;
    assert!(order.identity.is_some_and(|identity| identity.test));
}

#[test]
fn both_ways_to_encode_read_the_same() {
    let form = envelope("trade_TradeCreate", "WAIT_BUYER_PAY", ORDER);
    let mut path = form.clone();
    path["msg"] = json!(ORDER.replace('%', "%25").replace(' ', "%20").replace('"', "%22").replace('\n', "%0A"));
    let mut object = form.clone();
    object["msg"] = serde_json::from_str(ORDER).expect("JSON");
    let read = map_value(&form).expect("readable");
    assert!(read.order.is_some());
    assert_eq!(map_value(&path), Ok(read.clone()));
    assert_eq!(map_value(&object), Ok(read));
}

#[test]
fn thin_news_says_what_its_status_says() {
    use PaymentState::{Paid, Pending, Unspecified};
    let message = json!({ "tid": TID, "update_time": "2026-11-21 18:06:22" });
    let cases = [
        ("trade_TradeCreate", "WAIT_BUYER_PAY", Pending),
        ("trade_TradePaid", "TRADE_PAID", Unspecified),
        ("trade_TradePaid", "WAIT_CONFIRM", Unspecified),
        ("trade_TradeBuyerPay", "WAIT_SELLER_SEND_GOODS", Paid),
        ("trade_TradeSellerShip", "WAIT_BUYER_CONFIRM_GOODS", Paid),
        ("trade_TradeBuyerSignfor", "TRADE_SUCCESS", Paid),
        ("trade_TradeSuccess", "TRADE_SUCCESS", Paid),
        ("trade_TradeClose", "TRADE_CLOSED", Unspecified),
        ("trade_TradePartlySellerShip", "", Unspecified),
        ("trade_TradeMemoModified", "", Unspecified),
        ("trade_MessagesTheChangeAddresses", "", Unspecified),
        ("trade_refund_BuyerCreated", "TRADE_CLOSED", Unspecified),
        ("trade_refund_RefundSuccess", "SUCCESS", Unspecified),
        ("youzan_trade_RefundSuccess", "SUCCESS", Unspecified),
    ];
    for (kind, status, state) in cases {
        let mapped = thin(kind, status, &message);
        assert_eq!((mapped.kind.as_str(), mapped.payment_state, mapped.payment), (kind, state, None));
        assert_eq!((mapped.platform_order_id.as_str(), mapped.delivery_id.as_str()), (TID, "be296f41-1cae"), "{kind}");
        assert_eq!(mapped.completed, status == "TRADE_SUCCESS", "{kind}");
        assert_eq!(mapped.cancelled.is_some(), kind == "trade_TradeClose", "{kind}");
        assert_eq!(mapped.version / 1000, VERSION, "{kind}");
    }
}

/// What left, by the status, by the kind of the news, or by the parcels.
#[test]
fn what_left_is_told() {
    let shipped = |kind: &str, status: &str| thin(kind, status, &json!({ "tid": TID })).shipped;
    assert_eq!(shipped("trade_TradeSellerShip", "WAIT_BUYER_CONFIRM_GOODS"), Shipped::Wholly);
    assert_eq!(shipped("trade_TradeSuccess", "TRADE_SUCCESS"), Shipped::Wholly);
    assert_eq!(shipped("trade_TradePartlySellerShip", "WAIT_SELLER_SEND_GOODS"), Shipped::Partly);
    assert_eq!(shipped("trade_TradeMemoModified", "WAIT_SELLER_SEND_GOODS"), Shipped::Nothing);
    let whole = |status: &str, state: i64| {
        let mut order: Value =
            serde_json::from_str(&order_with(&[("/order_info/status", json!(status))])).expect("JSON");
        order["delivery_order"] = json!([{ "express_state": 0, "oids": [] }, { "express_state": state, "oids": [] }]);
        map_value(&envelope("trade_TradePaid", status, &order.to_string())).expect("readable").shipped
    };
    assert_eq!(whole("WAIT_SELLER_SEND_GOODS", 0), Shipped::Nothing);
    assert_eq!(whole("WAIT_SELLER_SEND_GOODS", 1), Shipped::Partly);
    assert_eq!(whole("WAIT_BUYER_CONFIRM_GOODS", 1), Shipped::Wholly);
}

#[test]
fn a_pulled_order_is_read_as_one_that_was_pushed() {
    let headers = Youzan.listing().expect("it can be asked").headers();
    assert!(!Youzan.kept_headers().contains(&PULLED), "nobody can push one");
    for changes in [&[][..], &[("/order_info/status", json!("TRADE_CLOSED")), ("/order_info/close_type", json!(4))]] {
        let order = order_with(changes);
        let pulled = Youzan.map(&headers, order.as_bytes()).expect("readable");
        let pushed = map_value(&envelope("trade_TradePaid", "", &order)).expect("readable");
        assert_eq!((pulled.kind.as_str(), pulled.delivery_id.as_str(), pulled.announced), ("order", "", false));
        assert_eq!(pulled, Mapped { kind: pulled.kind.clone(), delivery_id: String::new(), ..pushed });
        assert_eq!(Youzan.identify(&headers, order.as_bytes()), Ok(pulled.identity()));
    }
    for (changes, field) in [
        (("/order_info/update_time", json!("")), "full_order_info.order_info.update_time"),
        (("/order_info/tid", json!(null)), "full_order_info.order_info.tid"),
    ] {
        let fault = Youzan.map(&headers, order_with(&[changes]).as_bytes()).expect_err("unreadable");
        assert_eq!(fault.field, field);
    }
}

/// The version of a thin message is one that the order itself has reached when it is pulled.
#[test]
fn thin_news_announces_the_version_of_the_order() {
    let headers = Youzan.listing().expect("it can be asked").headers();
    for (kind, status) in [("trade_TradeClose", "TRADE_CLOSED"), ("trade_TradeSellerShip", "WAIT_BUYER_CONFIRM_GOODS")]
    {
        let order = order_with(&[("/order_info/status", json!(status))]);
        let pulled = Youzan.map(&headers, order.as_bytes()).expect("readable");
        for version in [VERSION, VERSION * 1000 + 250] {
            let mut news = envelope(kind, status, &json!({ "tid": TID }).to_string());
            news["version"] = json!(version);
            let news = map_value(&news).expect("readable");
            assert!(news.announced);
            assert_eq!(news.version, pulled.version, "{kind} {version}");
        }
    }
    assert!(!map_order(&[]).expect("readable").announced);
}

#[test]
fn thin_news_may_be_bare() {
    let mut body = envelope("trade_TradePartlySellerShip", "", "");
    for nothing in [json!(""), json!(null)] {
        (body["msg"], body["status"], body["msg_id"]) = (nothing.clone(), json!(null), nothing);
        let mapped = map_value(&body).expect("readable");
        assert_eq!((mapped.order, mapped.payment_state), (None, PaymentState::Unspecified));
        assert_eq!((mapped.platform_order_id.as_str(), mapped.delivery_id.as_str()), (TID, ""));
    }
}

#[test]
fn why_it_was_closed_is_in_the_news_of_it() {
    let why = |message: Value| thin("trade_TradeClose", "TRADE_CLOSED", &message).cancelled.expect("it is closed");
    assert_eq!(why(json!({ "tid": TID, "close_reason": "NONE", "close_type": 1 })), "not paid in time");
    assert_eq!(why(json!({ "tid": TID, "close_reason": "拍错了", "close_type": 4 })), "拍错了");
    assert_eq!(why(json!({ "close_type": 99 })), "closed");
    assert_eq!(why(json!({})), "");
}

#[test]
fn who_it_is_about_is_told_though_the_message_is_broken() {
    let mut body = envelope("trade_TradePaid", "TRADE_PAID", "");
    body["msg"] = json!("%7B%22full");
    let identity = Youzan.identify(&Headers::default(), body.to_string().as_bytes()).expect("identified");
    assert_eq!((identity.kind.as_str(), identity.platform_order_id.as_str()), ("trade_TradePaid", TID));
    assert_eq!(identity.delivery_id, "be296f41-1cae");
    body["id"] = json!(9_007_199_254_740_993_u64);
    let identity = Youzan.identify(&Headers::default(), body.to_string().as_bytes()).expect("identified");
    assert_eq!(identity.platform_order_id, "9007199254740993");
}

#[test]
fn the_answer_holds_success() {
    let answer = Youzan.answer();
    assert_eq!((answer.status, answer.content_type), (200, "application/json"));
    assert_eq!(answer.body, r#"{"code":0,"msg":"success"}"#);
}
