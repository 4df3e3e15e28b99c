//! Facts of all topics → one row for each order, its timeline, and the counts. A batch becomes a handful of statements.

mod batch;
mod rows;

pub use batch::Batch;
pub(crate) use rows::{Views, story_of};

use crate::wire;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::PgConnection;
use weir_pipeline::Record;
use weir_pipeline::projection::Projection;
use weir_proto::topics::Topic;

/// The projection "console.orders".
#[derive(Clone, Copy, Debug, Default)]
pub struct Orders;

impl Projection for Orders {
    fn name(&self) -> &'static str {
        "console.orders"
    }

    fn topics(&self) -> &'static [Topic] {
        wire::TOPICS
    }

    fn tables(&self) -> &'static [&'static str] {
        &["timeline", "orders", "order_identities", "order_skus", "order_tracking", "event_counts", "state_counts"]
    }

    fn says_nothing(&self, table: &str) -> Option<&'static str> {
        (table == "state_counts").then_some("count = 0")
    }

    fn apply<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
        batch: &'a [Record],
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        apply(connection, batch).boxed()
    }
}

async fn apply(connection: &mut PgConnection, records: &[Record]) -> Result<(), sqlx::Error> {
    let batch = Batch::read(records);
    rows::write_timeline(connection, &batch).await?;
    let ids: Vec<uuid::Uuid> = batch.touched.keys().copied().collect();
    let before = rows::load(connection, &ids).await?;
    let changed = batch.fold(&before);
    rows::save(connection, &changed).await?;
    rows::save_identities(connection, &changed).await?;
    rows::save_finds(connection, &changed).await?;
    rows::count_states(connection, &changed).await?;
    rows::count_events(connection, &batch).await
}
