//! A record on its way into the log.

use weir_proto::topics::Topic;

/// A record to be written; the loop adds headers and finds the partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub topic: Topic,
    /// Order id, or "tenant/pool".
    pub key: String,
    /// Full protobuf name of the event's arm: "weir.routing.v1.Planned".
    pub event_type: &'static str,
    /// The topic's message, encoded.
    pub value: Vec<u8>,
}
