//! WooCommerce's ways, on bodies of our own.

use super::*;
use crate::fault::{FIELD_INVALID, FIELD_MISSING, MONEY};

const BODY: &str = include_str!("order.json");

fn headers() -> Headers {
    Headers::of(&[("X-WC-Webhook-Topic", "order.updated"), ("X-WC-Webhook-Delivery-ID", "d-1")])
}

fn map(body: &str) -> Result<Mapped, Fault> {
    WooCommerce.map(&headers(), body.as_bytes())
}

fn with_status(status: &str) -> Mapped {
    map(&BODY.replace(r#""status": "pending""#, &format!(r#""status": "{status}""#))).expect("readable")
}

#[test]
fn the_signature_is_over_the_raw_body() {
    let signature = sign(b"secret", BODY.as_bytes());
    let check = |signature: &str, body: &[u8]| {
        let headers = Headers::of(&[(SIGNATURE, signature)]);
        WooCommerce.verify(&Request { headers: &headers, body, now_ms: 0 }, &[b"secret".to_vec()], 0)
    };
    assert_eq!(check(&signature, BODY.as_bytes()), Ok(()));
    assert_eq!(check(&signature, BODY.trim().as_bytes()), Err(SignatureFault::Mismatch));
    assert_eq!(check("", BODY.as_bytes()), Err(SignatureFault::Mismatch));
}

#[test]
fn the_first_ping_is_known() {
    let probe = |kind: &str, body: &[u8]| {
        let headers = Headers::of(&[("Content-Type", kind)]);
        WooCommerce.is_probe(&Request { headers: &headers, body, now_ms: 0 })
    };
    assert!(probe("application/x-www-form-urlencoded", b"webhook_id=42"));
    assert!(!probe("application/json", b"webhook_id=42"));
    assert!(!probe("application/x-www-form-urlencoded", b"webhook_id=42&order=1"));
}

#[test]
fn an_order_is_read_whole() {
    let mapped = map(BODY).expect("readable");
    assert_eq!((mapped.platform_order_id.as_str(), mapped.version), ("731", 1_795_255_446_000));
    let draft = mapped.order.expect("whole");
    let line = &draft.order.lines[0];
    let minor = |money: &Option<weir_proto::money::v1::Money>| money.as_ref().map_or(0, |money| money.minor);
    let discounts: i64 = line.discounts.iter().map(|discount| minor(&discount.amount)).sum();
    assert_eq!(minor(&line.sold_price) * line.ordered - discounts, 1000, "the line's sum is exact");
    assert_eq!(draft.order.ship_to.expect("billing stands in").province, "TX");
    assert_eq!(draft.personal.address_detail, "5 Mill Lane, 78701");
    assert_eq!(draft.buyer_email, "sam@example.com");
    assert_eq!(draft.order.buyer.expect("a buyer").platform_buyer_id, "", "guests have no id");
}

#[test]
fn statuses_say_what_was_paid() {
    use PaymentState::{Paid, Pending, Refunded};
    let states = [
        ("pending", Pending),
        ("on-hold", Pending),
        ("failed", Pending),
        ("processing", Paid),
        ("completed", Paid),
        ("refunded", Refunded),
        ("wc-custom", Pending),
    ];
    for (status, state) in states {
        assert_eq!(with_status(status).payment_state, state, "{status}");
    }
    assert!(with_status("completed").completed);
    assert!(!with_status("processing").completed);
    assert!(with_status("cancelled").cancelled.is_some());
    let on_delivery = map(&BODY.replace("bacs", "cod").replace(r#""status": "pending""#, r#""status": "processing""#))
        .expect("readable");
    assert_eq!(on_delivery.payment_state, Pending);
    assert_eq!(on_delivery.order.expect("whole").order.payment_terms, i32::from(PaymentTerms::CashOnDelivery));
}

#[test]
fn what_is_wrong_is_named() {
    let fault = |body: String| map(&body).map_err(|fault| (fault.reason, fault.field)).expect_err("a fault");
    assert_eq!(
        fault(BODY.replace(r#""total": "10.00""#, r#""total": 10.0"#)),
        (MONEY, "line_items[0].total".to_owned())
    );
    assert_eq!(
        fault(BODY.replace(r#""date_modified_gmt""#, r#""other""#)),
        (FIELD_MISSING, "date_modified_gmt".to_owned())
    );
    let negative = BODY.replace(r#""total": "14.70""#, r#""total": "-1.00""#);
    assert_eq!(fault(negative), (FIELD_INVALID, "total".to_owned()));
}

/// It becomes the record's id.
#[test]
fn a_delivery_id_is_short_and_plain() {
    for name in [DELIVERY_ID, DELIVERY_ID_AS_DOCUMENTED] {
        let with = |id: &str| Headers::of(&[(TOPIC, "order.updated"), (name, id)]);
        assert!(WooCommerce.map(&with(&"x".repeat(255)), BODY.as_bytes()).is_ok());
        for id in ["x".repeat(256), "a\tb".to_owned()] {
            let mapped = WooCommerce.map(&with(&id), BODY.as_bytes()).expect_err("no id");
            assert_eq!((mapped.reason, mapped.field.as_str()), (FIELD_INVALID, name));
            assert_eq!(WooCommerce.identify(&with(&id), BODY.as_bytes()), Err(mapped));
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_upset_it(flip in 0_usize..1200, cut in 0_usize..1200, by in 1_u8..=255) {
        let mut body = BODY.as_bytes().to_vec();
        let place = flip % body.len();
        body[place] ^= by;
        let _ = WooCommerce.map(&headers(), &body);
        body.truncate(cut.min(body.len()));
        let _ = WooCommerce.map(&headers(), &body);
        let _ = WooCommerce.identify(&headers(), &body);
    }
}
