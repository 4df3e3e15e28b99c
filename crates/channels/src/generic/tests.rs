//! Our own JSON.

use super::*;
use crate::Shipped;
use crate::fault::{DUPLICATE_KEY, FIELD_INVALID, FIELD_MISSING, MONEY};

const BODY: &str = include_str!("order.json");
const PAID: &str = r#"{"type":"order.paid","timestamp":"2026-11-21T10:05:00Z","data":{"order_id":"W-17",
    "payment":{"id":"p-1","amount_minor":4200,"currency":"CNY","paid_at":"2026-11-21T18:04:59+08:00"}}}"#;

fn headers() -> Headers {
    Headers::of(&[("webhook-id", "msg-1"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,x")])
}

fn map(body: &str) -> Result<Mapped, Fault> {
    Generic.map(&headers(), body.as_bytes())
}

fn fault(body: &str) -> (&'static str, String) {
    map(body).map_err(|fault| (fault.reason, fault.field)).expect_err("this can't be read")
}

#[test]
fn an_order_is_read_whole() {
    let mapped = map(BODY).expect("readable");
    assert_eq!((mapped.platform_order_id.as_str(), mapped.version), ("W-17", 3));
    assert_eq!(mapped.payment_state, PaymentState::Pending);
    let draft = mapped.order.expect("whole");
    let order = draft.order;
    assert_eq!(order.lines.iter().map(|line| line.ordered).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(order.lines[1].sku, "", "unmapped");
    assert_eq!(order.amounts.and_then(|amounts| amounts.payable).map(|payable| payable.minor), Some(4200));
    assert!(order.permissions.is_some_and(|permissions| permissions.urgent && permissions.holds == ["risk-control"]));
    assert_eq!(order.ship_to.expect("an address").district, "Xihu");
    assert_eq!((draft.personal.name.as_str(), draft.personal.email.as_str()), ("Wang Fang", "fang@example.com"));
    assert_eq!(draft.buyer_phone, "13800000001");
    let identity = Generic.identify(&headers(), BODY.as_bytes()).expect("identified");
    assert_eq!((identity.kind.as_str(), identity.delivery_id.as_str()), ("order.created", "msg-1"));
}

#[test]
fn a_status_says_what_has_left() {
    let with = |status: &str| {
        let mapped = map(&BODY.replace(r#""status": "open""#, &format!(r#""status": "{status}""#))).expect("readable");
        (mapped.shipped, mapped.completed, mapped.cancelled.is_some())
    };
    assert_eq!(with("open"), (Shipped::Nothing, false, false));
    assert_eq!(with("packed"), (Shipped::Nothing, false, false), "the shop's own word");
    assert_eq!(with("partly_shipped"), (Shipped::Partly, false, false));
    assert_eq!(with("shipped"), (Shipped::Wholly, false, false));
    assert_eq!(with("completed"), (Shipped::Nothing, true, false));
    assert_eq!(with("cancelled"), (Shipped::Nothing, false, true));
}

#[test]
fn a_total_is_not_negative() {
    let with = |total: &str| {
        let body = BODY.replace(r#""total": "42.00""#, total);
        assert_ne!(body, BODY);
        body
    };
    assert_eq!(fault(&with(r#""total": "-0.01""#)), (FIELD_INVALID, "data.total".to_owned()));
    assert_eq!(fault(&with(r#""total_minor": -1"#)), (FIELD_INVALID, "data.total_minor".to_owned()));
    assert!(map(&with(r#""total_minor": 0"#)).is_ok());
}

/// It becomes the record's id.
#[test]
fn a_delivery_id_is_short_and_plain() {
    let with = |id: &str| Headers::of(&[("webhook-id", id)]);
    assert!(Generic.map(&with(&"x".repeat(255)), BODY.as_bytes()).is_ok());
    for id in ["x".repeat(256), "a\tb".to_owned()] {
        let mapped = Generic.map(&with(&id), BODY.as_bytes()).expect_err("no id");
        assert_eq!((mapped.reason, mapped.field.as_str()), (FIELD_INVALID, ID));
        assert_eq!(Generic.identify(&with(&id), BODY.as_bytes()), Err(mapped));
    }
}

#[test]
fn a_thin_payment_pays_in_full() {
    let mapped = map(PAID).expect("readable");
    assert_eq!((mapped.order, mapped.payment_state, mapped.version), (None, PaymentState::Paid, 1_795_255_500_000));
    let payment = mapped.payment.expect("a payment");
    assert_eq!((payment.payment_id.as_str(), payment.paid_at_ms), ("p-1", 1_795_255_499_000));
    assert_eq!(payment.amount.map(|amount| amount.minor), Some(4200));
    let in_text = PAID.replace(r#""amount_minor":4200"#, r#""amount":"42.00""#);
    assert_eq!(
        map(&in_text).expect("readable").payment.and_then(|payment| payment.amount).map(|amount| amount.minor),
        Some(4200)
    );
    let deposit = PAID.replace(r#""id":"p-1""#, r#""id":"p-1","part":"deposit","state":"partly_paid""#);
    assert_eq!(map(&deposit).expect("readable").payment_state, PaymentState::PartlyPaid);
}

#[test]
fn a_paid_order_may_come_whole() {
    let body = BODY
        .replace("order.created", "order.paid")
        .replace(r#""currency": "CNY","#, r#""currency": "CNY", "payment": {"id": "p-1", "amount": "42.00"},"#);
    let mapped = map(&body).expect("readable");
    assert_eq!(mapped.payment_state, PaymentState::Paid);
    assert_eq!(mapped.order.expect("whole").order.payment_state, i32::from(PaymentState::Paid));
}

#[test]
fn a_deposit_is_part_of_the_price() {
    let state = |words: &str| {
        let body = PAID.replace(r#""id":"p-1","#, &format!(r#""id":"p-1",{words}"#));
        map(&body).expect("readable").payment_state
    };
    assert_eq!(state(r#""part":"deposit","#), PaymentState::PartlyPaid);
    assert_eq!(state(r#""part":"balance","#), PaymentState::Paid);
    assert_eq!(state(r#""part":"deposit","state":"paid","#), PaymentState::Paid);
}

#[test]
fn a_refund_is_a_state_of_the_payment() {
    for (state, expected) in [
        ("refunded", PaymentState::Refunded),
        ("partly_refunded", PaymentState::PartlyRefunded),
        ("voided", PaymentState::Voided),
    ] {
        let told = format!(r#""payment_state": "{state}""#);
        let mapped = map(&BODY.replace(r#""payment_state": "pending""#, &told)).expect("readable");
        assert_eq!(mapped.payment_state, expected);
        assert_eq!(mapped.order.expect("whole").order.payment_state, i32::from(expected));
    }
}

#[test]
fn asked_is_told_from_done() {
    let asked = r#"{"type":"order.cancel_requested","timestamp":"2026-11-21T10:05:00Z",
        "data":{"order_id":"W-17","request_id":"c-1","reason":"too late"}}"#;
    let mapped = map(asked).expect("readable");
    assert_eq!(mapped.cancelled, None);
    assert_eq!(mapped.cancel_requested.expect("a request").request_id, "c-1");
    let without_id = asked.replace(r#""request_id":"c-1","#, "");
    assert_eq!(map(&without_id).expect("readable").cancel_requested.expect("a request").request_id, "msg-1");
    let done = asked.replace("cancel_requested", "cancelled");
    assert_eq!(map(&done).expect("readable").cancelled.as_deref(), Some("too late"));
}

#[test]
fn what_is_wrong_is_named() {
    assert_eq!(fault(&BODY.replace(r#""total": "42.00""#, r#""total": 42.0"#)), (MONEY, "data.total".to_owned()));
    assert_eq!(
        fault(&BODY.replace(r#""price_minor": 200"#, r#""price_minor": 2.5"#)),
        (MONEY, "data.lines[1].price_minor".to_owned())
    );
    assert_eq!(fault(&BODY.replace(r#""order_id": "W-17","#, "")), (FIELD_MISSING, "data.order_id".to_owned()));
    assert_eq!(
        fault(&BODY.replace(r#""line_id": "2""#, r#""line_id": "1""#)),
        (FIELD_INVALID, "data.lines[1]".to_owned())
    );
    assert_eq!(fault(&BODY.replace("order.created", "order.dreamt")), (FIELD_INVALID, "type".to_owned()));
    assert_eq!(
        fault(&PAID.replace(r#""order_id""#, r#""order_id":"W-18","order_id""#)),
        (DUPLICATE_KEY, "data.order_id".to_owned())
    );
    assert_eq!(fault(&PAID.replace(r#""id":"p-1","#, "")), (FIELD_MISSING, "data.payment.id".to_owned()));
}

/// What no table can hold, and no index, is refused before it lies in the log for good.
#[test]
fn texts_that_no_table_can_hold_are_refused() {
    let cases = [
        (r#""order_id": "W-17""#, r#""order_id": "W\u0000""#, "data.order_id"),
        (r#""number": "17""#, r#""number": "1\u00007""#, "data.number"),
        (r#""sku": "TEA-250""#, r#""sku": "TEA\u0000""#, "data.lines[0].sku"),
        (r#""sku": "TEA-250""#, r#""sku": "TEA\n""#, "data.lines[0].sku"),
        (r#""title": "Green tea""#, r#""title": "Green\u0000""#, "data.lines[0].title"),
        (r#""status": "open""#, r#""status": "op\u0000en""#, "data.status"),
        (r#""remark": "no plastic""#, r#""remark": "\u0000""#, "data.buyer.remark"),
        (r#""name": "Wang Fang""#, r#""name": "Wang\u0000Fang""#, "data.ship_to.name"),
        (r#"["risk-control"]"#, r#"["risk-control", "\u0000"]"#, "data.holds[1]"),
    ];
    for (good, bad, field) in cases {
        assert!(BODY.contains(good), "{good}");
        assert_eq!(fault(&BODY.replace(good, bad)), (FIELD_INVALID, field.to_owned()), "{bad}");
    }
    let sku = |bytes: usize| BODY.replace("TEA-250", &"x".repeat(bytes));
    assert!(map(&sku(255)).is_ok());
    assert_eq!(fault(&sku(256)), (FIELD_INVALID, "data.lines[0].sku".to_owned()));
    let remark = BODY.replace("no plastic", "first line\\nsecond line\\tand a tab");
    assert!(map(&remark).is_ok(), "a remark may have lines");
}

/// Inventory allocates no more: a longer order would be placed and released, and never be allocated.
#[test]
fn an_order_has_at_most_500_lines() {
    let line = |n: usize| format!(r#"{{"line_id": "{n}", "sku": "S", "quantity": 1, "price": "1.00"}}"#);
    let with = |count: usize| {
        let lines: Vec<String> = (0..count).map(line).collect();
        let (head, _) = BODY.split_once("[\n").expect("the lines");
        format!("{head}[{}]}}}}", lines.join(","))
    };
    assert_eq!(map(&with(500)).expect("readable").order.map(|draft| draft.order.lines.len()), Some(500));
    assert_eq!(fault(&with(501)), (FIELD_INVALID, "data.lines".to_owned()));
}

proptest::proptest! {
    #[test]
    fn no_bytes_upset_it(flip in 0_usize..2000, cut in 0_usize..2000, by in 1_u8..=255) {
        for sample in [BODY, PAID] {
            let mut body = sample.as_bytes().to_vec();
            let place = flip % body.len();
            body[place] ^= by;
            let _ = Generic.map(&headers(), &body);
            body.truncate(cut.min(body.len()));
            let _ = Generic.map(&headers(), &body);
            let _ = Generic.identify(&headers(), &body);
        }
    }
}
