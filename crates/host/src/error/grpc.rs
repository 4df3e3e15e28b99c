//! A problem as `google.rpc.Status`: the code, and details that a program can read.

use super::{ErrorCode, Problem};
use std::collections::HashMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// The domain of every ErrorInfo; the slug is its reason.
pub const DOMAIN: &str = "weir";

impl ErrorCode {
    pub fn grpc(self) -> Code {
        match self {
            Self::InvalidArgument | Self::UnsupportedMediaType => Code::InvalidArgument,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::NotFound => Code::NotFound,
            Self::MethodNotAllowed => Code::Unimplemented,
            Self::FailedPrecondition => Code::FailedPrecondition,
            Self::Conflict => Code::Aborted,
            // As tonic itself answers a message above its limit; ResourceExhausted would invite a repeat.
            Self::TooLarge => Code::OutOfRange,
            Self::TooManyRequests => Code::ResourceExhausted,
            Self::Internal => Code::Internal,
            Self::Unavailable => Code::Unavailable,
            Self::RequestTimeout | Self::DeadlineExceeded => Code::DeadlineExceeded,
        }
    }
}

impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        let kind = problem.kind();
        let extra = problem.extra().iter();
        let metadata: HashMap<String, String> =
            extra.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut details = ErrorDetails::new();
        details.set_error_info(kind.slug, DOMAIN, metadata);
        if !problem.fields().is_empty() {
            let fields = problem.fields().iter();
            let violations: Vec<FieldViolation> =
                fields.map(|fault| FieldViolation::new(&fault.field, &fault.reason)).collect();
            details.set_bad_request(violations);
        }
        if let Some(delay) = problem.retry_delay() {
            details.set_retry_info(Some(delay));
        }
        let message = format!("{}: {}", kind.title, problem.detail());
        Self::with_error_details(kind.code.grpc(), message, details)
    }
}
