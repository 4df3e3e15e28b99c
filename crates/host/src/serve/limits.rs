//! What a client may take.

use std::time::Duration;

/// A limit on everything that a client can hold. The variables of `HostConfig` set most of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an HTTP body before 413.
    pub body: usize,
    /// Bytes of a request's headers before 431.
    pub header_bytes: usize,
    /// From the first byte of a request to the end of its headers; and from accept to that first byte. A TLS handshake has as
    /// long before that.
    pub headers: Duration,
    /// Between two pieces of a body.
    pub body_idle: Duration,
    /// From the end of the headers to the end of the body: a byte a second is not idle.
    pub body_whole: Duration,
    /// To the first byte of an HTTP answer, and to its last one when the connection is to close. gRPC has deadlines of its own.
    pub answer: Duration,
    /// Without a request. A proxy that keeps connections must give them up first, or it sends requests into closing ones.
    pub idle: Duration,
    /// Open connections; beyond it new ones wait in the backlog.
    pub connections: usize,
    /// Open connections of one address, beyond which new ones are closed at once; 0: as many as all have.
    pub connections_per_address: usize,
    /// Age at which a connection is asked to close, so that clients spread over new replicas.
    pub age: Duration,
    /// Calls at a time on one HTTP/2 connection.
    pub streams: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 256 * 1024,
            header_bytes: 32 * 1024,
            headers: Duration::from_secs(5),
            body_idle: Duration::from_secs(10),
            body_whole: Duration::from_secs(20),
            answer: Duration::from_secs(30),
            // Balancers give up theirs after 60 s.
            idle: Duration::from_secs(75),
            connections: 4096,
            // Half of all, so that one address can't shut everybody else out.
            connections_per_address: 2048,
            age: Duration::from_secs(300),
            streams: 256,
        }
    }
}
