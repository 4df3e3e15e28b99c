//! How the process starts: at once while Kafka is away, and not at all on a topic that breaks STAGE.md §7.

use weir_pipeline::{Config, settings};
use weir_proto::topics::Topic;
use weir_testkit::{WrongTopic, refuses_a_topic, serves_while_kafka_is_away};

const PROGRAM: &str = env!("CARGO_BIN_EXE_weir-fulfillment");
/// What it needs beside Kafka; nobody listens there.
const OWN: &[(&str, &str)] = &[("WEIR_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")];

#[test]
fn it_serves_at_once_and_is_not_ready_while_kafka_is_away() {
    serves_while_kafka_is_away(PROGRAM, OWN);
}

#[test]
fn a_topic_that_is_set_up_wrongly_ends_it_with_64() {
    let wrong =
        WrongTopic { name: Topic::Shipments.name(), setting: "cleanup.policy", found: "compact", wanted: "delete" };
    refuses_a_topic(PROGRAM, OWN, &wrong, |brokers, prefix, partitions| {
        let config = Config { prefix: prefix.to_owned(), partitions, ..Config::new(brokers, "test-0") };
        settings::create_topics(&config).expect("the other topics");
    });
}
