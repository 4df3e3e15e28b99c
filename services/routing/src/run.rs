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
use std::time::Duration;
use weir_host::process::BoxError;
use weir_host::{Boot, Condition, Miss, Parts};
use weir_pipeline::gateway::Gateway;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::projection::postgres;
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::{LogError, NoEffects, Signals, stage};
use weir_proto::routing::v1::routing_service_server::RoutingServiceServer;
use weir_proto::topics::Topic;

/// Pause between two tries to reach Postgres.
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
    boot.task("routing", work(boot.clone(), config.log, tables, gateway, deciding));
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
) -> Result<(), BoxError> {
    let for_attempts = config.clone();
    let Some((log, opened)) = boot.reach(&deciding, move || open(&for_attempts).map_err(missed)).await? else {
        return Ok(());
    };
    // Nobody else fills it.
    let _ = gateway.set(opened);
    let signals = Signals::new(boot.drain.flag(), move |ready, why| deciding.set(ready, why));
    let snapshots = Some(Snapshots::connect(&tables.pool));
    for worker in stage::spawn(Arc::new(RoutingTopology), log.clone(), &config, |_| NoEffects, snapshots, &signals)? {
        boot.joined(format!("stage {}", worker.name), worker.thread)?;
    }
    project(&boot, log, &config, tables).await?;
    boot.drain.requested().await;
    Ok(())
}

fn open(config: &weir_pipeline::Config) -> Result<(KafkaLog, Gateway), LogError> {
    let log = KafkaLog::connect(config)?;
    let gateway = Gateway::start(config, Topic::RoutingCommands, Topic::Routes)?;
    Ok((log, gateway))
}

/// A broker that is away may come; one that refuses will not come right by itself.
fn missed(error: LogError) -> Miss {
    match error {
        LogError::Fatal(why) => Miss::refused(why),
        error => Miss::Away(error.to_string()),
    }
}

/// Starts the projection once its tables are there. Not ready for queries is no reason not to decide, so no condition waits.
async fn project(boot: &Boot, log: KafkaLog, config: &weir_pipeline::Config, tables: Tables) -> Result<(), BoxError> {
    while let Err(error) = projection::prepare(&tables.pool, &tables.schema).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the tables can't be prepared yet");
        tokio::select! {
            () = boot.drain.requested() => return Ok(()),
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    let signals = Signals::new(boot.drain.flag(), |ready, why| tracing::info!(ready, why, "projection routing.routes"));
    let thread = postgres::spawn(RoutesProjection, log, config, tables.pool, signals);
    Ok(boot.joined("projector routing.routes", thread)?)
}
