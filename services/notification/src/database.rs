//! Where snapshots of the stage are kept, if anywhere. The service lives without: a start only takes longer.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};
use std::time::Duration;
use weir_host::Drain;

/// The schema of notification's tables.
const SCHEMA: &str = "notification";

/// Pause before Postgres is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// A pool that sees only our schema. It holds the options; connections are the snapshots' own.
pub(crate) fn pool(options: PgConnectOptions) -> PgPool {
    let options = options.options([("search_path", SCHEMA)]).application_name("weir-notification");
    PgPoolOptions::new().max_connections(1).connect_lazy_with(options)
}

/// Makes the schema; tries again until it is there or the drain begins. Nothing waits for it.
pub(crate) async fn prepare(pool: PgPool, drain: Drain) {
    while let Err(error) = make_schema(&pool).await {
        tracing::warn!(error = %error, "schema not made, no snapshots for now");
        tokio::select! {
            () = drain.requested() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn make_schema(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::query("create schema if not exists notification").execute(&mut connection).await?;
    connection.close().await
}
