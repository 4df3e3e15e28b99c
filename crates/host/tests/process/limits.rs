//! What the port does against clients that hold what they should give back.

use crate::hello::Hello;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{interval, timeout};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

pub const PATIENCE: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_millis(2000);
/// Short enough for a test, and long enough for a sender on a busy machine.
const SHORT: &[(&str, &str)] = &[
    ("WEIR_HEADER_MS", "1000"),
    ("WEIR_BODY_IDLE_MS", "1200"),
    ("WEIR_BODY_MS", "2000"),
    ("WEIR_ANSWER_MS", "3000"),
    ("WEIR_CONNECTION_IDLE_MS", "2000"),
];
pub const LIVE: &[u8] = b"GET /live HTTP/1.1\r\nhost: h\r\n\r\n";

/// All that comes until the server closes, which it must.
pub async fn until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let closed = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // A reset is an end as well: the server does not read what it has no use for.
    let _ = closed.expect("the server closes");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn sent(hello: &Hello, request: &[u8]) -> String {
    let mut stream = hello.connect().await;
    stream.write_all(request).await.expect("it reads");
    until_closed(&mut stream).await
}

/// Sends `start`, and then `piece` again and again, until the server closes.
pub async fn dripping(stream: TcpStream, start: &[u8], piece: &'static [u8]) -> String {
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(start).await.expect("it reads");
    let drip = async {
        let mut beat = interval(Duration::from_millis(40));
        while writer.write_all(piece).await.is_ok() {
            beat.tick().await;
        }
    };
    let mut answer = Vec::new();
    let closed = async {
        let _ = reader.read_to_end(&mut answer).await;
    };
    timeout(PATIENCE, async { tokio::join!(drip, closed) }).await.expect("the server closes");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn is_live(hello: &Hello) -> bool {
    hello.get("/live").await.status() == 200
}

#[tokio::test]
async fn slow_headers_and_slow_bodies_are_cut_off() {
    let hello = Hello::start(SHORT);
    assert_eq!(dripping(hello.connect().await, b"GET /live HTTP/1.1\r\n", b"a: b\r\n").await, "");
    let start = "POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 100000\r\n\r\n";
    let answer = dripping(hello.connect().await, start.as_bytes(), b"x").await;
    assert!(answer.starts_with("HTTP/1.1 4"), "never idle, and never at its end: {answer}");
    let answer = sent(&hello, start.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    // gRPC has no limit for a body, and over HTTP/1 there is no gRPC.
    let start = start.replace("host: h", "host: h\r\ncontent-type: application/grpc");
    let answer = dripping(hello.connect().await, start.as_bytes(), b"x").await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert!(is_live(&hello).await);
}

#[tokio::test]
async fn headers_have_a_size_and_a_number() {
    let hello = Hello::start(&[]);
    let many: String = (0..101).map(|n| format!("h{n}: x\r\n")).collect();
    let long = format!("x: {}\r\n", "y".repeat(64 << 10));
    for headers in [many, long] {
        let answer = sent(&hello, format!("GET /live HTTP/1.1\r\nhost: h\r\n{headers}\r\n").as_bytes()).await;
        // A reset may overtake the answer to what was too long to be read.
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    // Whatever the server reads in one go.
    for (length, code) in [(30 << 10, "200"), (33 << 10, "431"), (40 << 10, "431")] {
        let headers = format!("x: {}\r\n", "y".repeat(length));
        let answer =
            sent(&hello, format!("GET /live HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{headers}\r\n").as_bytes())
                .await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {code}")) || answer.is_empty() && code == "431", "{answer}");
    }
    assert!(is_live(&hello).await);
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_not_waited_for() {
    let hello = Hello::start(&[]);
    let request = "POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999999\r\n\r\n";
    let answer = sent(&hello, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn requests_in_one_go_are_all_answered() {
    let hello = Hello::start(SHORT);
    let answers = sent(&hello, &LIVE.repeat(200)).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 200);
}

/// The time for headers runs from their first byte: between requests a connection is as good as the idle limit says.
#[tokio::test]
async fn a_connection_may_rest_between_requests_and_not_for_ever() {
    let hello = Hello::start(SHORT);
    let begun = Instant::now();
    let answer = sent(&hello, LIVE).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(begun.elapsed() >= IDLE, "closed after {:?}", begun.elapsed());
    // The same over HTTP/2, whose client keeps answering pings: it is asked to leave (GOAWAY is frame 7).
    let mut stream = hello.connect().await;
    stream.write_all(&[HTTP2, SETTINGS].concat()).await.expect("it reads");
    while timeout(PATIENCE, frame(&mut stream)).await.expect("a frame").is_some_and(|(kind, _)| kind != 7) {}
}

#[tokio::test]
async fn who_reads_no_answer_does_not_stay() {
    let hello = Hello::start(SHORT);
    let mut stream = hello.connect().await;
    let body = "x".repeat(200_000);
    let request = format!("POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let greedy = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, greedy).await.expect("the server closes");
}

#[tokio::test]
async fn one_address_has_its_share_of_the_connections() {
    let hello = Hello::start(&[("WEIR_CONNECTIONS_PER_ADDRESS", "2")]);
    let from = |address: &'static str| {
        let to = hello.address().parse().expect("an address");
        async move {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(format!("{address}:0").parse().expect("an address")).expect("a loopback address");
            let mut stream = socket.connect(to).await.expect("it accepts");
            let _ = stream.write_all(LIVE).await;
            let mut start = [0; 12];
            let read = timeout(PATIENCE, stream.read_exact(&mut start)).await.expect("an answer or an end");
            (stream, read.is_ok() && &start == b"HTTP/1.1 200")
        }
    };
    let (first, served) = from("127.0.0.9").await;
    assert!(served);
    let (_second, served) = from("127.0.0.9").await;
    assert!(served);
    assert!(!from("127.0.0.9").await.1, "a third one");
    assert!(from("127.0.0.10").await.1, "somebody else");
    drop(first);
    let again = async { while !from("127.0.0.9").await.1 {} };
    timeout(PATIENCE, again).await.expect("a place that was left is free");
}

#[tokio::test]
async fn a_stream_of_grpc_outlives_the_limits_of_requests() {
    let hello = Hello::start(SHORT);
    let mut health = HealthClient::new(hello.channel().await);
    let watched = health.watch(HealthCheckRequest::default()).await;
    let mut watched = watched.expect("health can be watched").into_inner();
    let first = watched.message().await.expect("the stream is good");
    assert_eq!(first.map(|answer| answer.status()), Some(ServingStatus::Serving));
    // Rounds of an idle connection's life, longer than the limits of requests together.
    for _ in 0..4 {
        sent(&hello, LIVE).await;
    }
    hello.signal(nix::sys::signal::Signal::SIGTERM);
    let last = timeout(PATIENCE, watched.message()).await.expect("told");
    assert!(matches!(&last, Ok(Some(answer)) if answer.status() == ServingStatus::NotServing), "{last:?}");
}

// === HTTP/2 by hand, for what no client would send ===

pub const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// GET http://h/ out of HPACK's static table.
const GET: &[u8] = &[0x82, 0x86, 0x84, 0x41, 1, b'h'];

fn frame_of(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame is small").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Kind and payload of the next frame.
async fn frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).ok()?];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], payload))
}

#[tokio::test]
async fn a_rapid_reset_ends_the_connection() {
    let hello = Hello::start(&[]);
    let mut stream = hello.connect().await;
    let mut bytes = [HTTP2, SETTINGS].concat();
    for id in (1..4000).step_by(2) {
        bytes.extend(frame_of(1, 0x5, id, GET));
        bytes.extend(frame_of(3, 0, id, &[0, 0, 0, 8]));
    }
    // The server may have closed before the last byte.
    let _ = stream.write_all(&bytes).await;
    let mut went = None;
    while let Some((kind, payload)) = timeout(PATIENCE, frame(&mut stream)).await.expect("a frame or the end") {
        if kind == 7 {
            went = payload.get(4..8).map(<[u8]>::to_vec);
        }
    }
    // ENHANCE_YOUR_CALM, unless a reset has overtaken it.
    assert!(went.is_none_or(|code| code == [0, 0, 0, 11]), "the connection goes on");
    assert!(is_live(&hello).await);
}

#[tokio::test]
async fn a_list_of_headers_without_end_is_not_taken() {
    let hello = Hello::start(&[]);
    let mut stream = hello.connect().await;
    let mut bytes = [HTTP2, SETTINGS].concat();
    bytes.extend(frame_of(1, 0x1, 1, GET));
    // A header not to be indexed: name "x", and 10,000 bytes.
    let header = [&[0x00, 1, b'x', 0x7f, 0x91, 0x4d][..], &[b'y'; 10_000]].concat();
    for _ in 0..400 {
        bytes.extend(frame_of(9, 0, 1, &header));
    }
    let _ = stream.write_all(&bytes).await;
    while let Some((kind, _)) = timeout(PATIENCE, frame(&mut stream)).await.expect("a frame or the end") {
        assert_ne!(kind, 1, "an answer");
    }
    assert!(is_live(&hello).await);
}
