//! The second port: the same two sides over TLS, under the same limits, with a certificate that is renewed under way.

use crate::hello::{self, Hello};
use crate::limits::{HTTP2, LIVE, PATIENCE, dripping, until_closed};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use nix::sys::signal::Signal;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// How a record of a handshake begins, of 16 KiB that will not come.
const STALLED: &[u8] = &[22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xf0];
/// Midnight of 2101-01-01, UTC: where the certificates of these tests end.
const END_S: u64 = 4_133_980_800;
const HTTP11: &[&str] = &["http/1.1"];
const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

/// A certificate of this machine that is its own root, and its key, as PEM.
struct Made {
    cert: String,
    key: String,
}

/// The two files that a process is given.
struct Files(TempDir);

impl Made {
    fn new() -> Made {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
        params.not_after = date_time_ymd(2101, 1, 1);
        let cert = params.self_signed(&key).expect("a certificate");
        Made { cert: cert.pem(), key: key.serialize_pem() }
    }
}

impl Files {
    fn of(made: &Made) -> Files {
        let files = Files(tempfile::tempdir().expect("a folder"));
        files.put(&made.cert, &made.key);
        files
    }

    /// One after the other, as who renews them does it.
    fn put(&self, cert: &str, key: &str) {
        for (path, text) in [(self.cert(), cert), (self.key(), key)] {
            let beside = path.with_extension("new");
            fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path)).expect("a file");
        }
    }

    fn cert(&self) -> PathBuf {
        self.0.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    fn start(&self, more: &[(&str, &str)]) -> Hello {
        let (cert, key) = (self.cert(), self.key());
        let ours = [("WEIR_TLS_LISTEN", "127.0.0.1:0"), ("WEIR_TLS_CERT", text(&cert)), ("WEIR_TLS_KEY", text(&key))];
        Hello::start(&[&ours, more].concat())
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

async fn raw(hello: &Hello) -> TcpStream {
    TcpStream::connect(hello.tls_address()).await.expect("the process accepts")
}

/// A connection of a client that trusts `cert` alone and offers these protocols.
async fn connect(
    hello: &Hello,
    cert: &str,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&str],
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(cert.as_bytes()).expect("PEM")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).expect("versions");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let stream = raw(hello).await;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
    timeout(PATIENCE, handshake).await.expect("the handshake ends")
}

/// Whether a request over HTTP/1 on this connection is answered with 200.
async fn answers(stream: &mut TlsStream<TcpStream>) -> bool {
    stream.write_all(LIVE).await.expect("it reads");
    let mut start = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut start)).await.expect("an answer").expect("an answer");
    &start == b"HTTP/1.1 200"
}

async fn is_served(hello: &Hello, cert: &str) -> bool {
    match connect(hello, cert, BOTH, HTTP11).await {
        Ok(mut stream) => answers(&mut stream).await,
        Err(_) => false,
    }
}

async fn channel(hello: &Hello, cert: &str) -> Channel {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(cert)).domain_name("127.0.0.1");
    let endpoint = Endpoint::from_shared(format!("https://{}", hello.tls_address())).expect("an address");
    endpoint.tls_config(tls).expect("a client").connect().await.expect("the process accepts")
}

#[tokio::test]
async fn alpn_says_which_http_it_is_over_either_tls() {
    let made = Made::new();
    let hello = Files::of(&made).start(&[]);
    for version in BOTH {
        for offered in [HTTP11, &["http/1.1", "http/1.0"], &[]] {
            let stream = connect(&hello, &made.cert, &[version], offered).await;
            let mut stream = stream.expect("a handshake");
            let (_, session) = stream.get_ref();
            assert_eq!(session.alpn_protocol(), offered.first().map(|name| name.as_bytes()));
            assert_eq!(session.protocol_version(), Some(version.version));
            assert!(answers(&mut stream).await, "{version:?} {offered:?}");
        }
        let stream = connect(&hello, &made.cert, &[version], &["h2", "http/1.1"]).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
        tokio::spawn(connection);
        let request = http::Request::get("https://127.0.0.1/hello").body(Empty::<Bytes>::new()).expect("a request");
        let answer = client.send_request(request).await.expect("an answer");
        assert_eq!((answer.status(), answer.version()), (http::StatusCode::OK, http::Version::HTTP_2));
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        assert!(body.starts_with(b"hi "), "{body:?}");
    }
    assert_eq!(hello.get("/live").await.status(), 200, "the plain port is as it was");
}

#[tokio::test]
async fn the_usual_clients_are_served() {
    let made = Made::new();
    let hello = Files::of(&made).start(&[]);
    let root = reqwest::Certificate::from_pem(made.cert.as_bytes()).expect("PEM");
    let client = hello::builder().tls_certs_only([root]).https_only(true).build().expect("a client");
    let url = format!("https://{}/echo", hello.tls_address());
    // More than one record of TLS each way.
    let body = "x".repeat(100_000);
    let answer = client.post(url).body(body.clone()).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.expect("text") == body);
    let mut health = HealthClient::new(channel(&hello, &made.cert).await);
    let answer = health.check(HealthCheckRequest::default()).await.expect("health answers");
    assert_eq!(answer.get_ref().status(), ServingStatus::Serving);
}

#[tokio::test]
async fn who_speaks_no_tls_or_nothing_that_is_spoken_here_is_shown_out() {
    let made = Made::new();
    let hello = Files::of(&made).start(&[("WEIR_HEADER_MS", "600000")]);
    for start in [LIVE, HTTP2, &[0; 64], b"\x16\x03\x01\x00\x04\xff\xff\xff\xff"] {
        let mut stream = raw(&hello).await;
        stream.write_all(start).await.expect("it reads");
        let answer = until_closed(&mut stream).await;
        assert!(!answer.contains("HTTP"), "{answer}");
    }
    let refused = connect(&hello, &made.cert, BOTH, &["spdy/3"]).await;
    assert!(refused.is_err(), "a protocol that nobody speaks");
    // What was agreed on holds: HTTP/1 where HTTP/2 was is none.
    let mut stream = connect(&hello, &made.cert, BOTH, &["h2"]).await.expect("a handshake");
    stream.write_all(LIVE).await.expect("it reads");
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes");
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert!(is_served(&hello, &made.cert).await);
}

#[tokio::test]
async fn a_handshake_that_stalls_holds_nobody_up_and_is_cut() {
    let made = Made::new();
    let files = Files::of(&made);
    // Here none of them can have been cut before the good one is served.
    let hello = files.start(&[("WEIR_HEADER_MS", "600000")]);
    let mut stalled = Vec::new();
    for _ in 0..20 {
        let mut stream = raw(&hello).await;
        stream.write_all(STALLED).await.expect("it reads");
        stalled.push(stream);
    }
    assert!(is_served(&hello, &made.cert).await);
    let hello = files.start(&[("WEIR_HEADER_MS", "1000")]);
    let begun = Instant::now();
    let mut silent = raw(&hello).await;
    assert_eq!(until_closed(&mut silent).await, "");
    assert!(begun.elapsed() >= Duration::from_secs(1), "closed after {:?}", begun.elapsed());
    assert_eq!(dripping(raw(&hello).await, STALLED, b"x").await, "");
    assert!(is_served(&hello, &made.cert).await);
}

/// After the handshake there is no more time for a client's first word than without TLS; idle it might be for 75 s.
#[tokio::test]
async fn a_client_that_says_nothing_after_its_handshake_is_shown_out() {
    let made = Made::new();
    let hello = Files::of(&made).start(&[("WEIR_HEADER_MS", "1000")]);
    let rows: [(&[&str], &[u8]); 4] =
        [(HTTP11, b""), (HTTP11, b"GET /live HTTP/1.1\r\nhost:"), (&["h2"], b""), (&["h2"], b"PRI * HTTP/2.0\r\n")];
    for (alpn, start) in rows {
        let mut stream = connect(&hello, &made.cert, BOTH, alpn).await.expect("a handshake");
        stream.write_all(start).await.expect("it reads");
        stream.flush().await.expect("it reads");
        let mut answer = Vec::new();
        let shown_out = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(shown_out.is_ok(), "still open after {start:?}");
    }
}

#[tokio::test]
async fn both_ports_share_the_places_of_an_address() {
    let made = Made::new();
    let hello = Files::of(&made).start(&[("WEIR_CONNECTIONS_PER_ADDRESS", "2"), ("WEIR_HEADER_MS", "600000")]);
    let handshakes = (raw(&hello).await, raw(&hello).await);
    assert_eq!(until_closed(&mut raw(&hello).await).await, "", "a third one");
    assert_eq!(until_closed(&mut hello.connect().await).await, "", "nor one at the other port");
    drop(handshakes);
    let again = async {
        loop {
            let mut stream = hello.connect().await;
            let mut start = [0; 12];
            // Where there is no place yet, either may fail.
            let _ = stream.write_all(LIVE).await;
            if stream.read_exact(&mut start).await.is_ok() {
                return start;
            }
        }
    };
    let start = timeout(PATIENCE, again).await.expect("places that were left are free");
    assert_eq!(&start, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_a_bad_one_is_not() {
    let (first, second) = (Made::new(), Made::new());
    let files = Files::of(&first);
    let mut hello = files.start(&[("WEIR_TLS_LOOK_MS", "20")]);
    let mut before = connect(&hello, &first.cert, BOTH, HTTP11).await.expect("a handshake");
    assert!(answers(&mut before).await);

    files.put("nothing", &first.key);
    let line = hello.wait_for_line("certificate not taken up");
    assert!(line.contains("variable=\"WEIR_TLS_CERT\"") && line.contains("has no certificate"), "{line}");
    assert!(is_served(&hello, &first.cert).await, "the one before stays");

    files.put(&second.cert, &second.key);
    hello.wait_for_line("certificate in use");
    assert!(is_served(&hello, &second.cert).await);
    assert!(!is_served(&hello, &first.cert).await, "the old one is still shown");
    // Past the headers of the answer before, whose body is what comes first.
    let mut rest = vec![0; 4096];
    let _ = before.read(&mut rest).await.expect("the connection goes on");
    before.write_all(LIVE).await.expect("it reads");
    let read = timeout(PATIENCE, before.read(&mut rest)).await.expect("an answer").expect("an answer");
    assert!(read > 0, "a connection from before goes on");

    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    let metrics = hello.get("/metrics").await.text().await.expect("metrics are text");
    let line = metrics.lines().find(|line| line.starts_with("weir_tls_expires_seconds")).expect("a series");
    let left: u64 = line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number");
    assert!(left.abs_diff(END_S - now) < 120, "{line}");
}

// Two threads, because the client must go on answering while the test waits for the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_drain_closes_connections_in_good_order() {
    let made = Made::new();
    let mut hello = Files::of(&made).start(&[]);
    let mut idle = connect(&hello, &made.cert, BOTH, HTTP11).await.expect("a handshake");
    assert!(answers(&mut idle).await);
    let mut silent = connect(&hello, &made.cert, BOTH, HTTP11).await.expect("a handshake");
    let mut busy = connect(&hello, &made.cert, BOTH, HTTP11).await.expect("a handshake");
    let request = "POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n";
    busy.write_all(request.as_bytes()).await.expect("it reads");
    let mut go_on = [0; 25];
    busy.read_exact(&mut go_on).await.expect("the body is waited for");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let mut health = HealthClient::new(channel(&hello, &made.cert).await);
    let watched = health.watch(HealthCheckRequest::default()).await;
    let mut watched = watched.expect("health can be watched").into_inner();
    let first = watched.message().await.expect("the stream is good");
    assert_eq!(first.map(|answer| answer.status()), Some(ServingStatus::Serving));

    hello.signal(Signal::SIGTERM);
    hello.wait_for_line("draining");
    let last = watched.message().await;
    assert!(matches!(&last, Ok(Some(answer)) if answer.status() == ServingStatus::NotServing), "{last:?}");
    busy.write_all(b"abcd").await.expect("it reads");
    let mut answer = String::new();
    // Without the last word of TLS (close_notify) this were an error: a client could not tell an end from a cut.
    let end = timeout(PATIENCE, busy.read_to_string(&mut answer)).await.expect("the server closes");
    assert!(end.is_ok(), "{end:?} {answer}");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("abcd"), "{answer}");
    for stream in [&mut idle, &mut silent] {
        let mut rest = Vec::new();
        let end = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the server closes");
        assert!(end.is_ok(), "{end:?}");
    }
    let (code, log) = hello.wait();
    assert_eq!(code, Some(0), "{log:#?}");
}

// === what does not start ===

/// Spawns with these files and expects the end of a configuration fault; the log.
fn refused(variables: &[(&str, &str)]) -> Vec<String> {
    let hello = Hello::spawn(&[&[("HELLO_GREETING", "hi")], variables].concat());
    let (code, log) = hello.wait();
    assert_eq!(code, Some(64), "{log:#?}");
    log
}

#[test]
fn a_certificate_without_a_key_is_a_fault_of_the_configuration() {
    let log = refused(&[("WEIR_TLS_LISTEN", "127.0.0.1:0"), ("WEIR_TLS_CERT", "/nowhere")]);
    let fault = "variable=\"WEIR_TLS_KEY\" wrong=\"is not set beside WEIR_TLS_LISTEN and WEIR_TLS_CERT\"";
    assert!(log.iter().any(|line| line.contains(fault)), "{log:#?}");
}

#[test]
fn a_bad_certificate_or_key_is_a_fault_beside_all_others() {
    let (made, other) = (Made::new(), Made::new());
    let rows = [
        ("nothing", made.key.as_str(), "variable=\"WEIR_TLS_CERT\"", "has no certificate"),
        (&made.cert, "nothing", "variable=\"WEIR_TLS_KEY\"", "has no private key"),
        (&made.cert, &other.key, "variable=\"WEIR_TLS_KEY\"", "is the key of another certificate"),
    ];
    for (cert, key, variable, wrong) in rows {
        let files = Files::of(&Made { cert: cert.to_owned(), key: key.to_owned() });
        let (cert, key) = (files.cert(), files.key());
        let log = refused(&[
            ("WEIR_TLS_LISTEN", "127.0.0.1:0"),
            ("WEIR_TLS_CERT", text(&cert)),
            ("WEIR_TLS_KEY", text(&key)),
            ("HELLO_STUBBORN", "perhaps"),
        ]);
        let said = |line: &&String| line.contains(variable) && line.contains(wrong) && line.contains("a PEM file with");
        assert!(log.iter().any(|line| said(&line)), "{log:#?}");
        assert!(log.iter().any(|line| line.contains("count=2")), "{log:#?}");
    }
}

#[test]
fn an_address_for_tls_that_is_taken_is_named() {
    let files = Files::of(&Made::new());
    let first = files.start(&[]);
    let (cert, key, address) = (files.cert(), files.key(), first.tls_address());
    let log = refused(&[("WEIR_TLS_LISTEN", &address), ("WEIR_TLS_CERT", text(&cert)), ("WEIR_TLS_KEY", text(&key))]);
    let named = format!("WEIR_TLS_LISTEN: {address} can not be listened on");
    assert!(log.iter().any(|line| line.contains(&named)), "{log:#?}");
}
