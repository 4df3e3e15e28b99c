//! The loops of the process: how each starts, waits for what is away, and ends with the drain.

use crate::projection::{MIGRATIONS, PickLists};
use crate::settings::SCHEMA;
use crate::wire::Wire;
use sqlx::{AssertSqlSafe, PgPool};
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use weir_host::process::BoxError;
use weir_host::{Boot, Condition, Drain, Miss};
use weir_pipeline::gateway::Gateway;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::projection::postgres;
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::{Config, LogError, NoEffects, Signals, stage};
use weir_proto::topics::Topic;

/// Between two looks at something that is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Everything that needs the log: the stage, the command path and the projection. A worker that ends ends the process.
pub(crate) async fn work(
    boot: Boot,
    config: Config,
    pool: PgPool,
    gateway: Arc<OnceLock<Gateway>>,
    ready: Condition,
) -> Result<(), BoxError> {
    let for_attempts = config.clone();
    let Some((log, opened)) = boot.reach(&ready, move || open(&for_attempts).map_err(missed)).await? else {
        return Ok(());
    };
    let signals = Signals::new(boot.drain.flag(), move |holds, why| ready.set(holds, why));
    let snapshots = Some(Snapshots::connect(&pool));
    for worker in stage::spawn(Arc::new(Wire), log.clone(), &config, |_| NoEffects, snapshots, &signals)? {
        boot.joined(format!("stage {}", worker.name), worker.thread)?;
    }
    // Nobody else fills it.
    let _ = gateway.set(opened);
    projector(&boot, config, log, pool);
    boot.drain.requested().await;
    Ok(())
}

fn open(config: &Config) -> Result<(KafkaLog, Gateway), LogError> {
    let log = KafkaLog::connect(config)?;
    let gateway = Gateway::start(config, Topic::ShipmentCommands, Topic::Shipments)?;
    Ok((log, gateway))
}

/// A broker that is away may come; one that refuses will not come right by itself.
fn missed(error: LogError) -> Miss {
    match error {
        LogError::Fatal(why) => Miss::refused(why),
        error => Miss::Away(error.to_string()),
    }
}

/// The projection, once its tables are there. No decision waits for it, so its trouble ends nothing but itself.
fn projector(boot: &Boot, config: Config, log: KafkaLog, pool: PgPool) {
    let drain = boot.drain.clone();
    boot.task("projector fulfillment.pick-lists", async move {
        while !drain.is_requested() {
            let done = match migrate(&pool).await {
                Ok(()) => project(&config, &log, &pool, &drain).await,
                Err(error) => Err(error.into()),
            };
            if let Err(error) = done {
                let error = chain(error.as_ref());
                tracing::warn!(error, "projection away, trying again");
            }
            // Ends at once when the drain begins.
            let _ = timeout(PAUSE, drain.requested()).await;
        }
        Ok::<(), BoxError>(())
    });
}

async fn migrate(pool: &PgPool) -> Result<(), sqlx::Error> {
    let create = format!("create schema if not exists {SCHEMA}");
    sqlx::query(AssertSqlSafe(create)).execute(pool).await?;
    MIGRATIONS.run(pool).await?;
    Ok(())
}

async fn project(config: &Config, log: &KafkaLog, pool: &PgPool, drain: &Drain) -> Result<(), BoxError> {
    let signals = Signals::new(drain.flag(), |ready, why| {
        tracing::debug!(ready, why, "projection fulfillment.pick-lists");
    });
    let projector = postgres::spawn(PickLists, log.clone(), config, pool.clone(), signals);
    let ended = spawn_blocking(move || projector.join()).await?;
    match ended {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err("the projector panicked".into()),
    }
}

/// An error with its causes: Display of ours names none.
fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        said = format!("{said}: {inner}");
        cause = inner.source();
    }
    said
}
