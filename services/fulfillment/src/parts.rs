//! The loops of the process: how each starts, waits for what is away, and ends with the drain.

use crate::projection::{MIGRATIONS, PickLists};
use crate::settings::SCHEMA;
use crate::wire::Wire;
use sqlx::{AssertSqlSafe, PgPool};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use weir_host::process::BoxError;
use weir_host::{Boot, Drain, Problem, kind};
use weir_pipeline::gateway::Gateway;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::projection::postgres;
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::{Config, LogError, NoEffects, Signals, stage};
use weir_proto::topics::Topic;

/// Between two looks at something that is away.
const PAUSE: Duration = Duration::from_secs(1);

/// The log, checked, and the command path. Waits for a broker that is away; a setting that is wrong will not come right.
pub(crate) async fn connect(config: &Config) -> Result<(KafkaLog, Gateway), BoxError> {
    loop {
        let config = config.clone();
        let connected = spawn_blocking(move || -> Result<_, LogError> {
            let log = KafkaLog::connect(&config)?;
            let gateway = Gateway::start(&config, Topic::ShipmentCommands, Topic::Shipments)?;
            Ok((log, gateway))
        });
        match connected.await? {
            Ok(connected) => return Ok(connected),
            Err(LogError::Fatal(why)) => return Err(Problem::new(kind::BROKER_SETTING, why).into()),
            Err(error) => tracing::warn!(error = chain(&error), "log away, trying again"),
        }
        sleep(PAUSE).await;
    }
}

/// The stage's workers; a worker that ends ends the process.
pub(crate) fn stage(boot: &Boot, config: &Config, log: KafkaLog, pool: &PgPool) -> Result<(), BoxError> {
    let condition = boot.readiness.condition("stage fulfillment");
    let signals = Signals::new(boot.drain.flag(), move |ready, why| condition.set(ready, why));
    let snapshots = Some(Snapshots::connect(pool));
    let workers = stage::spawn(Arc::new(Wire), log, config, |_| NoEffects, snapshots, &signals)?;
    for worker in workers {
        boot.thread(format!("stage {}", worker.name), move |_| match worker.thread.join() {
            Ok(ended) => ended.map_err(BoxError::from),
            Err(_) => Err("the worker panicked".into()),
        })?;
    }
    Ok(())
}

/// The projection, once its tables are there. No decision waits for it, so its trouble ends nothing but itself.
pub(crate) fn projector(boot: &Boot, config: Config, log: KafkaLog, pool: PgPool) {
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
