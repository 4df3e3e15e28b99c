//! What a connection is doing: hyper has one time limit for slow headers and for no request at all, and those are two things.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep};

/// A connection's pulse.
pub(super) struct Pulse {
    since: Instant,
    /// Requests that have no answer yet.
    under_way: AtomicUsize,
    /// Whether a request has come since somebody looked.
    asked: AtomicBool,
    /// Whether it has carried gRPC, whose streams may be long.
    grpc: AtomicBool,
    /// When the first byte of a request came whose headers are not whole yet, in ms since the start and one more; 0: there is none.
    head: AtomicU64,
    /// Bytes that have come.
    bytes: AtomicUsize,
}

/// A request under way.
pub(super) struct Call(Arc<Pulse>);

/// The connection's bytes, which the pulse is felt by.
pub(super) struct Felt<S> {
    stream: S,
    pulse: Arc<Pulse>,
}

// === impl Pulse ===

impl Pulse {
    pub(super) fn new() -> Arc<Pulse> {
        Arc::new(Pulse {
            since: Instant::now(),
            under_way: AtomicUsize::new(0),
            asked: AtomicBool::new(false),
            grpc: AtomicBool::new(false),
            head: AtomicU64::new(0),
            bytes: AtomicUsize::new(0),
        })
    }

    /// The headers of a request are whole; it is under way until the result is dropped.
    pub(super) fn call(self: &Arc<Self>, is_grpc: bool) -> Call {
        self.under_way.fetch_add(1, Relaxed);
        self.asked.store(true, Relaxed);
        self.head.store(0, Relaxed);
        if is_grpc {
            self.grpc.store(true, Relaxed);
        }
        Call(self.clone())
    }

    pub(super) fn is_grpc(&self) -> bool {
        self.grpc.load(Relaxed)
    }

    /// Returns when no request came for `idle`, or a little more: it looks now and then, as a timer for each request would cost more.
    pub(super) async fn quiet(&self, idle: Duration) {
        loop {
            sleep(idle).await;
            if !self.asked.swap(false, Relaxed) && self.under_way.load(Relaxed) == 0 {
                return;
            }
        }
    }

    /// Returns when the headers of an HTTP/1 request are not whole `limit` after their first byte, or a little more. HTTP/2 carries
    /// other bytes as well, and its headers can't be held back: its pings would stay without answer.
    pub(super) async fn stuck(&self, is_http2: bool, limit: Duration) {
        if is_http2 {
            return pending().await;
        }
        loop {
            sleep(limit / 2).await;
            let head = self.head.load(Relaxed);
            if head > 0 && self.ms().saturating_sub(head) >= u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) {
                return;
            }
        }
    }

    /// Returns when fewer bytes than are `owed` have come within `limit`: a client that says nothing, or not all of its preface.
    pub(super) async fn silent(&self, owed: usize, limit: Duration) {
        if owed > 0 {
            sleep(limit).await;
        }
        if self.bytes.load(Relaxed) >= owed {
            pending().await
        }
    }

    fn heard(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Relaxed);
        if self.under_way.load(Relaxed) == 0 && self.head.load(Relaxed) == 0 {
            self.head.store(self.ms(), Relaxed);
        }
    }

    fn ms(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).map_or(u64::MAX, |ms| ms.saturating_add(1))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Relaxed);
    }
}

// === impl Felt ===

impl<S> Felt<S> {
    pub(super) fn new(stream: S, pulse: Arc<Pulse>) -> Felt<S> {
        Felt { stream, pulse }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Felt<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let came = buffer.filled().len() - before;
        if came > 0 {
            self.pulse.heard(came);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Felt<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
