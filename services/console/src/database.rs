//! Console's own schema in the one database: how to reach it, and how it comes to be.

use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};
use std::time::Duration;
use weir_host::Drain;

/// The schema of console's tables.
pub const SCHEMA: &str = "console";

const CONNECTIONS: u32 = 8;
/// How long a question waits for a connection before it is answered with 503.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause before Postgres is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Why the schema could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MigrationFault {
    #[error("the schema can not be made")]
    Schema(#[from] sqlx::Error),
    #[error("a migration failed")]
    Migration(#[from] MigrateError),
}

/// A pool whose connections see only console's schema. Connects when it is first used, so that a start never waits.
pub fn pool(options: PgConnectOptions) -> PgPool {
    let options = options.options([("search_path", SCHEMA)]).application_name("weir-console");
    PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE).connect_lazy_with(options)
}

/// Brings the tables to the newest shape; tries again until it is done or the drain begins.
pub async fn migrate(pool: &PgPool, drain: &Drain) -> bool {
    loop {
        match try_migrate(pool).await {
            Ok(()) => return true,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "schema not made, will be tried again");
            }
        }
        tokio::select! {
            () = drain.requested() => return false,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// # Errors
/// Where Postgres is away, or a migration differs from the one that was run.
pub async fn try_migrate(pool: &PgPool) -> Result<(), MigrationFault> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::query("create schema if not exists console").execute(&mut connection).await?;
    sqlx::migrate!("./migrations").run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
