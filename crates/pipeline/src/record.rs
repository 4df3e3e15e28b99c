//! A record as it was read from the log.

use bytes::Bytes;
use std::borrow::Cow;
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
    pub event_type: Option<Cow<'static, str>>,
    /// Set on a record that was written back from quarantine: the stage that it is for, and the quarantined record's place,
    /// as "stage:quarantine/partition/offset".
    pub redriven: Option<String>,
    /// Set beside it: the input that the record is a copy of.
    pub copy_of: Option<Position>,
}

/// What marks a record that is written back from quarantine.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenBack {
    /// [`Headers::redriven`].
    pub place: String,
    /// [`Headers::copy_of`].
    pub copy_of: Position,
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
        let envelope: Envelope = self.decode()?;
        let meta = envelope.meta.ok_or_else(|| Fault::field("field-missing", "meta", "the record carries no meta"))?;
        Ok((meta, envelope.stage.and_then(|stage| stage.fact)))
    }

    /// Decodes the value as a topic's message.
    ///
    /// # Errors
    /// `undecodable`.
    pub fn decode<M: prost::Message + Default>(&self) -> Result<M, Fault> {
        // From a slice: counting references to the bytes for each field costs more than the few copies that it would spare.
        M::decode(&*self.value).map_err(|error| Fault::whole("undecodable", format!("{error}")))
    }
}

/// A place in the log as a header says it: "topic/partition/offset".
pub(crate) mod place {
    use weir_proto::log::v1::Position;

    pub(crate) fn render(position: &Position) -> String {
        format!("{}/{}/{}", position.topic, position.partition, position.offset)
    }

    /// `None` where it is none.
    pub(crate) fn parse(text: &str) -> Option<Position> {
        let mut parts = text.split('/');
        let topic = parts.next().filter(|topic| !topic.is_empty())?.to_owned();
        let (partition, offset) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Position { topic, partition, offset })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_place_is_read_as_it_was_written() {
            let place = Position { topic: "stock-commands".to_owned(), partition: 3, offset: 994 };
            assert_eq!(render(&place), "stock-commands/3/994");
            assert_eq!(parse(&render(&place)), Some(place));
            for none in ["", "/1/2", "orders", "orders/1", "orders/x/2", "orders/1/2/3"] {
                assert_eq!(parse(none), None, "{none:?}");
            }
        }
    }
}
