//! The example service as a real process on a free port: what it answers, how it goes down, with which code it leaves.

mod collector;
mod hello;
mod limits;
mod tls;

use collector::Collector;
use hello::Hello;
use nix::sys::signal::Signal;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

async fn json(response: reqwest::Response) -> Value {
    response.json().await.expect("the body is JSON")
}

#[tokio::test]
async fn probes_and_metrics_answer() {
    let hello = Hello::start(&[]);
    let live = hello.get("/live").await;
    assert_eq!(live.status(), 200);
    let ready = hello.get("/ready").await;
    assert_eq!(ready.status(), 200);
    let ready = json(ready).await;
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["conditions"][1]["name"], "stage hello");
    hello.get("/hello").await;
    // A method is the caller's invention, and must not become a series of its own.
    let method = reqwest::Method::from_bytes(b"BREW").expect("a token");
    let refused = hello.send(method, "/hello").await;
    assert_eq!(refused.status(), 405);
    let metrics = hello.get("/metrics").await.text().await.expect("metrics are text");
    let served = "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_response_status_code=\"200\",http_route=\"/hello\"";
    assert!(metrics.contains(served), "{metrics}");
    assert!(metrics.contains("http_request_method=\"_OTHER\""), "{metrics}");
    assert!(!metrics.contains("BREW"), "{metrics}");
    assert!(metrics.contains("weir_server_connections"), "{metrics}");
    assert!(metrics.contains("service_instance_id=\"hello-0\""), "{metrics}");
}

#[tokio::test]
async fn grpc_health_and_reflection_share_the_port() {
    let hello = Hello::start(&[]);
    let channel = hello.channel().await;
    let mut health = HealthClient::new(channel.clone());
    let asked = HealthCheckRequest::default();
    let answer = health.check(asked).await.expect("health answers");
    assert_eq!(answer.get_ref().status(), ServingStatus::Serving);

    let mut reflection = ServerReflectionClient::new(channel);
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = reflection.server_reflection_info(tokio_stream::iter([list])).await.expect("reflection answers");
    let answer = answers.into_inner().message().await.expect("the stream is good").expect("there is an answer");
    let Some(MessageResponse::ListServicesResponse(services)) = answer.message_response else {
        panic!("reflection answered something else");
    };
    let names: Vec<String> = services.service.into_iter().map(|s| s.name).collect();
    assert!(names.contains(&"grpc.health.v1.Health".to_owned()), "{names:?}");
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let hello = Hello::start(&[]);
    let mut grpc = tonic::client::Grpc::new(hello.channel().await);
    grpc.ready().await.expect("the channel is up");
    let path = http::uri::PathAndQuery::from_static("/weir.nobody.v1.NobodyService/Ask");
    let codec = tonic_prost::ProstCodec::<HealthCheckRequest, HealthCheckRequest>::default();
    let request = tonic::Request::new(HealthCheckRequest::default());
    let status = grpc.unary(request, path, codec).await.expect_err("nobody serves it");
    assert_eq!(status.code(), tonic::Code::Unimplemented);
}

#[tokio::test]
async fn every_http_failure_is_a_problem() {
    let hello = Hello::start(&[("WEIR_BODY_LIMIT", "1000")]);
    let rows = [
        (hello.get("/nowhere").await, 404, "not-found"),
        (hello.get("/echo").await, 405, "method-not-allowed"),
        (hello.get("/late").await, 409, "too-late"),
        (hello.get("/panic").await, 500, "internal"),
        (hello.post("/echo", 1001).await, 413, "body-too-large"),
    ];
    for (response, status, slug) in rows {
        assert_eq!(response.status(), status, "{slug}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{slug}");
        let body = json(response).await;
        assert_eq!(body["code"], slug);
        assert_eq!(body["type"], format!("/errors/{slug}"));
        assert_eq!(body["status"], status);
    }
    let good = hello.post("/echo", 1000).await;
    assert_eq!(good.status(), 200);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_limited_too() {
    let hello = Hello::start(&[("WEIR_BODY_LIMIT", "10")]);
    let mut stream = hello.connect().await;
    let request = "POST /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunks = "8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n";
    let text = format!("{request}{chunks}");
    stream.write_all(text.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer).await;
    assert!(read.is_ok() && answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("\"code\":\"body-too-large\""), "{answer}");
}

#[tokio::test]
async fn a_client_that_says_nothing_is_shown_out() {
    let hello = Hello::start(&[("WEIR_HEADER_MS", "1000")]);
    for start in ["", "P", "PRI * HTTP/2.0\r\n", "GET /live HTTP/1.1\r\nhost:"] {
        let mut stream = hello.connect().await;
        stream.write_all(start.as_bytes()).await.expect("it reads");
        let mut answer = Vec::new();
        let shown_out = stream.read_to_end(&mut answer);
        let in_time = tokio::time::timeout(Duration::from_secs(30), shown_out).await;
        assert!(in_time.is_ok(), "still open after `{start}`");
    }
}

#[tokio::test]
async fn an_old_connection_is_asked_to_close() {
    let hello = Hello::start(&[("WEIR_CONNECTION_AGE_MS", "50")]);
    let mut stream = hello.connect().await;
    let request = "GET /live HTTP/1.1\r\nhost: h\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer).await;
    assert!(read.is_ok() && answer.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_request_is_one_trace_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("spans.jsonl");
    let path = path.to_str().expect("the path is text");
    // New traces are never kept here, so only the caller's decision can make the span.
    let hello = Hello::start(&[("WEIR_TRACE_FILE", path), ("WEIR_TRACE_RATIO", "0.0")]);
    hello.get("/hello").await;
    let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = hello.get_traced("/hello", caller).await;
    let answer = answer.text().await.expect("the answer is text");
    assert!(answer.starts_with("hi 00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{answer}");
    let (code, _) = hello.stop(Signal::SIGTERM);
    assert_eq!(code, Some(0));
    let text = std::fs::read_to_string(path).expect("the file is there");
    let spans: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(spans.len(), 2, "{text}");
    assert_eq!(spans[0]["name"], "greet");
    assert_eq!(spans[0]["attributes"]["greeting"], "hi");
    assert_eq!(spans[0]["parent_span_id"], spans[1]["span_id"]);
    assert_eq!(spans[1]["name"], "GET /hello");
    assert_eq!(spans[1]["parent_span_id"], "00f067aa0ba902b7");
    assert_eq!(spans[1]["attributes"]["http.response.status_code"], 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_traces_metrics_and_logs() {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    let hello = Hello::start(&[("WEIR_OTLP_ENDPOINT", &endpoint), ("WEIR_TRACE_RATIO", "1")]);
    hello.get("/hello").await;
    let (code, log) = hello.stop(Signal::SIGTERM);
    assert_eq!(code, Some(0), "{log:#?}");
    let got = collector.got();
    for name in
        ["span GET /hello", "span greet", "metric http.server.request.duration", "log draining", "resource hello"]
    {
        assert!(got.contains(name), "{name} is not in {got:#?}");
    }
}

#[test]
fn a_collector_that_is_away_costs_nothing_but_the_data() {
    let hello = Hello::start(&[("WEIR_OTLP_ENDPOINT", "http://127.0.0.1:1")]);
    let (code, log) = hello.stop(Signal::SIGTERM);
    assert_eq!(code, Some(0), "{log:#?}");
}

// Two threads, because the client must go on answering while the test waits for the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_drain_goes_in_order() {
    let hello = Hello::start(&[]);
    let mut health = HealthClient::new(hello.channel().await);
    let watched = health.watch(HealthCheckRequest::default()).await;
    let mut watched = watched.expect("health can be watched").into_inner();
    let first = watched.message().await.expect("the stream is good");
    assert_eq!(first.map(|answer| answer.status()), Some(ServingStatus::Serving));
    let (code, log) = hello.stop(Signal::SIGTERM);
    assert_eq!(code, Some(0), "{log:#?}");
    let last = watched.message().await;
    assert!(matches!(&last, Ok(Some(answer)) if answer.status() == ServingStatus::NotServing), "{last:?}");
    let steps = ["draining", "stage ended", "hook=\"first\"", "hook=\"second\"", "drained"];
    let places: Vec<Option<usize>> = steps.iter().map(|step| log.iter().position(|line| line.contains(step))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {log:#?}");
}

#[test]
fn a_second_signal_leaves_at_once() {
    let mut hello = Hello::start(&[("HELLO_STUBBORN", "true"), ("WEIR_GRACE_MS", "600000")]);
    hello.signal(Signal::SIGINT);
    hello.wait_for_line("draining");
    let (code, log) = hello.stop(Signal::SIGTERM);
    assert_eq!(code, Some(130), "{log:#?}");
}

#[test]
fn the_grace_is_kept_and_the_late_part_named() {
    let hello = Hello::start(&[("HELLO_STUBBORN", "true"), ("WEIR_GRACE_MS", "100")]);
    let (code, log) = hello.stop(Signal::SIGTERM);
    assert_eq!(code, Some(1));
    let named = "parts did not end in time parts=\"stage hello\"";
    assert!(log.iter().any(|line| line.contains(named)), "{log:#?}");
}

#[test]
fn a_part_that_falls_takes_the_process_with_it() {
    let hello = Hello::spawn(&[("HELLO_GREETING", "hi"), ("HELLO_FALL", "partition lost")]);
    let (code, log) = hello.wait();
    assert_eq!(code, Some(70), "{log:#?}");
    let named = "part=\"stage hello\" reason=\"partition lost\"";
    assert!(log.iter().any(|line| line.contains(named)), "{log:#?}");
}

#[test]
fn every_fault_of_host_and_service_is_reported_at_once() {
    let hello = Hello::spawn(&[
        ("WEIR_LISTEN", "here"),
        ("WEIR_TRACE_FILE", "/nowhere/at/all"),
        ("HELLO_STUBBORN", "perhaps"),
        ("HELLO_KEY", "hunter2"),
    ]);
    let (code, log) = hello.wait();
    assert_eq!(code, Some(64), "{log:#?}");
    for fault in [
        "variable=\"WEIR_LISTEN\" wrong=\"is `here`\" should=\"an address and port",
        "variable=\"WEIR_TRACE_FILE\" wrong=\"can not be opened",
        "variable=\"HELLO_GREETING\" wrong=\"is not set\"",
        "variable=\"HELLO_STUBBORN\" wrong=\"is `perhaps`\"",
        "count=4",
    ] {
        assert!(log.iter().any(|line| line.contains(fault)), "{fault} {log:#?}");
    }
    assert!(!log.iter().any(|line| line.contains("hunter2")));
}

#[test]
fn an_address_that_is_taken_is_a_fault_of_the_configuration() {
    let first = Hello::start(&[]);
    let address = first.address();
    let second = Hello::spawn(&[("HELLO_GREETING", "hi"), ("WEIR_LISTEN", &address)]);
    let (code, log) = second.wait();
    assert_eq!(code, Some(64), "{log:#?}");
    assert!(log.iter().any(|line| line.contains(&address)), "{address} {log:#?}");
}

#[test]
fn logs_can_be_json() {
    let greeting = ("HELLO_GREETING", "hi");
    let mut hello = Hello::spawn(&[greeting, ("WEIR_LOG_FORMAT", "json")]);
    hello.wait_for_line("listening");
    let (_, log) = hello.stop(Signal::SIGTERM);
    let first: Value = serde_json::from_str(&log[0]).expect("a line is JSON");
    assert_eq!(first["message"], "listening");
    assert_eq!(first["instance"], "hello-0");
}
