//! Follows every committed record as it becomes visible, without asking the broker for anything: the world's eyes.

use crate::Sim;
use std::collections::BTreeMap;
use weir_pipeline::{Record, TopicPartition};
use weir_proto::topics::{CATALOGUE, Topic};

/// Where each partition has been read to.
#[derive(Default)]
pub(super) struct Tail {
    next: BTreeMap<TopicPartition, i64>,
}

impl Tail {
    /// Follows these topics from their beginning.
    pub(super) fn of(sim: &Sim, topics: &[Topic]) -> Tail {
        let broker = sim.lock();
        let places = topics.iter().flat_map(|topic| {
            (0..broker.partition_count(*topic)).map(|number| (TopicPartition::new(*topic, number), 0))
        });
        Tail { next: places.collect() }
    }

    /// Where the next look at this partition begins.
    pub(super) fn reached(&self, at: TopicPartition) -> i64 {
        self.next.get(&at).copied().unwrap_or(0)
    }

    /// What has become visible since the last look, partition by partition.
    pub(super) fn look(&mut self, sim: &Sim) -> Vec<Record> {
        let broker = sim.lock();
        let mut found = Vec::new();
        for (at, next) in &mut self.next {
            let Ok(partition) = broker.partition(*at) else { continue };
            loop {
                match partition.next_committed(*next) {
                    Ok((offset, stored, time)) => {
                        found.push(Record {
                            topic: at.topic,
                            partition: at.partition,
                            offset,
                            time,
                            key: stored.key.clone(),
                            value: stored.value.clone(),
                            headers: stored.headers.clone(),
                        });
                        *next = offset + 1;
                    }
                    Err(ended) => {
                        *next = ended;
                        break;
                    }
                }
            }
        }
        found
    }
}

/// Committed records, each partition's in the order of its log.
#[derive(Default)]
pub(super) struct Records(BTreeMap<TopicPartition, Vec<Record>>);

impl Records {
    pub(super) fn push(&mut self, record: Record) {
        self.0.entry(record.topic_partition()).or_default().push(record);
    }

    pub(super) fn at(&self, topic: Topic, number: i32) -> &[Record] {
        self.0.get(&TopicPartition::new(topic, number)).map_or(&[], Vec::as_slice)
    }

    /// A topic's, partition by partition.
    pub(super) fn of(&self, topic: Topic) -> impl Iterator<Item = &Record> {
        let all = TopicPartition::new(topic, 0)..=TopicPartition::new(topic, i32::MAX);
        self.0.range(all).flat_map(|(_, records)| records)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Record> {
        self.0.values().flatten()
    }

    pub(super) fn by_partition(self) -> BTreeMap<TopicPartition, Vec<Record>> {
        self.0
    }
}

/// Every topic of the catalogue.
pub(super) fn topics() -> Vec<Topic> {
    CATALOGUE.iter().map(|entry| entry.topic).collect()
}
