//! The process: what is started, in which order, and how it ends.
//!
//! Kafka may be away at the start. The process is up all the same, not ready, and tries until it is there; a broker or topic
//! whose settings break what the stage promises ends it.

use crate::config::{self, Config};
use crate::effects::Desk;
use crate::effects::dispatcher;
use crate::effects::endpoints::Directory;
use crate::effects::outcome::OutcomeLog;
use crate::effects::sender::{Parts as SenderParts, Sender};
use crate::effects::webhook::Webhooks;
use crate::wire::Notification;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use weir_host::process::BoxError;
use weir_host::{Boot, Condition, Miss, Parts};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::reference::Table;
use weir_pipeline::stage;
use weir_pipeline::writer::Writer;
use weir_pipeline::{LogError, Signals};

/// How long outcomes are gathered before they are written.
const OUTCOME_LINGER_MS: u64 = 50;
/// How long the producer tries an outcome's record, before it is handed over anew.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// The log, and what hangs on it.
struct Opened {
    log: KafkaLog,
    endpoints: Table<Directory>,
    writer: Writer,
}

/// Runs the service to its end.
pub fn run() -> ExitCode {
    weir_host::run("notification", config::read, start)
}

async fn start(boot: Boot, config: Option<Config>) -> Result<Parts, BoxError> {
    let config = config.ok_or("the configuration has faults")?;
    let webhooks = Webhooks::new(config.policy)?;
    if config.policy.allow_loopback {
        tracing::warn!("webhooks may go to loopback, and without tls");
    }
    let reference = boot.readiness.condition("reference");
    let stage = boot.readiness.condition("stage notification");
    let at_work = boot.clone();
    boot.task("notification", async move {
        let (for_attempts, to_open, told) = (at_work.clone(), config.log.clone(), reference.clone());
        let attempt = move || open(&for_attempts, &to_open, told.clone()).map_err(missed);
        match at_work.reach(&reference, attempt).await? {
            Some(opened) => work(at_work, config, webhooks, opened, stage).await,
            None => Ok(()),
        }
    });
    Ok(Parts::new())
}

/// Decides and sends until the drain; then what runs is finished and told, and what waits is left to the next owner.
async fn work(
    boot: Boot,
    config: Config,
    webhooks: Webhooks,
    opened: Opened,
    stage: Condition,
) -> Result<(), BoxError> {
    let Config { log: log_config, key, mails, templates, limits, snapshots, .. } = config;
    let endpoints = Arc::new(opened.endpoints);
    let sender = Sender::new(SenderParts { endpoints, key, templates, mails, webhooks });
    let outcomes = Arc::new(OutcomeLog::new(opened.writer));
    let (draining, drained) = watch::channel(false);
    let (handle, mut sending) = dispatcher::start(limits, Arc::new(sender), outcomes, drained);
    let signals = Signals::new(boot.drain.flag(), move |ready, why| stage.set(ready, why));
    let effects = |worker| Desk::new(worker, handle.clone());
    let log = opened.log;
    let workers = stage::spawn(Arc::new(Notification), log, &log_config, effects, snapshots, &signals)?;
    for worker in workers {
        // Each is a part of the process that must not end before the drain.
        boot.joined(format!("stage {}", worker.name), worker.thread)?;
    }
    tokio::select! {
        _ = &mut sending => return Err("the dispatcher ended before the drain".into()),
        () = boot.drain.requested() => {}
    }
    let _ = draining.send(true);
    Ok(sending.await?)
}

/// A broker that is away may come; one that refuses will not come right by itself.
fn missed(error: LogError) -> Miss {
    match error {
        LogError::Fatal(why) => Miss::refused(why),
        error => Miss::Away(error.to_string()),
    }
}

fn open(boot: &Boot, config: &weir_pipeline::Config, ready: Condition) -> Result<Opened, LogError> {
    let log = KafkaLog::connect(config)?;
    let told = ready.clone();
    let signals = Signals::new(boot.drain.flag(), move |ready, why| told.set(ready, why));
    let endpoints = Table::follow(&log, signals, Directory::learn)?;
    // Nobody waits for an outcome: few large portions are what the broker likes best.
    let gathering = weir_pipeline::Config { linger_ms: OUTCOME_LINGER_MS, ..config.clone() };
    let writer = Writer::connect(&gathering, "notification", WRITE_WITHIN)?;
    ready.set(true, "read to its end");
    Ok(Opened { log, endpoints, writer })
}
