//! The process: what is started, in which order, and how it ends.
//!
//! Whatever is away at the start is waited for, and the process says so in its readiness; a broker or topic whose settings
//! break what the stage promises ends it.

use crate::database;
use crate::edge::grpc::Inventory;
use crate::projection::availability::{Availability, NAME};
use crate::projection::levels::Levels;
use crate::settings::{self, Settings};
use crate::wire::Stage;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use weir_host::process::BoxError;
use weir_host::{Boot, Condition, Drain, Parts, Problem, kind};
use weir_pipeline::gateway::Gateway;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::projection::redis::CounterReader;
use weir_pipeline::projection::{postgres, redis};
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::{Config, LogError, NoEffects, Signals, stage};
use weir_proto::inventory::v1::inventory_service_server::InventoryServiceServer;
use weir_proto::topics::Topic;

/// Pause before a part that did not answer is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// The whole process.
pub fn run() -> ExitCode {
    weir_host::run("inventory", settings::read, start)
}

async fn start(boot: Boot, settings: Settings) -> Result<Parts, BoxError> {
    let options: PgConnectOptions = settings.database_url.reveal().parse()?;
    let pool = database::pool(options);
    let service = Inventory::default();
    let (at_work, edge) = (boot.clone(), service.clone());
    let log_ready = boot.readiness.condition("log");
    let stage_ready = boot.readiness.condition("stage inventory");
    stage_ready.set(false, "waits for the log");
    boot.task("inventory", async move {
        let drain = at_work.drain.clone();
        tokio::select! {
            opened = reach(&settings.log, log_ready) => work(at_work, settings, pool, opened?, edge, stage_ready)?,
            () = drain.requested() => {}
        }
        drain.requested().await;
        Ok::<(), BoxError>(())
    });
    Ok(Parts::new().grpc(InventoryServiceServer::new(service)).descriptors(weir_proto::DESCRIPTORS))
}

/// The log, and the way for commands.
struct Opened {
    log: KafkaLog,
    gateway: Gateway,
}

/// Opens the log; tries again for as long as it does not answer.
async fn reach(config: &Config, ready: Condition) -> Result<Opened, BoxError> {
    loop {
        let for_thread = config.clone();
        // Blocks, and so must not sit on a thread of the runtime.
        match tokio::task::spawn_blocking(move || open(&for_thread)).await? {
            Ok(opened) => {
                ready.set(true, "connected");
                return Ok(opened);
            }
            Err(error @ LogError::Fatal(_)) => {
                return Err(Problem::new(kind::BROKER_SETTING, error.to_string()).into());
            }
            Err(error) => {
                tracing::warn!(error = %error, "log not reached, will be tried again");
                ready.set(false, error.to_string());
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn open(config: &Config) -> Result<Opened, LogError> {
    let log = KafkaLog::connect(config)?;
    let gateway = Gateway::start(config, Topic::StockCommands, Topic::Stock)?;
    Ok(Opened { log, gateway })
}

/// Starts everything that hangs on the log.
fn work(
    boot: Boot,
    settings: Settings,
    pool: PgPool,
    opened: Opened,
    edge: Inventory,
    ready: Condition,
) -> Result<(), BoxError> {
    let Opened { log, gateway } = opened;
    let signals = Signals::new(boot.drain.flag(), move |holds, why| ready.set(holds, why));
    let snapshots = Some(Snapshots::connect(&pool));
    let workers = stage::spawn(Arc::new(Stage), log.clone(), &settings.log, |_| NoEffects, snapshots, &signals)?;
    for worker in workers {
        boot.thread(format!("stage {}", worker.name), move |_| ended(worker.thread))?;
    }
    // The cell is filled once; nobody else holds it.
    let _ = edge.gateway.set(gateway);
    let levels = boot.readiness.condition("projector inventory.levels");
    let (config, for_levels) = (settings.log.clone(), log.clone());
    let handle = tokio::runtime::Handle::current();
    boot.thread("projector inventory.levels", move |drain| {
        levels.set(false, "waits for postgres");
        if !handle.block_on(database::migrate(&pool, &drain)) {
            return Ok(());
        }
        let signals = Signals::new(drain.flag(), move |holds, why| levels.set(holds, why));
        ended(postgres::spawn(Levels, for_levels, &config, pool, signals))
    })?;
    let counted = boot.readiness.condition("counters inventory.availability");
    let url = settings.redis_url.reveal().to_owned();
    let (config, for_counters) = (settings.log.clone(), url.clone());
    boot.thread("counters inventory.availability", move |drain| {
        let signals = Signals::new(drain.flag(), move |holds, why| counted.set(holds, why));
        ended(redis::spawn(Availability, log, &config, for_counters, signals))
    })?;
    boot.task("availability", read_counters(edge, url, settings.log.prefix, boot.drain.clone()));
    Ok(())
}

/// Reaches Redis for the edge; until then every SKU is unknown.
async fn read_counters(edge: Inventory, url: String, prefix: String, drain: Drain) -> Result<(), BoxError> {
    loop {
        let connected = tokio::select! {
            connected = CounterReader::connect(&url, &prefix, NAME) => connected,
            () = drain.requested() => return Ok(()),
        };
        match connected {
            Ok(reader) => {
                let _ = edge.counters.set(reader);
                drain.requested().await;
                return Ok(());
            }
            Err(error) => tracing::warn!(error = %error, "redis not reached, will be tried again"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits for a loop to end, and says why it did, with its causes.
fn ended<E: std::error::Error>(thread: JoinHandle<Result<(), E>>) -> Result<(), String> {
    match thread.join() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            let causes = std::iter::successors(error.source(), |cause| cause.source());
            Err(causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}")))
        }
        Err(_) => Err("panicked".to_owned()),
    }
}
