//! Douyin's ways, on bodies of our own.

mod notices;
mod wrong;

use super::*;
use crate::fault::{BODY_NOT_JSON, DUPLICATE_KEY, FIELD_INVALID, FIELD_MISSING, MONEY};
use crate::mapped::Shipped;
use serde_json::{Value, json};
use weir_proto::money::v1::Money;
use weir_proto::order::v1::{
    FulfillmentMethod, FundedBy, LineKind, Order, OrderKind, PaymentPart, PaymentState, PaymentTerms,
};

const ORDER: &str = include_str!("order.json");
/// Beyond 2^53.
const ID: &str = "6917345028831207425";
const UPDATED_MS: i64 = 1_795_255_446_000;

fn pulled() -> Headers {
    Headers::of(&[(PULLED, "order")])
}

/// The order with changes: a pointer, and what is to stand there.
fn order_with(changes: &[(&str, Value)]) -> String {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = order.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        match parent {
            Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value.clone(),
            parent => parent[name] = value.clone(),
        }
    }
    order.to_string()
}

fn map_order(changes: &[(&str, Value)]) -> Result<Mapped, Fault> {
    Douyin.map(&pulled(), order_with(changes).as_bytes())
}

fn whole(changes: &[(&str, Value)]) -> (Mapped, Order) {
    let mut mapped = map_order(changes).unwrap_or_else(|fault| panic!("{changes:?}: {fault}"));
    let draft = mapped.order.take().expect("the whole order");
    (mapped, draft.order)
}

/// Paid, in this status.
fn paid_with(status: i64, changes: &[(&'static str, Value)]) -> (Mapped, Order) {
    let paid = [("/order_status", json!(status)), ("/main_status", json!(status)), ("/pay_time", json!(1_795_255_500))];
    let pay_type = [("/pay_type", json!(2))];
    whole(&paid.into_iter().chain(pay_type).chain(changes.iter().cloned()).collect::<Vec<_>>())
}

fn minor(money: &Option<Money>) -> i64 {
    money.as_ref().map_or(-1, |money| money.minor)
}

#[test]
fn an_unpaid_order_is_read_whole() {
    let mapped = map_order(&[]).expect("readable");
    assert_eq!((mapped.kind.as_str(), mapped.delivery_id.as_str()), ("order.orderDetail", ""));
    assert_eq!((mapped.platform_order_id.as_str(), mapped.version), (ID, UPDATED_MS + 1));
    assert_eq!((mapped.payment_state, mapped.payment), (PaymentState::Pending, None));
    assert_eq!((mapped.cancelled, mapped.cancel_requested, mapped.completed), (None, None, false));
    assert_eq!((mapped.announced, mapped.shipped), (false, Shipped::Nothing), "it is here");
    let draft = mapped.order.expect("whole");
    assert_eq!((draft.personal.name.as_str(), draft.personal.phone.as_str()), ("林*", "1********01"));
    assert_eq!(draft.personal.address_detail, "龙井路****");
    let order = draft.order;
    let identity = order.identity.expect("an identity");
    assert_eq!((identity.shown_number.as_str(), identity.raw_status.as_str()), (ID, "1"));
    assert_eq!((identity.kind, identity.method), (OrderKind::Sale.into(), FulfillmentMethod::Ship.into()));
    assert_eq!(
        (identity.placed_at_ms, identity.sub_ids),
        (1_795_255_445_000, vec![ID.to_owned(), "6917345028831272961".to_owned()])
    );
    let deadlines = order.deadlines.expect("deadlines");
    assert_eq!((deadlines.pay_by_ms, deadlines.ship_by_ms), (1_795_257_245_000, 1_795_428_245_000));
    let buyer = order.buyer.expect("a buyer");
    assert_eq!((buyer.platform_buyer_id.as_str(), buyer.buyer_remark.as_str()), ("#9rT1aZq==", "请放门口"));
    assert_eq!((buyer.seller_remark.as_str(), buyer.flag.as_str()), ("老客户", "3"));
    let to = order.ship_to.expect("an address");
    assert_eq!(
        [to.country, to.province, to.city, to.district, to.town],
        ["CN", "浙江省", "杭州市", "西湖区", "北山街道"]
    );
    assert_eq!((to.recipient_id.as_str(), to.personal), ("#hW4kN0c2VtE=", None), "the adapter has no key");
    assert_eq!(order.payments, []);
    assert!(order.permissions.is_some_and(|permissions| permissions.holds.is_empty()));
}

#[test]
fn lines_and_sums_are_exact() {
    let (_, order) = whole(&[]);
    let line = &order.lines[0];
    assert_eq!((line.line_id.as_str(), line.sku.as_str(), line.ordered), (ID, "TEA-250-R", 2));
    assert_eq!((line.title.as_str(), minor(&line.sold_price)), ("龙井 红罐/250g", 1290));
    assert_eq!(line.ship_by_ms, 1_795_428_245_000);
    let discounts: Vec<(&str, i64, FundedBy)> = order
        .lines
        .iter()
        .flat_map(|line| &line.discounts)
        .map(|off| (off.discount_id.as_str(), minor(&off.amount), off.funded_by()))
        .collect();
    let expected = [
        ("promotion_shop_amount", 200, FundedBy::Merchant),
        ("promotion_platform_amount", 100, FundedBy::Platform),
        ("modify_amount", 20, FundedBy::Merchant),
        ("promotion_talent_amount", 80, FundedBy::Creator),
    ];
    assert_eq!(discounts, expected);
    let cup = &order.lines[1];
    assert_eq!((cup.line_id.as_str(), cup.title.as_str()), ("6917345028831272961", "茶杯"));
    assert_eq!((cup.platform_sku.as_str(), cup.sku.as_str()), ("sku_id:1789300051", "sku_id:1789300051"));
    let sums = order.amounts.expect("sums");
    assert_eq!((sums.currency.as_str(), sums.exponent), ("CNY", 2));
    let told = [&sums.goods, &sums.freight, &sums.discount, &sums.payable, &sums.paid, &sums.due].map(minor);
    assert_eq!(told, [4170, 600, 400, 4370, 0, 4370]);
    assert_eq!(discounts.iter().map(|(_, off, _)| off).sum::<i64>(), 400, "the lines' discounts are the order's");
}

#[test]
fn a_paid_order_is_paid_in_full() {
    let (mapped, order) = paid_with(2, &[]);
    assert_eq!((mapped.payment_state, mapped.completed), (PaymentState::Paid, false));
    let payment = mapped.payment.expect("a payment");
    assert_eq!((payment.payment_id, minor(&payment.amount)), (format!("{ID}:paid"), 4370));
    assert_eq!((payment.paid_at_ms, payment.method.as_str()), (1_795_255_500_000, "2"));
    assert_eq!((order.payment_state(), order.payments.len()), (PaymentState::Paid, 1));
    assert_eq!(order.amounts.map(|sums| (minor(&sums.paid), minor(&sums.due))), Some((4370, 0)));
}

/// 105 is "paid", and whoever ships it ships what Douyin may yet stop.
#[test]
fn every_status_says_its_own() {
    use PaymentState::{Paid, Pending};
    let none: &[&str] = &[];
    let cases = [
        (1, Pending, none, Shipped::Nothing, false, false),
        (105, Paid, &["risk-control"], Shipped::Nothing, false, false),
        (2, Paid, none, Shipped::Nothing, false, false),
        (101, Paid, none, Shipped::Partly, false, false),
        (3, Paid, none, Shipped::Wholly, false, false),
        (5, Paid, none, Shipped::Wholly, true, false),
        (4, Paid, none, Shipped::Nothing, false, true),
    ];
    let mut before = 0;
    for (status, state, holds, shipped, completed, cancelled) in cases {
        let (mapped, order) = paid_with(status, &[]);
        assert_eq!((mapped.payment_state, mapped.completed, mapped.shipped), (state, completed, shipped), "{status}");
        assert_eq!(mapped.cancelled.is_some(), cancelled, "{status}");
        assert_eq!(order.permissions.expect("permissions").holds, holds, "{status}");
        assert_eq!(order.identity.map(|identity| identity.raw_status), Some(status.to_string()));
        assert!(mapped.version > before, "a later status of the same second is the later version");
        before = mapped.version;
    }
    let (_, order) = paid_with(2, &[("/main_status", json!(105))]);
    assert_eq!(order.permissions.expect("permissions").holds, ["risk-control"], "either of the two is enough");
    assert_eq!(order.identity.map(|identity| identity.raw_status), Some("2/105".to_owned()));
    let (_, order) = paid_with(105, &[("/order_type", json!(2))]);
    assert!(order.permissions.expect("permissions").holds.is_empty(), "it never waits to be shipped");
    assert!(order.lines.iter().all(|line| line.kind() == LineKind::Digital));
}

#[test]
fn a_cancelled_order_says_why() {
    let unpaid = [("/order_status", json!(4)), ("/main_status", json!(4)), ("/cancel_reason", json!("超时未支付"))];
    let (mapped, _) = whole(&unpaid);
    assert_eq!((mapped.cancelled.as_deref(), mapped.payment_state), (Some("超时未支付"), PaymentState::Pending));
    let (mapped, order) = paid_with(4, &[("/main_status", json!(21))]);
    assert_eq!(
        (mapped.cancelled.as_deref(), mapped.payment_state),
        (Some("refunded before shipping"), PaymentState::Refunded)
    );
    assert_eq!((order.lines.len(), order.identity.map(|identity| identity.raw_status)), (2, Some("4/21".to_owned())));
    assert_eq!(order.amounts.map(|sums| minor(&sums.refunded)), Some(4370));
    let (mapped, _) = paid_with(22, &[]);
    assert_eq!(
        (mapped.cancelled.as_deref(), mapped.payment_state),
        (Some("refunded after shipping"), PaymentState::Refunded)
    );
    let (mapped, _) = paid_with(5, &[("/main_status", json!(39))]);
    assert_eq!((mapped.cancelled, mapped.completed, mapped.payment_state), (None, true, PaymentState::Refunded));
}

/// A sub-order that was cancelled by itself must not be packed; one that has left stays.
#[test]
fn a_line_that_was_cancelled_by_itself_is_taken_off() {
    let gone = [("/sku_order_list/1/order_status", json!(4)), ("/sku_order_list/1/main_status", json!(21))];
    let refunded = ("/sku_order_list/1/after_sale_info", json!({ "refund_status": 3 }));
    let (mapped, order) = paid_with(2, &[gone[0].clone(), gone[1].clone(), refunded]);
    assert_eq!((order.lines.len(), mapped.payment_state), (1, PaymentState::PartlyRefunded));
    assert_eq!(order.lines[0].line_id, ID);
    let sums = order.amounts.expect("sums");
    assert_eq!([&sums.goods, &sums.discount, &sums.payable].map(minor), [4170, 400, 4370], "as it was agreed");
    let sent = ("/sku_order_list/1/ship_time", json!(1_795_300_000));
    let (_, order) = paid_with(3, &[gone[0].clone(), sent]);
    assert_eq!(order.lines.len(), 2);
    let (_, order) = paid_with(2, &[("/sku_order_list/0/order_status", json!(4)), gone[0].clone()]);
    assert_eq!(order.lines.len(), 2, "an order without lines tells nothing");
}

/// What is shipped for its deposit is shipped for a tenth of its price.
#[test]
fn a_deposit_does_not_pay_for_the_order() {
    let phase = |number: i64, amount: i64, paid: bool| {
        json!({ "phase_order_id": ID, "total_phase": 2, "current_phase": number, "pay_success": paid, "phase_pay_amount": amount,
            "phase_pay_time": if paid { 1_795_255_460 + number } else { 0 }, "phase_close_time": 1_795_600_000 + number })
    };
    let presale = |status: i64, main: i64, balance: bool| {
        whole(&[
            ("/order_status", json!(status)),
            ("/main_status", json!(main)),
            ("/pay_type", json!(1)),
            ("/sku_order_list/0/trade_type", json!(2)),
            ("/order_phase_list", json!([phase(1, 500, true), phase(2, 3870, balance)])),
        ])
    };
    for (status, main) in [(1, 103), (103, 103), (1, 1)] {
        let (mapped, order) = presale(status, main, false);
        assert_eq!((mapped.payment_state, order.payments.len()), (PaymentState::PartlyPaid, 1), "{status} {main}");
        let payment = mapped.payment.expect("a deposit");
        assert_eq!((payment.part(), minor(&payment.amount)), (PaymentPart::Deposit, 500));
        assert_eq!((payment.payment_id, payment.paid_at_ms), (format!("{ID}:1"), 1_795_255_461_000));
        assert_eq!(order.amounts.map(|sums| (minor(&sums.paid), minor(&sums.due))), Some((500, 3870)));
        assert_eq!(order.deadlines.map(|deadlines| deadlines.balance_by_ms), Some(1_795_600_002_000));
        assert_eq!(order.identity.map(|identity| identity.kind), Some(OrderKind::Presale.into()));
    }
    let (mapped, order) = presale(2, 2, true);
    assert_eq!((mapped.payment_state, order.payments.len()), (PaymentState::Paid, 2));
    let payment = mapped.payment.expect("a balance");
    assert_eq!(
        (payment.part(), minor(&payment.amount), payment.state()),
        (PaymentPart::Balance, 3870, PaymentState::Paid)
    );
    assert_eq!(order.amounts.map(|sums| (minor(&sums.paid), minor(&sums.due))), Some((4370, 0)));
    assert_eq!(order.deadlines.map(|deadlines| deadlines.balance_by_ms), Some(0));
    let (mapped, _) = whole(&[("/main_status", json!(103))]);
    assert_eq!((mapped.payment_state, mapped.payment), (PaymentState::PartlyPaid, None), "how much is not told");
}

#[test]
fn cash_on_delivery_is_paid_when_it_is_done() {
    let on_delivery = |status: i64| whole(&[("/order_status", json!(status)), ("/main_status", json!(status))]);
    for status in [2, 101, 3] {
        let (mapped, order) = on_delivery(status);
        assert_eq!((mapped.payment_state, mapped.payment), (PaymentState::Pending, None), "{status}");
        assert_eq!(order.payment_terms(), PaymentTerms::CashOnDelivery);
    }
    let (mapped, _) = on_delivery(5);
    let payment = mapped.payment.expect("a payment");
    assert_eq!((mapped.payment_state, payment.part()), (PaymentState::Paid, PaymentPart::CashOnDelivery));
    let (mapped, order) = whole(&[]);
    assert_eq!((mapped.payment_state, order.payment_terms()), (PaymentState::Pending, PaymentTerms::Unspecified));
    let (_, order) = whole(&[("/order_status", json!(105))]);
    assert_eq!(order.payment_terms(), PaymentTerms::Unspecified);
}

#[test]
fn goods_are_named_by_the_merchants_code_first() {
    let sku = |changes: &[(&str, Value)]| whole(changes).1.lines[0].sku.clone();
    let none = |name: &'static str| (name, json!(""));
    let (by_sku, by_seller) = (none("/sku_order_list/0/out_sku_id"), none("/sku_order_list/0/code"));
    assert_eq!(sku(std::slice::from_ref(&by_sku)), "TEA-250");
    assert_eq!(sku(&[by_sku.clone(), by_seller.clone()]), "sku_id:1789300042");
    let no_sku = ("/sku_order_list/0/sku_id", json!(0));
    assert_eq!(sku(&[by_sku.clone(), by_seller.clone(), no_sku.clone()]), "product_id:3602918837465019283");
    assert_eq!(sku(&[by_sku, by_seller, no_sku, ("/sku_order_list/0/product_id", json!(null))]), "");
}

#[test]
fn kinds_and_methods_are_told_apart() {
    let (_, order) =
        whole(&[("/sku_order_list/0/given_product_type", json!("FREE")), ("/sku_order_list/1/goods_type", json!(1))]);
    assert_eq!((order.lines[0].kind(), order.lines[1].kind()), (LineKind::Gift, LineKind::Digital));
    let told = |changes: &[(&str, Value)]| {
        let identity = whole(changes).1.identity.expect("an identity");
        (identity.kind(), identity.method())
    };
    use FulfillmentMethod::{Digital, LocalDelivery, Pickup, Ship, Unspecified};
    for (order_type, method) in [(0, Ship), (2, Digital), (4, Digital), (5, Digital), (9, Unspecified)] {
        assert_eq!(told(&[("/order_type", json!(order_type))]), (OrderKind::Sale, method), "{order_type}");
    }
    let line = |trade_type: i64| told(&[("/sku_order_list/1/trade_type", json!(trade_type))]);
    assert_eq!((line(2), line(10)), ((OrderKind::Presale, Ship), (OrderKind::Sample, Ship)));
    assert_eq!(line(18), (OrderKind::Sale, LocalDelivery));
    assert_eq!(told(&[("/sku_order_list/0/pre_sale_type", json!(1))]), (OrderKind::Presale, Ship));
    let fetched =
        |index: usize| (["/sku_order_list/0/receive_type", "/sku_order_list/1/receive_type"][index], json!(2));
    assert_eq!(told(&[fetched(0)]).1, Ship, "one is sent");
    assert_eq!(told(&[fetched(0), fetched(1)]).1, Pickup);
}

#[test]
fn clear_texts_come_before_masked_ones_and_nothing_is_nothing() {
    let clear = [
        ("/post_receiver", json!("林小雨")),
        ("/post_tel", json!("13800000001")),
        ("/post_addr/detail", json!("龙井路 1 号")),
        ("/earliest_receipt_time", json!(1_795_309_200)),
        ("/latest_receipt_time", json!(1_795_316_400)),
    ];
    let draft = map_order(&clear).expect("readable").order.expect("whole");
    let personal = [draft.personal.name, draft.personal.phone, draft.personal.address_detail];
    assert_eq!(personal, ["林小雨", "13800000001", "龙井路 1 号"]);
    let window = draft.order.ship_to.map(|to| (to.window_from_ms, to.window_to_ms));
    assert_eq!(window, Some((1_795_309_200_000, 1_795_316_400_000)));
    let (_, order) = whole(&[("/post_addr", json!(null))]);
    assert_eq!(order.ship_to.map(|to| to.district), Some("西湖区".to_owned()), "the masked address has its town");
    let none = ["/post_addr", "/mask_post_addr", "/mask_post_receiver", "/mask_post_tel", "/open_address_id"];
    let none: Vec<(&str, Value)> = none.iter().map(|pointer| (*pointer, json!(null))).collect();
    let draft = map_order(&none).expect("readable").order.expect("whole");
    assert_eq!((draft.order.ship_to, draft.personal), (None, weir_proto::privacy::v1::Personal::default()));
    let (_, order) = whole(&[("/seller_remark_stars", json!(0)), ("/order_expire_time", json!(1_795_259_045))]);
    assert_eq!(order.buyer.map(|buyer| buyer.flag), Some(String::new()));
    assert_eq!(order.deadlines.map(|deadlines| deadlines.pay_by_ms), Some(1_795_259_045_000), "a time is a time");
}

#[test]
fn a_pulled_order_is_known_by_its_header() {
    let identity = Douyin.identify(&pulled(), ORDER.as_bytes()).expect("identified");
    assert_eq!((identity.kind.as_str(), identity.platform_order_id.as_str()), ("order.orderDetail", ID));
    let pushed = Douyin.map(&Headers::default(), ORDER.as_bytes()).expect_err("nobody can push one");
    assert_eq!((pushed.reason, pushed.field.as_str()), (FIELD_MISSING, "tag"));
}

#[test]
fn the_answer_holds_success() {
    let answer = Douyin.answer();
    assert_eq!((answer.status, answer.content_type), (200, "application/json"));
    assert_eq!(answer.body, r#"{"code":0,"msg":"success"}"#);
}
