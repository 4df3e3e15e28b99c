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
use weir_host::{Boot, Condition, Parts, Problem, kind};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::reference::Table;
use weir_pipeline::stage::{self, Worker};
use weir_pipeline::writer::Writer;
use weir_pipeline::{LogError, Signals};

/// How long outcomes are gathered before they are written.
const OUTCOME_LINGER_MS: u64 = 50;
/// How long the producer tries an outcome's record, before it is handed over anew.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// Pause between two tries to reach the log.
const PAUSE: Duration = Duration::from_secs(1);

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
    // Settings that are wrong stop the start here; a log that is away is waited for later.
    let first = attempt(&boot, &config.log, &reference).await?;
    let at_work = boot.clone();
    boot.task("notification", async move {
        let drain = at_work.drain.clone();
        tokio::select! {
            opened = reach(first, &at_work, &config.log, reference) => {
                work(at_work, config, webhooks, opened?, stage).await
            }
            () = drain.requested() => Ok(()),
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
        boot.thread(format!("stage {}", worker.name), move |_| join(worker))?;
    }
    tokio::select! {
        _ = &mut sending => return Err("the dispatcher ended before the drain".into()),
        () = boot.drain.requested() => {}
    }
    let _ = draining.send(true);
    Ok(sending.await?)
}

fn join(worker: Worker) -> Result<(), String> {
    match worker.thread.join() {
        Ok(ended) => ended.map_err(|error| whole(&error)),
        Err(_) => Err("panicked".to_owned()),
    }
}

/// Tries until the log is open.
async fn reach(
    mut opened: Option<Opened>,
    boot: &Boot,
    config: &weir_pipeline::Config,
    ready: Condition,
) -> Result<Opened, BoxError> {
    loop {
        if let Some(opened) = opened {
            return Ok(opened);
        }
        tokio::time::sleep(PAUSE).await;
        opened = attempt(boot, config, &ready).await?;
    }
}

/// One try: nothing where the log does not answer, an error where it never will.
async fn attempt(boot: &Boot, config: &weir_pipeline::Config, ready: &Condition) -> Result<Option<Opened>, BoxError> {
    let (boot, config, condition) = (boot.clone(), config.clone(), ready.clone());
    // Blocks, and so must not sit on a thread of the runtime.
    match tokio::task::spawn_blocking(move || open(&boot, &config, condition)).await? {
        Ok(opened) => Ok(Some(opened)),
        Err(error @ LogError::Fatal(_)) => Err(Problem::new(kind::BROKER_SETTING, error.to_string()).into()),
        Err(error) => {
            tracing::warn!(error = %error, "log not reached, trying again");
            ready.set(false, error.to_string());
            Ok(None)
        }
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

/// An error with its causes, for the line that says why the process ends.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
