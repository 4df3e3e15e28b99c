//! What a case needs of a cluster, beyond its log.

use std::time::Duration;
use weir_pipeline::{Log, TopicPartition};
use weir_proto::topics::Topic;

/// Topics that cases use, with [`PARTITIONS`] each.
pub const TOPICS: [Topic; 3] = [Topic::Orders, Topic::Routes, Topic::StockCommands];
pub const PARTITIONS: i32 = 2;

/// A cluster with topics that only one case uses.
pub trait Cluster {
    type Log: Log;

    fn log(&self) -> &Self::Log;

    /// Appends a record outside any transaction.
    fn write(&self, at: TopicPartition, value: &str);

    /// Deletes the records below an offset.
    fn cut(&self, at: TopicPartition, before: i64);

    /// Forgets what a group without members has committed.
    fn forget_offsets(&self, group: &str);

    /// The connection breaks before the next request of this producer to end its transaction has reached the broker. This and what
    /// follows is for the cases on the wire alone.
    fn lose_end_request(&self, producer: &str);

    /// The same, when the broker has ended the transaction and before its answer was heard.
    fn lose_end_answer(&self, producer: &str);

    /// The same, and the request reaches the broker later.
    fn delay_end(&self, producer: &str);

    /// The late requests of this producer reach the broker. Says how many of them it obeys.
    fn deliver_late_ends(&self, producer: &str) -> usize;

    /// The producer's next records, all for this partition, are written, and the connection breaks before that was heard.
    fn lose_produce_answer(&self, producer: &str, at: TopicPartition);

    /// How many of those breaks of this producer have not come yet.
    fn unspent(&self, producer: &str) -> usize;

    /// Lets time pass.
    fn pass(&self, length: Duration);
}

/// A case: what it is called in the field's terms, what it shows, and how.
pub struct Case<C> {
    pub name: &'static str,
    /// The mark of STAGE.md, or the promise of the trait, that it shows.
    pub shows: &'static str,
    pub run: fn(&C),
}

/// The cases of a file, one a line: name, what it shows, and the function.
macro_rules! cases {
    ($($name:literal, $shows:literal => $run:ident;)*) => {
        pub fn cases<C: Cluster>() -> Vec<Case<C>> {
            vec![$(Case { name: $name, shows: $shows, run: $run }),*]
        }
    };
}
pub(crate) use cases;
