//! The command at a whole installation, as somebody sets it up and then looks at one order: six services, real servers.

use crate::corner::{Environment, PATIENCE, run};
use crate::house::{House, answered, client};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};
use weir_channels::standard_webhooks;
use weir_proto::ids;
use weir_testkit::wait_for;

const ORDER: &str = "W-17";
/// Of a shop that calls TEA otherwise; times ahead of any clock, so that the order never lies beyond the horizon.
const BODY: &str = r#"{"type":"order.created","timestamp":"2099-01-01T10:00:00Z","data":{"order_id":"W-17",
    "number":"17","currency":"EUR","placed_at":"2099-01-01T10:00:00Z","total":"5.00","payment_terms":"prepaid",
    "ship_to":{"country":"DE","name":"Wang Fang","address":"12 Xinhua Road"},
    "lines":[{"line_id":"1","sku":"TEA-BOX","quantity":1,"price":"5.00"}]}}"#;

/// Shop, warehouse and SKU, as the README has it; then a second secret, as in a rotation.
fn set_up(house: &House) {
    assert_eq!(
        house.weir(&["topics", "create"]).well(),
        format!("14 topics are there, below {}\n", house.corner.config.prefix)
    );
    house.weir(&["warehouse", "add", "east"]).well();
    house.weir(&["sku", "add", "TEA", "--title", "Green tea"]).well();
    let new = house.weir(&["shop", "add", "generic", "acme", "--secret", "old-secret", "--map", "TEA-BOX=TEA"]).well();
    assert_eq!(new, "demo/shop/generic/acme new\n");
    let rotated = house.weir(&["shop", "add", "generic", "acme", "--add-secret", "new-secret"]).well();
    assert_eq!(rotated, "demo/shop/generic/acme changed: secrets\n");
}

/// How the door answers the order under this secret.
fn post(house: &House, secret: &str) -> u16 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("later than 1970").as_secs();
    let signature = standard_webhooks::sign(secret.as_bytes(), "first", now.cast_signed(), BODY.as_bytes());
    let request = client()
        .post(format!("{}/webhooks/generic/acme", house.url("ingest")))
        .header(standard_webhooks::ID, "first")
        .header(standard_webhooks::TIMESTAMP, now.to_string())
        .header(standard_webhooks::SIGNATURE, signature)
        .body(BODY);
    answered(request).expect("the door answers")
}

#[test]
fn an_installation_is_set_up_and_an_order_is_followed() {
    let mut house = House::open();
    set_up(&house);
    wait_for("the door to know the newest secrets", PATIENCE, || (post(&house, "new-secret") == 202).then_some(()));
    assert_eq!(
        (post(&house, "old-secret"), post(&house, "older-secret")),
        (202, 401),
        "both secrets count, and no other"
    );
    let id = ids::order_id("demo", "generic", "acme", ORDER);
    a_person_reads_the_order(&house, &id);
    its_events_are_replayed(&house, &id);
    a_doctor_finds_nothing(&house);
    house.kill("console");
    let ended = house.weir(&["doctor"]);
    let fault = ended.said.lines().find(|line| line.starts_with("FAULT  console ")).unwrap_or_default();
    assert!(fault.ends_with("— scripts/service start console"), "{ended:?}");
    assert_eq!((ended.code, ended.said.lines().last()), (Some(1), Some("1 fault")), "{ended:?}");
    let complained = house.weir(&["order", "show", &id]).badly(1);
    assert!(complained.contains("console does not answer at http://127.0.0.1:"), "{complained}");
}

fn a_person_reads_the_order(house: &House, id: &str) {
    let story = wait_for("the order's story, as far as inventory", PATIENCE, || {
        let ended = house.weir(&["order", "show", id]);
        (ended.code == Some(0) && ended.said.contains("  inventory  ")).then_some(ended.said)
    });
    let lines: Vec<&str> = story.lines().collect();
    assert_eq!(lines[0], format!("order {id}  generic/acme/17"), "{story}");
    assert!(lines[1].starts_with("  ") && lines[1].contains(" 5.00 EUR"), "{story}");
    let placed = lines.iter().find(|line| line.contains("placed at generic/acme as 17: 1 × TEA")).unwrap_or(&"");
    assert!(placed.contains(" +0.000 s  ingest ") && placed.contains("  [orders/"), "{story}");
    assert!(lines.iter().any(|line| line.contains("  routing ") && line.contains("  [routes/")), "{story}");

    let by_number = house.weir(&["order", "show", "generic/acme/17", "--json"]).well();
    let found: Value = serde_json::from_str(&by_number).expect("JSON");
    assert_eq!(found["summary"]["orderId"], *id, "{by_number}");
    assert!(found["timeline"].as_array().is_some_and(|timeline| timeline.len() >= 3), "{by_number}");

    let unknown = ids::order_id("demo", "generic", "acme", "another");
    let complained = house.weir(&["order", "show", &unknown]).badly(1);
    assert!(complained.contains(&format!("the console knows no order {unknown:?}")), "{complained}");
    let complained = house.weir(&["order", "show", "seventeen"]).badly(64);
    assert!(complained.contains("\"seventeen\" is neither an order id nor channel/shop/number"), "{complained}");
    house.weir(&["order", "show"]).badly(2);
    let mut nowhere: Environment = house.environment();
    nowhere.retain(|(name, _)| *name != "WEIR_CONSOLE_URL");
    assert!(run(&nowhere, &["order", "show", id]).badly(64).contains("WEIR_CONSOLE_URL is not set"));
}

fn its_events_are_replayed(house: &House, id: &str) {
    let replay = |arguments: &[&str]| {
        let said = house.weir(&[&["replay"], arguments].concat()).well();
        said.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect::<Vec<Value>>()
    };
    let placed = replay(&["orders", "--order", id, "--type", "OrderPlaced"]);
    assert_eq!(placed.len(), 1, "{placed:?}");
    let line = &placed[0]["event"]["orderPlaced"]["order"]["lines"][0];
    assert_eq!(line["sku"], "TEA", "the platform's name was mapped: {placed:?}");
    for topic in ["stock-commands", "stock"] {
        let found = replay(&[topic, "--order", id, "--from", "1h"]);
        assert!(!found.is_empty() && found.iter().all(|line| line["key"] == "demo/main"), "{topic}: {found:?}");
    }
}

fn a_doctor_finds_nothing(house: &House) {
    // It gives each part some seconds, which six services on a busy machine may take.
    let said = wait_for("a doctor who finds nothing", PATIENCE, || {
        let ended = house.weir(&["doctor"]);
        (ended.code == Some(0)).then_some(ended.said)
    });
    let line = |part: &str| said.lines().find(|line| line.contains(part)).unwrap_or_default().to_owned();
    assert_eq!(said.lines().last(), Some("no faults"), "{said}");
    for part in ["stage inventory ", "projection console.orders ", "projection inventory.availability "] {
        let line = line(part);
        assert!(line.starts_with("ok     ") && line.ends_with(" records behind"), "{part}: {said}");
    }
    assert!(line("console http://").ends_with("  ready"), "{said}");
    let told: Value = serde_json::from_str(&house.weir(&["doctor", "--json"]).well()).expect("JSON");
    let parts = told["parts"].as_array().expect("parts");
    // scripts/check.d/lags.py reads these two.
    let counters = parts.iter().find(|line| line["part"] == "projection inventory.availability").expect("its line");
    let lag = counters["found"].as_str().and_then(|found| found.strip_suffix(" records behind"));
    assert!(lag.is_some_and(|lag| lag.parse::<i64>().is_ok()), "{counters}");
}
