//! Topics of a test's own.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use uuid::Uuid;

use crate::wait_for;

/// A prefix for topics, groups and transactional ids that no other test has: `t` and 8 hex digits.
pub fn unique_prefix() -> String {
    let id = Uuid::new_v4().simple().to_string();
    format!("t{}", &id[..8])
}

/// Creates topics as Weir's own are: times given by the broker, one replica, kept for ever. Returns
/// once each partition has a leader, so that the first use finds it.
///
/// # Panics
/// When the broker refuses one, or leaves one without a leader.
pub async fn create_topics(brokers: &str, topics: &[(&str, i32)]) {
    let settings = [("message.timestamp.type", "LogAppendTime"), ("retention.ms", "-1")];
    create_topics_with(brokers, topics, &settings).await;
}

/// As [`create_topics`], with settings of the caller's choice alone.
pub async fn create_topics_with(brokers: &str, topics: &[(&str, i32)], settings: &[(&str, &str)]) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .expect("the settings of an admin client are right");
    let wanted: Vec<NewTopic<'_>> =
        topics.iter().map(|&(name, partitions)| new_topic(name, partitions, settings)).collect();
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)));
    let results = admin
        .create_topics(&wanted, &options)
        .await
        .unwrap_or_else(|error| panic!("topics cannot be created on {brokers}: {error}"));
    for result in results {
        if let Err((topic, error)) = result {
            panic!("topic {topic} cannot be created: {error}");
        }
    }
    wait_for_leaders(&admin, topics);
}

fn new_topic<'a>(name: &'a str, partitions: i32, settings: &[(&'a str, &'a str)]) -> NewTopic<'a> {
    settings.iter().fold(NewTopic::new(name, partitions, TopicReplication::Fixed(1)), |topic, &(name, value)| {
        topic.set(name, value)
    })
}

fn wait_for_leaders(admin: &AdminClient<DefaultClientContext>, topics: &[(&str, i32)]) {
    for &(name, partitions) in topics {
        let what = format!("a leader for each of the {partitions} partitions of {name}");
        wait_for(&what, Duration::from_secs(30), || {
            let metadata = admin.inner().fetch_metadata(Some(name), Duration::from_secs(5)).ok()?;
            let found = metadata.topics().iter().find(|topic| topic.name() == name)?;
            let led = found.partitions().iter().filter(|p| p.leader() >= 0);
            (led.count() == partitions as usize).then_some(())
        });
    }
}
