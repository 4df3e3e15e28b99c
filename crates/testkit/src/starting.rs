//! How a service's process starts: what must be the same of all of them.

use crate::program::PATIENCE;
use crate::{Program, Servers, create_topics_with, unique_prefix, wait_for};

/// Where nobody listens.
const NOWHERE: &str = "127.0.0.1:1";
/// Of each topic.
const PARTITIONS: i32 = 2;

/// A topic that is not as STAGE.md §7 wants it, in one setting.
pub struct WrongTopic<'a> {
    /// Without the prefix: "orders".
    pub name: &'a str,
    pub setting: &'a str,
    pub found: &'a str,
    pub wanted: &'a str,
}

/// Starts a service whose Kafka is away: it must serve at once, not be ready, and end in good order when it is asked to.
///
/// # Panics
/// When it does not.
pub fn serves_while_kafka_is_away(program: &str, own: &[(&str, &str)]) {
    let mut program = Program::spawn(program, &[own, &[("WEIR_BROKERS", NOWHERE)]].concat());
    assert_eq!(program.get("/live").0, 200);
    // It listens before it starts; that waits for nothing that is away.
    let body = wait_for("the start", PATIENCE, || {
        let (status, body) = program.get("/ready");
        assert_eq!(status, 503, "{body}");
        body.contains(r#""holds":true,"name":"started""#).then_some(body)
    });
    assert!(body.contains(r#""holds":false"#), "a condition says what is missing: {body}");
    assert_eq!(program.get("/metrics").0, 200);
    let (code, log) = program.terminate();
    assert_eq!(code, Some(0), "{log}");
}

/// Starts a service on a cluster with one wrong topic: it must end with 64, and its log say what is wrong and where that is explained.
/// `create_others` makes all other topics, as they should be, given brokers, prefix and the number of partitions.
///
/// # Panics
/// When it does not.
pub fn refuses_a_topic(
    program: &str,
    own: &[(&str, &str)],
    wrong: &WrongTopic<'_>,
    create_others: impl FnOnce(&str, &str, i32),
) {
    let (brokers, prefix) = (&*Servers::shared().brokers, &*unique_prefix());
    let WrongTopic { name, setting, found, wanted } = wrong;
    let topic = format!("{prefix}.{name}");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(create_topics_with(brokers, &[(&topic, PARTITIONS)], &[(setting, found)]));
    create_others(brokers, prefix, PARTITIONS);
    let partitions = &*PARTITIONS.to_string();
    let cluster = [("WEIR_BROKERS", brokers), ("WEIR_PREFIX", prefix), ("WEIR_PARTITIONS", partitions)];
    let (code, log) = Program::spawn(program, &[own, &cluster].concat()).ended();
    assert_eq!(code, Some(64), "{log}");
    let said = format!("topic {topic}: {setting} is {found}; it should be {wanted}");
    for words in [&*said, "docs/errors/topic-setting.md"] {
        assert!(log.contains(words), "{words} is not in {log}");
    }
}
