//! What the broker said of each record, brought to whoever waits for it.

use crate::LogError;
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::ProducerContext;
use tokio::sync::oneshot;

/// Takes one record's partition and offset, or why it has none.
pub(super) type Reply = oneshot::Sender<Result<(i32, i64), KafkaError>>;

/// Sends each acknowledgement to its waiter.
pub(super) struct Answers;

impl ClientContext for Answers {}

impl ProducerContext for Answers {
    type DeliveryOpaque = Box<Reply>;

    fn delivery(&self, result: &DeliveryResult<'_>, reply: Box<Reply>) {
        let outcome = match result {
            Ok(message) => Ok((message.partition(), message.offset())),
            Err((error, _)) => Err(error.clone()),
        };
        if reply.send(outcome).is_err() {
            tracing::debug!("nobody waits for this record any more");
        }
    }
}

/// What a failed delivery means to the caller.
pub(super) fn meaning(error: &KafkaError) -> LogError {
    let text = error.to_string();
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::InvalidArgument,
        ) => LogError::Fatal(text),
        // Refused before it was handed to a broker.
        Some(RDKafkaErrorCode::Fatal | RDKafkaErrorCode::QueueFull) => LogError::Transient(text),
        // It may have reached the broker before the time was up.
        _ => LogError::Unknown(text),
    }
}
