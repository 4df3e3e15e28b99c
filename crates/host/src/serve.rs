//! One port for HTTP and gRPC, with a limit on everything a client can hold: headers, body, time, connections, age.
//!
//! Requests are told apart by content type, so each side has its own fallback and its own form of error.

mod edge;

use crate::lifecycle::Drain;
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use opentelemetry::metrics::UpDownCounter;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub use edge::{grpc, http};

/// What a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of an HTTP body before 413.
    pub body: usize,
    /// From accept, or from the end of the last answer, to the end of the request's headers.
    pub headers: Duration,
    /// Between two pieces of a body.
    pub body_idle: Duration,
    /// To the first byte of an HTTP answer. gRPC has deadlines of its own.
    pub answer: Duration,
    /// Open connections; beyond it new ones wait in the backlog.
    pub connections: usize,
    /// Age at which a connection is asked to close, so that clients spread over new replicas.
    pub age: Duration,
    /// Calls at a time on one HTTP/2 connection.
    pub streams: u32,
}

/// The two sides of the port, ready to be served.
#[derive(Clone)]
pub struct Sides {
    pub http: Router,
    pub grpc: Router,
}

/// What every connection shares.
struct Doorkeeper {
    sides: Sides,
    limits: Limits,
    drain: Drain,
    open: UpDownCounter<i64>,
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 256 * 1024,
            headers: Duration::from_secs(5),
            body_idle: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            connections: 4096,
            age: Duration::from_secs(300),
            streams: 256,
        }
    }
}

// === impl Sides ===

impl Sides {
    async fn call(self, request: Request) -> Result<Response, Infallible> {
        let content_type = request.headers().get(http_header());
        let is_grpc = content_type.is_some_and(|kind| kind.as_bytes().starts_with(GRPC));
        match is_grpc {
            true => self.grpc.oneshot(request).await,
            false => self.http.oneshot(request).await,
        }
    }
}

const GRPC: &[u8] = b"application/grpc";

fn http_header() -> ::http::HeaderName {
    ::http::header::CONTENT_TYPE
}

/// Accepts until `drain`, then lets every connection finish what it has begun. Returns when the last is closed.
pub async fn serve(listener: TcpListener, sides: Sides, limits: Limits, drain: Drain) {
    let meter = opentelemetry::global::meter(crate::trace::TRACER);
    let keeper = Arc::new(Doorkeeper { sides, limits, drain, open: crate::semconv::CONNECTIONS.up_down(&meter) });
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    let mut count: u32 = 0;
    loop {
        let accepted = tokio::select! {
            () = keeper.drain.requested() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, place)) = accepted else {
            continue;
        };
        count = count.wrapping_add(1);
        let (keeper, age) = (keeper.clone(), spread(limits.age, count));
        connections.spawn(async move {
            keeper.open.add(1, &[]);
            keeper.attend(stream, age).await;
            keeper.open.add(-1, &[]);
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            tracing::warn!(error = %error, "connection not accepted");
            // Out of file descriptors, most likely: asking again at once would only burn the processor.
            sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// Ages differ by up to a tenth, or clients that came together would leave together.
fn spread(age: Duration, count: u32) -> Duration {
    age + age / 100 * (count % 11)
}

// === impl Doorkeeper ===

impl Doorkeeper {
    async fn attend(&self, stream: TcpStream, age: Duration) {
        let _ = stream.set_nodelay(true);
        let Ok(Some(is_http2)) = timeout(self.limits.headers, detect(&stream)).await else {
            return;
        };
        let sides = self.sides.clone();
        let service = tower::service_fn(move |request: ::http::Request<Incoming>| {
            sides.clone().call(request.map(axum::body::Body::new))
        });
        let builder = self.builder(is_http2);
        let connection =
            builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
        tokio::pin!(connection);
        let end = tokio::select! {
            end = connection.as_mut() => Some(end),
            () = self.drain.requested() => None,
            () = sleep(age) => None,
        };
        let end = match end {
            Some(end) => end,
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = end {
            tracing::debug!(error = %error, "connection ended early");
        }
    }

    fn builder(&self, is_http2: bool) -> auto::Builder<TokioExecutor> {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.limits.headers).max_headers(100);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.limits.streams)
            .max_header_list_size(32 * 1024)
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10));
        match is_http2 {
            true => builder.http2_only(),
            false => builder.http1_only(),
        }
    }
}

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether the client speaks HTTP/2; nothing if it went away. hyper-util can tell as well, but waits for ever on a client
/// that says nothing, so the question is asked here, where it has a time limit.
async fn detect(stream: &TcpStream) -> Option<bool> {
    let mut start = [0; HTTP2_PREFACE.len()];
    loop {
        let seen = stream.peek(&mut start).await.ok()?;
        match seen {
            0 => return None,
            _ if start[..seen] != HTTP2_PREFACE[..seen] => return Some(false),
            _ if seen == start.len() => return Some(true),
            // A preface in pieces is rare, and readiness would report the same bytes again at once.
            _ => sleep(Duration::from_millis(10)).await,
        }
    }
}
