//! Facts folded into Postgres: the lists a warehouse works on, and where each order stands.

mod batch;
mod queries;
#[cfg(test)]
mod tests;
mod write;

pub use queries::{OrderRow, PageAt, PickListRow, list_pick_lists, order, order_pick_lists};

use futures::future::BoxFuture;
use sqlx::PgConnection;
use sqlx::migrate::Migrator;
use weir_pipeline::Record;
use weir_pipeline::projection::Projection;
use weir_proto::topics::Topic;

/// This service's own tables, to be made in its own schema.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The tables `pick_lists` and `fulfillment_orders`.
#[derive(Clone, Copy, Debug)]
pub struct PickLists;

impl Projection for PickLists {
    fn name(&self) -> &'static str {
        "fulfillment.pick-lists"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Shipments]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["pick_lists", "fulfillment_orders"]
    }

    fn apply<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
        records: &'a [Record],
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        let batch = batch::Batch::of(records);
        Box::pin(async move { write::write(connection, batch).await })
    }
}
