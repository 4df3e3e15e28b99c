//! Kafka: brokers, topics and their settings, and how far each stage has read.

use super::{Line, NO_ANSWER, Verdict, until};
use futures::future::join_all;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::time::Duration;
use tokio::time::Instant;
use weir_pipeline::Config;
use weir_pipeline::settings::{self, Verdict as Setting};
use weir_proto::topics::{STAGES, Topic};

const PATIENCE: Duration = Duration::from_secs(5);
const NO_LAG: &str = "its offsets can't be read";

pub(super) async fn look(config: &Config, all: bool, lag_max: i64, deadline: Instant) -> Vec<Line> {
    let part = format!("kafka {}", config.brokers);
    let asked = config.clone();
    let settings = until(deadline, move || settings::check(&asked));
    let stages = join_all(STAGES.iter().map(|stage| {
        let asked = config.clone();
        let line = until(deadline, move || stage_line(&asked, stage.name, stage.inputs, lag_max));
        async move { line.await.unwrap_or_else(|| Line::fault(format!("stage {}", stage.name), NO_ANSWER, NO_LAG)) }
    }));
    let (settings, stages) = tokio::join!(settings, stages);
    let away = |why: String| vec![Line::fault(&part, why, "is it running? scripts/servers up starts it")];
    match settings {
        None => away(NO_ANSWER.to_owned()),
        // Of a log that is away no stage's lag is known, which need not be said of each.
        Some(Err(error)) => away(error.to_string()),
        Some(Ok(report)) => {
            let looked_at = format!("answers; {} settings looked at", report.findings.len());
            let mut lines = vec![Line::ok(part, looked_at)];
            lines.extend(findings(&report, all));
            lines.extend(stages);
            lines
        }
    }
}

/// What many topics have alike is one line.
fn findings(report: &settings::Report, all: bool) -> Vec<Line> {
    let mut lines: Vec<(Line, usize)> = Vec::new();
    for finding in &report.findings {
        let found = format!("{} = {}", finding.setting, finding.found);
        let advice = format!("should be {} ({})", finding.wanted, finding.why);
        let missing = finding.setting == "partitions" && finding.found == "missing";
        let (verdict, advice) = match finding.verdict {
            Setting::Good if !all => continue,
            Setting::Good => (Verdict::Ok, String::new()),
            Setting::Note => (Verdict::Note, advice),
            Setting::Fault if missing => (Verdict::Fault, "`weir topics create` makes it".to_owned()),
            Setting::Fault => (Verdict::Fault, advice),
        };
        let alike = |line: &Line| line.verdict == verdict && line.found == found && line.advice == advice;
        match lines.iter_mut().find(|(line, _)| alike(line)) {
            Some((line, count)) if !all => {
                *count += 1;
                line.part = format!("{count} topics");
            }
            _ => lines.push((Line { verdict, part: finding.part.clone(), found, advice }, 1)),
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}

fn stage_line(config: &Config, stage: &str, topics: &[Topic], lag_max: i64) -> Line {
    let part = format!("stage {stage}");
    match lag(config, stage, topics) {
        Ok(lag) if lag > lag_max => {
            Line::fault(part, format!("{lag} records behind"), "is its service running and ready? see below")
        }
        Ok(lag) => Line::ok(part, format!("{lag} records behind")),
        Err(error) => Line::fault(part, error.to_string(), NO_LAG),
    }
}

/// End offsets less committed offsets. Control records count, so a stage at rest may show a few.
fn lag(config: &Config, stage: &str, topics: &[Topic]) -> Result<i64, KafkaError> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &config.brokers)
        .set("group.id", format!("{}.{stage}", config.prefix))
        .set("enable.auto.commit", "false")
        .create()?;
    let mut wanted = TopicPartitionList::new();
    for topic in topics {
        for partition in 0..topic.partitions(config.partitions) {
            wanted.add_partition(&topic.full_name(&config.prefix), partition);
        }
    }
    let mut lag = 0;
    for element in consumer.committed_offsets(wanted, PATIENCE)?.elements() {
        let (first, end) = consumer.fetch_watermarks(element.topic(), element.partition(), PATIENCE)?;
        let committed = match element.offset() {
            Offset::Offset(offset) => offset,
            _ => first,
        };
        lag += (end - committed).max(0);
    }
    Ok(lag)
}
