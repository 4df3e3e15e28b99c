//! The log behind a trait (DESIGN.md §3): what a stage, a projector and a verifier need of Kafka, and no more.
//!
//! Everything is synchronous: a loop owns its thread, and blocking calls have their own time limits.

use crate::{Outgoing, Record, TopicPartition};
use std::collections::BTreeMap;
use std::time::Duration;
use weir_decider::Millis;
use weir_proto::topics::Topic;

/// Next offset to be read, for each partition.
pub type Offsets = BTreeMap<TopicPartition, i64>;

/// Why the log did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It did not happen and may be tried again.
    #[error("the log did not answer: {0}")]
    Transient(String),
    /// The transaction can't be committed; its outcome is known: abort it.
    #[error("the transaction must be aborted: {0}")]
    Abort(String),
    /// Nobody knows what came of it: drop producer and memory.
    #[error("the outcome is not known: {0}")]
    Unknown(String),
    /// Another producer of this name has begun, or the broker gave this one up. Whose the seat is, only the group knows: drop
    /// producer and memory, begin anew, and be told there.
    #[error("fenced by a newer producer of this name: {0}")]
    ProducerFenced(String),
    /// Another has taken this seat.
    #[error("fenced by a newer owner: {0}")]
    Fenced(String),
    /// It will not get better by itself.
    #[error("the log refuses: {0}")]
    Fatal(String),
}

/// How a reader would have its records: each wake-up of a consumer is a request to the broker, and requests are what it runs
/// out of first (PERFORMANCE.md §0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Each as soon as it is there, with next to no requests while nothing comes: what seldom has news, or is read once.
    Eager,
    /// Some milliseconds late at most: decisions.
    Prompt,
    /// Some tenths of a second late, in large portions: projections.
    Batched,
}

/// An event of the group, or a record.
#[derive(Debug)]
pub enum Polled {
    Record(Record),
    /// All partitions that this member now has. The loop answers with [`Member::accept`].
    Assigned(Vec<TopicPartition>),
    /// All are taken away. The loop answers with [`Member::release`]. `lost`: another may own them already.
    Revoked {
        lost: bool,
    },
    Nothing,
}

/// A seat in a consumer group.
pub trait Member {
    /// What `send_offsets` needs to prove that the seat is still ours; captured at each assignment (STAGE.md §2.2).
    type Proof: Clone;

    fn poll(&mut self, wait: Duration) -> Result<Polled, LogError>;

    fn proof(&self) -> Result<Self::Proof, LogError>;

    /// Committed offsets of the group; a partition without one is absent. Retries inside until every element is known.
    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Offsets, LogError>;

    /// Takes the partitions, paused, from these offsets.
    fn accept(&mut self, from: &Offsets) -> Result<(), LogError>;

    /// Begins to deliver records of these.
    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError>;

    /// Stops delivering records of these; going on, none is left out.
    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError>;

    /// Answers a revocation.
    fn release(&mut self) -> Result<(), LogError>;

    /// The wall time as of which every committed record of this partition had been delivered; `None` where it lags.
    fn read_to_end(&self, partition: TopicPartition) -> Option<Millis>;

    /// Leaves the group in good order.
    fn leave(&mut self);
}

/// What a record is given on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// `None`: the key chooses.
    pub partition: Option<i32>,
    /// Becomes `ce_id`: the same for the same record, however often it is decided.
    pub id: &'a str,
    /// Becomes `ce_time`: when the thing was decided.
    pub time: Millis,
    pub traceparent: Option<&'a str>,
}

/// What the acknowledgements of a transaction's records said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// The highest offset in each partition written.
    pub highest: Offsets,
    /// The broker's time when it took the newest record; none where nothing was written.
    pub appended: Option<Millis>,
}

/// A transactional producer, initialised: its predecessor of the same id is fenced.
pub trait Transactional<P> {
    fn begin(&mut self) -> Result<(), LogError>;

    /// Queues a record; its fate is known after [`Transactional::drain`].
    fn send(&mut self, record: Outgoing, stamp: &Stamp<'_>) -> Result<(), LogError>;

    /// Waits until every record is acknowledged.
    fn drain(&mut self) -> Result<Drained, LogError>;

    /// True: it was quick, so it can't have been retried inside.
    fn send_offsets(&mut self, offsets: &Offsets, proof: &P) -> Result<bool, LogError>;

    /// True: it was quick, so it can't have been retried inside.
    fn commit(&mut self) -> Result<bool, LogError>;

    fn abort(&mut self) -> Result<(), LogError>;
}

/// Reads partitions of one topic by hand, committed records only, outside any group.
pub trait Reader {
    /// Begins anew at these offsets; an offset below the first that is kept means that first.
    fn assign(&mut self, from: &Offsets) -> Result<(), LogError>;

    fn poll(&mut self, wait: Duration) -> Result<Option<Record>, LogError>;

    /// First offset that is kept, and the last stable offset.
    fn bounds(&mut self, partition: TopicPartition) -> Result<(i64, i64), LogError>;

    /// Next offset that [`Reader::poll`] would deliver from. Passes over control records at the end, so that everything up to
    /// the last stable offset as of [`Reader::assign`] has been delivered once this has reached it.
    fn position(&self, partition: TopicPartition) -> i64;

    /// Whether everything that was stable as of [`Reader::assign`] has been delivered.
    fn done(&self) -> bool;
}

/// A cluster, and the installation's topics on it.
pub trait Log: Clone + Send + Sync + 'static {
    type Proof: Clone + Send;
    type Member: Member<Proof = Self::Proof>;
    type Producer: Transactional<Self::Proof>;
    type Reader: Reader + Send;

    /// Joins a group on these topics. `instance` is the static member id.
    fn member(&self, group: &str, instance: &str, topics: &[Topic], pace: Pace) -> Result<Self::Member, LogError>;

    /// A transactional producer under this id; fences whoever had it.
    fn producer(&self, transactional_id: &str) -> Result<Self::Producer, LogError>;

    fn reader(&self, pace: Pace) -> Result<Self::Reader, LogError>;

    /// Which cluster this is: what was made from one cluster's log is worth nothing on another.
    fn cluster_id(&self) -> Result<String, LogError>;

    /// The topic's name at the broker.
    fn full_name(&self, topic: Topic) -> String;

    /// How many partitions the topic has.
    fn partitions(&self, topic: Topic) -> i32;

    /// Wall time, which may be set: for ticks as STAGE.md §4 allows, and for how old a transaction is.
    fn now(&self) -> Millis;

    /// Time since some fixed moment, never set back: for bounds on the loop's own work.
    fn uptime(&self) -> Duration;

    /// How long ago [`Log::uptime`] said so.
    fn elapsed(&self, since: Duration) -> Duration {
        self.uptime().saturating_sub(since)
    }

    /// Lets so much time pass.
    fn sleep(&self, length: Duration);

    /// Drawn afresh: what a take-over is known by.
    fn nonce(&self) -> [u8; 16];
}
