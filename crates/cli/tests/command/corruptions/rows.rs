//! I10 through the command: rows as the log has them are clean, and one that was changed is found.

use super::copy::Copy;
use crate::corner::{Corner, Ended, PATIENCE};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use weir_inventory::projection::availability::{Availability, NAME};
use weir_inventory::projection::levels::Levels;
use weir_pipeline::Signals;
use weir_pipeline::projection::redis::CounterReader;
use weir_pipeline::projection::{Projection as _, redis};
use weir_proto::topics::Topic;
use weir_testkit::{Servers, unique_prefix, wait_for};

/// A database of its own: the command asks for schemas by their names, and the servers are everybody's.
struct Database {
    url: String,
    name: String,
    pool: PgPool,
}

impl Database {
    async fn new() -> Database {
        let (server, name) = (&Servers::shared().database_url, unique_prefix());
        let (host, _) = server.rsplit_once('/').expect("the address of a database");
        run(server, format!("create database {name}")).await;
        let url = format!("{host}/{name}");
        let options: PgConnectOptions = url.parse().expect("an address");
        let pool = PgPoolOptions::new().max_connections(2);
        let pool = pool.connect_with(options.options([("search_path", "inventory")])).await.expect("a pool");
        Database { url, name, pool }
    }

    /// The rows of a log, written by the projection itself, and the orders that console would know.
    async fn fill(&self, log: &Copy, orders: u64) {
        weir_inventory::try_migrate(&self.pool).await.expect("the tables");
        let stock: Vec<_> = log.records.iter().filter(|record| record.topic == Topic::Stock).cloned().collect();
        let mut connection = self.pool.acquire().await.expect("a connection");
        Levels.apply(&mut connection, &stock).await.expect("the rows");
        let console = "create schema console; create table console.order_identities (placed_at_ms bigint)";
        connection.execute(console).await.expect("console's table");
        let identities = format!("insert into console.order_identities select 1 from generate_series(1, {orders})");
        connection.execute(AssertSqlSafe(identities)).await.expect("console's rows");
    }

    async fn remove(self) {
        self.pool.close().await;
        run(&Servers::shared().database_url, format!("drop database {} with (force)", self.name)).await;
    }
}

async fn run(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.expect("Postgres");
    connection.execute(AssertSqlSafe(statement)).await.expect("done");
}

fn verify(corner: &Corner, database: &Database) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["verify", "--running"])
        .env_clear()
        .env("WEIR_BROKERS", &corner.config.brokers)
        .env("WEIR_PREFIX", &corner.config.prefix)
        .env("WEIR_DATABASE_URL", &database.url)
        .env("WEIR_REDIS_URL", &Servers::shared().redis_url)
        .output()
        .expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it says text");
    Ended { code: output.status.code(), said: text(output.stdout), complained: text(output.stderr) }
}

/// How the command ends with the rows as they should be, and with one that was changed. The second waits until the
/// verifier's patience with a projector that may be behind is over.
pub fn as_written_and_changed(corner: &Corner, log: &Copy, orders: u64) -> (Ended, Ended) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let database = runtime.block_on(Database::new());
    runtime.block_on(database.fill(log, orders));
    let stop = Arc::new(AtomicBool::new(false));
    let signals = Signals::new(stop.clone(), |_, _| {});
    let url = Servers::shared().redis_url.clone();
    let counters = redis::spawn(Availability, corner.log.clone(), &corner.config, url.clone(), signals);
    let whole = || async {
        let reader = CounterReader::connect(&url, &corner.config.prefix, NAME).await.ok()?;
        reader.read(&["demo/main/TEA".to_owned()]).await.ok()?.map(|_| ())
    };
    wait_for("the counters", PATIENCE, || runtime.block_on(whole()));
    let written = verify(corner, &database);
    let change = database.pool.execute("update stock_levels set on_hand = on_hand + 1");
    runtime.block_on(change).expect("changed");
    let changed = verify(corner, &database);
    stop.store(true, Ordering::Relaxed);
    counters.join().expect("no panic").expect("a clean end");
    runtime.block_on(database.remove());
    (written, changed)
}
