//! One shop's orders of a span of time, page by page, with what is needed to lay them beside the platform's own.

use super::records::{Author, START, in_log};
use super::{apply, found, queries, schema};
use weir_console::query::Queries;
use weir_proto::console::v1::{LineQuantity, OrderSummary, SearchOrdersRequest};
use weir_proto::order::v1::order_event::Event as OrderArm;
use weir_proto::order::v1::{CancellationRequested, LineDelta, LinesChanged, OrderCancelled};

fn numbers(orders: &[OrderSummary]) -> Vec<&str> {
    orders.iter().map(|order| order.platform_order_id.as_str()).collect()
}

/// Orders 1 to 5 of shopify/acme, each placed a millisecond after the one before; order n at `START + n`.
async fn five_orders(pool: &sqlx::PgPool) {
    let mut records = Vec::new();
    for number in 1..=5 {
        records.push(Author::new(number).whole_story().remove(0));
    }
    in_log(&mut records);
    apply(pool, &records).await;
}

#[tokio::test]
async fn a_window_has_its_first_moment_and_not_its_last() {
    let schema = schema().await;
    five_orders(&schema.pool).await;
    let queries = queries(&schema);
    let window = |from_ms, until_ms| {
        let queries = &queries;
        async move {
            let orders = found(queries, |r| (r.placed_from_ms, r.placed_until_ms) = (from_ms, until_ms)).await;
            numbers(&orders).join(" ")
        }
    };
    assert_eq!(window(START + 2, START + 4).await, "3 2");
    assert_eq!(window(START + 4, 0).await, "5 4", "0 is no bound");
    assert_eq!(window(0, START + 3).await, "2 1");
    assert_eq!(window(START + 6, START + 7).await, "");
}

#[tokio::test]
async fn a_shop_is_one_of_its_channel() {
    let schema = schema().await;
    five_orders(&schema.pool).await;
    let queries = queries(&schema);
    let of = |channel: &'static str, shop: &'static str| {
        let queries = &queries;
        async move { found(queries, |r| (r.channel, r.shop) = (channel.into(), shop.into())).await.len() }
    };
    assert_eq!((of("shopify", "acme").await, of("shopify", "zenith").await), (5, 0));
    assert_eq!(of("woocommerce", "acme").await, 0);
    assert_eq!(refused(&queries, |r| r.shop = "acme".into()).await, "shop");
    let backwards = refused(&queries, |r| (r.placed_from_ms, r.placed_until_ms) = (START, START)).await;
    assert_eq!(backwards, "placed_until");
}

/// The field that the refusal names.
async fn refused(queries: &Queries, change: impl FnOnce(&mut SearchOrdersRequest)) -> String {
    let mut request = SearchOrdersRequest::default();
    change(&mut request);
    let problem = queries.search(&request).await.expect_err("it makes no sense");
    assert_eq!(problem.kind().slug, "field-invalid");
    problem.fields()[0].field.clone()
}

#[tokio::test]
async fn pages_of_a_window_miss_nothing_and_repeat_nothing() {
    let schema = schema().await;
    five_orders(&schema.pool).await;
    let queries = queries(&schema);
    let mut request = SearchOrdersRequest {
        channel: "shopify".to_owned(),
        shop: "acme".to_owned(),
        placed_from_ms: START + 1,
        placed_until_ms: START + 5,
        page_size: 3,
        ..SearchOrdersRequest::default()
    };
    let first = queries.search(&request).await.expect("a page");
    assert_eq!(numbers(&first.orders), ["4", "3", "2"]);
    request.page_token = first.next_page_token;
    let last = queries.search(&request).await.expect("a page");
    assert_eq!((numbers(&last.orders), last.next_page_token.as_str()), (vec!["1"], ""));
}

#[tokio::test]
async fn lines_are_told_as_they_are_ordered_now() {
    let schema = schema().await;
    let mut author = Author::new(1);
    let mut records = vec![author.whole_story().remove(0)];
    let delta = |line_id: &str, quantity| LineDelta { line_id: line_id.to_owned(), quantity, line: None };
    let edit = LinesChanged { deltas: vec![delta("1", 2), delta("2", -1)], ..LinesChanged::default() };
    records.push(author.order(OrderArm::LinesChanged(edit)));
    in_log(&mut records);
    apply(&schema.pool, &records).await;
    let order = found(&queries(&schema), |_| ()).await.remove(0);
    let lines = [LineQuantity { line_id: "1".to_owned(), quantity: 3 }];
    assert_eq!((order.lines.as_slice(), order.cancel_asked), (&lines[..], false), "what nobody wants is no line");
}

#[tokio::test]
async fn a_cancellation_shows_whoever_asked_for_it() {
    let asked = OrderArm::CancellationRequested(CancellationRequested::default());
    let done = OrderArm::OrderCancelled(OrderCancelled::default());
    for event in [asked, done] {
        let schema = schema().await;
        let mut author = Author::new(1);
        let mut records = vec![author.whole_story().remove(0), author.order(event.clone())];
        in_log(&mut records);
        apply(&schema.pool, &records).await;
        assert!(found(&queries(&schema), |_| ()).await[0].cancel_asked, "{event:?}");
    }
}
