//! The way down: in order, within the grace, and at once on a second signal.

use super::{Boot, exit_code};
use crate::lifecycle::{Drain, Fall};
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

const EXIT_UNFINISHED: u8 = 1;
const EXIT_SECOND_SIGNAL: i32 = 130;

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// Why the process goes down.
pub enum End {
    Asked(&'static str),
    Fallen(Fall),
}

/// The port, being served.
pub struct Server {
    pub drain: Drain,
    pub serving: JoinHandle<()>,
}

/// Work for the end, in the order of registration.
#[derive(Clone, Default)]
pub struct Hooks(Arc<Mutex<Vec<Hook>>>);

type Hook = (String, Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>);

// === impl Signals ===

impl Signals {
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

// === impl Hooks ===

impl Hooks {
    pub fn push(&self, name: String, hook: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>) {
        self.lock().push((name, hook));
    }

    fn take(&self) -> Vec<Hook> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Hook>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the process down and says with which code it leaves.
pub async fn drain(boot: Boot, server: Server, mut signals: Signals, end: End) -> u8 {
    tokio::spawn(async move {
        let signal = signals.next().await;
        tracing::warn!(signal, "second signal, leaving at once");
        std::process::exit(EXIT_SECOND_SIGNAL);
    });
    match &end {
        End::Asked(signal) => tracing::info!(signal, "draining"),
        End::Fallen(fall) => {
            let (part, reason) = (&fall.part, &fall.reason);
            tracing::error!(part, reason, "part fell, draining the rest");
        }
    }
    let finished = finish(&boot, server).await;
    match (end, finished) {
        (End::Fallen(fall), _) => {
            let page = fall.kind.map(|kind| format!("docs/errors/{}.md", kind.slug));
            tracing::error!(part = fall.part, reason = fall.reason, page, "process ended");
            exit_code(fall.kind)
        }
        (End::Asked(_), false) => EXIT_UNFINISHED,
        (End::Asked(_), true) => {
            tracing::info!("drained");
            0
        }
    }
}

/// The steps of the drain. Each has what is left of the grace; requests have half of it at most, so that a client that
/// never ends its stream does not take the parts' time.
async fn finish(boot: &Boot, server: Server) -> bool {
    let begun = Instant::now();
    let deadline = begun + boot.config.grace;
    let mut finished = true;

    boot.readiness.drain();
    server.drain.request();
    let abort = server.serving.abort_handle();
    if timeout_at(begun + boot.config.grace / 2, server.serving).await.is_err() {
        tracing::warn!("requests did not finish in time");
        abort.abort();
        finished = false;
    }

    boot.drain.request();
    let left = deadline.saturating_duration_since(Instant::now());
    if let Err(parts) = boot.crew.dismissed(left).await {
        tracing::warn!(parts = parts.join(", "), "parts did not end in time");
        finished = false;
    }

    for (hook, work) in boot.hooks.take() {
        tracing::debug!(hook, "drain hook");
        if timeout_at(deadline, work()).await.is_err() {
            tracing::warn!(hook, "drain hook did not finish in time");
            finished = false;
        }
    }
    finished
}
