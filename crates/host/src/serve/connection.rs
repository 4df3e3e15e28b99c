//! One connection, from its first byte to its end.

use super::pulse::{Felt, Pulse};
use super::tls::H2;
use super::{HTTP2_STREAM_WINDOW, Limits, Sides, is_grpc};
use crate::lifecycle::Drain;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How a connection begins.
struct Start {
    is_http2: bool,
    /// Bytes that the client must send within the time for headers.
    owed: usize,
}

/// Serves a connection until it closes, or a limit or the drain ends it.
pub(super) async fn attend(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    sides: Sides,
    limits: &Limits,
    age: Duration,
    drain: &Drain,
) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => {
            if let Ok(Some(is_http2)) = timeout(limits.headers, detect(&stream)).await {
                converse(stream, Start { is_http2, owed: 0 }, sides, limits, age, drain).await;
            }
        }
        // In a box of its own: what TLS needs would make each plain connection as large.
        Some(acceptor) => {
            let over_tls = async {
                if let Some((stream, start)) = shake_hands(acceptor, stream, limits.headers).await {
                    converse(stream, start, sides, limits, age, drain).await;
                }
            };
            Box::pin(over_tls).await;
        }
    }
}

/// The handshake of TLS, within `limit`. Nothing, where the client can't or won't.
async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    limit: Duration,
) -> Option<(TlsStream<TcpStream>, Start)> {
    let stream = match timeout(limit, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(error = %error, "TLS handshake failed");
            return None;
        }
        Err(_) => {
            tracing::debug!("TLS handshake did not end in time");
            return None;
        }
    };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(H2);
    let owed = if is_http2 { HTTP2_PREFACE.len() } else { 1 };
    Some((stream, Start { is_http2, owed }))
}

async fn converse<S>(stream: S, start: Start, sides: Sides, limits: &Limits, age: Duration, drain: &Drain)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Start { is_http2, owed } = start;
    let pulse = Pulse::new();
    let felt = pulse.clone();
    let header_limit = limits.header_bytes;
    let service = tower::service_fn(move |request: http::Request<Incoming>| {
        let request = request.map(axum::body::Body::new);
        let call = felt.call(is_grpc(&request));
        let is_too_long = header_bytes(request.headers()) > header_limit;
        let answer = (!is_too_long).then(|| sides.clone().call(request));
        async move {
            let _under_way = call;
            match answer {
                Some(answer) => answer.await,
                None => Ok(too_long()),
            }
        }
    });
    let builder = builder(is_http2, limits);
    let stream = TokioIo::new(Felt::new(stream, pulse.clone()));
    // Not the one "with upgrades": it tells the version by itself again, whatever was agreed on.
    let connection = builder.serve_connection(stream, TowerToHyperService::new(service));
    tokio::pin!(connection);
    let end = tokio::select! {
        end = connection.as_mut() => Some(end),
        () = drain.requested() => None,
        () = sleep(age) => None,
        () = pulse.quiet(limits.idle) => None,
        () = pulse.silent(owed, limits.headers) => return tracing::debug!("nothing came in time"),
        () = pulse.stuck(is_http2, limits.headers) => return tracing::debug!("headers did not come in time"),
    };
    let end = match end {
        Some(end) => end,
        None => {
            connection.as_mut().graceful_shutdown();
            match pulse.is_grpc() {
                true => connection.await,
                // Who doesn't read his answer, or never ends his request, would stay for ever.
                false => match timeout(limits.answer, connection).await {
                    Ok(end) => end,
                    Err(_) => return tracing::debug!("connection cut, its client did not let it close"),
                },
            }
        }
    };
    if let Err(error) = end {
        tracing::debug!(error = %error, "connection ended early");
    }
}

/// As they stand in HTTP/1: name, colon, space, value, line's end.
fn header_bytes(headers: &http::HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// What hyper itself says where its buffer is full before the headers have ended. How much it takes in one read is for the
/// kernel to say: headers somewhat above the limit may fit.
fn too_long() -> axum::response::Response {
    let mut answer = axum::response::Response::default();
    *answer.status_mut() = http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    answer
}

fn builder(is_http2: bool, limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // It counts from the end of the last answer; the pulse looks after headers that have begun.
        .header_read_timeout(limits.idle)
        .max_headers(HEADERS_MAX)
        .max_buf_size(limits.header_bytes.max(HTTP1_BUFFER_MIN));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_local_error_reset_streams(LOCAL_RESETS_MAX)
        .initial_stream_window_size(HTTP2_STREAM_WINDOW)
        .initial_connection_window_size(2 * HTTP2_STREAM_WINDOW)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    match is_http2 {
        true => builder.http2_only(),
        false => builder.http1_only(),
    }
}

const HEADERS_MAX: usize = 100;
/// hyper takes no smaller buffer.
const HTTP1_BUFFER_MIN: usize = 8192;
/// Streams that a client takes back before anybody has seen them, and those that it breaks: more is an attack ("rapid reset").
const RESETS_MAX: usize = 20;
const LOCAL_RESETS_MAX: usize = 256;

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether the client speaks HTTP/2; nothing if it went away. hyper-util can tell as well, but waits for ever on a client
/// that says nothing, so the question is asked here, where it has a time limit.
async fn detect(stream: &TcpStream) -> Option<bool> {
    let mut start = [0; HTTP2_PREFACE.len()];
    let mut pause = Duration::from_millis(5);
    loop {
        let seen = stream.peek(&mut start).await.ok()?;
        match seen {
            0 => return None,
            _ if start[..seen] != HTTP2_PREFACE[..seen] => return Some(false),
            _ if seen == start.len() => return Some(true),
            // A preface in pieces is rare, and readiness would report the same bytes again at once.
            _ => sleep(pause).await,
        }
        // A crowd that sends one byte each must not cost a look every few milliseconds.
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}
