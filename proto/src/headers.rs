//! Names of the record headers: CloudEvents 1.0 in binary mode, W3C trace context, and Weir's few of its own.
//!
//! Source: CloudEvents Kafka protocol binding §3.2; W3C Trace Context §3.2.

pub const CONTENT_TYPE: &str = "content-type";
pub const CE_SPECVERSION: &str = "ce_specversion";
pub const CE_ID: &str = "ce_id";
pub const CE_SOURCE: &str = "ce_source";
/// Full protobuf name of the event's arm; the value is the topic's message that holds it.
pub const CE_TYPE: &str = "ce_type";
/// RFC 3339 time of the event.
pub const CE_TIME: &str = "ce_time";
pub const CE_SUBJECT: &str = "ce_subject";
pub const TRACEPARENT: &str = "traceparent";
pub const TRACESTATE: &str = "tracestate";
/// On a record that was written back from quarantine: "stage:quarantine/partition/offset", the stage that it is for and the
/// quarantined record. Other readers of the topic have had the record, and pass it over.
pub const REDRIVEN: &str = "weir-redriven";
/// On a record that was written back from quarantine: "topic/partition/offset", the input that it is a copy of. By it the stage
/// knows whose turn it is.
pub const COPY_OF: &str = "weir-copy-of";

pub const PROTOBUF: &str = "application/protobuf";
pub const SPEC_VERSION: &str = "1.0";
