//! A problem as `application/problem+json` (RFC 9457), with Retry-After where a repeat makes sense.

use super::{ErrorCode, Problem};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

impl ErrorCode {
    pub fn http(self) -> StatusCode {
        match self {
            Self::InvalidArgument => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::FailedPrecondition | Self::Conflict => StatusCode::CONFLICT,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

impl Problem {
    /// The body of the answer.
    pub fn to_json(&self) -> Value {
        let kind = self.kind();
        let mut body = Map::new();
        // Extra members first, so that they can never hide a standard one.
        for (name, value) in self.extra() {
            body.insert((*name).to_owned(), json!(value));
        }
        body.insert("type".to_owned(), json!(format!("/errors/{}", kind.slug)));
        body.insert("title".to_owned(), json!(kind.title));
        body.insert("status".to_owned(), json!(kind.code.http().as_u16()));
        body.insert("detail".to_owned(), json!(self.detail()));
        body.insert("code".to_owned(), json!(kind.slug));
        if !self.fields().is_empty() {
            let faults = self.fields().iter();
            let errors: Vec<Value> =
                faults.map(|fault| json!({ "field": fault.field, "reason": fault.reason })).collect();
            body.insert("errors".to_owned(), Value::Array(errors));
        }
        if let Some(delay) = self.retry_delay() {
            let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            body.insert("retry_after_ms".to_owned(), json!(delay_ms));
        }
        Value::Object(body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_json().to_string()));
        *response.status_mut() = self.kind().code.http();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(delay) = self.retry_delay() {
            // The header counts in whole seconds; rounding down would invite a repeat that is too early.
            let seconds = delay.as_millis().div_ceil(1000);
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
