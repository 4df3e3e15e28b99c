//! Between rdkafka's types and ours.

use crate::log::Offsets;
use crate::record::place;
use crate::{Config, Headers, LogError, Record, TopicPartition};
use bytes::Bytes;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::HashMap;
use weir_decider::Millis;
use weir_proto::headers;
use weir_proto::topics::{CATALOGUE, Topic};

/// Full names of the installation's topics, both ways.
#[derive(Debug)]
pub(crate) struct Names {
    by_name: HashMap<String, Topic>,
    full: Vec<String>,
}

impl Names {
    pub(crate) fn new(config: &Config) -> Names {
        let full: Vec<String> = CATALOGUE.iter().map(|e| e.topic.full_name(&config.prefix)).collect();
        let by_name = CATALOGUE.iter().map(|e| (e.topic.full_name(&config.prefix), e.topic)).collect();
        Names { by_name, full }
    }

    pub(crate) fn full(&self, topic: Topic) -> &str {
        &self.full[topic as usize]
    }

    pub(crate) fn list(&self, offsets: &Offsets) -> Result<TopicPartitionList, LogError> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (at, offset) in offsets {
            list.add_partition_offset(self.full(at.topic), at.partition, Offset::Offset(*offset))
                .map_err(|e| LogError::Fatal(e.to_string()))?;
        }
        Ok(list)
    }

    pub(crate) fn bare_list(&self, partitions: &[TopicPartition]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for at in partitions {
            list.add_partition(self.full(at.topic), at.partition);
        }
        list
    }

    pub(crate) fn partitions(&self, list: &TopicPartitionList) -> Vec<TopicPartition> {
        let known = |name: &str| self.by_name.get(name).copied();
        let mut all: Vec<_> = list
            .elements()
            .iter()
            .filter_map(|e| Some(TopicPartition::new(known(e.topic())?, e.partition())))
            .collect();
        all.sort_unstable();
        all
    }

    pub(crate) fn topic(&self, name: &str) -> Option<Topic> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn record(&self, message: &BorrowedMessage<'_>) -> Result<Record, LogError> {
        let topic = self
            .topic(message.topic())
            .ok_or_else(|| LogError::Fatal(format!("a record of the unknown topic {}", message.topic())))?;
        Ok(Record {
            topic,
            partition: message.partition(),
            offset: message.offset(),
            time: Millis(message.timestamp().to_millis().unwrap_or(0)),
            key: message.key().map(|k| String::from_utf8_lossy(k).into_owned()).unwrap_or_default(),
            value: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
            headers: read_headers(message),
        })
    }
}

fn read_headers(message: &BorrowedMessage<'_>) -> Headers {
    let mut found = Headers::default();
    let Some(all) = message.headers() else { return found };
    for header in all.iter() {
        let text = || header.value.map(|v| String::from_utf8_lossy(v).into_owned());
        match header.key {
            headers::TRACEPARENT => found.traceparent = text(),
            headers::CE_TYPE => found.event_type = text().map(Into::into),
            headers::REDRIVEN => found.redriven = text(),
            headers::COPY_OF => found.copy_of = text().as_deref().and_then(place::parse),
            _ => {}
        }
    }
    found
}

/// What an error of a call outside a transaction means.
pub(crate) fn plain_error(error: &KafkaError) -> LogError {
    let text = error.to_string();
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::Fatal | RDKafkaErrorCode::FencedInstanceId) => LogError::Fenced(text),
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::OffsetOutOfRange
            | RDKafkaErrorCode::AutoOffsetReset
            | RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::InvalidArgument,
        ) => LogError::Fatal(text),
        _ => LogError::Transient(text),
    }
}
