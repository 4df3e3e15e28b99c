//! One closed error set, mapped once to gRPC status and once to HTTP (RFC 9457).
//!
//! A service says *what* went wrong by picking a [`Kind`] and adds what the caller can act on. How that reads on a wire
//! is decided here alone, so the same failure looks the same at every edge.

pub mod kind;

mod grpc;
mod http;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub use kind::Kind;

/// What class of failure it is. Voluntarily a small set: a new variant needs a row in both mappings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    InvalidArgument,
    Unauthenticated,
    NotFound,
    MethodNotAllowed,
    /// The request is good, the state it meets is not: too late, not yet, on hold.
    FailedPrecondition,
    /// The same id was used before for something else, or the version moved on.
    Conflict,
    RequestTimeout,
    TooLarge,
    UnsupportedMediaType,
    TooManyRequests,
    Internal,
    Unavailable,
    DeadlineExceeded,
}

/// A field that is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    pub field: String,
    pub reason: String,
}

/// A failure as a caller sees it. Boxed, so that a `Result` with it stays small.
#[derive(Clone, PartialEq, Eq)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    detail: String,
    fields: Vec<FieldFault>,
    retry_after: Option<Duration>,
    extra: BTreeMap<&'static str, String>,
}

/// The result of anything an edge answers.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

// === impl Problem ===

impl Problem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            detail: detail.into(),
            fields: Vec::new(),
            retry_after: None,
            extra: BTreeMap::new(),
        }))
    }

    /// A failure of ours. The caller hears nothing of the cause, which goes to the log.
    pub fn internal(cause: &dyn fmt::Display) -> Self {
        let trace = crate::trace::current_traceparent();
        tracing::error!(cause = %cause, trace, "request failed inside");
        Self::new(kind::INTERNAL, "The failure was recorded.")
    }

    /// Names a field that is wrong, as a path such as `lines[2].price`.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, reason: impl Into<String>) -> Self {
        self.0.fields.push(FieldFault { field: field.into(), reason: reason.into() });
        self
    }

    /// Says when asking again makes sense.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// Adds a member the caller may need, such as `command_id`. Names of RFC 9457's own members are not free.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.extra.insert(name, value.into());
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    pub fn fields(&self) -> &[FieldFault] {
        &self.0.fields
    }

    pub fn retry_delay(&self) -> Option<Duration> {
        self.0.retry_after
    }

    pub fn extra(&self) -> &BTreeMap<&'static str, String> {
        &self.0.extra
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.slug, self.0.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests;
