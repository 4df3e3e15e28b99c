//! What both sides of the port do around a handler: limits, panics, spans, durations, and errors in one form.

use super::Limits;
use crate::error::{Problem, kind};
use crate::semconv::{self, attribute};
use crate::trace;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{Extensions, HeaderMap, Method, StatusCode};
use opentelemetry::metrics::Histogram;
use opentelemetry::trace::{FutureExt, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue, global};
use std::any::Any;
use std::sync::OnceLock;
use std::time::Instant;
use tonic::Status;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::{RequestBodyDeadlineLayer, RequestBodyTimeoutLayer, TimeoutLayer};

/// Puts the house rules around the HTTP routes.
pub fn http(routes: Router, limits: &Limits) -> Router {
    // One layer of many, outermost first: each one that a router is given by itself boxes every request and every answer anew.
    let rules = ServiceBuilder::new()
        .layer(from_fn(observe_http))
        .map_response(bare_error_as_problem)
        .layer(CatchPanicLayer::custom(panic_as_problem))
        .layer(RequestBodyLimitLayer::new(limits.body))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits.answer))
        .layer(RequestBodyDeadlineLayer::new(limits.body_whole))
        .layer(RequestBodyTimeoutLayer::new(limits.body_idle))
        .layer(axum::extract::DefaultBodyLimit::disable());
    routes.fallback(|| async { Problem::new(kind::NOT_FOUND, "No resource has this address.") }).layer(rules)
}

/// Puts the house rules around the gRPC routes.
pub fn grpc(routes: Router) -> Router {
    routes.layer(CatchPanicLayer::custom(panic_as_status)).layer(from_fn(observe_grpc))
}

fn panic_as_problem(_: Box<dyn Any + Send>) -> Response {
    // The panic hook has logged it with its place.
    Problem::new(kind::INTERNAL, "The failure was recorded.").into_response()
}

fn panic_as_status(_: Box<dyn Any + Send>) -> Response {
    let problem = Problem::new(kind::INTERNAL, "The failure was recorded.");
    Status::from(problem).into_http()
}

/// Layers and extractors answer with bare text; callers are promised a problem.
fn bare_error_as_problem(response: impl IntoResponse) -> Response {
    let response = response.into_response();
    let status = response.status();
    let content_type = response.headers().get(CONTENT_TYPE);
    let is_bare = content_type.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !is_bare || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (kind, detail) = match status {
        StatusCode::PAYLOAD_TOO_LARGE => (kind::BODY_TOO_LARGE, "The body is above the limit of this address."),
        StatusCode::METHOD_NOT_ALLOWED => (kind::METHOD_NOT_ALLOWED, "The Allow header names those that are."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (kind::UNSUPPORTED_MEDIA_TYPE, "This address reads another content type.")
        }
        StatusCode::REQUEST_TIMEOUT => (kind::BODY_TIMEOUT, "The body stopped coming."),
        StatusCode::GATEWAY_TIMEOUT => (kind::DEADLINE_EXCEEDED, "The work took too long."),
        StatusCode::NOT_FOUND => (kind::NOT_FOUND, "There is no such thing."),
        _ if status.is_client_error() => (kind::INVALID_ARGUMENT, "The request can not be read."),
        _ => (kind::INTERNAL, "The failure was recorded."),
    };
    let mut answer = Problem::new(kind, detail).into_response();
    if let Some(allow) = response.headers().get(ALLOW) {
        answer.headers_mut().insert(ALLOW, allow.clone());
    }
    answer
}

// === spans and durations ===

/// Probes and scrapes would drown what people look for.
fn is_probe(path: &str) -> bool {
    matches!(path, "/live" | "/ready" | "/metrics") || path.starts_with("/grpc.")
}

async fn observe_http(request: Request, next: Next) -> Response {
    if is_probe(request.uri().path()) {
        return next.run(request).await;
    }
    let begun = Instant::now();
    let method = method_name(request.method());
    let route = route(request.extensions()).unwrap_or_else(|| "unmatched".to_owned());
    let verb = if method == METHOD_OTHER { "HTTP" } else { method };
    let context = enter(request.headers(), format!("{verb} {route}"));
    let response = next.run(request).with_context(context.clone()).await;
    let attributes = [
        KeyValue::new(attribute::HTTP_METHOD, method),
        KeyValue::new(attribute::HTTP_ROUTE, route),
        KeyValue::new(attribute::HTTP_STATUS, i64::from(response.status().as_u16())),
    ];
    http_duration().record(begun.elapsed().as_secs_f64(), &attributes);
    context.span().set_attributes(attributes);
    response
}

async fn observe_grpc(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if is_probe(&path) {
        return next.run(request).await;
    }
    let begun = Instant::now();
    let known = route(request.extensions()).is_some();
    let context = enter(request.headers(), path.trim_start_matches('/').to_owned());
    let response = next.run(request).with_context(context.clone()).await;
    // A failure that has no body carries its status in the headers; all else is on its way to be good.
    let status = Status::from_header_map(response.headers());
    let code = status.map_or(tonic::Code::Ok, |status| status.code());
    // A path nobody serves is the caller's invention, and must not become a series of its own.
    let method = match known && code != tonic::Code::Unimplemented {
        true => path.trim_start_matches('/').to_owned(),
        false => "unmatched".to_owned(),
    };
    let attributes = [
        KeyValue::new(attribute::RPC_SYSTEM, "grpc"),
        KeyValue::new(attribute::RPC_METHOD, method),
        KeyValue::new(attribute::RPC_STATUS, format!("{code:?}")),
    ];
    grpc_duration().record(begun.elapsed().as_secs_f64(), &attributes);
    context.span().set_attributes(attributes);
    response
}

/// OpenTelemetry's name for a method that is none of HTTP's own.
const METHOD_OTHER: &str = "_OTHER";

/// Any token can stand where a method does: what a caller invents must not become a series of its own.
fn method_name(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    known.into_iter().find(|known| method.as_str() == *known).unwrap_or(METHOD_OTHER)
}

/// Opens the span of a request. The caller's decision to sample is followed, so one order can be traced on demand.
fn enter(headers: &HeaderMap, name: String) -> Context {
    let traceparent = headers.get("traceparent").and_then(|text| text.to_str().ok());
    trace::span_from(traceparent, name, SpanKind::Server, []).into_context()
}

fn route(extensions: &Extensions) -> Option<String> {
    extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned())
}

fn http_duration() -> &'static Histogram<f64> {
    static HISTOGRAM: OnceLock<Histogram<f64>> = OnceLock::new();
    HISTOGRAM.get_or_init(|| semconv::HTTP_SERVER_DURATION.histogram(&global::meter(trace::TRACER)))
}

fn grpc_duration() -> &'static Histogram<f64> {
    static HISTOGRAM: OnceLock<Histogram<f64>> = OnceLock::new();
    HISTOGRAM.get_or_init(|| semconv::RPC_SERVER_DURATION.histogram(&global::meter(trace::TRACER)))
}
