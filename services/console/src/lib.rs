//! Console: every order's timeline from the fact topics keyed by order, search, and live counts. It decides nothing. What `stock`,
//! keyed by pool, says of an order comes through `allocations`.
//!
//! One projector folds facts into Postgres ([`projection`]); the edges answer from there ([`query`], [`edge`]).

pub mod database;
pub mod domain;
pub mod edge;
pub mod projection;
pub mod query;
mod settings;
pub mod text;
pub mod wire;

use edge::grpc::Console;
use projection::Orders;
use query::Queries;
use settings::Settings;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::process::ExitCode;
use tokio::runtime::Handle;
use weir_host::process::BoxError;
use weir_host::{Boot, Condition, Miss, Parts};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::projection::postgres;
use weir_pipeline::{Config, LogError, Signals};
use weir_proto::console::v1::console_service_server::ConsoleServiceServer;

/// The whole process.
pub fn run() -> ExitCode {
    weir_host::run("console", settings::read, start)
}

/// Waits for nothing: the projector starts once the log is reached.
async fn start(boot: Boot, settings: Settings) -> Result<Parts, BoxError> {
    let options: PgConnectOptions = settings.database_url.reveal().parse()?;
    let pool = database::pool(options);
    let ready = boot.readiness.condition("projector console.orders");
    boot.task("console", work(boot.clone(), settings.log, pool.clone(), ready));
    let queries = Queries::new(pool, settings.tenant_key, settings.tenant);
    Ok(Parts::new()
        .http(edge::http::router(queries.clone()))
        .grpc(ConsoleServiceServer::new(Console(queries)))
        .descriptors(weir_proto::DESCRIPTORS))
}

/// Waits for Kafka and Postgres, then projects until the drain.
async fn work(boot: Boot, config: Config, pool: PgPool, ready: Condition) -> Result<(), BoxError> {
    let for_attempts = config.clone();
    let connect = move || KafkaLog::connect(&for_attempts).map_err(missed);
    let Some(log) = boot.reach(&ready, connect).await? else {
        return Ok(());
    };
    let handle = Handle::current();
    boot.thread("projector console.orders", move |drain| {
        ready.set(false, "waits for postgres");
        // The future of a migration can't move between the runtime's threads.
        if !handle.block_on(database::migrate(&pool, &drain)) {
            return Ok(());
        }
        let signals = Signals::new(drain.flag(), move |holds, why| ready.set(holds, why));
        let projector = postgres::spawn(Orders, log, &config, pool, signals);
        projector.join().map_err(|_| "the projector panicked")?.map_err(BoxError::from)
    })?;
    boot.drain.requested().await;
    Ok(())
}

/// A broker that is away may come; one that refuses will not come right by itself.
fn missed(error: LogError) -> Miss {
    match error {
        LogError::Fatal(why) => Miss::refused(why),
        error => Miss::Away(error.to_string()),
    }
}
