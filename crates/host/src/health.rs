//! Whether the process lives, and whether it should be given work.
//!
//! Liveness asks nobody: a process that waits for Kafka must not be killed for it. Readiness is the conjunction of named
//! conditions, each owned by the part that knows, and it ends with the drain. gRPC health follows readiness.

use crate::lifecycle::Drain;
use crate::semconv;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use prometheus::{Encoder, Registry, TextEncoder};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// What the process waits for before it takes work.
#[derive(Clone)]
pub struct Readiness(Arc<Shared>);

/// One thing that must hold, reported by the part that owns it. Safe to use from any thread.
#[derive(Clone)]
pub struct Condition {
    shared: Arc<Shared>,
    index: usize,
}

struct Shared {
    state: Mutex<Standing>,
    ready: watch::Sender<bool>,
}

#[derive(Default)]
struct Standing {
    conditions: Vec<Stated>,
    draining: bool,
}

struct Stated {
    name: String,
    /// Readiness depends on it.
    counts: bool,
    holds: bool,
    reason: String,
}

// === impl Readiness ===

impl Default for Readiness {
    fn default() -> Self {
        Self::new()
    }
}

impl Readiness {
    pub fn new() -> Self {
        let (ready, _) = watch::channel(true);
        Self(Arc::new(Shared { state: Mutex::default(), ready }))
    }

    /// Adds a condition. It does not hold until its owner says so.
    pub fn condition(&self, name: impl Into<String>) -> Condition {
        self.add(name.into(), true)
    }

    /// Adds one that `/ready` shows and that readiness does not depend on.
    pub fn shown(&self, name: impl Into<String>) -> Condition {
        self.add(name.into(), false)
    }

    fn add(&self, name: String, counts: bool) -> Condition {
        let index = self.0.change(|state| {
            state.conditions.push(Stated { name, counts, holds: false, reason: "starting".to_owned() });
            state.conditions.len() - 1
        });
        Condition { shared: self.0.clone(), index }
    }

    /// Ends readiness for good.
    pub fn drain(&self) {
        self.0.change(|state| state.draining = true);
    }

    pub fn is_ready(&self) -> bool {
        *self.0.ready.borrow()
    }

    /// Follows readiness; the receiver holds the present value.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.0.ready.subscribe()
    }

    /// What `/ready` shows.
    pub fn to_json(&self) -> Value {
        let state = self.0.lock();
        let conditions: Vec<Value> = state
            .conditions
            .iter()
            .map(|Stated { name, counts, holds, reason }| {
                json!({ "name": name, "counts": counts, "holds": holds, "reason": reason })
            })
            .collect();
        json!({ "ready": state.ready(), "draining": state.draining, "conditions": conditions })
    }
}

// === impl Condition ===

impl Condition {
    /// Says whether the condition holds, and why. Cheap when nothing changes.
    pub fn set(&self, holds: bool, reason: impl Into<String>) {
        let reason = reason.into();
        let changed = self.shared.change(|state| {
            let stated = &mut state.conditions[self.index];
            let changed = stated.holds != holds;
            stated.holds = holds;
            stated.reason.clone_from(&reason);
            changed.then(|| stated.name.clone())
        });
        if let Some(condition) = changed {
            tracing::info!(condition, holds, reason, "readiness condition changed");
        }
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Standing> {
        // Every change is a plain assignment, so a panic elsewhere leaves nothing half done here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Standing) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        let ready = state.ready();
        self.ready.send_if_modified(|known| std::mem::replace(known, ready) != ready);
        result
    }
}

impl Standing {
    fn ready(&self) -> bool {
        !self.draining && self.conditions.iter().all(|stated| stated.holds || !stated.counts)
    }
}

// === the HTTP side ===

/// `/live`, `/ready` and `/metrics`.
pub fn router(readiness: Readiness, registry: Registry) -> Router {
    Router::new()
        .route("/live", get(|| async { "alive\n" }))
        .route("/ready", get(ready).with_state(readiness))
        .route("/metrics", get(metrics).with_state(registry))
}

async fn ready(State(readiness): State<Readiness>) -> Response {
    let body = readiness.to_json();
    let status = match body["ready"] {
        Value::Bool(true) => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    // Not a problem document: probes and people want the list of conditions in both cases.
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn metrics(State(registry): State<Registry>) -> Response {
    let mut text = Vec::new();
    match TextEncoder::new().encode(&registry.gather(), &mut text) {
        Ok(()) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => crate::Problem::internal(&error).into_response(),
    }
}

// === the gRPC side ===

/// Keeps gRPC health equal to readiness, for the whole server and for each service by name, until `drain`.
pub async fn follow(readiness: Readiness, mut reporter: HealthReporter, services: Vec<&'static str>, drain: Drain) {
    let gauge = semconv::READY.gauge(&opentelemetry::global::meter(crate::trace::TRACER));
    let mut ready = readiness.watch();
    let services: Vec<&str> = services.into_iter().chain([""]).collect();
    loop {
        let is_ready = *ready.borrow_and_update();
        gauge.record(u64::from(is_ready), &[]);
        tracing::info!(ready = is_ready, "readiness");
        for service in &services {
            let status = match is_ready {
                true => ServingStatus::Serving,
                false => ServingStatus::NotServing,
            };
            reporter.set_service_status(service, status).await;
        }
        tokio::select! {
            // Readiness is looked at first: it ends before the drain begins, and watchers should hear of it.
            biased;
            changed = ready.changed() => if changed.is_err() { break },
            () = drain.requested() => break,
        }
    }
    // Ends the streams of those who watch, which would hold their connections open through the drain.
    for service in services {
        reporter.clear_service_status(service).await;
    }
}

#[cfg(test)]
mod tests {
    //! Readiness is the conjunction of its conditions, and a drain ends it for good.
    use super::*;

    #[test]
    fn all_conditions_must_hold() {
        let readiness = Readiness::new();
        let follower = readiness.watch();
        assert!(readiness.is_ready());
        let log = readiness.condition("log");
        let stage = readiness.condition("stage routing");
        assert!(!*follower.borrow());
        log.set(true, "connected");
        assert!(!readiness.is_ready());
        stage.set(true, "4 partitions");
        assert!(*follower.borrow());
        stage.set(false, "replaying partition 2");
        assert_eq!(
            readiness.to_json(),
            json!({ "ready": false, "draining": false, "conditions": [
                { "name": "log", "counts": true, "holds": true, "reason": "connected" },
                { "name": "stage routing", "counts": true, "holds": false, "reason": "replaying partition 2" },
            ]})
        );
    }

    #[test]
    fn what_is_only_shown_does_not_count() {
        let readiness = Readiness::new();
        let (door, log) = (readiness.condition("door"), readiness.shown("log"));
        door.set(true, "open");
        assert!(readiness.is_ready());
        log.set(false, "nobody answers");
        assert!(readiness.is_ready());
        assert_eq!(readiness.to_json()["conditions"][1]["reason"], "nobody answers");
    }

    #[test]
    fn a_drain_can_not_be_undone() {
        let readiness = Readiness::new();
        let log = readiness.condition("log");
        readiness.drain();
        log.set(true, "connected");
        assert!(!readiness.is_ready());
    }
}
