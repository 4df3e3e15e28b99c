//! One port for HTTP and gRPC, with a limit on everything a client can hold: headers, body, time, connections, age.
//! A second one may serve the same over TLS; both draw on the same places.
//!
//! Requests are told apart by content type, so each side has its own fallback and its own form of error.

mod addresses;
mod connection;
mod edge;
mod limits;
mod pulse;
mod tls;

use crate::lifecycle::Drain;
use addresses::{Addresses, Seat};
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use http::Version;
use http::header::CONTENT_TYPE;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub use edge::{grpc, http};
pub use limits::Limits;
pub use tls::{Tls, TlsConfig};

/// The two sides of the port, ready to be served.
#[derive(Clone)]
pub struct Sides {
    pub http: Router,
    pub grpc: Router,
}

/// The ports to accept at.
pub struct Ports {
    pub plain: TcpListener,
    pub tls: Option<(TcpListener, Tls)>,
}

/// A connection that was just accepted.
struct Accepted {
    stream: TcpStream,
    /// For one that came to the port for TLS.
    tls: Option<TlsAcceptor>,
    place: Place,
}

/// A connection's place among all, and among those of its address.
struct Place {
    _among_all: OwnedSemaphorePermit,
    _of_its_address: Seat,
}

/// What a client may send on an HTTP/2 stream before somebody reads it: the largest body of the door.
const HTTP2_STREAM_WINDOW: u32 = 256 * 1024;

/// Files that a process has open beside its connections: logs, its journal, connections of its own.
const OTHER_FILES: usize = 512;

// === impl Sides ===

impl Sides {
    async fn call(self, request: Request) -> Result<Response, Infallible> {
        match is_grpc(&request) {
            true => self.grpc.oneshot(request).await,
            false => self.http.oneshot(request).await,
        }
    }
}

// === impl Ports ===

impl From<TcpListener> for Ports {
    fn from(plain: TcpListener) -> Self {
        Ports { plain, tls: None }
    }
}

impl Ports {
    /// From whichever port has somebody: two loops would each hold a place for nobody.
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr, Option<TlsAcceptor>)> {
        let over_tls = async {
            match &self.tls {
                Some((listener, tls)) => (listener.accept().await, Some(tls.acceptor())),
                None => pending().await,
            }
        };
        let (accepted, tls) = tokio::select! {
            accepted = self.plain.accept() => (accepted, None),
            accepted = over_tls => accepted,
        };
        let (stream, address) = accepted?;
        Ok((stream, address, tls))
    }
}

/// gRPC is HTTP/2 by definition: who says so over HTTP/1 wants around the limits of the other side.
fn is_grpc<B>(request: &::http::Request<B>) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE);
    request.version() == Version::HTTP_2 && content_type.is_some_and(|kind| kind.as_bytes().starts_with(GRPC))
}

const GRPC: &[u8] = b"application/grpc";

/// Accepts until `drain`, then lets every connection finish what it has begun. Returns when the last is closed.
pub async fn serve(ports: impl Into<Ports>, sides: Sides, limits: Limits, drain: Drain) {
    let ports = ports.into();
    let meter = opentelemetry::global::meter(crate::trace::TRACER);
    let open = crate::semconv::CONNECTIONS.up_down(&meter);
    let places = Arc::new(Semaphore::new(places(limits.connections)));
    let addresses = Addresses::default();
    let connections = TaskTracker::new();
    let mut count: u32 = 0;
    loop {
        let accepted = tokio::select! {
            () = drain.requested() => break,
            accepted = accept(&ports, &places, &addresses, &limits) => accepted,
        };
        let Some(Accepted { stream, tls, place }) = accepted else {
            continue;
        };
        count = count.wrapping_add(1);
        let (sides, drain, open, age) = (sides.clone(), drain.clone(), open.clone(), spread(limits.age, count));
        connections.spawn(async move {
            open.add(1, &[]);
            connection::attend(stream, tls, sides, &limits, age, &drain).await;
            open.add(-1, &[]);
            drop(place);
        });
    }
    drop(ports);
    connections.close();
    connections.wait().await;
}

async fn accept(ports: &Ports, places: &Arc<Semaphore>, addresses: &Addresses, limits: &Limits) -> Option<Accepted> {
    let among_all = places.clone().acquire_owned().await.ok()?;
    match ports.accept().await {
        Ok((stream, address, tls)) => {
            let Some(seat) = addresses.seat(address.ip(), limits.connections_per_address) else {
                tracing::debug!(address = %address.ip(), "connection closed, its address has too many");
                return None;
            };
            Some(Accepted { stream, tls, place: Place { _among_all: among_all, _of_its_address: seat } })
        }
        Err(error) => {
            tracing::warn!(error = %error, "connection not accepted");
            // Out of file descriptors, most likely: asking again at once would only burn the processor.
            sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// No more connections than there are files for: without a file left, a journal could not go on either.
fn places(wanted: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let files: Option<usize> = files.and_then(|line| line.split_whitespace().next()?.parse().ok());
    let room = files.map_or(wanted, |files| files.saturating_sub(OTHER_FILES).max(files / 4));
    if room < wanted {
        tracing::warn!(
            wanted,
            room,
            files,
            "fewer connections than asked for; raise the process's limit of open files"
        );
    }
    wanted.min(room).max(1)
}

/// Ages differ by up to a tenth, or clients that came together would leave together.
fn spread(age: Duration, count: u32) -> Duration {
    age + age / 100 * (count % 11)
}
