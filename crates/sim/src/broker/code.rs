//! Kafka's error codes, as far as they can reach a caller here.

use std::fmt;

/// Why a request was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    ConcurrentTransactions,
    FencedInstanceId,
    IllegalGeneration,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTxnState,
    LeaderNotAvailable,
    MessageTooLarge,
    NotCoordinator,
    NotEnoughReplicas,
    OffsetOutOfRange,
    RequestTimedOut,
    ProducerFenced,
    RebalanceInProgress,
    UnknownMemberId,
    UnknownTopicOrPartition,
    UnstableOffsetCommit,
    /// No answer came: the request, the answer or the broker is gone.
    Unreachable,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
