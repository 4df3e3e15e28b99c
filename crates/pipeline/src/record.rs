//! A record as it was read from the log.

use bytes::Bytes;
use prost::Message as _;
use weir_decider::{Fault, Millis};
use weir_proto::log::v1::{Envelope, Meta, Position};
use weir_proto::topics::Topic;

/// One partition of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    pub topic: Topic,
    pub partition: i32,
}

impl TopicPartition {
    pub fn new(topic: Topic, partition: i32) -> TopicPartition {
        TopicPartition { topic, partition }
    }
}

/// The headers that the loop looks at; the rest stays at the broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// W3C trace context of the record's writer.
    pub traceparent: Option<String>,
    /// Full protobuf name of the event.
    pub event_type: Option<String>,
    /// Set on a record that was written back from quarantine: the stage that it is for, and the quarantined record's place,
    /// as "stage:quarantine/partition/offset".
    pub redriven: Option<String>,
    /// Set on the last redriven record of a blocked aggregate.
    pub unblock: bool,
}

/// A record as it was read, committed and in order.
#[derive(Clone, Debug)]
pub struct Record {
    pub topic: Topic,
    pub partition: i32,
    pub offset: i64,
    /// LogAppendTime.
    pub time: Millis,
    pub key: String,
    pub value: Bytes,
    pub headers: Headers,
}

impl Record {
    pub fn topic_partition(&self) -> TopicPartition {
        TopicPartition { topic: self.topic, partition: self.partition }
    }

    pub fn position(&self) -> Position {
        Position { topic: self.topic.name().to_owned(), partition: self.partition, offset: self.offset }
    }

    /// The part that every record has: its meta, and the stage's fact if it is one.
    ///
    /// # Errors
    /// `undecodable` where the value is no protobuf message, `field-missing` where it has no meta.
    pub fn envelope(&self) -> Result<(Meta, Option<weir_proto::log::v1::stage_fact::Fact>), Fault> {
        let envelope =
            Envelope::decode(self.value.clone()).map_err(|error| Fault::whole("undecodable", format!("{error}")))?;
        let meta = envelope.meta.ok_or_else(|| Fault::field("field-missing", "meta", "the record carries no meta"))?;
        Ok((meta, envelope.stage.and_then(|stage| stage.fact)))
    }

    /// Decodes the value as a topic's message.
    ///
    /// # Errors
    /// `undecodable`.
    pub fn decode<M: prost::Message + Default>(&self) -> Result<M, Fault> {
        M::decode(self.value.clone()).map_err(|error| Fault::whole("undecodable", format!("{error}")))
    }
}
