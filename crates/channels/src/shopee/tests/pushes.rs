//! What pushes tell, whose they are, and how they are signed.

use super::*;

const KEY: &str = "hush-hush-hush-hush-hush";
const URL: &str = "https://weir.example/webhooks/shopee/acme";
/// Signed by openssl, not by us: `printf '%s' "$BODY" | openssl dgst -sha256 -hmac "$KEY"`, and with "$URL|" before it.
const BODY: &str = r#"{"code":3,"data":{"ordersn":"261121KX7P2M4Q","status":"READY_TO_SHIP","update_time":1795255446},"shop_id":900001,"timestamp":1795255447}"#;
const OVER_BODY: &str = "edb0910a5b4cc70f52c8fb40c0e30d86fecf5efb3d15c7e8b561d99de4b679c9";
const OVER_URL: &str = "78b400f249ed20da2af69752aa8297b61f27542c44ce6c3297efdf4000608c43";

fn open(secrets: &[&str], signature: &str, body: &str) -> Result<Opened, SignatureFault> {
    let secrets: Vec<Vec<u8>> = secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect();
    let headers = Headers::of(&[("Authorization", signature), ("Host", "elsewhere.example")]);
    Shopee.open(&Request { headers: &headers, body: body.as_bytes(), now_ms: 0 }, &secrets, 0)
}

fn by_body() -> String {
    format!("body:900001:{KEY}")
}

fn by_url() -> String {
    format!("url:900001:{KEY}:{URL}")
}

#[test]
fn the_signature_over_the_body_holds() {
    assert_eq!(sign(KEY.as_bytes(), BODY.as_bytes()), OVER_BODY);
    assert_eq!(open(&[&by_body()], OVER_BODY, BODY), Ok(Opened::Whole));
    assert_eq!(open(&["body:900001:an older key", &by_body()], OVER_BODY, BODY), Ok(Opened::Whole));
    assert_eq!(
        open(&[&by_body()], OVER_BODY, &BODY.replace("READY_TO_SHIP", "CANCELLED")),
        Err(SignatureFault::Mismatch)
    );
    for wrong in ["", "edb0", OVER_URL, &OVER_BODY[1..], &format!("{OVER_BODY}00"), "no hex"] {
        assert_eq!(open(&[&by_body()], wrong, BODY), Err(SignatureFault::Mismatch), "{wrong}");
    }
}

#[test]
fn the_signature_over_url_and_body_holds() {
    assert_eq!(sign_with_url(KEY.as_bytes(), URL.as_bytes(), BODY.as_bytes()), OVER_URL);
    assert_eq!(open(&[&by_url()], OVER_URL, BODY), Ok(Opened::Whole));
    assert_eq!(
        open(&[&by_url()], OVER_BODY, BODY),
        Err(SignatureFault::Mismatch),
        "which of them holds the secret says"
    );
    let other = format!("url:900001:{KEY}:https://elsewhere.example/");
    assert_eq!(open(&[&other], OVER_URL, BODY), Err(SignatureFault::Mismatch));
    assert_eq!(open(&[&by_body(), &by_url()], OVER_URL, BODY), Ok(Opened::Whole), "two secrets while it is found out");
}

#[test]
fn a_secret_of_no_form_believes_nothing() {
    let signed_by = |key: &str| sign(key.as_bytes(), BODY.as_bytes());
    for secret in [
        KEY,
        "body",
        "body:",
        "body:900001:",
        "body:900001:short-k",
        "body::long-enough",
        "body:0:long-enough",
        "body:-1:long-enough",
        "body:shop:long-enough",
        "Body:900001:long-enough",
        "url:900001:long-enough",
        "url:900001:long-enough:",
        "url:900001::https://a.example",
        "hmac:900001:long-enough",
        "",
    ] {
        for key in ["long-enough", "short-k", "", secret, KEY] {
            assert_eq!(open(&[secret], &signed_by(key), BODY), Err(SignatureFault::Mismatch), "{secret} {key}");
        }
    }
    let request = Request { headers: &Headers::default(), body: BODY.as_bytes(), now_ms: 0 };
    let missing = Shopee.verify(&request, &[by_body().into_bytes()], 0);
    assert_eq!(missing, Err(SignatureFault::Missing(SIGNATURE)));
}

/// All shops of an app have one address at Shopee.
#[test]
fn another_shops_push_is_not_believed() {
    let another = BODY.replace("900001", "900002");
    let signature = sign(KEY.as_bytes(), another.as_bytes());
    assert_eq!(open(&[&by_body()], &signature, &another), Err(SignatureFault::Mismatch));
    assert_eq!(open(&[&by_body().replace("900001", "900002")], &signature, &another), Ok(Opened::Whole));
    for unread in [BODY.replace("\"shop_id\":900001,", ""), BODY.replace("900001", "\"me\""), "{".to_owned()] {
        let signature = sign(KEY.as_bytes(), unread.as_bytes());
        assert_eq!(open(&[&by_body()], &signature, &unread), Ok(Opened::Whole), "kept for somebody to see: {unread}");
    }
}

#[test]
fn a_test_of_the_address_is_kept_nowhere() {
    let probe = r#"{"code":0,"data":{"verify_info":"hello"},"shop_id":0,"timestamp":1795255447}"#;
    for probe in [probe, r#"{"code":0}"#] {
        let signature = sign(KEY.as_bytes(), probe.as_bytes());
        assert_eq!(open(&[&by_body()], &signature, probe), Ok(Opened::Parts(Vec::new())), "{probe}");
        assert_eq!(open(&[&by_body()], OVER_BODY, probe), Err(SignatureFault::Mismatch), "{probe}");
    }
    for other in [BODY.replace("\"code\":3", "\"code\":0"), BODY.replace("\"code\":3", "\"code\":5"), String::new()] {
        let signature = sign(KEY.as_bytes(), other.as_bytes());
        assert_eq!(open(&[&by_body()], &signature, &other), Ok(Opened::Whole), "{other}");
    }
}

/// A push of this code with these fields of `data` beside the order's.
fn push(code: i64, fields: &Value) -> Value {
    let mut data = json!({ "ordersn": SN });
    data.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    json!({ "msg_id": "5f0c", "shop_id": 900_001, "code": code, "timestamp": UPDATED_S + 1, "data": data })
}

fn told(push: &Value) -> Mapped {
    let mapped = Shopee.map(&Headers::default(), push.to_string().as_bytes());
    mapped.unwrap_or_else(|fault| panic!("{push}: {fault}"))
}

#[test]
fn thin_news_says_what_its_status_says() {
    use PaymentState::{Pending, Unspecified};
    use Shipped::{Nothing, Wholly};
    let cases = [
        ("UNPAID", Pending, Nothing),
        ("PENDING", Unspecified, Nothing),
        ("INVOICE_PENDING", Unspecified, Nothing),
        ("READY_TO_SHIP", Unspecified, Nothing),
        ("PROCESSED", Unspecified, Nothing),
        ("RETRY_SHIP", Unspecified, Nothing),
        ("IN_CANCEL", Unspecified, Nothing),
        ("SHIPPED", Unspecified, Wholly),
        ("TO_CONFIRM_RECEIVE", Unspecified, Wholly),
        ("TO_RETURN", Unspecified, Wholly),
        ("COMPLETED", Unspecified, Wholly),
        ("CANCELLED", Unspecified, Nothing),
    ];
    for (status, payment, shipped) in cases {
        let news = json!({ "status": status, "update_time": UPDATED_S, "completed_scenario": null, "items": [] });
        let mapped = told(&push(3, &news));
        assert!(mapped.announced && mapped.order.is_none(), "{status}");
        assert_eq!((mapped.kind.as_str(), mapped.delivery_id.as_str()), ("order_status_push", "5f0c"));
        assert_eq!((mapped.platform_order_id.as_str(), mapped.payment), (SN, None));
        assert_eq!((mapped.payment_state, mapped.shipped), (payment, shipped), "{status}");
        assert_eq!(mapped.completed, status == "COMPLETED");
        assert_eq!(mapped.cancelled.is_some(), status == "CANCELLED");
        let wish = mapped.cancel_requested.map(|wish| wish.request_id);
        assert_eq!(wish.as_deref(), (status == "IN_CANCEL").then_some("261121KX7P2M4Q:cancel"), "{status}");
        // The order that the platform has then is what was announced.
        let (order, _) = if status == "READY_TO_SHIP" { whole(&[]) } else { at(status, &[]) };
        assert_eq!(mapped.version, order.version, "{status}");
    }
}

#[test]
fn a_tracking_number_announces_an_order_of_any_version() {
    let mapped =
        told(&push(4, &json!({ "tracking_no": "SPXSG01", "package_number": "OFG26112100001", "forder_id": "1" })));
    assert!(mapped.announced && mapped.order.is_none());
    assert_eq!((mapped.kind.as_str(), mapped.version, mapped.shipped), ("order_trackingno_push", 0, Shipped::Nothing));
    let untimed = told(&push(3, &json!({ "status": "PROCESSED" })));
    assert_eq!((untimed.announced, untimed.version), (true, 0));
}

#[test]
fn what_a_push_may_not_be_is_named() {
    let good = push(3, &json!({ "status": "READY_TO_SHIP", "update_time": UPDATED_S }));
    let cases = [
        ("/code", json!(null), FIELD_MISSING, "code"),
        ("/code", json!("3"), FIELD_INVALID, "code"),
        ("/code", json!(0), FIELD_INVALID, "code"),
        ("/code", json!(5), FIELD_INVALID, "code"),
        ("/shop_id", json!(null), FIELD_MISSING, "shop_id"),
        ("/shop_id", json!("900001"), FIELD_INVALID, "shop_id"),
        ("/shop_id", json!(0), FIELD_INVALID, "shop_id"),
        ("/msg_id", json!([]), FIELD_INVALID, "msg_id"),
        ("/data", json!(null), FIELD_MISSING, "data"),
        ("/data", json!("{}"), FIELD_INVALID, "data"),
        ("/data/ordersn", json!(null), FIELD_MISSING, "data.ordersn"),
        ("/data/ordersn", json!(17), FIELD_INVALID, "data.ordersn"),
        ("/data/ordersn", json!("a\nb"), FIELD_INVALID, "data.ordersn"),
        ("/data/status", json!(null), FIELD_MISSING, "data.status"),
        ("/data/status", json!("DREAMT"), FIELD_INVALID, "data.status"),
        ("/data/update_time", json!("now"), FIELD_INVALID, "data.update_time"),
        ("/data/update_time", json!(-1), FIELD_INVALID, "data.update_time"),
        ("/data/update_time", json!(UPDATED_S * 1000), FIELD_INVALID, "data.update_time"),
    ];
    for (pointer, wrong, reason, field) in cases {
        let mut body = good.clone();
        *body.pointer_mut(pointer).expect("it is there") = wrong;
        let fault = Shopee.map(&Headers::default(), body.to_string().as_bytes()).expect_err("it can't be read");
        assert_eq!((fault.reason, fault.field.as_str()), (reason, field), "{body}");
    }
    assert!(told(&good).announced);
}

#[test]
fn a_pushed_order_is_no_pulled_one() {
    assert!(!Shopee.kept_headers().contains(&PULLED), "or anybody with a key could push what is not the platform's");
    let fault = Shopee.map(&Headers::default(), ORDER.as_bytes()).expect_err("it is no push");
    assert_eq!((fault.reason, fault.field.as_str()), (FIELD_MISSING, "code"));
}

#[test]
fn the_answer_is_empty() {
    assert_eq!((Shopee.answer().status, Shopee.answer().body), (200, ""));
}
