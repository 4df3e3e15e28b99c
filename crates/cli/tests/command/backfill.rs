//! `weir backfill` at a whole installation: a file with known, new and wrong orders, sent again and again, each order placed once.

use crate::corner::{Ended, PATIENCE};
use crate::house::{House, answered, client};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use weir_channels::standard_webhooks;
use weir_proto::ids;
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

const HEADER: &str =
    "order_id,line_id,sku,quantity,price,placed_at,currency,payable,payment_state,country,city,address,name";
/// Times ahead of any clock, so that no order ever lies beyond the horizon.
const PLACED_AT: &str = "2099-01-01T18:00:00+08:00";
const BODY: &str = r#"{"type":"order.created","timestamp":"2099-01-01T10:00:00Z","data":{"order_id":"A-7",
    "currency":"EUR","placed_at":"2099-01-01T10:00:00Z","total":"10.00",
    "ship_to":{"country":"DE","city":"Berlin","name":"Wang Fang","address":"12 Xinhua Road"},
    "lines":[{"line_id":"1","sku":"TEA","quantity":2,"price":"5.00"}]}}"#;

struct Desk {
    house: House,
    folder: tempfile::TempDir,
}

impl Desk {
    /// A house that knows generic/acme, and the order A-7 of it.
    fn open() -> Desk {
        let house = House::open();
        house.weir(&["warehouse", "add", "east"]).well();
        house.weir(&["sku", "add", "TEA"]).well();
        house.weir(&["shop", "add", "generic", "acme", "--secret", "hush-hush"]).well();
        wait_for("the door to take an order", PATIENCE, || (post(&house) == 202).then_some(()));
        let id = ids::order_id("demo", "generic", "acme", "A-7");
        wait_for("the order to be known", PATIENCE, || {
            house.corner.facts(Topic::Orders).contains_key(&id).then_some(())
        });
        Desk { house, folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).expect("written");
        self.path(name)
    }

    fn backfill(&self, file: &Path, options: &[&str]) -> Ended {
        let file = file.to_str().expect("a plain name");
        self.house.weir(&[&["backfill", "generic/acme", "--file", file], options].concat())
    }

    /// How often each order of the log was placed, and what else was said of it.
    fn facts(&self) -> Vec<(usize, usize)> {
        let facts = self.house.corner.facts(Topic::Orders).into_values();
        let is_placing = |name: &&String| *name == "OrderPlaced";
        facts.map(|names| (names.iter().filter(is_placing).count(), names.len())).collect()
    }
}

/// How the door answers A-7.
fn post(house: &House) -> u16 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("later than 1970").as_secs();
    let signature = standard_webhooks::sign(b"hush-hush", "first", now.cast_signed(), BODY.as_bytes());
    let request = client()
        .post(format!("{}/webhooks/generic/acme", house.url("ingest")))
        .header(standard_webhooks::ID, "first")
        .header(standard_webhooks::TIMESTAMP, now.to_string())
        .header(standard_webhooks::SIGNATURE, signature)
        .body(BODY);
    answered(request).expect("the door answers")
}

fn row(order: usize, line: usize, quantity: &str) -> String {
    let people = "DE,Hamburg,\"1, \"\"Old\"\" Harbour\",王芳";
    format!("A-{order},{line},TEA,{quantity},5.00,{PLACED_AT},EUR,10.00,pending,{people}\r\n")
}

/// Orders A-1 to A-30 with a byte order mark; A-5 has its second line at the end, and of A-3, A-13 and A-23 the quantity is wrong.
fn orders() -> String {
    let quantity = |order: usize| if order % 10 == 3 { "two" } else { "2" };
    let rows: String = (1..=30).map(|order| row(order, 1, quantity(order))).collect();
    format!("\u{feff}{HEADER}\r\n{rows}{}", row(5, 2, "1"))
}

/// The last line that was said.
fn sums(ended: &Ended) -> (Option<i32>, &str) {
    (ended.code, ended.said.lines().last().unwrap_or_default())
}

#[test]
fn a_file_is_entered_once_however_often_it_is_sent() {
    let desk = Desk::open();
    let file = desk.write("orders.csv", &orders());
    what_would_happen_is_told(&desk, &file);
    what_is_new_is_entered(&desk, &file);
    what_was_refused_is_mended_and_entered(&desk);
    a_payment_that_is_new_is_told(&desk);
    errors_name_the_next_step(&desk, &file);
}

fn what_would_happen_is_told(desk: &Desk, file: &Path) {
    let dry = desk.backfill(file, &["--dry-run"]);
    let wanted = "rows 31, orders 30: 27 can be entered, 3 refused; nothing was sent";
    assert_eq!(sums(&dry), (Some(1), wanted), "{dry:?}");
    assert_eq!(desk.facts(), [(1, 1)], "only the webhook's");
}

fn what_is_new_is_entered(desk: &Desk, file: &Path) {
    let refused = desk.path("refused.csv");
    let first = desk.backfill(file, &["--refused", refused.to_str().expect("a plain name")]);
    let wanted = "rows 31, orders 30: 26 entered, 1 known already (0 changed), 3 refused, 0 unanswered";
    assert_eq!(sums(&first), (Some(1), wanted), "{first:?}");
    for (order, line) in [("A-3", "4"), ("A-13", "14"), ("A-23", "24")] {
        let is_told = |told: &&str| told.contains(&format!(" {order} ")) && told.contains(&format!(" {line} "));
        let told = first.said.lines().find(is_told).unwrap_or_default();
        assert!(told.contains(" quantity ") && told.contains("\"two\" is no whole number"), "{order}: {first:?}");
    }
    let again = desk.backfill(file, &["--json", "--rate", "10000"]);
    let told: Value = serde_json::from_str(&again.said).expect("JSON");
    let counts = ["entered", "known", "changed"].map(|name| told[name].as_u64());
    assert_eq!((again.code, counts), (Some(1), [Some(0), Some(27), Some(0)]), "{again:?}");
    assert_eq!(told["refused"][2]["order_id"], "A-23", "{told}");
    assert_eq!(desk.facts(), [(1, 1); 27], "each once, and nothing else was said of any");
}

fn what_was_refused_is_mended_and_entered(desk: &Desk) {
    let refused = std::fs::read_to_string(desk.path("refused.csv")).expect("it was written");
    assert!(refused.starts_with(&format!("{HEADER},refused_because\n")) && refused.lines().count() == 4, "{refused}");
    let mended = desk.write("mended.csv", &refused.replace(",two,", ",2,"));
    let entered = desk.backfill(&mended, &[]);
    let wanted = "rows 3, orders 3: 3 entered, 0 known already (0 changed), 0 refused, 0 unanswered";
    assert_eq!(sums(&entered), (Some(0), wanted), "{entered:?}");
    let whole = desk.write("whole.csv", &orders().replace(",two,", ",2,"));
    let again = desk.backfill(&whole, &[]);
    let wanted = "rows 31, orders 30: 0 entered, 30 known already (0 changed), 0 refused, 0 unanswered";
    assert_eq!(sums(&again), (Some(0), wanted), "{again:?}");
    assert_eq!(desk.facts(), [(1, 1); 30]);
}

/// A payment can only go on, whoever tells of it.
fn a_payment_that_is_new_is_told(desk: &Desk) {
    let text = format!("{HEADER}\n{}", row(7, 1, "2").replace("pending", "paid"));
    let paid = desk.backfill(&desk.write("paid.csv", &text), &[]);
    let wanted = "rows 1, orders 1: 0 entered, 1 known already (1 changed), 0 refused, 0 unanswered";
    assert_eq!(sums(&paid), (Some(0), wanted), "{paid:?}");
    let of_known = &desk.house.corner.facts(Topic::Orders)[&ids::order_id("demo", "generic", "acme", "A-7")];
    assert_eq!(of_known, &["OrderPlaced", "PaymentReceived"], "its address is the platform's");
}

fn errors_name_the_next_step(desk: &Desk, file: &Path) {
    let plain = file.to_str().expect("a plain name");
    let complained = desk.house.weir(&["backfill", "generic/nobody", "--file", plain]).badly(64);
    assert!(complained.contains("`weir shop add generic nobody` registers it"), "{complained}");
    let typo = desk.write("typo.csv", &orders().replace("quantity", "qty"));
    let complained = desk.backfill(&typo, &[]).badly(1);
    assert!(complained.contains("no column \"qty\" is known") && complained.contains("\"quantity\" is not there"));
    let same = desk.backfill(file, &["--refused", plain]).badly(64);
    assert!(same.contains("--refused is the file that is read"), "{same}");
    let mended = desk.write("there.csv", "mended by hand");
    let there = desk.backfill(file, &["--dry-run", "--refused", mended.to_str().expect("a plain name")]).badly(1);
    assert!(there.contains("a file that is not there yet"), "{there}");
    assert_eq!(std::fs::read_to_string(&mended).expect("it is there"), "mended by hand");
    let complained = desk.backfill(&desk.path("nothing.csv"), &[]).badly(1);
    assert!(complained.contains("nothing.csv can't be read"), "{complained}");
    desk.house.weir(&["backfill", "acme", "--file", plain]).badly(2);
    desk.house.weir(&["backfill", "generic/acme"]).badly(2);
    desk.backfill(file, &["--rate", "0"]).badly(2);
    let text = format!("{HEADER}\n{}", row(1, 1, "1"));
    let counter = desk.write("counter.csv", &text);
    let counter = counter.to_str().expect("a plain name");
    desk.house.weir(&["backfill", "counter/main", "--file", counter, "--unregistered"]).well();
    assert_eq!(desk.facts().len(), 31, "another shop's A-1 is another order");
}
