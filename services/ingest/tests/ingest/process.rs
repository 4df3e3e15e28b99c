//! The process itself: it starts, takes a webhook and a gRPC order, writes one trace through, and drains on SIGTERM.

use crate::clerk::{body, told};
use crate::house::{House, PATIENCE, SECRET};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;
use tonic::Code;
use uuid::Uuid;
use weir_channels::shopify;
use weir_proto::ingest::v1::ingest_service_client::IngestServiceClient;
use weir_proto::ingest::v1::{PersonalInput, PlaceOrderRequest};
use weir_proto::log::v1::{Actor, CommandHead};
use weir_proto::order::v1::order_event::Event;
use weir_proto::order::v1::{Amounts, Identity, Line, Order};
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

/// The key of the house: 32 bytes of 7.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A running ingest; killed if the test forgets it.
pub struct Ingest {
    child: Child,
    address: String,
}

impl Ingest {
    /// Starts it, with what `settings` say beside the usual, and waits until it is ready.
    pub fn start(house: &House, settings: &[(&str, &str)]) -> Ingest {
        let mut child = Command::new(env!("CARGO_BIN_EXE_weir-ingest"))
            .env_clear()
            .env("WEIR_BROKERS", &house.config.brokers)
            .env("WEIR_PREFIX", &house.config.prefix)
            .env("WEIR_PARTITIONS", house.config.partitions.to_string())
            .env("WEIR_TENANT_KEY", KEY)
            // Nobody listens there: orders must come through without what only snapshots need.
            .env("WEIR_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
            .env("WEIR_DOOR_WRITE_MS", "10000")
            .env("WEIR_LISTEN", "127.0.0.1:0")
            .env("WEIR_LOG_FORMAT", "json")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (sender, lines) = channel();
        let outputs: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    println!("ingest: {line}");
                    let _ = sender.send(line);
                }
            });
        }
        let mark = "127.0.0.1:";
        let address = wait_for("the address in the log", PATIENCE, || {
            let line = lines.try_recv().ok().filter(|line| line.contains("listening"))?;
            let rest = &line[line.find(mark)?..];
            let digits = rest[mark.len()..].find(|letter: char| !letter.is_ascii_digit())?;
            Some(rest[..mark.len() + digits].to_owned())
        });
        let ingest = Ingest { child, address };
        wait_for("readiness", PATIENCE, || {
            ingest.http("GET /ready", &[], "").starts_with("HTTP/1.1 200").then_some(())
        });
        ingest
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn http(&self, line: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut stream = self.sent(line, headers, body);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer in text");
        answer
    }

    /// Sends a request and hangs up where no answer comes within `patience`.
    pub fn http_in_a_hurry(&self, line: &str, headers: &[(&str, &str)], body: &str, patience: Duration) {
        let mut stream = self.sent(line, headers, body);
        stream.set_read_timeout(Some(patience)).expect("a setting of every socket");
        let answered = stream.read(&mut [0]).is_ok();
        println!("in a hurry, answered: {answered}");
    }

    fn sent(&self, line: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let mut request =
            format!("{line} HTTP/1.1\r\nhost: weir\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).expect("sent");
        stream
    }

    pub fn stop(self) -> Option<i32> {
        self.end(Signal::SIGTERM)
    }

    /// As a crash ends it.
    pub fn kill(self) {
        self.end(Signal::SIGKILL);
    }

    fn end(mut self, signal: Signal) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a small number"));
        kill(pid, signal).expect("signalled");
        wait_for("the end of the process", PATIENCE, || self.child.try_wait().expect("waited")).code()
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn place_order(command_id: &str, number: &str) -> PlaceOrderRequest {
    let head = CommandHead {
        command_id: command_id.to_owned(),
        tenant: "demo".to_owned(),
        actor: Some(Actor { id: "till-1".to_owned(), ..Actor::default() }),
        seen_version: 0,
    };
    let identity = Identity {
        channel: "counter".to_owned(),
        shop: "main".to_owned(),
        platform_order_id: number.to_owned(),
        placed_at_ms: 4_070_908_800_000,
        ..Identity::default()
    };
    let order = Order {
        identity: Some(identity),
        lines: vec![Line { line_id: "1".to_owned(), sku: "TEA".to_owned(), ordered: 1, ..Line::default() }],
        amounts: Some(Amounts { currency: "CNY".to_owned(), ..Amounts::default() }),
        ..Order::default()
    };
    let personal = PersonalInput { name: "Wang Fang".to_owned(), ..PersonalInput::default() };
    PlaceOrderRequest { head: Some(head), order: Some(order), personal: Some(personal) }
}

#[test]
fn it_takes_orders_and_drains() {
    let house = House::open();
    let ingest = Ingest::start(&house, &[]);
    let created = body("2099-01-01T10:00:01Z", "pending", "null");
    let signature = shopify::sign(SECRET, created.as_bytes());
    let headers =
        [("x-shopify-topic", "orders/create"), ("x-shopify-hmac-sha256", &signature), ("traceparent", TRACEPARENT)];
    let answer = ingest.http("POST /webhooks/shopify/acme", &headers, &created);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let facts =
        wait_for("the order", PATIENCE, || Some(told(&house, "77", "shopify")).filter(|facts| !facts.is_empty()));
    assert!(matches!(&facts[..], [Event::OrderPlaced(_)]));
    house.block_on(commands(&ingest.address));
    for topic in [Topic::Deliveries, Topic::Orders] {
        let traced = |record: &weir_pipeline::Record| {
            let parent = record.headers.traceparent.as_deref().unwrap_or_default();
            parent.starts_with(&TRACEPARENT[..35])
        };
        assert!(house.read(topic).iter().any(traced), "the sender's trace goes on in {topic}");
    }
    assert_eq!(ingest.stop(), Some(0));
}

async fn commands(address: &str) {
    let mut client = IngestServiceClient::connect(format!("http://{address}")).await.expect("it listens");
    let id = Uuid::now_v7().to_string();
    let first = client.place_order(place_order(&id, "1")).await.expect("placed").into_inner();
    let again = client.place_order(place_order(&id, "1")).await.expect("placed").into_inner();
    assert_eq!(first.order_id, again.order_id);
    let versions = |answer: &weir_proto::ingest::v1::PlaceOrderResponse| {
        answer.receipt.as_ref().map(|receipt| (receipt.version, receipt.repeated))
    };
    assert_eq!(
        (versions(&first).map(|(_, repeated)| repeated), versions(&again).map(|(_, repeated)| repeated)),
        (Some(false), Some(true))
    );
    let mut changed = place_order(&id, "1");
    changed.order.as_mut().expect("an order").lines[0].ordered = 2;
    let conflict = client.place_order(changed).await.expect_err("another body");
    assert_eq!(conflict.code(), Code::Aborted, "{conflict}");
    let other = client.place_order(place_order(&Uuid::now_v7().to_string(), "1")).await.expect("known").into_inner();
    assert_eq!(other.order_id, first.order_id, "one order, whatever the command id");
    let mut nameless = place_order(&Uuid::now_v7().to_string(), "1");
    nameless.order = None;
    assert_eq!(client.place_order(nameless).await.expect_err("no order").code(), Code::InvalidArgument);
}
