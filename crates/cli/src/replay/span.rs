//! Between which offsets a span of time lies, as the broker knows it: what is before or behind is not fetched.

use anyhow::Context as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::time::Duration;
use weir_pipeline::log::Offsets;
use weir_pipeline::{Config, TopicPartition};

const PATIENCE: Duration = Duration::from_secs(10);
/// Brokers' clocks may differ, so a record of an earlier time may lie behind one of a later. Read on for this long.
const SKEW_MS: i64 = 10 * 60_000;

/// The first offset of this time or later in each partition; a partition without one is left out.
pub fn begin(config: &Config, partitions: &[TopicPartition], from_ms: i64) -> anyhow::Result<Offsets> {
    at(config, partitions, from_ms)
}

/// An offset in each partition behind which nothing is of an earlier time; a partition without one is left out.
pub fn end(config: &Config, partitions: &[TopicPartition], to_ms: i64) -> anyhow::Result<Offsets> {
    at(config, partitions, to_ms.saturating_add(SKEW_MS))
}

fn at(config: &Config, partitions: &[TopicPartition], ms: i64) -> anyhow::Result<Offsets> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &config.brokers)
        // The client wants one; it is never joined.
        .set("group.id", format!("{}.replay", config.prefix))
        .create()?;
    let mut asked = TopicPartitionList::new();
    for at in partitions {
        // Below zero the broker understands something else than a time.
        asked.add_partition_offset(&at.topic.full_name(&config.prefix), at.partition, Offset::Offset(ms.max(0)))?;
    }
    let found =
        consumer.offsets_for_times(asked, PATIENCE).context("the broker did not say which offsets are of that time")?;
    let mut offsets = Offsets::new();
    for at in partitions {
        let element = found.find_partition(&at.topic.full_name(&config.prefix), at.partition);
        let element = element.with_context(|| format!("the broker told nothing of {} {}", at.topic, at.partition))?;
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            offsets.insert(*at, offset);
        }
    }
    Ok(offsets)
}

#[cfg(test)]
#[path = "span/tests.rs"]
mod tests;
