//! I10 through the command: tables as the services' own projectors write them are clean, and a changed row of each is found; and so
//! is what is beside them ([`super::beside`]).

use super::beside::{self, Counters};
use crate::corner::{Corner, Ended, PATIENCE};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use weir_console::projection::Orders;
use weir_fulfillment::projection::PickLists;
use weir_inventory::projection::availability::{Availability, NAME};
use weir_inventory::projection::levels::Levels;
use weir_pipeline::Signals;
use weir_pipeline::projection::postgres::{self, ProjectorError};
use weir_pipeline::projection::redis::CounterReader;
use weir_pipeline::projection::{Projection, redis};
use weir_routing::projection::RoutesProjection;
use weir_testkit::{Servers, unique_prefix, wait_for};

/// A change of one row of each table, or a row that is gone.
const SPOILT: [&str; 13] = [
    "update inventory.stock_levels set on_hand = on_hand + 1",
    "update inventory.stock_soft set soft = soft + 1",
    "update routing.steps set at_ms = at_ms + 1 where version = 1",
    "insert into routing.holds select tenant, 'none', order_id, '', '', '', 0, 0, version from routing.steps limit 1",
    "update fulfillment.fulfillment_orders set version = version + 1",
    "update fulfillment.pick_lists set warehouse = 'elsewhere'",
    "delete from console.timeline where \"offset\" = 1",
    "update console.orders set state = 'lost'",
    "update console.order_identities set shop = 'another'",
    "delete from console.order_skus",
    "insert into console.order_tracking select 'none', order_id from console.orders limit 1",
    "update console.event_counts set count = count + 1",
    "update console.state_counts set count = count + 1 where count <> 0",
];

type Projector = JoinHandle<Result<(), ProjectorError>>;

/// How the command ended with the rows and counters as they should be; with something beside them; and with some rows of each table
/// changed. Last what it should have told and did not.
pub struct Looked {
    pub written: Ended,
    pub beside: Ended,
    pub changed: Ended,
    pub missed: Vec<String>,
}

/// A database of its own: the command asks for schemas by their names, and the servers are everybody's.
pub struct Database {
    pub url: String,
    name: String,
}

impl Database {
    async fn new() -> Database {
        let (server, name) = (&Servers::shared().database_url, unique_prefix());
        let (host, _) = server.rsplit_once('/').expect("the address of a database");
        run(server, format!("create database {name}")).await;
        Database { url: format!("{host}/{name}"), name }
    }

    async fn pool(&self, schema: &str) -> PgPool {
        let options: PgConnectOptions = self.url.parse().expect("an address");
        let options = options.options([("search_path", schema)]);
        PgPoolOptions::new().max_connections(2).connect_with(options).await.expect("a pool")
    }

    /// The projectors of all services, at work on the log in tables of their own.
    async fn projectors(&self, corner: &Corner, signals: &Signals) -> Vec<Projector> {
        let (console, inventory) = (self.pool("console").await, self.pool("inventory").await);
        let (routing, fulfillment) = (self.pool("routing").await, self.pool("fulfillment").await);
        weir_console::database::try_migrate(&console).await.expect("console's tables");
        weir_inventory::try_migrate(&inventory).await.expect("inventory's tables");
        weir_routing::projection::prepare(&routing, "routing").await.expect("routing's tables");
        fulfillment.execute("create schema fulfillment").await.expect("fulfillment's schema");
        weir_fulfillment::projection::MIGRATIONS.run(&fulfillment).await.expect("fulfillment's tables");
        vec![
            spawn(Orders, corner, console, signals),
            spawn(Levels, corner, inventory, signals),
            spawn(RoutesProjection, corner, routing, signals),
            spawn(PickLists, corner, fulfillment, signals),
        ]
    }

    async fn remove(self) {
        run(&Servers::shared().database_url, format!("drop database {} with (force)", self.name)).await;
    }
}

fn spawn(projection: impl Projection + Clone, corner: &Corner, pool: PgPool, signals: &Signals) -> Projector {
    postgres::spawn(projection, corner.log.clone(), &corner.config, pool, signals.clone())
}

pub async fn run(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.expect("Postgres");
    connection.execute(AssertSqlSafe(statement)).await.expect("done");
}

fn weir(corner: &Corner, database: &Database, arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(arguments)
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

/// Has the command look at them. Where something is wrong it waits until its patience with a projector that may be behind is over.
pub fn as_written_and_changed(corner: &Corner) -> Looked {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let database = runtime.block_on(Database::new());
    let stop = Arc::new(AtomicBool::new(false));
    let signals = Signals::new(stop.clone(), |_, _| {});
    let mut running = runtime.block_on(database.projectors(corner, &signals));
    let url = Servers::shared().redis_url.clone();
    running.push(redis::spawn(Availability, corner.log.clone(), &corner.config, url.clone(), signals));
    let whole = || async {
        let reader = CounterReader::connect(&url, &corner.config.prefix, NAME).await.ok()?;
        reader.read(&["demo/main/TEA".to_owned()]).await.ok()?.map(|_| ())
    };
    wait_for("the counters", PATIENCE, || runtime.block_on(whole()));
    let registered = "select count(*) from console.projection_register, inventory.projection_register,
        routing.projection_register, fulfillment.projection_register";
    wait_for("the projectors", PATIENCE, || {
        let asked = async { PgConnection::connect(&database.url).await?.fetch_one(registered).await };
        runtime.block_on(asked).is_ok_and(|row| sqlx::Row::get::<i64, _>(&row, 0) == 1).then_some(())
    });
    let verify = || weir(corner, &database, &["verify", "--running"]);
    let mut counters = runtime.block_on(Counters::of(corner));
    // What counts nothing may be there.
    counters.set("demo/main/NOTHING", "east:on_hand", 0);
    let written = verify();
    let beside = runtime.block_on(beside::verified(&database, &mut counters, verify));
    SPOILT.iter().for_each(|change| runtime.block_on(run(&database.url, (*change).to_owned())));
    let changed = verify();
    let projections = ["console.orders", "inventory.levels", "routing.routes", "fulfillment.pick-lists"];
    let compared = projections.map(|name| weir(corner, &database, &["projection", "compare", name, "--json"]));
    stop.store(true, Ordering::Relaxed);
    for projector in running {
        projector.join().expect("no panic").expect("a clean end");
    }
    runtime.block_on(database.remove());
    let mut missed = missed_tables(&compared);
    missed.extend(beside::missed(&beside));
    Looked { written, beside, changed, missed }
}

fn missed_tables(compared: &[Ended]) -> Vec<String> {
    let tables =
        SPOILT.iter().map(|change| change.split_whitespace().find(|word| word.contains('.')).expect("a table"));
    let found = |table: &str| {
        let (_, table) = table.split_once('.').expect("schema and table");
        let named = format!("\\\"{table}\\\": ");
        compared.iter().any(|ended| ended.code == Some(1) && ended.said.contains(&named))
    };
    tables.filter(|table| !found(table)).map(|table| format!("{table}: nothing was found\n{compared:?}")).collect()
}
