//! Reads partitions of one topic by hand, outside any group.

use super::client;
use super::convert::{Names, plain_error};
use crate::log::{Offsets, Pace, Reader};
use crate::{Config, LogError, Record, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long the broker may take to say where a partition begins and ends.
const BOUNDS_PATIENCE: Duration = Duration::from_secs(10);
/// … and which cluster it is.
const CLUSTER_PATIENCE: Duration = Duration::from_secs(5);

/// A reader on Kafka.
pub struct KafkaReader {
    consumer: BaseConsumer<Quiet>,
    names: Names,
    partitions: BTreeMap<TopicPartition, Progress>,
}

/// The end of a partition is no error here.
struct Quiet;

impl ClientContext for Quiet {
    fn error(&self, error: KafkaError, reason: &str) {
        if !matches!(error, KafkaError::PartitionEOF(_))
            && error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF)
        {
            tracing::warn!(%error, reason, "reader");
        }
    }
}

impl ConsumerContext for Quiet {}

struct Progress {
    next: i64,
    /// The last stable offset as of `assign`.
    stable: i64,
}

impl KafkaReader {
    pub(crate) fn open(config: &Config, pace: Pace) -> Result<KafkaReader, LogError> {
        let mut settings = client::reading(config, pace);
        // The group id is required by the client and never joined.
        settings.set("group.id", format!("{}.reader.{}", config.prefix, config.instance));
        settings.set("enable.partition.eof", "true");
        let consumer = settings.create_with_context(Quiet).map_err(|e| LogError::Fatal(e.to_string()))?;
        Ok(KafkaReader { consumer, names: Names::new(config), partitions: BTreeMap::new() })
    }

    pub(crate) fn cluster_id(&self) -> Result<String, LogError> {
        // A new client connects when it is asked for something, and else within a second: the id alone doesn't count as that.
        self.consumer.fetch_metadata(None, CLUSTER_PATIENCE).map_err(|e| plain_error(&e))?;
        let id = self.consumer.client().fetch_cluster_id(CLUSTER_PATIENCE);
        id.ok_or_else(|| LogError::Transient("the broker did not say which cluster it is".to_owned()))
    }

    /// Everything that was stable at `assign` lies before the end that the broker just reported.
    fn reached_end(&mut self, partition: i32) {
        for (at, progress) in &mut self.partitions {
            if at.partition == partition {
                progress.next = progress.next.max(progress.stable);
            }
        }
    }
}

impl Reader for KafkaReader {
    fn assign(&mut self, from: &Offsets) -> Result<(), LogError> {
        self.partitions.clear();
        let mut list = TopicPartitionList::new();
        for (at, offset) in from {
            let (first, stable) = self.bounds(*at)?;
            let next = (*offset).max(first);
            self.partitions.insert(*at, Progress { next, stable });
            list.add_partition_offset(self.names.full(at.topic), at.partition, Offset::Offset(next))
                .map_err(|e| LogError::Fatal(e.to_string()))?;
        }
        self.consumer.assign(&list).map_err(|e| plain_error(&e))
    }

    fn poll(&mut self, wait: Duration) -> Result<Option<Record>, LogError> {
        match self.consumer.poll(wait) {
            None => Ok(None),
            Some(Ok(message)) => {
                let record = self.names.record(&message)?;
                if let Some(progress) = self.partitions.get_mut(&record.topic_partition()) {
                    progress.next = record.offset + 1;
                }
                Ok(Some(record))
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                self.reached_end(partition);
                Ok(None)
            }
            Some(Err(error)) => match plain_error(&error) {
                LogError::Transient(text) => {
                    tracing::debug!(error = text, "transient reader error");
                    Ok(None)
                }
                other => Err(other),
            },
        }
    }

    fn bounds(&mut self, partition: TopicPartition) -> Result<(i64, i64), LogError> {
        let started = Instant::now();
        loop {
            let name = self.names.full(partition.topic);
            match self.consumer.fetch_watermarks(name, partition.partition, Duration::from_secs(2)) {
                Ok(bounds) => return Ok(bounds),
                Err(error) => match plain_error(&error) {
                    LogError::Transient(_) if started.elapsed() < BOUNDS_PATIENCE => {
                        std::thread::sleep(Duration::from_millis(50));
                    }
                    other => return Err(other),
                },
            }
        }
    }

    fn position(&self, partition: TopicPartition) -> i64 {
        self.partitions.get(&partition).map_or(0, |p| p.next)
    }

    fn done(&self) -> bool {
        self.partitions.values().all(|p| p.next >= p.stable)
    }
}
