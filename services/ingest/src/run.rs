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
use weir_host::{Boot, Condition, Miss, Parts};
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

/// What the door and its gRPC edge need of the log.
struct Opened {
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
        let to_connect = config.clone();
        let connect = move || KafkaLog::connect(&to_connect).map_err(missed);
        let Some(log) = at_work.reach(&reached, connect).await? else {
            return Ok(());
        };
        // First: the clerk needs nothing of what the door opens, and deliveries may wait for it.
        decide(&at_work, &log, &config, key.clone(), snapshots, clerk)?;
        let for_attempts = at_work.clone();
        let attempt = move || open(&for_attempts, &log, &config, &key, write_within).map_err(missed);
        let Some(opened) = at_work.reach(&reached, attempt).await? else {
            return Ok(());
        };
        // Nobody else fills them.
        let _ = access.set(opened.access);
        let _ = gateway.set(opened.gateway);
        reached.set(true, "reached");
        at_work.drain.requested().await;
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
        boot.joined(format!("stage {}", worker.name), worker.thread)?;
    }
    Ok(())
}

/// A broker that is away may come; one that refuses will not come right by itself.
fn missed(error: LogError) -> Miss {
    match error {
        LogError::Fatal(why) => Miss::refused(why),
        error => Miss::Away(error.to_string()),
    }
}

fn open(
    boot: &Boot,
    log: &KafkaLog,
    config: &Config,
    key: &Arc<TenantKey>,
    write_within: Duration,
) -> Result<Opened, LogError> {
    let (following, key) = (Signals::new(boot.drain.flag(), |_, _| {}), key.clone());
    let shops = Table::follow(log, following, move |shops: &mut Shops, name, event| shops.learn(&key, name, event))?;
    let writer = Writer::connect(config, "ingest", write_within)?;
    let gateway = Gateway::start(config, Topic::Deliveries, Topic::Orders)?;
    Ok(Opened { access: Access { shops, writer }, gateway })
}
