//! How the process starts: at once while Kafka is away, and not at all on a topic that breaks STAGE.md §7.

use weir_pipeline::{Config, settings};
use weir_proto::topics::Topic;
use weir_testkit::{Servers, create_topics_with, refuses_to_work, serves_while_kafka_is_away, unique_prefix};

const PROGRAM: &str = env!("CARGO_BIN_EXE_weir-notification");
/// What it needs beside Kafka; nobody listens there.
const OWN: &[(&str, &str)] =
    &[("WEIR_TENANT_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="), ("WEIR_SMTP_URL", "smtp://127.0.0.1:1")];
const PARTITIONS: i32 = 2;

#[test]
fn it_serves_at_once_and_is_not_ready_while_kafka_is_away() {
    serves_while_kafka_is_away(PROGRAM, OWN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_set_up_wrongly_ends_it_with_64() {
    let mut config = Config::new(&Servers::shared().brokers, "test-0");
    config.prefix = unique_prefix();
    config.partitions = PARTITIONS;
    let topic = Topic::Notices.full_name(&config.prefix);
    create_topics_with(&config.brokers, &[(&topic, PARTITIONS)], &[("cleanup.policy", "compact")]).await;
    let (brokers, prefix) = (config.brokers.clone(), config.prefix.clone());
    let refused = tokio::task::spawn_blocking(move || {
        settings::create_topics(&config).expect("the other topics");
        let partitions = PARTITIONS.to_string();
        let cluster = [("WEIR_BROKERS", &*brokers), ("WEIR_PREFIX", &prefix), ("WEIR_PARTITIONS", &partitions)];
        let said = format!("topic {topic}: cleanup.policy is compact; it should be delete");
        refuses_to_work(PROGRAM, &[OWN, &cluster].concat(), &[&said, "docs/errors/topic-setting.md"]);
    });
    refused.await.expect("it refuses");
}
