//! Makes the topics of the catalogue. What is there already is left as it is; the check says whether it will do.

use super::wanted::{DAY_MS, MESSAGE_BYTES_MAX, REPLICAS, REPLICAS_IN_SYNC};
use super::{PATIENCE, admin};
use crate::{Config, LogError};
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;
use std::time::{Duration, Instant};
use weir_proto::topics::{CATALOGUE, Entry, Retention};

/// How long new topics may take to get their leaders.
const LEADERS_PATIENCE: Duration = Duration::from_secs(30);

/// A topic that is to be made.
struct Missing {
    entry: &'static Entry,
    name: String,
    settings: Vec<(&'static str, String)>,
}

/// Creates the topics that are missing, and returns once each has its leaders. Blocks; not to be called on a runtime's thread.
///
/// # Errors
/// Where the cluster does not answer, or refuses a topic.
pub fn create_topics(config: &Config) -> Result<(), LogError> {
    let admin = admin(config)?;
    let transient = |e: rdkafka::error::KafkaError| LogError::Transient(e.to_string());
    let metadata = admin.inner().fetch_metadata(None, PATIENCE).map_err(transient)?;
    let replicas = i64::try_from(metadata.brokers().len()).unwrap_or(1).clamp(1, REPLICAS);
    let missing: Vec<Missing> = CATALOGUE
        .iter()
        .map(|entry| Missing {
            entry,
            name: entry.topic.full_name(&config.prefix),
            settings: settings(entry, replicas),
        })
        .filter(|row| !metadata.topics().iter().any(|t| t.name() == row.name))
        .collect();
    let topics: Vec<NewTopic<'_>> = missing
        .iter()
        .map(|row| {
            let count = row.entry.topic.partitions(config.partitions);
            let new = NewTopic::new(&row.name, count, TopicReplication::Fixed(i32::try_from(replicas).unwrap_or(1)));
            row.settings.iter().fold(new, |new, (setting, value)| new.set(setting, value))
        })
        .collect();
    if topics.is_empty() {
        return Ok(());
    }
    let options = AdminOptions::new().operation_timeout(Some(LEADERS_PATIENCE));
    for outcome in futures::executor::block_on(admin.create_topics(&topics, &options)).map_err(transient)? {
        match outcome {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => return Err(LogError::Fatal(format!("topic {name} can't be created: {code}"))),
        }
    }
    let names: Vec<&str> = missing.iter().map(|row| row.name.as_str()).collect();
    await_leaders(&admin, &names)
}

fn settings(entry: &Entry, replicas: i64) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        ("max.message.bytes", MESSAGE_BYTES_MAX.to_string()),
        ("min.insync.replicas", replicas.min(REPLICAS_IN_SYNC).to_string()),
        ("unclean.leader.election.enable", "false".to_owned()),
        ("retention.bytes", "-1".to_owned()),
    ];
    settings.extend(match entry.retention {
        Retention::Endless => [("cleanup.policy", "delete".to_owned()), ("retention.ms", "-1".to_owned())],
        Retention::Days(days) => {
            [("cleanup.policy", "delete".to_owned()), ("retention.ms", (days * DAY_MS).to_string())]
        }
        Retention::Compacted => [("cleanup.policy", "compact".to_owned()), ("retention.ms", "-1".to_owned())],
    });
    settings
}

fn await_leaders(
    admin: &rdkafka::admin::AdminClient<rdkafka::client::DefaultClientContext>,
    names: &[&str],
) -> Result<(), LogError> {
    let started = Instant::now();
    loop {
        let metadata = admin.inner().fetch_metadata(None, PATIENCE).map_err(|e| LogError::Transient(e.to_string()))?;
        let led = |name: &&str| {
            let topic = metadata.topics().iter().find(|t| t.name() == *name);
            topic.is_some_and(|t| !t.partitions().is_empty() && t.partitions().iter().all(|p| p.leader() >= 0))
        };
        if names.iter().all(led) {
            return Ok(());
        }
        if started.elapsed() > LEADERS_PATIENCE {
            return Err(LogError::Transient("new topics have no leaders yet".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
