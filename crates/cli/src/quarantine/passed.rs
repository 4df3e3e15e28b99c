//! How far the stages have read: what was written back is dealt with once their committed offsets are behind it.

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Offsets};

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits until each stage has committed at least these offsets; names those that have not within the time.
pub(super) fn late_stages(
    log: &KafkaLog,
    wanted: &BTreeMap<String, Offsets>,
    patience: Duration,
) -> anyhow::Result<BTreeSet<String>> {
    let started = Instant::now();
    let mut late: BTreeMap<&String, BaseConsumer> = BTreeMap::new();
    for stage in wanted.keys() {
        late.insert(stage, consumer(log, stage)?);
    }
    loop {
        let mut still = BTreeSet::new();
        for (stage, consumer) in &late {
            if !has_passed(log, consumer, &wanted[*stage])? {
                still.insert(*stage);
            }
        }
        late.retain(|stage, _| still.contains(stage));
        if late.is_empty() || started.elapsed() >= patience {
            return Ok(late.keys().map(|stage| (*stage).clone()).collect());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn consumer(log: &KafkaLog, stage: &str) -> anyhow::Result<BaseConsumer> {
    let config = log.config();
    // Only stable offsets are told: those of an open transaction may yet be taken back.
    Ok(ClientConfig::new()
        .set("bootstrap.servers", &config.brokers)
        .set("group.id", format!("{}.{stage}", config.prefix))
        .set("isolation.level", "read_committed")
        .create()?)
}

fn has_passed(log: &KafkaLog, consumer: &BaseConsumer, wanted: &Offsets) -> anyhow::Result<bool> {
    let mut list = TopicPartitionList::new();
    for at in wanted.keys() {
        list.add_partition(&log.full_name(at.topic), at.partition);
    }
    let committed = consumer.committed_offsets(list, Duration::from_secs(10))?;
    for (at, next) in wanted {
        let element = committed.find_partition(&log.full_name(at.topic), at.partition);
        let Some(element) = element else { return Ok(false) };
        element.error()?;
        if !matches!(element.offset(), Offset::Offset(offset) if offset >= *next) {
            return Ok(false);
        }
    }
    Ok(true)
}
