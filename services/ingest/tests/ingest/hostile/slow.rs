//! Five hundred senders that take their time, at a door with far fewer places, and a shop that must not notice.

use super::case::{Case, Expected};
use super::channels::{Channel, all};
use super::wire::{Answer, send_all};
use crate::house::{House, PATIENCE};
use crate::process::Ingest;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::interval;
use weir_testkit::wait_for;

const SLOW: usize = 500;
const GOOD: usize = 1500;
/// Connections of the shop.
const SENDERS: usize = 8;
/// Long enough for the good traffic, short enough for a test.
const LIMITS: &[(&str, &str)] = &[
    // Twice what the shop needs, and a fraction of the half bodies.
    ("WEIR_DOOR_IN_FLIGHT", "16"),
    ("WEIR_DOOR_IN_FLIGHT_URGENT", "0"),
    ("WEIR_HEADER_MS", "10000"),
    ("WEIR_BODY_IDLE_MS", "3000"),
    ("WEIR_BODY_MS", "10000"),
    ("WEIR_ANSWER_MS", "15000"),
];

#[test]
fn five_hundred_slow_senders_keep_nobody_from_the_door() {
    let house = House::open();
    let ingest = Ingest::start(&house, LIMITS);
    let address: SocketAddr = ingest.address().parse().expect("an address");
    let channel = all().swap_remove(0);
    let first = deliveries(&channel, 0);
    let without = house.block_on(send_all(address, &first, SENDERS));
    must_be_taken(&first, &without);
    // Those that the shop has kept are closed by now.
    let before =
        wait_for("the shop's connections to close", PATIENCE, || Some(open(&ingest)).filter(|open| *open <= 1));

    let mut slow = house.block_on(begin(address, &channel));
    wait_for("the slow ones to be connected", PATIENCE, || (open(&ingest) >= before + SLOW).then_some(()));
    let second = deliveries(&channel, GOOD);
    let with = house.block_on(send_all(address, &second, SENDERS));
    must_be_taken(&second, &with);
    let still = open(&ingest);
    assert!(still >= SLOW, "{still} connections: the slow ones were gone before the good ones were through");

    let ends = house.block_on(async {
        let mut ends = Vec::new();
        while let Some(end) = slow.join_next().await {
            ends.push(end.expect("no panic"));
        }
        ends
    });
    // Half a request's headers have no answer; half a body's has one, and it blames the sender.
    let answered: Vec<&String> = ends.iter().filter(|end| !end.is_empty()).collect();
    assert!(answered.iter().all(|end| end.starts_with("HTTP/1.1 408")), "{:?}", answered.first());
    assert_eq!((ends.len(), answered.len()), (SLOW, SLOW / 2));
    wait_for("as many connections as before", PATIENCE, || (open(&ingest) <= before).then_some(()));
    println!("p99 of the good ones: {:?} without, {:?} with {SLOW} slow ones", p99(&without), p99(&with));
    assert_eq!(ingest.stop(), Some(0));
}

fn deliveries(channel: &Channel, from: usize) -> Vec<Case> {
    let one = |number: usize| {
        let body = channel.good().replacen("5102", &format!("{}", 1_000_000 + number), 1);
        Case::signed(channel, format!("delivery {number}"), body.as_bytes(), Expected::Taken)
    };
    (from..from + GOOD).map(one).collect()
}

fn must_be_taken(cases: &[Case], answers: &[Answer]) {
    for (case, answer) in cases.iter().zip(answers) {
        assert_eq!(case.judge(answer), Ok(()), "{}", case.name);
    }
}

fn p99(answers: &[Answer]) -> Duration {
    let mut times: Vec<Duration> = answers.iter().map(|answer| answer.took).collect();
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// What the process itself says; the asking is one of them.
fn open(ingest: &Ingest) -> usize {
    let metrics = ingest.http("GET /metrics", &[], "");
    let line = metrics.lines().find(|line| line.starts_with("weir_server_connections"));
    let count = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
    count.unwrap_or_default()
}

/// Half of them in the midst of their headers, half in the midst of a body. Each ends with what the server said.
async fn begin(address: SocketAddr, channel: &Channel) -> JoinSet<String> {
    let request = Case::signed(channel, "never whole", channel.good().as_bytes(), Expected::Taken).request;
    let body = channel.good().len();
    let mut slow = JoinSet::new();
    for number in 0..SLOW {
        let begins_with = if number % 2 == 0 { (request.len() - body) / 2 } else { request.len() - body / 2 };
        let (start, rest) = request.split_at(begins_with);
        slow.spawn(dribble(address, start.to_vec(), rest.to_vec()));
    }
    slow
}

async fn dribble(address: SocketAddr, start: Vec<u8>, rest: Vec<u8>) -> String {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let (mut reader, mut writer) = stream.into_split();
    let write = async {
        let mut beat = interval(Duration::from_secs(1));
        let mut sent = writer.write_all(&start).await;
        for byte in rest {
            beat.tick().await;
            if sent.is_err() {
                return;
            }
            sent = writer.write_all(&[byte]).await;
        }
    };
    let read = async {
        let mut answer = Vec::new();
        let _ = reader.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::pin!(read);
    // What the server says ends it, however much there is to say.
    tokio::select! {
        answer = &mut read => answer,
        () = write => read.await,
    }
}
