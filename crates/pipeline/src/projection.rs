//! Facts folded into Postgres and Redis. Rows and offset move together, or not at all.

mod metrics;
pub mod postgres;
pub mod redis;

use crate::Record;
use futures::future::BoxFuture;
use weir_proto::topics::Topic;

/// Rows made from facts. Its tables hold nothing that a replay could not make again.
pub trait Projection: Send + 'static {
    /// Names the consumer group, and the rows of the offset table: "console.orders".
    fn name(&self) -> &'static str;

    fn topics(&self) -> &'static [Topic];

    /// All tables that it writes to, and no other projection does: a rebuild makes new ones. A projection that names none can't be
    /// rebuilt.
    fn tables(&self) -> &'static [&'static str] {
        &[]
    }

    /// A condition, in SQL, on rows of a table that say nothing: a count of none. Whether they are there depends on how the log was
    /// cut into batches. All other rows follow from the log alone.
    fn says_nothing(&self, _table: &str) -> Option<&'static str> {
        None
    }

    /// Writes what a batch means. Runs inside the transaction that moves the offset: it begins and commits nothing itself.
    /// The batch is in log order within each partition. Every statement carries many rows (UNNEST).
    fn apply<'a>(
        &'a mut self,
        connection: &'a mut sqlx::PgConnection,
        batch: &'a [Record],
    ) -> BoxFuture<'a, Result<(), sqlx::Error>>;
}

/// What is said of a projection whose positions the log does not have.
const BEYOND: &str = "the positions lie beyond the log's end";

/// Why a store of rows or counters did not do as asked. Whether it did all the same is found out from the positions it keeps.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// Waiting may help.
    #[error(transparent)]
    Transient(Box<dyn std::error::Error + Send + Sync>),
    /// It will not get better by itself.
    #[error(transparent)]
    Refused(Box<dyn std::error::Error + Send + Sync>),
}

/// One change of a counter in Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// A hash, below the projection's namespace: "sku/main/SKU-1".
    pub hash: String,
    pub field: String,
    pub by: i64,
}

/// Counters in Redis made from facts.
pub trait Counters: Send + 'static {
    /// "inventory.availability".
    fn name(&self) -> &'static str;

    fn topic(&self) -> Topic;

    /// What a record changes. A record that can't be read changes nothing and is logged by the implementation.
    fn changes(&mut self, record: &Record, changes: &mut Vec<Change>);
}
