//! How far projections are behind the log, wherever their rows or counters lie.

use super::{Line, NO_ANSWER, until};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;
use weir_pipeline::Config;
use weir_proto::topics::Topic;

const PATIENCE: Duration = Duration::from_secs(5);
const NO_LAG: &str = "its lag can't be told without Kafka";

/// Where a projection stands.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Topic, partition, next offset.
    pub places: Vec<(Topic, i32, i64)>,
    /// What keeps its readers from it; empty where nothing does.
    pub absent: String,
}

/// Each projection's, by its name.
pub(super) type Standings = BTreeMap<String, Standing>;

pub(super) async fn lines(config: &Config, standings: Standings, lag_max: i64, deadline: Instant) -> Vec<Line> {
    let names: Vec<String> = standings.keys().cloned().collect();
    let config = config.clone();
    let told = until(deadline, move || look(&config, standings, lag_max)).await;
    told.unwrap_or_else(|| names.iter().map(|name| Line::fault(part(name), NO_ANSWER, NO_LAG)).collect())
}

fn part(name: &str) -> String {
    format!("projection {name}")
}

fn look(config: &Config, standings: Standings, lag_max: i64) -> Vec<Line> {
    let consumer: Result<BaseConsumer, KafkaError> =
        ClientConfig::new().set("bootstrap.servers", &config.brokers).set("group.id", "weir-doctor").create();
    let lag = |standing: &Standing| behind(consumer.as_ref().map_err(Clone::clone)?, config, &standing.places);
    standings.iter().map(|(name, standing)| line(part(name), lag(standing), &standing.absent, lag_max)).collect()
}

/// End offsets less next offsets. Control records count, so a projection at rest may show a few.
fn behind(consumer: &BaseConsumer, config: &Config, places: &[(Topic, i32, i64)]) -> Result<i64, KafkaError> {
    let mut lag = 0;
    for (topic, partition, next) in places {
        let (first, end) = consumer.fetch_watermarks(&topic.full_name(&config.prefix), *partition, PATIENCE)?;
        lag += (end - first.max(*next)).max(0);
    }
    Ok(lag)
}

fn line(part: String, lag: Result<i64, KafkaError>, absent: &str, lag_max: i64) -> Line {
    let behind = |lag: i64| format!("{lag} records behind");
    match lag {
        Ok(lag) if lag > lag_max => Line::fault(part, behind(lag), "is its service running?"),
        Ok(lag) if absent.is_empty() => Line::ok(part, behind(lag)),
        Ok(lag) => Line::note(part, format!("{}; {absent}", behind(lag)), "its readers hear \"absent\" until then"),
        Err(error) => Line::fault(part, error.to_string(), NO_LAG),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_projection_that_is_not_whole_is_noted_and_one_far_behind_is_a_fault() {
        let told = |lag, absent| {
            let Line { verdict, found, .. } = line(part("a.b"), Ok(lag), absent, 10);
            (verdict, found)
        };
        assert_eq!(told(10, ""), (Verdict::Ok, "10 records behind".to_owned()));
        assert_eq!(told(11, ""), (Verdict::Fault, "11 records behind".to_owned()));
        assert_eq!(told(3, "1 of 2"), (Verdict::Note, "3 records behind; 1 of 2".to_owned()));
    }
}
