//! The stages' committed input offsets.

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::time::Duration;
use weir_invariants::Committed;
use weir_pipeline::TopicPartition;
use weir_pipeline::kafka::KafkaLog;
use weir_proto::topics::{STAGES, StageEntry};

/// Those of every stage, as of now.
pub fn of_all(log: &KafkaLog) -> anyhow::Result<Committed> {
    let mut committed = Committed::new();
    for stage in STAGES {
        of_stage(log, stage, &mut committed)?;
    }
    Ok(committed)
}

fn of_stage(log: &KafkaLog, stage: &'static StageEntry, committed: &mut Committed) -> anyhow::Result<()> {
    let config = log.config();
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &config.brokers)
        .set("group.id", format!("{}.{}", config.prefix, stage.name))
        .set("isolation.level", "read_committed")
        .create()?;
    let mut list = TopicPartitionList::new();
    let mut asked = Vec::new();
    for input in stage.inputs {
        for partition in 0..input.partitions(config.partitions) {
            list.add_partition(&input.full_name(&config.prefix), partition);
            asked.push(TopicPartition::new(*input, partition));
        }
    }
    let answer = consumer.committed_offsets(list, Duration::from_secs(20))?;
    for element in answer.elements() {
        element.error()?;
        let of = |at: &&TopicPartition| {
            at.partition == element.partition() && at.topic.full_name(&config.prefix) == element.topic()
        };
        if let (Offset::Offset(offset), Some(at)) = (element.offset(), asked.iter().find(of)) {
            committed.insert((stage.name, *at), offset);
        }
    }
    Ok(())
}
