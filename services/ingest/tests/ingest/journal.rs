//! The process while Kafka is away (STAGE.md §8): what it has acknowledged is in the log when Kafka is back, whatever happened to it
//! meanwhile, and what it can't keep it does not acknowledge.

use crate::house::{House, PATIENCE, SECRET, alone};
use crate::process::Ingest;
use prost::Message as _;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use weir_channels::shopify;
use weir_proto::delivery::v1::{DeliveryEvent, delivery_event::Event};
use weir_proto::ids;
use weir_proto::order::v1::{OrderEvent, order_event};
use weir_proto::topics::Topic;
use weir_testkit::{PrivateServers, Server, wait_for};

/// An order of this number, with blanks behind it that make the body longer.
fn order(number: usize, blanks: usize) -> String {
    let padding = " ".repeat(blanks);
    format!(
        r##"{{"id":{number},"name":"#{number}","created_at":"2099-01-01T10:00:00Z","updated_at":"2099-01-01T10:00:01Z",
        "currency":"EUR","total_price":"5.00","financial_status":"pending",
        "line_items":[{{"id":1,"sku":"TEA","quantity":1,"price":"5.00"}}]}}{padding}"##
    )
}

const DOOR: &str = "POST /webhooks/shopify/acme";

/// The status line's number, and the whole answer.
fn post(ingest: &Ingest, body: &str) -> (u16, String) {
    let signature = shopify::sign(SECRET, body.as_bytes());
    let headers = [("x-shopify-topic", "orders/create"), ("x-shopify-hmac-sha256", &*signature)];
    let answer = ingest.http(DOOR, &headers, body);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer)
}

fn start(house: &House, folder: &Path) -> Ingest {
    let folder = folder.to_str().expect("text");
    let settings = [
        ("WEIR_JOURNAL", folder),
        ("WEIR_JOURNAL_MB", "8"),
        ("WEIR_DOOR_WRITE_MS", "500"),
        ("WEIR_DOOR_IN_FLIGHT", "64"),
    ];
    Ingest::start(house, &settings)
}

/// The platform's numbers of the deliveries in the log.
fn delivered(house: &House) -> BTreeSet<usize> {
    let number = |record: weir_pipeline::Record| {
        let event = DeliveryEvent::decode(record.value).expect("a delivery");
        let Some(Event::Received(received)) = event.event else { panic!("a received delivery") };
        received.platform_order_id.parse().expect("a number")
    };
    house.read(Topic::Deliveries).into_iter().map(number).collect()
}

const RECORDS: &str = "weir_door_journal_records";

fn metric(ingest: &Ingest, name: &str) -> Option<f64> {
    let text = ingest.http("GET /metrics", &[], "");
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// One after the other, on one Kafka of their own.
#[test]
fn kafka_is_away() {
    let _alone = alone();
    let servers = PrivateServers::start(&[Server::Kafka]);
    what_comes_meanwhile_is_acknowledged_and_not_lost_when_the_process_is_killed(&servers);
    a_full_journal_acknowledges_nothing_and_takes_more_when_it_has_room(&servers);
}

fn what_comes_meanwhile_is_acknowledged_and_not_lost_when_the_process_is_killed(servers: &PrivateServers) {
    let house = House::open_on(&servers.addresses().brokers);
    let folder = tempfile::tempdir().expect("a folder");
    let ingest = start(&house, folder.path());
    assert_eq!(post(&ingest, &order(1, 0)).0, 200);
    wait_for("the shops beside the journal", PATIENCE, || folder.path().join("shops").exists().then_some(()));

    servers.kill(Server::Kafka);
    // The first that come are the slowest to be answered. That their senders hang up before the log's time is over must not keep the
    // door from finding out.
    let body = order(2, 0);
    let signature = shopify::sign(SECRET, body.as_bytes());
    let headers = [("x-shopify-topic", "orders/create"), ("x-shopify-hmac-sha256", &*signature)];
    wait_for("a journal in spite of hurried senders", PATIENCE, || {
        ingest.http_in_a_hurry(DOOR, &headers, &body, Duration::from_millis(200));
        metric(&ingest, RECORDS).filter(|records| *records > 0.0)
    });
    for number in 3..20 {
        let (status, answer) = post(&ingest, &order(number, 0));
        assert_eq!(status, 200, "{answer}");
    }
    assert!(metric(&ingest, RECORDS).is_some_and(|records| records >= 18.0));
    let ready = ingest.http("GET /ready", &[], "");
    assert!(ready.starts_with("HTTP/1.1 200"), "the door is open: {ready}");
    ingest.kill();

    let ingest = start(&house, folder.path());
    let (status, answer) = post(&ingest, &order(20, 0));
    assert_eq!(status, 200, "it knows its shops from before: {answer}");
    let unsigned = ingest.http(DOOR, &[("x-shopify-topic", "orders/create")], &order(99, 0));
    assert!(unsigned.starts_with("HTTP/1.1 401"), "and goes on believing only them: {unsigned}");

    servers.restart(Server::Kafka);
    let all: BTreeSet<usize> = (1..=20).collect();
    wait_for("the log to have everything", PATIENCE, || (delivered(&house) == all).then_some(()));
    wait_for("an empty journal", PATIENCE, || (metric(&ingest, RECORDS) == Some(0.0)).then_some(()));
    assert_eq!(post(&ingest, &order(21, 0)).0, 200);
    let expected: BTreeSet<String> =
        (1..=21).map(|number: i32| ids::order_id("demo", "shopify", "acme", &number.to_string())).collect();
    let placed = wait_for("the orders", PATIENCE, || {
        let placed = placed(&house);
        (placed.len() == expected.len()).then_some(placed)
    });
    assert_eq!(placed.into_iter().collect::<BTreeSet<_>>(), expected, "each once, however often it was drained");
    assert_eq!(ingest.stop(), Some(0));
}

/// The orders that were placed, as often as they were.
fn placed(house: &House) -> Vec<String> {
    let placed = |record: &weir_pipeline::Record| {
        let event = OrderEvent::decode(record.value.clone()).expect("an event").event;
        matches!(event, Some(order_event::Event::OrderPlaced(_)))
    };
    house.read(Topic::Orders).into_iter().filter(placed).map(|record| record.key).collect()
}

fn a_full_journal_acknowledges_nothing_and_takes_more_when_it_has_room(servers: &PrivateServers) {
    let house = House::open_on(&servers.addresses().brokers);
    let folder = tempfile::tempdir().expect("a folder");
    let ingest = start(&house, folder.path());
    servers.kill(Server::Kafka);
    let mut acknowledged = BTreeSet::new();
    let refused = (1..100).find_map(|number| match post(&ingest, &order(number, 200_000)) {
        (200, _) => {
            acknowledged.insert(number);
            None
        }
        refused => Some(refused),
    });
    let (status, answer) = refused.expect("eight megabytes are full before a hundred such orders");
    assert_eq!(status, 503, "{answer}");
    assert!(answer.contains("log-unavailable") && answer.to_lowercase().contains("retry-after: "), "{answer}");
    assert!((30..45).contains(&acknowledged.len()), "{} fitted", acknowledged.len());
    servers.restart(Server::Kafka);
    wait_for("the log to have what was acknowledged", PATIENCE, || {
        delivered(&house).is_superset(&acknowledged).then_some(())
    });
    wait_for("room", PATIENCE, || (metric(&ingest, RECORDS) == Some(0.0)).then_some(()));
    assert_eq!(post(&ingest, &order(100, 200_000)).0, 200);
    assert_eq!(ingest.stop(), Some(0));
}
