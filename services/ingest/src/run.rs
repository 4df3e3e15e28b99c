//! The process: what is started, in which order, and how it ends.
//!
//! Kafka may be away at the start. The door is open all the same and answers 503, not ready, until the log is there; a broker
//! or topic whose settings break what the clerk promises ends the process.

use crate::edge::{Access, Admission, Door, Placing, router};
use crate::settings::{self, Settings};
use crate::wire::{Clerk, Shops};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use weir_host::process::BoxError;
use weir_host::{Boot, Condition, Parts};
use weir_pipeline::gateway::Gateway;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::reference::Table;
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, LogError, NoEffects, Signals, stage};
use weir_privacy::TenantKey;
use weir_proto::DESCRIPTORS;
use weir_proto::ingest::v1::ingest_service_server::IngestServiceServer;
use weir_proto::topics::Topic;

/// Pause between two tries to reach the log.
const PAUSE: Duration = Duration::from_secs(1);

/// The log, and what hangs on it.
struct Opened {
    log: KafkaLog,
    access: Access,
    gateway: Gateway,
}

/// Runs the service to its end.
pub fn run() -> ExitCode {
    weir_host::run("ingest", settings::read, start)
}

async fn start(boot: Boot, settings: Option<Settings>) -> Result<Parts, BoxError> {
    let Settings { log: config, key, limits, write_within, snapshots } =
        settings.ok_or("the configuration has faults")?;
    let key = Arc::new(key);
    let (access, gateway) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
    let door = Door::new(access.clone(), Admission::new(limits));
    let placing = Placing::new(gateway.clone(), key.clone());
    let (reached, clerk) = (boot.readiness.condition("log"), boot.readiness.condition("stage clerk"));
    let at_work = boot.clone();
    boot.task("ingest", async move {
        let drain = at_work.drain.clone();
        let opened = tokio::select! {
            opened = reach(&at_work, &config, &key, write_within, &reached) => opened?,
            () = drain.requested() => return Ok(()),
        };
        let Opened { log, access: opened, gateway: asked } = opened;
        decide(&at_work, &log, &config, key, snapshots, clerk)?;
        // Nobody else fills them.
        let _ = access.set(opened);
        let _ = gateway.set(asked);
        reached.set(true, "reached");
        drain.requested().await;
        Ok::<(), BoxError>(())
    });
    Ok(Parts::new().http(router(door)).grpc(IngestServiceServer::new(placing)).descriptors(DESCRIPTORS))
}

/// Starts the clerk's workers; each is a part of the process that must not end before the drain.
fn decide(
    boot: &Boot,
    log: &KafkaLog,
    config: &Config,
    key: Arc<TenantKey>,
    snapshots: Option<Snapshots>,
    ready: Condition,
) -> Result<(), BoxError> {
    let signals = Signals::new(boot.drain.flag(), move |holds, why| ready.set(holds, why));
    let workers = stage::spawn(Arc::new(Clerk::new(key)), log.clone(), config, |_| NoEffects, snapshots, &signals)?;
    for worker in workers {
        boot.thread(format!("stage {}", worker.name), move |_| match worker.thread.join() {
            Ok(ended) => ended.map_err(|error| whole(&error)),
            Err(_) => Err("panicked".to_owned()),
        })?;
    }
    Ok(())
}

/// Opens the log; tries again for as long as it does not answer.
async fn reach(
    boot: &Boot,
    config: &Config,
    key: &Arc<TenantKey>,
    write_within: Duration,
    reached: &Condition,
) -> Result<Opened, BoxError> {
    loop {
        let (boot, config, key) = (boot.clone(), config.clone(), key.clone());
        // Blocks, and so must not sit on a thread of the runtime.
        let opened = tokio::task::spawn_blocking(move || open(&boot, &config, key, write_within)).await?;
        match opened {
            Ok(opened) => return Ok(opened),
            Err(LogError::Transient(why) | LogError::Unknown(why)) => {
                tracing::warn!(why, "log not reached, trying again");
                reached.set(false, why);
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn open(boot: &Boot, config: &Config, key: Arc<TenantKey>, write_within: Duration) -> Result<Opened, LogError> {
    let log = KafkaLog::connect(config)?;
    let following = Signals::new(boot.drain.flag(), |_, _| {});
    let shops = Table::follow(&log, following, move |shops: &mut Shops, name, event| shops.learn(&key, name, event))?;
    let writer = Writer::connect(config, "ingest", write_within)?;
    let gateway = Gateway::start(config, Topic::Deliveries, Topic::Orders)?;
    Ok(Opened { log, access: Access { shops, writer }, gateway })
}

/// An error with all its causes.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
