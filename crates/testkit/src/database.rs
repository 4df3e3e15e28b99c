//! A Postgres schema of a test's own.

use std::thread;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{Servers, unique_prefix};

/// A schema that one test owns, and a pool whose connections see it first. It goes with this value.
pub struct Schema {
    /// Every connection has the schema as its search path.
    pub pool: PgPool,
    /// Its name, which no other test has.
    pub name: String,
    /// An address for whoever connects by itself; the search path is in it.
    pub url: String,
    server_url: String,
}

impl Servers {
    /// Makes an empty schema whose name begins with `name`.
    ///
    /// # Panics
    /// When Postgres cannot be reached or refuses.
    pub async fn schema(&self, name: &str) -> Schema {
        let schema = format!("{name}_{}", unique_prefix());
        execute(&self.database_url, format!("create schema \"{schema}\""))
            .await
            .unwrap_or_else(|error| panic!("schema {schema} cannot be created: {error}"));
        let separator = if self.database_url.contains('?') { '&' } else { '?' };
        let url = format!("{}{separator}options[search_path]={schema}", self.database_url);
        let options: PgConnectOptions = url.parse().expect("the address of a database");
        let pool = PgPoolOptions::new()
            .max_connections(5)
            .connect_with(options)
            .await
            .unwrap_or_else(|error| panic!("Postgres cannot be reached: {error}"));
        Schema { pool, name: schema, url, server_url: self.database_url.clone() }
    }
}

impl Drop for Schema {
    /// On a thread with a runtime of its own, because the test's may be the one that is ending. A
    /// schema that cannot be dropped is left behind: that is no reason to fail the test.
    fn drop(&mut self) {
        let url = self.server_url.clone();
        let statement = format!("drop schema if exists \"{}\" cascade", self.name);
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(execute(&url, statement)).map_err(std::io::Error::other)
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("schema {} stays behind: {error}", self.name);
        }
    }
}

/// One statement on a connection of its own, which gives up on a lock somebody else holds.
async fn execute(url: &str, statement: String) -> Result<(), sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let options = options.options([("lock_timeout", "2s")]);
    let mut connection = PgConnection::connect_with(&options).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}
