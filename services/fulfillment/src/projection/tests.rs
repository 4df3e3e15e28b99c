//! Rows on a real Postgres: what batches leave behind, whole or cut anywhere, and what the queries find.

use super::*;
use prost::Message as _;
use sqlx::PgPool;
use weir_decider::Millis;
use weir_pipeline::Headers;
use weir_proto::log::v1::Meta;
use weir_proto::shipment::v1::{self as pb, ShipmentEvent, shipment_event::Event};
use weir_testkit::Servers;

fn record(order: &str, version: u64, event: Event) -> Record {
    let meta = Meta {
        tenant: "demo".to_owned(),
        key: order.to_owned(),
        version,
        at_ms: 1_000 + version as i64,
        ..Meta::default()
    };
    let value = ShipmentEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
    Record {
        topic: Topic::Shipments,
        partition: 0,
        offset: 0,
        time: Millis(0),
        key: order.to_owned(),
        value: value.into(),
        headers: Headers::default(),
    }
}

fn opened(plan: u32) -> Event {
    let plan_version = plan;
    Event::FulfillmentOrderOpened(pb::FulfillmentOrderOpened { plan_version, ..Default::default() })
}

fn issued(id: &str, warehouse: &str) -> Event {
    Event::PickListIssued(pb::PickListIssued {
        pick_list_id: id.to_owned(),
        warehouse: warehouse.to_owned(),
        plan_version: 1,
        ..Default::default()
    })
}

fn picked(id: &str) -> Event {
    Event::Picked(pb::Picked { pick_list_id: id.to_owned() })
}

fn shipped(id: &str, last: bool) -> Event {
    Event::Shipped(pb::Shipped { pick_list_id: id.to_owned(), last, ..Default::default() })
}

fn stopped(reason: &str) -> Event {
    Event::WorkStopped(pb::WorkStopped { reason: reason.to_owned(), ..Default::default() })
}

fn short(id: &str) -> Event {
    Event::ShortPicked(pb::ShortPicked { pick_list_id: id.to_owned(), ..Default::default() })
}

/// Three orders: a ships, b is short and gets a second plan, c is withdrawn, issued again, and cancelled.
fn story() -> Vec<Record> {
    let cancelled = Event::CancelAccepted(pb::CancelAccepted::default());
    vec![
        record("a", 1, opened(1)),
        record("b", 1, opened(1)),
        record("a", 2, issued("a1", "w1")),
        record("a", 3, issued("a2", "w2")),
        record("b", 2, issued("b1", "w1")),
        record("a", 4, picked("a1")),
        record("c", 1, opened(1)),
        record("c", 2, issued("c1", "w1")),
        record("a", 5, shipped("a1", false)),
        record("b", 3, short("b1")),
        record("b", 4, stopped("short-pick")),
        record("c", 3, stopped("deallocated")),
        record("b", 5, opened(2)),
        record("c", 4, issued("c1:2", "w2")),
        record("b", 6, issued("b2", "w2")),
        record("c", 5, cancelled),
        record("b", 7, picked("b2")),
    ]
}

async fn states(pool: &PgPool) -> Vec<(String, String, bool)> {
    sqlx::query_as("select pick_list_id, state, active from pick_lists order by pick_list_id")
        .fetch_all(pool)
        .await
        .expect("the rows can be read")
}

async fn apply(pool: &PgPool, records: &[Record]) {
    let mut connection = pool.acquire().await.expect("a connection");
    PickLists.apply(&mut connection, records).await.expect("the rows can be written");
}

async fn page(pool: &PgPool, warehouse: &str, after: i64, size: i64) -> Vec<PickListRow> {
    let (tenant, warehouse) = ("demo".to_owned(), warehouse.to_owned());
    list_pick_lists(pool, &PageAt { tenant, warehouse, after, size }).await.expect("a page")
}

#[tokio::test]
async fn the_rows_are_the_same_however_the_batches_are_cut() {
    let schema = Servers::shared().schema("fulfillment").await;
    MIGRATIONS.run(&schema.pool).await.expect("the tables can be made");
    let story = story();
    let expected = [
        ("a1", "shipped", false),
        ("a2", "open", true),
        ("b1", "short", false),
        ("b2", "picked", true),
        ("c1", "withdrawn", false),
        ("c1:2", "cancelled", false),
    ]
    .map(|(id, state, active)| (id.to_owned(), state.to_owned(), active));
    for size in [1, 2, 3, 5, 8, story.len()] {
        sqlx::query("truncate pick_lists, fulfillment_orders")
            .execute(&schema.pool)
            .await
            .expect("the tables can be emptied");
        for batch in story.chunks(size) {
            apply(&schema.pool, batch).await;
        }
        assert_eq!(states(&schema.pool).await, expected, "batches of {size}");
        let mut orders = Vec::new();
        for id in ["a", "b", "c"] {
            let row = order(&schema.pool, "demo", id).await.expect("an answer").expect("a row");
            orders.push((row.status, row.plan, row.version));
        }
        let is = |status: &str, plan, version| (status.to_owned(), plan, version);
        assert_eq!(orders, [is("IN_PROGRESS", 1, 5), is("IN_PROGRESS", 2, 7), is("CANCELLED", 1, 5)]);
    }
}

#[tokio::test]
async fn pages_follow_the_order_of_issue() {
    let schema = Servers::shared().schema("fulfillment").await;
    MIGRATIONS.run(&schema.pool).await.expect("the tables can be made");
    apply(&schema.pool, &story()).await;
    let first = page(&schema.pool, "", 0, 1).await;
    assert_eq!((first[0].order_id.as_str(), first[0].state.as_str()), ("a", "open"));
    assert_eq!(first[0].version, 5, "the order's version, not the list's");
    let second = page(&schema.pool, "", first[0].place, 10).await;
    assert_eq!((second.len(), second[0].order_id.as_str()), (1, "b"));
    assert_eq!(page(&schema.pool, "", second[0].place, 10).await, []);
    assert_eq!(page(&schema.pool, "w1", 0, 10).await, [], "a1 has left, b1 and c1 were withdrawn");
    assert_eq!(page(&schema.pool, "w2", 0, 10).await.len(), 2);
    let of_b = order_pick_lists(&schema.pool, "demo", "b").await.expect("an answer");
    assert_eq!(of_b, second);
    let elsewhere = order_pick_lists(&schema.pool, "other", "b").await.expect("an answer");
    assert_eq!(elsewhere, [], "another tenant sees nothing");
    let stranger = order(&schema.pool, "other", "b").await.expect("an answer");
    assert_eq!(stranger, None);
}

#[tokio::test]
async fn what_the_stage_says_of_itself_makes_no_row() {
    let schema = Servers::shared().schema("fulfillment").await;
    MIGRATIONS.run(&schema.pool).await.expect("the tables can be made");
    apply(&schema.pool, &[record("a", 0, Event::Stage(Default::default()))]).await;
    assert_eq!(order(&schema.pool, "demo", "a").await.expect("an answer"), None);
}

/// Facts of before such texts were refused lie in the log for good.
#[tokio::test]
async fn texts_that_no_table_holds_are_mended() {
    let schema = Servers::shared().schema("fulfillment").await;
    MIGRATIONS.run(&schema.pool).await.expect("the tables can be made");
    // Not to be made shorter by compressing it.
    let step = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some(char::from(b'a' + ((*state >> 33) % 26) as u8))
    };
    let long: String = std::iter::repeat_n((), 3_000).scan(7_u64, |state, ()| step(state)).collect();
    let (nul, wide) = (format!("a:1:W\0{long}"), "a:1:W2".to_owned());
    let batch = [
        record("a", 1, opened(1)),
        record("a", 2, issued(&nul, &format!("W\0{long}"))),
        record("a", 3, issued(&wide, "W2")),
    ];
    apply(&schema.pool, &batch).await;
    apply(&schema.pool, &[record("a", 4, picked(&nul))]).await;
    let mended = &long[..1024 - "a:1:W\u{FFFD}".len()];
    let expected = [(format!("a:1:W\u{FFFD}{mended}"), "picked".to_owned(), true), (wide, "open".to_owned(), true)];
    let mut found = states(&schema.pool).await;
    found.sort_by_key(|(id, ..)| std::cmp::Reverse(id.len()));
    assert_eq!(found, expected);
    let body = order_pick_lists(&schema.pool, "demo", "a").await.expect("an answer").remove(0).body;
    let list = pb::PickListIssued::decode(body.as_slice()).expect("a list");
    assert_eq!(list.pick_list_id, nul, "a hand works with the list's own id");
}
