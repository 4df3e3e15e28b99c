//! The servers are real, each test has its own corner of them, and a private one can be hurt.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use weir_testkit::{PrivateServers, Server, Servers, create_topics, unique_prefix, wait_for, wait_for_async};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_is_written_to_an_own_topic_is_read_back() {
    let servers = Servers::shared();
    let topic = format!("{}.facts", unique_prefix());
    create_topics(&servers.brokers, &[(&topic, 3)]).await;

    let producer: FutureProducer = client(servers).create().expect("a producer");
    let record = FutureRecord::to(&topic).partition(2).key("k").payload("v");
    let delivery = producer.send(record, PATIENCE).await.expect("a delivery");

    assert_eq!((delivery.partition, delivery.offset), (2, 0));
    let consumer: BaseConsumer = client(servers).create().expect("a consumer");
    let end = wait_for("the written record to be visible", PATIENCE, || {
        let (_, end) = consumer.fetch_watermarks(&topic, 2, PATIENCE).ok()?;
        (end > 0).then_some(end)
    });
    assert_eq!(end, 1);
}

#[tokio::test]
async fn two_schemas_of_one_name_do_not_meet_and_are_gone_afterwards() {
    let servers = Servers::shared();
    let first = servers.schema("orders").await;
    let second = servers.schema("orders").await;
    for schema in [&first, &second] {
        sqlx::raw_sql("create table placed (id int); insert into placed values (1)")
            .execute(&schema.pool)
            .await
            .expect("an own table");
    }
    let rows: i64 = sqlx::query_scalar("select count(*) from placed").fetch_one(&first.pool).await.expect("a count");
    assert_eq!(rows, 1);

    let name = first.name.clone();
    drop(first);
    let left: i64 = sqlx::query_scalar("select count(*) from pg_namespace where nspname = $1")
        .bind(name)
        .fetch_one(&second.pool)
        .await
        .expect("a count");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn the_address_of_a_schema_leads_into_it() {
    let schema = Servers::shared().schema("routing").await;
    let pool = sqlx::PgPool::connect(&schema.url).await.expect("a pool");
    let current: String = sqlx::query_scalar("select current_schema()::text").fetch_one(&pool).await.expect("a name");
    assert_eq!(current, schema.name);
}

#[tokio::test]
async fn redis_prefixes_differ() {
    let servers = Servers::shared();
    assert_ne!(servers.redis_namespace(), servers.redis_namespace());
    wait_for_async("an answer", PATIENCE, || ping(&servers.redis_url)).await;
}

#[tokio::test]
async fn a_private_redis_can_be_killed_frozen_and_brought_back() {
    let private = PrivateServers::start(&[Server::Redis]);
    let url = private.addresses().redis_url.clone();
    wait_for_async("an answer", PATIENCE, || ping(&url)).await;

    private.kill(Server::Redis);
    assert!(ping(&url).await.is_none());
    private.restart(Server::Redis);
    wait_for_async("an answer of the second", PATIENCE, || ping(&url)).await;

    private.pause(Server::Redis);
    assert!(ping(&url).await.is_none());
    private.resume(Server::Redis);
    wait_for_async("an answer of the thawed Redis", PATIENCE, || ping(&url)).await;
}

fn client(servers: &Servers) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &servers.brokers);
    config
}

/// Nothing when no answer comes within half a second.
async fn ping(url: &str) -> Option<()> {
    let asking = async {
        let client = redis::Client::open(url).ok()?;
        let mut connection = client.get_multiplexed_async_connection().await.ok()?;
        let answer: String = redis::cmd("PING").query_async(&mut connection).await.ok()?;
        (answer == "PONG").then_some(())
    };
    tokio::time::timeout(Duration::from_millis(500), asking).await.ok().flatten()
}
