//! Both mappings, from one problem; and a page for each slug.

use super::*;
use crate::sources::{after_each, read_all};
use ::http::{StatusCode, header};
use axum::response::IntoResponse;
use std::collections::BTreeSet;
use tonic::{Code, Status};
use tonic_types::StatusExt;

fn sample() -> Problem {
    Problem::new(kind::FIELD_INVALID, "The order can not be read.")
        .field("lines[0].sku", "is empty")
        .field("total", "is -1")
        .retry_after(Duration::from_millis(1200))
        .with("command_id", "c-1")
}

#[test]
fn a_problem_becomes_a_status_with_details() {
    let status = Status::from(sample());
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.message(), "A field has an unusable value: The order can not be read.");
    let details = status.get_error_details();
    let info = details.error_info().expect("error info is set");
    assert_eq!((info.domain.as_str(), info.reason.as_str()), ("weir", "field-invalid"));
    assert_eq!(info.metadata["command_id"], "c-1");
    let violations = &details.bad_request().expect("fields are set").field_violations;
    assert_eq!(violations.len(), 2);
    assert_eq!(violations[0].field, "lines[0].sku");
    assert_eq!(violations[1].description, "is -1");
    let retry = details.retry_info().expect("a delay is set");
    assert_eq!(retry.retry_delay, Some(Duration::from_millis(1200)));
}

#[tokio::test]
async fn a_problem_becomes_problem_json() {
    let response = sample().into_response();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("the body is in memory");
    let body: serde_json::Value = serde_json::from_slice(&body).expect("the body is JSON");
    assert_eq!(
        body,
        serde_json::json!({
            "type": "/errors/field-invalid",
            "title": "A field has an unusable value",
            "status": 400,
            "detail": "The order can not be read.",
            "code": "field-invalid",
            "errors": [
                { "field": "lines[0].sku", "reason": "is empty" },
                { "field": "total", "reason": "is -1" },
            ],
            "retry_after_ms": 1200,
            "command_id": "c-1",
        })
    );
}

#[test]
fn both_mappings_are_pinned() {
    let rows = [
        (kind::SIGNATURE_MISMATCH, Code::Unauthenticated, 401),
        (kind::UNKNOWN_SHOP, Code::NotFound, 404),
        (kind::METHOD_NOT_ALLOWED, Code::Unimplemented, 405),
        (kind::BODY_TIMEOUT, Code::DeadlineExceeded, 408),
        (kind::COMMAND_CONFLICT, Code::Aborted, 409),
        (kind::COMMAND_TOO_OLD, Code::FailedPrecondition, 409),
        (kind::TOO_LATE, Code::FailedPrecondition, 409),
        (kind::BODY_TOO_LARGE, Code::OutOfRange, 413),
        (kind::UNSUPPORTED_MEDIA_TYPE, Code::InvalidArgument, 415),
        (kind::OVERLOADED, Code::ResourceExhausted, 429),
        (kind::INTERNAL, Code::Internal, 500),
        (kind::LOG_UNAVAILABLE, Code::Unavailable, 503),
        (kind::COMMAND_TIMEOUT, Code::DeadlineExceeded, 504),
        (kind::BODY_NOT_JSON, Code::InvalidArgument, 400),
    ];
    for (kind, grpc, http) in rows {
        assert_eq!((kind.code.grpc(), kind.code.http().as_u16()), (grpc, http), "{}", kind.slug);
    }
}

#[test]
fn an_extra_member_never_hides_a_standard_one() {
    let problem = Problem::new(kind::NOT_FOUND, "No such order.").with("status", "200");
    assert_eq!(problem.to_json()["status"], 404);
}

/// A name that nobody answers with is a promise that nobody keeps.
#[test]
fn every_kind_is_answered_with_and_every_refusal_has_its_kind() {
    let texts = read_all(&["crates/host/src", "crates/pipeline/src", "crates/channels/src", "services"]);
    let texts: Vec<&String> = texts.iter().filter(|text| !text.contains("macro_rules! kinds")).collect();
    let rows = include_str!("kind.rs").lines().filter_map(|line| line.trim().split_once(" = \""));
    let constants: Vec<(&str, &str)> =
        rows.filter_map(|(name, rest)| Some((name, rest.split_once("\", ")?.0))).collect();
    assert_eq!(constants.len(), kind::ALL.len());
    for (constant, slug) in constants {
        let (by_name, by_slug) = (format!("kind::{constant}"), format!("\"{slug}\""));
        let answered = texts.iter().any(|text| text.contains(&by_name) || text.contains(&by_slug));
        assert!(answered, "nobody answers with {slug}");
    }
    let slugs: BTreeSet<&str> = kind::ALL.iter().map(|kind| kind.slug).collect();
    let refusals = ["refuse(\"", "refusal(\""].into_iter();
    let refused = refusals.flat_map(|call| texts.iter().flat_map(move |text| after_each(text, call)));
    let refused: BTreeSet<&str> = refused.filter_map(|rest| rest.split('"').next()).collect();
    assert!(refused.contains("command-too-old"), "{refused:?}");
    let nameless: Vec<&&str> = refused.difference(&slugs).collect();
    assert!(nameless.is_empty(), "callers see {nameless:?}, which has no kind and no page");
}

#[test]
fn every_slug_has_its_page_and_every_page_its_slug() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
    let entries = std::fs::read_dir(folder).expect("docs/errors exists");
    let names = entries.map(|entry| entry.expect("the folder can be read").file_name());
    let pages: BTreeSet<String> = names
        .filter_map(|name| name.to_str()?.strip_suffix(".md").map(str::to_owned))
        .filter(|name| name != "README")
        .collect();
    let slugs: BTreeSet<String> = kind::ALL.iter().map(|kind| kind.slug.to_owned()).collect();
    assert_eq!(slugs.len(), kind::ALL.len(), "a slug is used twice");
    assert_eq!(slugs, pages);
    for kind in kind::ALL {
        let page = std::fs::read_to_string(format!("{folder}/{}.md", kind.slug)).expect("the page can be read");
        assert!(page.starts_with(&format!("# {}\n", kind.slug)), "{}", kind.slug);
        assert!(page.contains(kind.title), "{} does not carry its title", kind.slug);
    }
}
