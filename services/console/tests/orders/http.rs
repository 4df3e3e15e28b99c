//! The questions over HTTP: what is asked in the address is answered in JSON, and what makes no sense as a problem.

use super::records::{Author, START, in_log};
use super::{apply, queries, schema};
use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use weir_console::edge::http::router;
use weir_testkit::Schema;

async fn get(schema: &Schema, address: &str) -> (StatusCode, Value) {
    let request = Request::get(address).body(Body::empty()).expect("an address");
    let response = router(queries(schema)).oneshot(request).await.expect("an answer");
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    (status, serde_json::from_slice(&body).expect("JSON"))
}

#[tokio::test]
async fn what_is_asked_over_http_is_answered_in_json() {
    let schema = schema().await;
    let mut author = Author::new(31);
    let mut records = author.whole_story();
    in_log(&mut records);
    apply(&schema.pool, &records).await;
    for address in [format!("/orders/{}", author.order_id), "/orders/shopify/acme/%2331".to_owned()] {
        let (status, body) = get(&schema, &address).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(body["summary"]["state"], "shipped");
        assert_eq!(body["summary"]["payableMinor"], 4990);
        assert_eq!(body["timeline"][0]["event"]["orderPlaced"]["order"]["identity"]["shop"], "acme");
    }
    let (_, body) = get(&schema, "/orders?state=shipped&sku=SKU-1").await;
    assert_eq!(body["orders"][0]["platformOrderId"], "31");
    let (from, until) = (START + 31, START + 32);
    let window = format!("/orders?channel=shopify&shop=acme&placed_from={from}&placed_until={until}");
    let (_, body) = get(&schema, &window).await;
    assert_eq!(body["orders"].as_array().map(Vec::len), Some(1), "{body}");
    assert_eq!(body["orders"][0]["lines"], json!([{ "lineId": "1", "quantity": 1 }, { "lineId": "2", "quantity": 1 }]));
    assert_eq!(body["orders"][0]["cancelAsked"], false);
    let (_, body) = get(&schema, &format!("/orders?placed_until={from}")).await;
    assert_eq!(body["orders"], json!([]), "the end of a window is not in it");
    let (_, body) = get(&schema, "/counts").await;
    assert_eq!(body["states"]["shipped"], 1);
    assert_eq!(body["events"]["orders/weir.order.v1.OrderPlaced"], 1);
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_a_problem() {
    let schema = schema().await;
    let cases = [
        ("/orders/ffffffff-ffff-5fff-8fff-ffffffffffff", StatusCode::NOT_FOUND, "not-found"),
        ("/orders/shopify/acme/404", StatusCode::NOT_FOUND, "not-found"),
        ("/orders/1001", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?state=lost", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?page_size=many", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?page_token=7", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?buyer=nobody", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?colour=red", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/counts?colour=red", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/counts?tenant=%00", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?sku=%00", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?sku=TEA%0A", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?tracking=%00", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?channel=%00", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?channel=shopify&shop=%00", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?placed_from=yesterday", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?placed_until=1.5", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?platform_order_id=%00", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders?tenant=%00", StatusCode::BAD_REQUEST, "field-invalid"),
        ("/orders/shopify/acme/%00", StatusCode::BAD_REQUEST, "field-invalid"),
    ];
    for (address, status, slug) in cases {
        let (found, body) = get(&schema, address).await;
        assert_eq!(found, status, "{address}: {body}");
        let kind = body["type"].as_str().unwrap_or_default();
        assert!(kind.contains(slug), "{address}: {body}");
    }
}
