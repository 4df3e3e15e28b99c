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
use weir_host::{Boot, Condition, Drain, Miss, Parts};
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
    // All of them from the start, so that the process is never ready before it has named one of them.
    let ready = Ready {
        log: boot.readiness.condition("log"),
        stage: boot.readiness.condition("stage inventory"),
        levels: boot.readiness.condition("projector inventory.levels"),
        counters: boot.readiness.condition("counters inventory.availability"),
    };
    let (at_work, edge) = (boot.clone(), service.clone());
    boot.task("inventory", async move {
        ready.stage.set(false, "waits for the log");
        let config = settings.log.clone();
        let Some(opened) = at_work.reach(&ready.log, move || open(&config).map_err(missed)).await? else {
            return Ok(());
        };
        ready.log.set(true, "connected");
        work(&at_work, settings, pool, opened, edge, ready)?;
        at_work.drain.requested().await;
        Ok::<(), BoxError>(())
    });
    Ok(Parts::new().grpc(InventoryServiceServer::new(service)).descriptors(weir_proto::DESCRIPTORS))
}

/// What the process waits for.
struct Ready {
    log: Condition,
    stage: Condition,
    levels: Condition,
    counters: Condition,
}

/// The log, and the way for commands.
struct Opened {
    log: KafkaLog,
    gateway: Gateway,
}

fn open(config: &Config) -> Result<Opened, LogError> {
    let log = KafkaLog::connect(config)?;
    let gateway = Gateway::start(config, Topic::StockCommands, Topic::Stock)?;
    Ok(Opened { log, gateway })
}

/// A broker that is away may come; one that refuses will not come right by itself.
fn missed(error: LogError) -> Miss {
    match error {
        LogError::Fatal(why) => Miss::refused(why),
        error => Miss::Away(error.to_string()),
    }
}

/// Starts everything that hangs on the log.
fn work(
    boot: &Boot,
    settings: Settings,
    pool: PgPool,
    opened: Opened,
    edge: Inventory,
    ready: Ready,
) -> Result<(), BoxError> {
    let Opened { log, gateway } = opened;
    let Ready { stage: deciding, levels, counters, .. } = ready;
    let signals = Signals::new(boot.drain.flag(), move |holds, why| deciding.set(holds, why));
    let snapshots = Some(Snapshots::connect(&pool));
    let workers = stage::spawn(Arc::new(Stage), log.clone(), &settings.log, |_| NoEffects, snapshots, &signals)?;
    for worker in workers {
        boot.joined(format!("stage {}", worker.name), worker.thread)?;
    }
    // The cell is filled once; nobody else holds it.
    let _ = edge.gateway.set(gateway);
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
    let url = settings.redis_url.reveal().to_owned();
    let signals = Signals::new(boot.drain.flag(), move |holds, why| counters.set(holds, why));
    let counting = redis::spawn(Availability, log, &settings.log, url.clone(), signals);
    boot.joined("counters inventory.availability", counting)?;
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

/// Waits for a loop to end, and says why it did.
fn ended<E: Into<BoxError>>(thread: JoinHandle<Result<(), E>>) -> Result<(), BoxError> {
    match thread.join() {
        Ok(ended) => ended.map_err(Into::into),
        Err(_) => Err("panicked".into()),
    }
}
