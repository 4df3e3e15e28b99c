//! The process: what is started, in which order, and how it ends.
//!
//! Kafka or Postgres may be away at the start. The process is up all the same, not ready, and tries until they are there; the
//! stage waits for Kafka alone. A broker or topic whose settings break the stage's promises ends the process.

use crate::config::{self, Config};
use crate::edge::grpc::Edge;
use crate::projection::{self, RoutesProjection};
use crate::stuck;
use crate::wire::RoutingTopology;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;
use weir_host::process::BoxError;
use weir_host::{Boot, Condition, Parts};
use weir_pipeline::gateway::Gateway;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::projection::postgres;
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::{LogError, NoEffects, Signals, stage};
use weir_proto::routing::v1::routing_service_server::RoutingServiceServer;
use weir_proto::topics::Topic;

/// Pause between two tries to reach Kafka or Postgres.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a query waits for a connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);
const CONNECTIONS_MAX: u32 = 8;

/// Runs the service to its end.
pub fn run() -> ExitCode {
    weir_host::run("routing", config::read, start)
}

async fn start(boot: Boot, config: Option<Config>) -> Result<Parts, BoxError> {
    let config = config.ok_or("the configuration has faults")?;
    stuck::begin();
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(CONNECT_PATIENCE)
        .connect_lazy_with(config.database);
    let gateway = Arc::new(OnceLock::new());
    let edge = Edge::new(gateway.clone(), pool.clone());
    let deciding = boot.readiness.condition("stage routing");
    let tables = Tables { pool, schema: config.schema };
    let at_work = boot.clone();
    boot.task("routing", async move { work(at_work, config.log, tables, gateway, deciding).await });
    Ok(Parts::new().grpc(RoutingServiceServer::new(edge)).descriptors(weir_proto::DESCRIPTORS))
}

/// Where the projection is kept.
struct Tables {
    pool: PgPool,
    schema: String,
}

/// Everything that needs the log.
async fn work(
    boot: Boot,
    config: weir_pipeline::Config,
    tables: Tables,
    gateway: Arc<OnceLock<Gateway>>,
    deciding: Condition,
) -> Result<(), String> {
    let Some((log, opened)) = reach(&boot, &config, &deciding).await? else {
        return Ok(());
    };
    let _ = gateway.set(opened);
    let signals = Signals::new(boot.drain.flag(), move |ready, why| deciding.set(ready, why));
    let snapshots = Some(Snapshots::connect(&tables.pool));
    let workers = stage::spawn(Arc::new(RoutingTopology), log.clone(), &config, |_| NoEffects, snapshots, &signals)
        .map_err(|error| error.to_string())?;
    for worker in workers {
        let part = format!("stage {}", worker.name);
        boot.thread(part, move |_| joined(worker.thread)).map_err(|error| error.to_string())?;
    }
    project(&boot, log, &config, tables).await?;
    boot.drain.requested().await;
    Ok(())
}

/// Opens log and gateway, however long that takes. Nothing where the process ends before.
async fn reach(
    boot: &Boot,
    config: &weir_pipeline::Config,
    condition: &Condition,
) -> Result<Option<(KafkaLog, Gateway)>, String> {
    loop {
        let config = config.clone();
        let opening = tokio::task::spawn_blocking(move || {
            let log = KafkaLog::connect(&config)?;
            let gateway = Gateway::start(&config, Topic::RoutingCommands, Topic::Routes)?;
            Ok::<_, LogError>((log, gateway))
        });
        let why = match opening.await.map_err(|error| error.to_string())? {
            Ok(opened) => return Ok(Some(opened)),
            Err(LogError::Fatal(why)) => return Err(why),
            Err(error) => error.to_string(),
        };
        condition.set(false, why.as_str());
        tracing::warn!(why, "the log can't be reached yet");
        tokio::select! {
            () = boot.drain.requested() => return Ok(None),
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Starts the projection once its tables are there. Not ready for queries is no reason not to decide, so no condition waits.
async fn project(boot: &Boot, log: KafkaLog, config: &weir_pipeline::Config, tables: Tables) -> Result<(), String> {
    while let Err(error) = projection::prepare(&tables.pool, &tables.schema).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the tables can't be prepared yet");
        tokio::select! {
            () = boot.drain.requested() => return Ok(()),
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    let signals = Signals::new(boot.drain.flag(), |ready, why| tracing::info!(ready, why, "projection routing.routes"));
    let thread = postgres::spawn(RoutesProjection, log, config, tables.pool, signals);
    boot.thread("projector routing.routes", move |_| joined(thread)).map_err(|error| error.to_string())
}

/// The end of a thread of the pipeline, with the causes of its failure in one line.
fn joined<E: std::error::Error>(thread: JoinHandle<Result<(), E>>) -> Result<(), String> {
    let ended = thread.join().map_err(|_| "panicked, see the log line before this".to_owned())?;
    ended.map_err(|error| {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        text
    })
}
