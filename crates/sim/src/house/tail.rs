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

/// Every committed record there is, topic by topic, partition by partition.
pub(super) fn by_topic(sim: &Sim) -> BTreeMap<Topic, Vec<Record>> {
    let of = |topic: Topic| (topic, Tail::of(sim, &[topic]).look(sim));
    topics().into_iter().map(of).collect()
}

/// Every topic of the catalogue.
pub(super) fn topics() -> Vec<Topic> {
    CATALOGUE.iter().map(|entry| entry.topic).collect()
}
