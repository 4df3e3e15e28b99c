//! A whole service around nothing: what the tests of the process start and stop.
//!
//! `HELLO_FALL=<reason>` makes its stage fall, `HELLO_STUBBORN=true` makes its stage ignore the drain.

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use opentelemetry::trace::SpanKind;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;
use weir_host::process::BoxError;
use weir_host::{Boot, Drain, Parts, Reader, Secret, kind, trace};

weir_host::allocator!();

struct Config {
    greeting: String,
    fall: Option<String>,
    stubborn: bool,
}

fn main() -> ExitCode {
    weir_host::run("hello", read, start)
}

fn read(reader: &mut Reader<'_>) -> Config {
    let _key: Option<Secret> = reader.optional("HELLO_KEY");
    Config {
        greeting: reader.required("HELLO_GREETING"),
        fall: reader.optional("HELLO_FALL"),
        stubborn: reader.or("HELLO_STUBBORN", false),
    }
}

async fn start(boot: Boot, config: Config) -> Result<Parts, BoxError> {
    let Config { greeting, fall, stubborn } = config;
    let ready = boot.readiness.condition("stage hello");
    boot.thread("stage hello", move |drain| {
        ready.set(true, "nothing to wait for");
        work(&drain, fall, stubborn)
    })?;
    for name in ["first", "second"] {
        boot.on_drain(name, move || async move {
            tracing::info!(hook = name, "hook ran");
        });
    }
    let routes = Router::new()
        .route("/hello", get(move || hello(greeting.clone())))
        .route("/echo", post(|body: Bytes| async move { body }))
        .route("/late", get(late))
        .route("/panic", get(panics));
    Ok(Parts::new().http(routes))
}

fn work(drain: &Drain, fall: Option<String>, stubborn: bool) -> Result<(), String> {
    if let Some(reason) = fall {
        return Err(reason);
    }
    while stubborn || !drain.is_requested() {
        sleep(Duration::from_millis(5));
    }
    tracing::info!("stage ended");
    Ok(())
}

/// Answers with the trace it is in, after one step inside it.
async fn hello(greeting: String) -> String {
    let traceparent = trace::current_traceparent().unwrap_or_default();
    let step = trace::child(&traceparent, "greet", SpanKind::Internal);
    let step = step.map(|mut span| {
        span.attr("greeting", greeting.clone());
        span.traceparent()
    });
    format!("{greeting} {}", step.unwrap_or_default())
}

async fn late() -> weir_host::Problem {
    weir_host::Problem::new(kind::TOO_LATE, "The parcel has left.")
}

async fn panics() -> &'static str {
    panic!("a bug in a handler")
}
