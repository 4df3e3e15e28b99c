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

    /// The tables that a rebuild empties. A projection that names none can't be rebuilt by [`postgres::rebuild`].
    fn tables(&self) -> &'static [&'static str] {
        &[]
    }

    /// Writes what a batch means. Runs inside the transaction that moves the offset: it begins and commits nothing itself.
    /// The batch is in log order within each partition. Every statement carries many rows (UNNEST).
    fn apply<'a>(
        &'a mut self,
        connection: &'a mut sqlx::PgConnection,
        batch: &'a [Record],
    ) -> BoxFuture<'a, Result<(), sqlx::Error>>;
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
