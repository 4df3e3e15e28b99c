//! The projector on a real Kafka: what a stage writes is found in Postgres, and is not taken in twice after a restart.

use super::records::{Author, TENANT};
use super::schema;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use weir_console::projection::Orders;
use weir_console::query::Queries;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::projection::postgres;
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, Outgoing, Record, Signals, settings};
use weir_testkit::{Schema, Servers, unique_prefix, wait_for_async};

const PATIENCE: Duration = Duration::from_secs(60);

async fn write(config: &Config, records: Vec<Record>) {
    let writer = Writer::connect(config, "console-test", PATIENCE).expect("a writer");
    for (number, record) in records.into_iter().enumerate() {
        let outgoing = Outgoing {
            topic: record.topic,
            key: record.key,
            event_type: "weir.test.v1.Made",
            value: record.value.to_vec(),
        };
        writer.write(outgoing, &format!("made-{number}"), None).await.expect("a record is written");
    }
}

/// Projects until the order has come to `state`, then stops.
async fn project(config: &Config, schema: &Schema, order_id: &str, state: &str) -> Queries {
    let stop = Arc::new(AtomicBool::new(false));
    let signals = Signals::new(stop.clone(), |_, _| ());
    let log = KafkaLog::unchecked(config);
    let projector = postgres::spawn(Orders, log, config, schema.pool.clone(), signals);
    let queries = Queries::new(schema.pool.clone(), None, TENANT);
    wait_for_async(&format!("the order to be {state}"), PATIENCE, async || {
        let order = queries.order("", order_id).await.ok()?;
        (order.summary?.state == state).then_some(())
    })
    .await;
    stop.store(true, Ordering::Relaxed);
    let ended = tokio::task::spawn_blocking(move || projector.join()).await.expect("the wait");
    ended.expect("no panic").expect("an end without a fault");
    queries
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_become_rows_once() {
    let servers = Servers::shared();
    let schema = schema().await;
    let mut config = Config::new(servers.brokers.as_str(), "console-0");
    config.prefix = unique_prefix();
    let for_topics = config.clone();
    let made = tokio::task::spawn_blocking(move || settings::create_topics(&for_topics)).await;
    made.expect("the wait").expect("the topics are made");
    let mut author = Author::new(77);
    let mut story = author.whole_story();
    let rest = story.split_off(5);
    write(&config, story).await;
    project(&config, &schema, &author.order_id, "routed").await;
    write(&config, rest).await;
    let queries = project(&config, &schema, &author.order_id, "shipped").await;
    let counts = queries.counts("").await.expect("the counts");
    let placed = counts.events.iter().find(|count| count.name == "orders/weir.order.v1.OrderPlaced");
    assert_eq!(placed.map(|count| count.count), Some(1));
    let states: Vec<(&str, i64)> = counts.states.iter().map(|count| (count.name.as_str(), count.count)).collect();
    assert_eq!(states, [("shipped", 1)]);
}
