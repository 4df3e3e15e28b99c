//! The projection and its questions on a real Postgres: what is written is found, and the order of topics does not matter.

#[path = "orders/catalogue.rs"]
mod catalogue;
#[path = "orders/http.rs"]
mod http;
#[path = "orders/pace.rs"]
mod pace;
#[path = "orders/projector.rs"]
mod projector;
#[path = "orders/records.rs"]
mod records;
#[path = "orders/starting.rs"]
mod starting;
#[path = "orders/unusual.rs"]
mod unusual;
#[path = "orders/window.rs"]
mod window;

use records::{Author, TENANT, in_log};
use sqlx::PgPool;
use tonic::Request;
use weir_console::edge::grpc::Console;
use weir_console::projection::Orders;
use weir_console::query::Queries;
use weir_pipeline::Record;
use weir_pipeline::projection::Projection as _;
use weir_proto::console::v1::console_service_server::ConsoleService as _;
use weir_proto::console::v1::{GetOrderRequest, OrderSummary, SearchOrdersRequest};
use weir_proto::order::v1::order_event::Event as OrderArm;
use weir_proto::order::v1::{Line, LineDelta, LinesChanged, PaymentReceived, PaymentState};
use weir_testkit::{Schema, Servers};

async fn schema() -> Schema {
    let schema = Servers::shared().schema("console").await;
    sqlx::migrate!("./migrations").run(&schema.pool).await.expect("the tables can be made");
    schema
}

async fn apply(pool: &PgPool, records: &[Record]) {
    let mut transaction = pool.begin().await.expect("a transaction");
    Orders.apply(&mut transaction, records).await.expect("the batch is applied");
    transaction.commit().await.expect("a commit");
}

fn queries(schema: &Schema) -> Queries {
    let key = weir_privacy::TenantKey::new([7; 32]);
    Queries::new(schema.pool.clone(), Some(key), TENANT)
}

/// The rows as they lie in the tables.
async fn rows(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select row_to_json(told)::text from (select * from orders natural full join order_identities) told
         union all select 'timeline ' || row_to_json(timeline)::text from timeline
         union all select 'found by ' || sku from order_skus union all select 'found by ' || tracking_number from order_tracking
         order by 1",
    )
        .fetch_all(pool)
        .await
        .expect("the rows")
}

async fn counted(queries: &Queries) -> (Vec<(String, i64)>, Vec<(String, i64)>) {
    let counts = queries.counts("").await.expect("the counts");
    let pairs = |counts: Vec<weir_proto::console::v1::Count>| counts.into_iter().map(|c| (c.name, c.count)).collect();
    (pairs(counts.states), pairs(counts.events))
}

async fn found(queries: &Queries, change: impl FnOnce(&mut SearchOrdersRequest)) -> Vec<OrderSummary> {
    let mut request = SearchOrdersRequest::default();
    change(&mut request);
    queries.search(&request).await.expect("an answer").orders
}

#[tokio::test]
async fn an_order_is_told_from_webhook_to_message() {
    let schema = schema().await;
    let mut author = Author::new(1001);
    let mut records = author.whole_story();
    in_log(&mut records);
    apply(&schema.pool, &records).await;
    let queries = queries(&schema);
    let by_id = queries.order("", &author.order_id).await.expect("the order");
    let summary = by_id.summary.clone().expect("a summary");
    assert_eq!((summary.state.as_str(), summary.waits_for.as_str()), ("shipped", ""));
    assert_eq!((summary.payment_state.as_str(), summary.payable_minor), ("paid", 4990));
    assert_eq!((summary.warehouse.as_str(), summary.tracking_number.as_str()), ("wh-east", "1Z00001001"));
    assert_eq!(by_id.timeline.len(), records.len());
    let first = &by_id.timeline[0];
    assert_eq!(first.r#type, "weir.order.v1.OrderPlaced");
    assert_eq!(first.actor, "person ann (review-desk)");
    assert!(first.text.starts_with("placed at shopify/acme as #1001: 1 × SKU-1"), "{}", first.text);
    assert!(first.json.contains("\"orderPlaced\""), "{}", first.json);
    assert_eq!(first.cause.as_ref().map(|cause| cause.offset), Some(9));
    let last = by_id.timeline.last().expect("a last entry");
    assert_eq!(last.text, "message sent, attempts: 1 (250 ok)");
    for name in ["shopify/acme/1001", "shopify/acme/#1001"] {
        let same = queries.order(TENANT, name).await.expect("the order by its number");
        assert_eq!(same.summary, by_id.summary, "{name}");
    }
    let missing = queries.order("other", &author.order_id).await.expect_err("another tenant's order");
    assert_eq!(missing.kind().slug, "not-found");
}

#[tokio::test]
async fn the_order_of_topics_does_not_matter() {
    let mut stories: Vec<Vec<Record>> = Vec::new();
    let mut author = Author::new(7);
    // What the order is found by comes with this, and goes when it is placed: in a batch of its own, or with the rest.
    let line = Some(Line { sku: "SKU-EARLY".to_owned(), ..Line::default() });
    let delta = LineDelta { line_id: "9".to_owned(), quantity: 1, line };
    let mut records =
        vec![author.order(OrderArm::LinesChanged(LinesChanged { deltas: vec![delta], ..LinesChanged::default() }))];
    records.extend(author.whole_story());
    in_log(&mut records);
    stories.push(records.clone());
    let mut backwards = records.clone();
    backwards.sort_by_key(|record| std::cmp::Reverse(record.topic));
    stories.push(backwards);
    let mut outcomes = Vec::new();
    for (story, size) in [(0, 100), (1, 100), (0, 1), (1, 3)] {
        let schema = schema().await;
        for batch in stories[story].chunks(size) {
            apply(&schema.pool, batch).await;
        }
        outcomes.push((rows(&schema.pool).await, counted(&queries(&schema)).await));
    }
    let first = &outcomes[0];
    let finds = ["found by 1Z00000007", "found by SKU-1", "found by SKU-9", "found by SKU-EARLY"];
    assert_eq!(first.0[..4], finds);
    assert_eq!(first.1.0, [("shipped".to_owned(), 1)]);
    assert!(first.1.1.contains(&("shipments/weir.shipment.v1.Shipped".to_owned(), 1)), "{:?}", first.1.1);
    assert!(outcomes.iter().all(|outcome| outcome == first), "{outcomes:#?}");
}

#[tokio::test]
async fn every_filter_finds_its_orders_and_no_others() {
    let schema = schema().await;
    let mut records: Vec<Record> = Vec::new();
    for number in 1..=5 {
        let story = Author::new(number).whole_story();
        // The first is shipped, the others are held.
        records.extend(story.into_iter().take(if number == 1 { 100 } else { 3 }));
    }
    in_log(&mut records);
    apply(&schema.pool, &records).await;
    let queries = queries(&schema);
    let numbers = |orders: Vec<OrderSummary>| orders.into_iter().map(|o| o.platform_order_id).collect::<Vec<_>>();
    assert_eq!(numbers(found(&queries, |_| ()).await), ["5", "4", "3", "2", "1"]);
    assert_eq!(numbers(found(&queries, |r| r.platform_order_id = "3".into()).await), ["3"]);
    assert_eq!(numbers(found(&queries, |r| r.buyer_hash = format!("{:032x}", 4)).await), ["4"]);
    assert_eq!(numbers(found(&queries, |r| r.buyer_hash = "nobody@example.com".into()).await), [""; 0]);
    assert_eq!(numbers(found(&queries, |r| r.sku = "SKU-4".into()).await), ["2"]);
    assert_eq!(numbers(found(&queries, |r| r.state = "shipped".into()).await), ["1"]);
    assert_eq!(numbers(found(&queries, |r| r.tracking_number = "1Z00000001".into()).await), ["1"]);
    assert_eq!(numbers(found(&queries, |r| r.channel = "woocommerce".into()).await), [""; 0]);
    assert_eq!(numbers(found(&queries, |r| r.tenant = "other".into()).await), [""; 0]);
    let held = found(&queries, |r| r.state = "held".into()).await;
    assert_eq!(held[0].waits_for, "held: over-2000 (review-desk)");
    assert_eq!(numbers(held), ["5", "4", "3", "2"]);
    assert_eq!(counted(&queries).await.0, [("held".to_owned(), 4), ("shipped".to_owned(), 1)]);
    let mut token = String::new();
    let mut pages = Vec::new();
    loop {
        let request = SearchOrdersRequest { page_size: 2, page_token: token, ..SearchOrdersRequest::default() };
        let page = queries.search(&request).await.expect("a page");
        pages.push(numbers(page.orders));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, [vec!["5", "4"], vec!["3", "2"], vec!["1"]]);
}

#[tokio::test]
async fn a_payment_before_its_order_is_an_order_that_waits() {
    let schema = schema().await;
    let mut author = Author::new(12);
    let paid = PaymentReceived { state: PaymentState::Paid.into(), ..PaymentReceived::default() };
    let early = author.order(OrderArm::PaymentReceived(paid));
    apply(&schema.pool, std::slice::from_ref(&early)).await;
    let queries = queries(&schema);
    let order = queries.order("", "shopify/acme/12").await.expect("the order is known by its derived id");
    assert_eq!(order.summary.map(|summary| summary.state), Some("announced".to_owned()));
    assert_eq!(counted(&queries).await.0, [("announced".to_owned(), 1)]);
}

#[tokio::test]
async fn what_could_not_be_read_is_told_all_the_same() {
    let schema = schema().await;
    let mut author = Author::new(13);
    let record = author.quarantined("money-not-integer-or-decimal-string");
    apply(&schema.pool, &[record]).await;
    let console = Console(queries(&schema));
    let request = GetOrderRequest { tenant: String::new(), order: author.order_id.clone() };
    let order = console.get_order(Request::new(request)).await.expect("the order's quarantine").into_inner();
    assert_eq!(order.summary.map(|summary| summary.state), Some("announced".to_owned()));
    let text = &order.timeline[0].text;
    assert_eq!(text, "clerk could not read a record: money-not-integer-or-decimal-string at lines[0].price");
    let unknown = GetOrderRequest { tenant: String::new(), order: "shopify/acme/14".to_owned() };
    let status = console.get_order(Request::new(unknown)).await.expect_err("no such order");
    assert_eq!(status.code(), tonic::Code::NotFound);
}
