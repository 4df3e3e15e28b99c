//! The service's own schema, made at start by whoever comes first.

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, PgPool};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Makes the schema and brings its tables up to date. May be called by several processes at once.
///
/// # Errors
/// Where Postgres is away, or refuses.
pub async fn prepare(pool: &PgPool, schema: &str) -> Result<(), sqlx::Error> {
    // The name is the service's own or a test's, never a caller's.
    let statement = format!("create schema if not exists \"{schema}\"");
    // Two that make it at once: one of them is told that it is there, which is as good.
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await
        && !error.as_database_error().is_some_and(|error| error.is_unique_violation())
    {
        return Err(error);
    }
    MIGRATIONS.run(pool).await.map_err(|error| sqlx::Error::Migrate(Box::new(error)))
}
