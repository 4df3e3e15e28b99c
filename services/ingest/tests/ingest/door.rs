//! The door on a real Kafka: every kind of bad input gets its documented answer, and what was believed is never lost.

use crate::house::{Answer, House, now_s, post};
use axum::body::{Body, Bytes};
use futures::stream;
use prost::Message as _;
use serde_json::Value;
use std::io;
use weir_ingest::edge::{Admission, Door, Limits, router};
use weir_ingest::wire::subject_key;
use weir_proto::delivery::v1::{DeliveryEvent, Received, delivery_event::Event};
use weir_proto::ids;
use weir_proto::topics::Topic;

const ORDER: &str = r##"{"id":9007199254740995,"name":"#1","created_at":"2026-11-21T10:00:00Z","updated_at":"2026-11-21T10:00:01Z",
    "currency":"EUR","total_price":"5.00","financial_status":"pending",
    "line_items":[{"id":1,"sku":"TEA","quantity":1,"price":"5.00"}]}"##;

/// Status, slug, first field, and whether the delivery lies in the log.
fn problem(answer: &Answer) -> (u16, String, String, bool) {
    let body: Value = serde_json::from_slice(&answer.body).expect("a problem body");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kept = body["kept"] == "true";
    (answer.status.as_u16(), text(&body["code"]), text(&body["errors"][0]["field"]), kept)
}

fn refused(status: u16, slug: &str, field: &str) -> (u16, String, String, bool) {
    (status, slug.to_owned(), field.to_owned(), false)
}

fn kept(slug: &str, field: &str) -> (u16, String, String, bool) {
    (400, slug.to_owned(), field.to_owned(), true)
}

fn deliveries(house: &House) -> Vec<(String, Received)> {
    let read = |record: weir_pipeline::Record| {
        let event = DeliveryEvent::decode(record.value).expect("a delivery");
        let Some(Event::Received(received)) = event.event else { panic!("a received delivery") };
        assert_eq!(event.meta.map(|meta| (meta.tenant, meta.key)), Some(("demo".to_owned(), record.key.clone())));
        (record.key, received)
    };
    house.read(Topic::Deliveries).into_iter().map(read).collect()
}

#[test]
fn what_is_not_believed_is_named_and_kept_nowhere() {
    let house = House::open();
    let body = ORDER.to_owned();
    let wrong = [("x-shopify-hmac-sha256", "AAAA".to_owned()), ("x-shopify-topic", "orders/create".to_owned())];
    let at = "/webhooks/shopify/acme";
    assert_eq!(problem(&house.post(at, &wrong, body.clone())), refused(401, "signature-mismatch", ""));
    assert_eq!(problem(&house.post(at, &[], body.clone())), refused(401, "signature-missing", "x-shopify-hmac-sha256"));
    let unknown = house.post("/webhooks/shopify/nobody", &wrong, body.clone());
    assert_eq!(problem(&unknown), refused(404, "unknown-shop", ""));
    let unknown = house.post("/webhooks/fax/acme", &wrong, body);
    assert_eq!(problem(&unknown), refused(404, "unknown-channel", ""));
    let old = house.generic("m-1", now_s() - 3600, "{}");
    assert_eq!(problem(&old), refused(401, "signature-expired", ""));
    let large = house.shopify("orders/create", &" ".repeat(1 << 20));
    assert_eq!(problem(&large), refused(413, "body-too-large", ""));
    assert_eq!(deliveries(&house), []);
}

/// Whoever can't sign can't use up what a shop may send: its own webhooks come in all the while.
#[test]
fn only_signed_deliveries_spend_the_budget_of_a_shop() {
    let house = House::open();
    let unsigned = [("webhook-id", "m".to_owned()), ("webhook-timestamp", now_s().to_string())];
    for _ in 0..20 {
        let answer = house.post("/webhooks/generic/tight", &unsigned, "{}");
        assert_eq!(problem(&answer), refused(401, "signature-missing", "webhook-signature"));
    }
    let paid = r#"{"type":"order.paid","timestamp":"2026-11-21T10:05:00Z","data":{"order_id":"W-1",
        "payment":{"id":"p-1","amount_minor":500,"currency":"EUR"}}}"#;
    let mut statuses: Vec<u16> = Vec::new();
    for n in 0..20 {
        let answer = house.generic_at("tight", &format!("m-{n}"), now_s(), paid);
        if answer.status.as_u16() == 429 {
            assert_eq!(problem(&answer), refused(429, "overloaded", ""));
            assert!(answer.retry_after.is_some());
        }
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses[0], 202, "{statuses:?}");
    assert!(statuses.contains(&429), "above its budget: {statuses:?}");
    let taken = statuses.iter().filter(|status| **status == 202).count();
    assert_eq!(deliveries(&house).len(), taken, "what is shed is not written");
}

/// While there is no place, nothing is read: reading costs what the door has too little of.
#[test]
fn a_full_door_sheds_before_the_body_is_there() {
    let house = House::open();
    let full = Admission::new(Limits { in_flight: 0, in_flight_urgent: 0 });
    let routes = router(Door::new(house.book.clone(), house.lane(), full));
    let routes = weir_host::serve::http(routes, &weir_host::serve::Limits::default());
    let never = Body::from_stream(stream::pending::<io::Result<Bytes>>());
    let answer = house.block_on(post(routes, "/webhooks/shopify/acme", &[], never));
    assert_eq!(problem(&answer), refused(429, "overloaded", ""));
    assert_eq!(answer.retry_after.as_deref(), Some("1"));
}

/// It was signed, so its bytes are kept; the clerk puts it where a person looks, and nothing of it becomes a fact.
#[test]
fn a_text_that_no_table_can_hold_goes_to_quarantine() {
    let house = House::open();
    let nul = ORDER.replace("\"sku\":\"TEA\"", r#""sku":"TEA\u0000""#);
    let answer = house.shopify("orders/create", &nul);
    assert_eq!(problem(&answer), kept("field-invalid", "line_items[0].sku"));
    let _clerk = house.clerk();
    weir_testkit::wait_for("the delivery in quarantine", crate::house::PATIENCE, || {
        (!house.read(Topic::Quarantine).is_empty()).then_some(())
    });
    let facts = house.read(Topic::Orders);
    assert!(facts.iter().all(|fact| fact.headers.event_type.as_deref() != Some("weir.order.v1.OrderPlaced")));
}

#[test]
fn what_is_believed_is_kept_even_where_it_cannot_be_read() {
    let house = House::open();
    let shopify = |body: &str| problem(&house.shopify("orders/create", body));
    assert_eq!(shopify("<order/>"), kept("body-not-json", ""));
    assert_eq!(shopify(&ORDER.replace(r#""name":"#, r#""id":1,"name":"#)), kept("duplicate-key", "id"));
    assert_eq!(shopify(&ORDER.replace(r#""currency":"EUR","#, "")), kept("field-missing", "currency"));
    let float = ORDER.replace(r#""total_price":"5.00""#, r#""total_price":5.01"#);
    assert_eq!(shopify(&float), kept("money-not-integer-or-decimal-string", "total_price"));
    let deliveries = deliveries(&house);
    let subject = subject_key("demo", "shopify", "acme");
    let order = ids::order_id("demo", "shopify", "acme", "9007199254740995");
    let under = |key: &str| deliveries.iter().filter(|(known, _)| known == key).count();
    assert_eq!((deliveries.len(), under(&subject), under(&order)), (4, 2, 2), "by order where it can be told");
    assert!(deliveries.iter().any(|(_, received)| received.body == float), "the bytes are those that came");
}

#[test]
fn each_platform_hears_what_it_wants_once_the_log_has_it() {
    let house = House::open();
    let answer = house.shopify("orders/create", ORDER);
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    let ping = [("content-type", "application/x-www-form-urlencoded".to_owned())];
    assert_eq!(house.post("/webhooks/woocommerce/acme", &ping, "webhook_id=7").status.as_u16(), 200);
    let answer = house.woocommerce(include_str!("../../../../crates/channels/src/woocommerce/order.json"));
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    let thin = r#"{"id":"E1","status":"WAIT_BUYER_PAY","version":7,"msg":"%7B%7D","msg_id":"y-1","type":"trade_TradeCreate","client_id":"client","test":false}"#;
    let answer = house.youzan("trade_TradeCreate", thin);
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (200, br#"{"code":0,"msg":"success"}"#.as_slice()));
    let sealed =
        r#"{"eventId":"k-1","event":"kwaishop_order_addOrder","appKey":"ks7","info":"{\"oid\":17,\"createTime\":5}"}"#;
    let answer = house.kuaishou(sealed);
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (200, br#"{"result":1}"#.as_slice()));
    assert_eq!(house.kuaishou(r#"{"test":true}"#).status.as_u16(), 200, "and nothing of it in the log");
    let paid = r#"{"type":"order.paid","timestamp":"2026-11-21T10:05:00Z","data":{"order_id":"W-1",
        "payment":{"id":"p-1","amount_minor":500,"currency":"EUR"}}}"#;
    let answer = house.generic("m-1", now_s(), paid);
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (202, br#"{"accepted":true}"#.as_slice()));
    let mut deliveries = deliveries(&house);
    deliveries.sort_by(|one, other| one.1.channel.cmp(&other.1.channel));
    let told: Vec<_> = deliveries.iter().map(|(_, one)| (one.kind.as_str(), one.platform_order_id.as_str())).collect();
    let expected = [
        ("order.paid", "W-1"),
        ("kwaishop_order_addOrder", "17"),
        ("orders/create", "9007199254740995"),
        ("order.updated", "731"),
        ("trade_TradeCreate", "E1"),
    ];
    assert_eq!(told, expected);
    assert_eq!(deliveries[0].1.delivery_id, "m-1");
    assert_eq!(deliveries[1].1.body, sealed, "it lies open in the log");
    assert_eq!(deliveries[2].1.body, ORDER);
    assert!(deliveries[2].1.reference > 0, "the clerk must have read what the door has read");
}

/// Whoever sends a list sends all of it again unless it hears success: what is good in it must not wait for what is not.
#[test]
fn each_message_of_a_list_is_a_delivery_of_its_own() {
    let house = House::open();
    let probe = r#"{"tag":"0","msg_id":"0","data":"2026-11-21T10:00:00+08:00"}"#;
    let created = r#"{"tag":"100","msg_id":"d-1","data":"{\"p_id\":6917345028831207425,\"order_status\":1}"}"#;
    let paid = r#"{ "msg_id":"d-2", "tag":101, "data":{"p_id":"6917345028831207425","order_status":2,"pay_type":1} }"#;
    let other = r#"{"tag":"106","msg_id":"d-3","data":{"p_id":6917345028831207426}}"#;
    let unreadable = r#"{"tag":"100","msg_id":"d-4","data":{}}"#;
    let heard = |body: &str| {
        let answer = house.douyin(body);
        (answer.status.as_u16(), String::from_utf8_lossy(&answer.body).into_owned())
    };
    let success = (200, r#"{"code":0,"msg":"success"}"#.to_owned());
    assert_eq!(heard(&format!("[{probe}]")), success);
    assert_eq!(deliveries(&house), [], "a test of the address is no delivery");
    assert_eq!(heard(&format!("[{created}, {probe},{unreadable},\n{paid},{other}]")), success);
    let mut deliveries = deliveries(&house);
    deliveries.sort_by(|one, other| one.1.delivery_id.cmp(&other.1.delivery_id));
    let bodies: Vec<&[u8]> = deliveries.iter().map(|(_, received)| received.body.as_ref()).collect();
    assert_eq!(
        bodies,
        [unreadable, created, paid, other].map(str::as_bytes),
        "all before the answer, in their own bytes"
    );
    let of = |id: &str| ids::order_id("demo", "douyin", "acme", id);
    let (one, two) = (of("6917345028831207425"), of("6917345028831207426"));
    let subject = subject_key("demo", "douyin", "acme");
    let keys: Vec<&str> = deliveries.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, [subject.as_str(), one.as_str(), one.as_str(), two.as_str()]);
    let kinds: Vec<&str> = deliveries.iter().map(|(_, received)| received.kind.as_str()).collect();
    assert_eq!(kinds, ["", "100", "101", "106"]);
    assert_eq!(
        problem(&house.douyin(&format!("[{unreadable}]"))),
        kept("field-missing", "data.p_id"),
        "alone it is told"
    );
    assert_eq!(problem(&house.douyin("[1,")), kept("body-not-json", ""));
}

#[tokio::test]
async fn without_a_log_nothing_is_acknowledged() {
    let answer = post(House::routes_without_a_log(), "/webhooks/shopify/acme", &[], ORDER.into()).await;
    assert_eq!(problem(&answer), refused(503, "log-unavailable", ""));
    assert_eq!(answer.retry_after.as_deref(), Some("2"));
}
