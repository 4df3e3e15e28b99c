//! Shopify's ways, on bodies of our own.

use super::*;
use crate::fault::{DUPLICATE_KEY, FIELD_INVALID, FIELD_MISSING, MONEY};

const BODY: &str = include_str!("order.json");

fn headers(topic: &str) -> Headers {
    Headers::of(&[("X-Shopify-Topic", topic), ("X-Shopify-Webhook-Id", "w-1"), ("X-Shopify-Event-Id", "e-1")])
}

fn map(topic: &str, body: &str) -> Result<Mapped, Fault> {
    Shopify.map(&headers(topic), body.as_bytes())
}

fn fault(body: &str) -> (&'static str, String) {
    let fault = map("orders/create", body).expect_err("this can't be read");
    (fault.reason, fault.field)
}

#[test]
fn the_signature_vector_holds() {
    let body = br#"{"id":820982911946154508}"#;
    assert_eq!(sign(b"hush", body), "qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I=");
    let secrets = [b"rotated".to_vec(), b"hush".to_vec()];
    let check = |signature: &str, body: &[u8]| {
        let headers = Headers::of(&[("X-Shopify-Hmac-Sha256", signature)]);
        Shopify.verify(&Request { headers: &headers, body, now_ms: 0 }, &secrets, 0)
    };
    assert_eq!(check("qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I=", body), Ok(()));
    assert_eq!(check("qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I=", b"{}"), Err(SignatureFault::Mismatch));
    assert_eq!(check("no base64", body), Err(SignatureFault::Mismatch));
    let none = Headers::default();
    let unsigned = Request { headers: &none, body, now_ms: 0 };
    assert_eq!(Shopify.verify(&unsigned, &secrets, 0), Err(SignatureFault::Missing(SIGNATURE)));
}

#[test]
fn ids_beyond_2_to_the_53_are_kept() {
    let identity = Shopify.identify(&headers("orders/create"), br#"{"id":820982911946154509}"#).expect("identified");
    assert_eq!(identity.platform_order_id, "820982911946154509");
    assert_eq!((identity.kind.as_str(), identity.delivery_id.as_str()), ("orders/create", "w-1"));
    let bare = Shopify.identify(&Headers::default(), b"{}").expect_err("no topic");
    assert_eq!((bare.reason, bare.field.as_str()), (FIELD_MISSING, TOPIC));
}

#[test]
fn an_order_is_read_whole() {
    let mapped = map("orders/create", BODY).expect("readable");
    assert_eq!((mapped.payment_state, mapped.version), (PaymentState::Pending, 1_795_255_446_000));
    assert_eq!((mapped.payment.clone(), mapped.cancelled.clone(), mapped.completed), (None, None, false));
    let draft = mapped.order.expect("the whole order");
    let identity = draft.order.identity.expect("an identity");
    assert_eq!((identity.shown_number.as_str(), identity.placed_at_ms), ("#1042", 1_795_255_445_000));
    let line = &draft.order.lines[0];
    assert_eq!((line.line_id.as_str(), line.sku.as_str(), line.ordered), ("9007199254740995", "TEA-250", 2));
    assert_eq!(line.sold_price.as_ref().map(|price| price.minor), Some(4550));
    assert_eq!(line.discounts[0].amount.as_ref().map(|amount| amount.minor), Some(500));
    let amounts = draft.order.amounts.expect("sums");
    let minor = |money: &Option<weir_proto::money::v1::Money>| money.as_ref().map(|money| money.minor);
    assert_eq!(
        (minor(&amounts.goods), minor(&amounts.payable), minor(&amounts.due)),
        (Some(9100), Some(9800), Some(9800))
    );
    assert_eq!(minor(&amounts.freight), Some(1200));
    let ship_to = draft.order.ship_to.expect("an address");
    assert_eq!((ship_to.country.as_str(), ship_to.province.as_str(), ship_to.city.as_str()), ("DE", "BY", "Augsburg"));
    assert_eq!(ship_to.personal, None, "the adapter has no key");
    assert_eq!(draft.personal.name, "Ada Brandt");
    assert_eq!(draft.personal.email, "ada@example.com");
    assert_eq!(draft.buyer_email, "ada@example.com");
}

#[test]
fn paid_cancelled_and_closed_are_said() {
    let paid = BODY.replace(r#""financial_status": "pending""#, r#""financial_status": "paid""#);
    let mapped = map("orders/paid", &paid).expect("readable");
    assert_eq!(mapped.payment_state, PaymentState::Paid);
    let payment = mapped.payment.expect("a payment");
    assert_eq!((payment.payment_id.as_str(), payment.amount.map(|amount| amount.minor)), ("5102:paid", Some(9800)));
    let cancelled = BODY.replace(
        r#""cancelled_at": null"#,
        r#""cancelled_at": "2026-11-21T11:00:00+01:00", "cancel_reason": "customer""#,
    );
    assert_eq!(map("orders/updated", &cancelled).expect("readable").cancelled.as_deref(), Some("customer"));
    let closed = BODY.replace(r#""closed_at": null"#, r#""closed_at": "2026-11-25T11:00:00+01:00""#);
    assert!(map("orders/updated", &closed).expect("readable").completed);
    assert_eq!(map("orders/cancelled", BODY).expect("readable").cancelled.as_deref(), Some(""));
}

#[test]
fn what_has_left_is_said() {
    let with = |order: &str, line: &str| {
        let told = |status: &str| format!(r#""fulfillment_status": {status}"#);
        let body = BODY
            .replace(r#""fulfillment_status": null"#, &told(order))
            .replace(r#""requires_shipping": true"#, &format!(r#""requires_shipping": true, {}"#, told(line)));
        map("orders/updated", &body).expect("readable").shipped
    };
    assert_eq!(with("null", "null"), Shipped::Nothing);
    assert_eq!(with(r#""restocked""#, "null"), Shipped::Nothing);
    assert_eq!(with(r#""partial""#, r#""partial""#), Shipped::Partly);
    assert_eq!(with(r#""partial""#, "null"), Shipped::Partly, "where no line says which, some goods may have left");
    assert_eq!(with(r#""fulfilled""#, r#""fulfilled""#), Shipped::Wholly);
}

/// It is fulfilled the moment it is sold, and nobody has shipped anything.
#[test]
fn a_gift_card_has_not_left() {
    let card = r#"{ "id": 8, "title": "Gift card", "quantity": 1, "price": "5.00", "requires_shipping": false,
        "gift_card": true, "fulfillment_status": "fulfilled" },"#;
    let body = BODY
        .replace(r#""fulfillment_status": null"#, r#""fulfillment_status": "partial""#)
        .replace(r#""line_items": ["#, &format!(r#""line_items": [{card}"#));
    assert_eq!(map("orders/updated", &body).expect("readable").shipped, Shipped::Nothing);
}

#[test]
fn financial_states_are_all_known() {
    use PaymentState::{Authorized, Paid, PartlyPaid, PartlyRefunded, Pending, Refunded, Voided};
    let states = [
        ("pending", Pending),
        ("authorized", Authorized),
        ("partially_paid", PartlyPaid),
        ("paid", Paid),
        ("partially_refunded", PartlyRefunded),
        ("refunded", Refunded),
        ("voided", Voided),
    ];
    for (name, state) in states {
        let body = BODY.replace(r#""financial_status": "pending""#, &format!(r#""financial_status": "{name}""#));
        assert_eq!(map("orders/updated", &body).expect("readable").payment_state, state);
    }
}

#[test]
fn an_edit_counts_and_a_refund_takes_nothing_back() {
    let edited = BODY.replace(r#""quantity": 2,"#, r#""quantity": 2, "current_quantity": 1,"#);
    let ordered =
        |body: &str| map("orders/updated", body).expect("readable").order.expect("whole").order.lines[0].ordered;
    assert_eq!(ordered(&edited), 1);
    let refunded = edited.replace(r#""financial_status": "pending""#, r#""financial_status": "partially_refunded""#);
    assert_eq!(ordered(&refunded), 2);
}

#[test]
fn what_is_wrong_is_named() {
    assert_eq!(
        fault(&BODY.replace(r#""total_price": "98.00""#, r#""total_price": 98.0"#)),
        (MONEY, "total_price".to_owned())
    );
    assert_eq!(
        fault(&BODY.replace(r#""price": "45.50""#, r#""price": 45.5"#)),
        (MONEY, "line_items[0].price".to_owned())
    );
    assert_eq!(fault(&BODY.replace(r#""currency": "EUR","#, "")), (FIELD_MISSING, "currency".to_owned()));
    assert_eq!(
        fault(&BODY.replace(r#""quantity": 2"#, r#""quantity": -2"#)),
        (FIELD_INVALID, "line_items[0].quantity".to_owned())
    );
    assert_eq!(fault(&BODY.replace("\"id\": 5102,", "\"id\": 5102, \"id\": 5103,")), (DUPLICATE_KEY, "id".to_owned()));
    assert_eq!(fault(&BODY.replace("pending", "dreaming")), (FIELD_INVALID, "financial_status".to_owned()));
    let topic = map("products/update", BODY).expect_err("no order topic");
    assert_eq!((topic.reason, topic.field.as_str()), (FIELD_INVALID, TOPIC));
}

/// Each of these would else cancel an order, complete it, or send goods that nobody ships.
#[test]
fn what_decides_has_its_type() {
    let with = |old: &str, name: &str, value: &str| {
        let body = BODY.replace(old, &format!("\"{name}\": {value}"));
        assert_ne!(body, BODY);
        map("orders/updated", &body).map_err(|fault| (fault.reason, fault.field))
    };
    let invalid = |field: &str| Some((FIELD_INVALID, field.to_owned()));
    for value in ["false", "true", "0", "1795255446", "\"\"", "\"yes\"", "[]", "{}"] {
        for name in ["cancelled_at", "closed_at"] {
            assert_eq!(with(&format!("\"{name}\": null"), name, value).err(), invalid(name), "{value}");
        }
        let both = BODY
            .replace(r#""cancelled_at": null"#, r#""cancelled_at": "2026-11-21T11:00:00+01:00""#)
            .replace(r#""closed_at": null"#, &format!("\"closed_at\": {value}"));
        assert_eq!(fault(&both), (FIELD_INVALID, "closed_at".to_owned()), "of a cancelled order as well");
    }
    for value in ["\"false\"", "\"\"", "0", "1", "[]", "{}"] {
        let of_line = with(r#""requires_shipping": true"#, "requires_shipping", value).err();
        assert_eq!(of_line, invalid("line_items[0].requires_shipping"), "{value}");
    }
    for (value, kind) in [("false", order::LineKind::Digital), ("null", order::LineKind::Sale)] {
        let mapped = with(r#""requires_shipping": true"#, "requires_shipping", value).expect("readable");
        assert_eq!(mapped.order.expect("whole").order.lines[0].kind(), kind, "{value}");
    }
}

#[test]
fn a_total_is_not_negative() {
    let with = |total: &str| BODY.replace(r#""total_price": "98.00""#, &format!("\"total_price\": \"{total}\""));
    assert_eq!(fault(&with("-1.00")), (FIELD_INVALID, "total_price".to_owned()));
    assert!(map("orders/create", &with("0.00")).is_ok());
}

/// It becomes the record's id.
#[test]
fn a_delivery_id_is_short_and_plain() {
    for name in [WEBHOOK_ID, EVENT_ID] {
        let with = |id: &str| Headers::of(&[(TOPIC, "orders/create"), (name, id)]);
        assert!(Shopify.map(&with(&"x".repeat(255)), BODY.as_bytes()).is_ok());
        for id in ["x".repeat(256), "a\tb".to_owned()] {
            let mapped = Shopify.map(&with(&id), BODY.as_bytes()).expect_err("no id");
            assert_eq!((mapped.reason, mapped.field.as_str()), (FIELD_INVALID, name));
            assert_eq!(Shopify.identify(&with(&id), BODY.as_bytes()), Err(mapped));
        }
    }
}

#[test]
fn texts_that_no_table_can_hold_are_refused() {
    assert_eq!(fault(&BODY.replace("#1042", "#10\\u000042")), (FIELD_INVALID, "name".to_owned()));
    assert_eq!(fault(&BODY.replace("#1042", &"1".repeat(256))), (FIELD_INVALID, "name".to_owned()));
    assert_eq!(fault(&BODY.replace("TEA-250", "TEA\\u0000")), (FIELD_INVALID, "line_items[0].sku".to_owned()));
}

/// Inventory allocates no more; a cancelled order is placed all the same, and is held to it as well.
#[test]
fn an_order_has_at_most_500_lines() {
    let (head, rest) = BODY.split_once("\"line_items\": [").expect("the lines");
    let (_, tail) = rest.split_once("\n  ]").expect("their end");
    let line = |n: usize| format!(r#"{{"id": {n}, "sku": "S", "quantity": 1, "price": "1.00"}}"#);
    let with = |count: usize| {
        let lines: Vec<String> = (0..count).map(line).collect();
        format!("{head}\"line_items\": [{}]{tail}", lines.join(","))
    };
    for topic in ["orders/create", "orders/cancelled"] {
        assert_eq!(map(topic, &with(500)).err(), None);
        let fault = map(topic, &with(501)).expect_err("too many");
        assert_eq!((fault.reason, fault.field.as_str()), (FIELD_INVALID, "line_items"));
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_upset_it(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300), cut in 0_usize..1200, flip in 0_usize..1200) {
        let _ = Shopify.map(&headers("orders/create"), &body);
        let _ = Shopify.identify(&headers("orders/create"), &body);
        let mut real = BODY.as_bytes().to_vec();
        let place = flip % real.len();
        real[place] ^= 0x15;
        let _ = Shopify.map(&headers("orders/paid"), &real);
        real.truncate(cut.min(real.len()));
        let _ = Shopify.map(&headers("orders/paid"), &real);
    }
}
