//! Console: every order's timeline from all fact topics, search, and live counts. It decides nothing.
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
use std::time::Duration;
use tokio::runtime::Handle;
use weir_host::process::BoxError;
use weir_host::{Boot, Condition, Drain, Parts, Problem, kind};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::projection::postgres;
use weir_pipeline::{Config, LogError, Signals};
use weir_proto::console::v1::console_service_server::ConsoleServiceServer;

/// Pause before a broker that did not answer is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// The whole process.
pub fn run() -> ExitCode {
    weir_host::run("console", settings::read, start)
}

async fn start(boot: Boot, settings: Settings) -> Result<Parts, BoxError> {
    let options: PgConnectOptions = settings.database_url.reveal().parse()?;
    let pool = database::pool(options);
    let connected = connect(settings.log.clone()).await?;
    let ready = boot.readiness.condition("projector console.orders");
    let (config, for_projector, handle) = (settings.log, pool.clone(), Handle::current());
    boot.thread("projector console.orders", move |drain| {
        project(connected, &config, for_projector, &handle, &drain, ready)
    })?;
    let queries = Queries::new(pool, settings.tenant_key, settings.tenant);
    Ok(Parts::new()
        .http(edge::http::router(queries.clone()))
        .grpc(ConsoleServiceServer::new(Console(queries)))
        .descriptors(weir_proto::DESCRIPTORS))
}

/// One try: a broker whose settings are wrong stops the start, one that is away is waited for later (`None`).
async fn connect(config: Config) -> Result<Option<KafkaLog>, BoxError> {
    match tokio::task::spawn_blocking(move || KafkaLog::connect(&config)).await? {
        Ok(log) => Ok(Some(log)),
        Err(error @ LogError::Fatal(_)) => Err(Problem::new(kind::BROKER_SETTING, error.to_string()).into()),
        Err(error) => {
            tracing::warn!(error = %error, "log not reached, will be tried again");
            Ok(None)
        }
    }
}

/// Waits for Postgres and Kafka, then projects until the drain.
fn project(
    mut log: Option<KafkaLog>,
    config: &Config,
    pool: PgPool,
    handle: &Handle,
    drain: &Drain,
    ready: Condition,
) -> Result<(), BoxError> {
    ready.set(false, "waits for postgres");
    if !handle.block_on(database::migrate(&pool, drain)) {
        return Ok(());
    }
    while log.is_none() && !drain.is_requested() {
        ready.set(false, "waits for the log");
        std::thread::sleep(PAUSE);
        log = handle.block_on(connect(config.clone()))?;
    }
    let Some(log) = log else {
        return Ok(());
    };
    let signals = Signals::new(drain.flag(), move |holds, why| ready.set(holds, why));
    let projector = postgres::spawn(Orders, log, config, pool, signals);
    projector.join().map_err(|_| "the projector panicked")??;
    Ok(())
}
