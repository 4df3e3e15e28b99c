//! Orders that a platform only announces: the process asks for them, through whatever happens, until the clerk knows them.

#[path = "announced/platform.rs"]
mod platform;

use crate::clerk::told;
use crate::house::{House, PATIENCE, SECRET};
use crate::process::Ingest;
use platform::{CREDENTIAL, Platform};
use prost::Message as _;
use serde_json::json;
use std::sync::Arc;
use weir_channels::tiktok;
use weir_ingest::edge::Lane;
use weir_ingest::fetch::{Asker, Asking as _, At, Failed, Question, Told, Unaskable};
use weir_ingest::pull::Client;
use weir_proto::delivery::v1::{DeliveryEvent, delivery_event};
use weir_proto::ids;
use weir_proto::order::v1::order_event::Event;
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

/// When the orders of these tests were changed.
const UPDATED_S: i64 = 1_795_255_560;

/// A house with a TikTok shop whose platform can be asked.
struct Setting {
    house: House,
    platform: Platform,
}

impl Setting {
    fn new() -> Setting {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let house = House::open();
        let platform = house.block_on(Platform::open());
        house.shop_at("tiktok", "acme", &platform.url, CREDENTIAL);
        Setting { house, platform }
    }

    /// Pushes a notice through the process's door.
    fn push(&self, ingest: &Ingest, id: &str, updated_s: i64) {
        let (body, signature) = notice(id, updated_s);
        let headers = [("authorization", signature.as_str())];
        let answer = ingest.http("POST /webhooks/tiktok/acme", &headers, &body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// The same through the house's own door.
    fn post(&self, id: &str, updated_s: i64) {
        let (body, signature) = notice(id, updated_s);
        let answer = self.house.post("/webhooks/tiktok/acme", &[("authorization", signature)], body);
        assert!(answer.status.is_success(), "{}", answer.status);
    }

    fn facts(&self, id: &str) -> Vec<Event> {
        told(&self.house, id, "tiktok")
    }

    /// Waits until the order is placed, and answers how many units it has.
    fn placed(&self, id: &str) -> i64 {
        wait_for("the order", PATIENCE, || {
            let facts = self.facts(id);
            let order = |fact| match fact {
                Event::OrderPlaced(placed) => placed.order,
                _ => None,
            };
            let placed: Vec<_> = facts.into_iter().filter_map(order).collect();
            assert!(placed.len() <= 1, "placed once");
            placed.first().map(|order| order.lines.iter().map(|line| line.ordered).sum())
        })
    }

    /// What came of announced orders in the log: of an order that came its source, of one that did not why.
    fn entered(&self, id: &str) -> Vec<String> {
        let key = ids::order_id("demo", "tiktok", "acme", id);
        let records = self.house.read(Topic::Deliveries).into_iter().filter(|record| record.key == key);
        let event = |value: &[u8]| DeliveryEvent::decode(value).expect("an event").event.expect("of a kind");
        records
            .map(|record| match event(&record.value) {
                delivery_event::Event::Received(received) => received.source,
                delivery_event::Event::NotFound(no) => no.reason,
            })
            .collect()
    }

    fn asker(&self, lane: Lane) -> Asker {
        Asker::new(Client::new().expect("a client"), self.house.book.clone(), lane)
    }

    fn ask(&self, asker: &Asker, questions: &[Question]) -> Result<Vec<Told>, Failed> {
        let at = At { channel: "tiktok".to_owned(), shop: "acme".to_owned() };
        self.house.block_on(asker.ask(at, questions.to_vec()))
    }
}

fn notice(id: &str, updated_s: i64) -> (String, String) {
    let data = json!({ "order_id": id, "order_status": "AWAITING_SHIPMENT", "is_on_hold_order": false, "update_time": updated_s });
    let body = json!({ "type": 1, "tts_notification_id": format!("{id}-{updated_s}"), "shop_id": "7", "timestamp": updated_s, "data": data });
    let body = body.to_string();
    let signature = tiktok::sign(b"client", SECRET, body.as_bytes());
    (body, signature)
}

fn question(id: &str, updated_s: i64) -> Question {
    Question {
        order_id: ids::order_id("demo", "tiktok", "acme", id),
        id: id.to_owned(),
        // As the notice's: it is awaiting shipment.
        version: updated_s * 1000 + 2,
        entered: None,
        is_last: false,
    }
}

#[test]
fn what_is_announced_is_asked_for_and_placed_whole() {
    let setting = Setting::new();
    let ingest = Ingest::start(&setting.house, &[]);
    for id in ["101", "102", "103"] {
        setting.platform.has(id, UPDATED_S);
        setting.push(&ingest, id, UPDATED_S);
    }
    for _ in 0..4 {
        setting.push(&ingest, "101", UPDATED_S);
    }
    for id in ["101", "102", "103"] {
        assert_eq!(setting.placed(id), 3, "with all its lines");
        assert!(setting.platform.asked_for(id) <= 2, "{id}");
    }
    assert!(setting.platform.questions() < 6, "orders of a burst are asked for together");
    assert_eq!(setting.entered("102"), ["webhook", "pull"]);
    // Known: the same notice asks for nothing. A newer one does, and the platform is late with it.
    setting.push(&ingest, "102", UPDATED_S);
    setting.push(&ingest, "103", UPDATED_S + 60);
    let asked = setting.platform.asked_for("102");
    wait_for("a question that finds an older copy", PATIENCE, || {
        (setting.platform.asked_for("103") >= 3).then_some(())
    });
    setting.platform.has("103", UPDATED_S + 60);
    let observed = |fact: &Event| matches!(fact, Event::OrderObserved(_));
    wait_for("the newer copy", PATIENCE, || setting.facts("103").iter().any(observed).then_some(()));
    assert_eq!(setting.platform.asked_for("102"), asked);
    let announced = |id: &str| setting.facts(id).iter().filter(|fact| matches!(fact, Event::OrderAnnounced(_))).count();
    assert_eq!((announced("101"), announced("102"), announced("103")), (1, 1, 2));
    assert_eq!(ingest.stop(), Some(0), "nobody waits for a platform");
}

#[test]
fn a_platform_that_is_away_or_late_is_asked_again_also_by_the_next_process() {
    let setting = Setting::new();
    setting.platform.answer_with(Some(500));
    let ingest = Ingest::start(&setting.house, &[]);
    setting.push(&ingest, "201", UPDATED_S);
    wait_for("a question", PATIENCE, || (setting.platform.asked_for("201") > 0).then_some(()));
    // It is back before anybody gives it up for a while.
    setting.platform.has("201", UPDATED_S);
    setting.platform.answer_with(None);
    assert_eq!(setting.placed("201"), 3);
    // It announces what it does not know itself yet.
    setting.push(&ingest, "202", UPDATED_S);
    wait_for("questions", PATIENCE, || (setting.platform.asked_for("202") > 1).then_some(()));
    setting.platform.has("202", UPDATED_S);
    assert_eq!(setting.placed("202"), 3);
    // The process ends in the middle of a question, and the next one finds what is wanted.
    setting.platform.answer_with(Some(500));
    setting.push(&ingest, "203", UPDATED_S);
    wait_for("a question", PATIENCE, || (setting.platform.asked_for("203") > 0).then_some(()));
    ingest.kill();
    let asked = (setting.platform.asked_for("201"), setting.platform.asked_for("202"));
    setting.platform.has("203", UPDATED_S);
    setting.platform.answer_with(None);
    let ingest = Ingest::start(&setting.house, &[]);
    assert_eq!(setting.placed("203"), 3);
    assert_eq!((setting.platform.asked_for("201"), setting.platform.asked_for("202")), asked, "what is known is not");
    assert_eq!(ingest.stop(), Some(0));
}

#[test]
fn what_a_platform_has_not_or_no_more_is_dropped() {
    let setting = Setting::new();
    let _clerk = setting.house.clerk();
    let asker = setting.asker(setting.house.lane());
    let ask = |question: Question| setting.ask(&asker, &[question]).expect("the platform answers")[0];
    let dropped = |id: &str| {
        wait_for("the no", PATIENCE, || {
            setting.facts(id).into_iter().find_map(|fact| match fact {
                Event::AnnouncementDropped(dropped) => Some((dropped.reason, dropped.platform_version)),
                _ => None,
            })
        })
    };
    let last = |question| Question { is_last: true, ..question };
    setting.post("301", UPDATED_S);
    assert_eq!(ask(question("301", UPDATED_S)), Told::Unknown);
    assert_eq!(ask(last(question("301", UPDATED_S))), Told::Answered);
    let (reason, version) = dropped("301");
    assert_eq!((reason.as_str(), version), ("the platform knows no such order", UPDATED_S * 1000 + 2));

    // An older copy is entered once, and placed.
    setting.platform.has("302", UPDATED_S - 60);
    setting.post("302", UPDATED_S);
    let Told::Older(entered) = ask(question("302", UPDATED_S)) else { panic!("it is older") };
    let again = Question { entered: Some(entered), ..question("302", UPDATED_S) };
    assert_eq!(ask(again.clone()), Told::Older(entered));
    assert_eq!(setting.placed("302"), 3);
    assert_eq!(ask(last(again)), Told::Answered);
    let (reason, _) = dropped("302");
    assert_eq!(setting.entered("302"), ["webhook", "pull", reason.as_str()]);

    // What can't be read lies in quarantine, and is waited for no longer.
    setting.platform.has_body("303", json!({ "id": "303", "update_time": UPDATED_S }));
    setting.post("303", UPDATED_S);
    assert_eq!(ask(question("303", UPDATED_S)), Told::Answered);
    assert!(dropped("303").0.contains("quarantine"));
    let key = ids::order_id("demo", "tiktok", "acme", "303");
    assert!(setting.house.read(Topic::Quarantine).iter().any(|record| record.key == key));

    // So is what was placed too long ago.
    let mut old: serde_json::Value =
        serde_json::from_str(include_str!("../../../../crates/channels/src/tiktok/order.json")).expect("an order");
    (old["id"], old["create_time"]) = (json!("304"), json!(UPDATED_S - 500 * 86_400));
    setting.platform.has_body("304", old);
    setting.post("304", UPDATED_S);
    assert_eq!(ask(question("304", UPDATED_S)), Told::Answered);
    assert!(dropped("304").0.contains("too long ago"));
}

#[test]
fn whose_fault_a_failure_is() {
    let setting = Setting::new();
    setting.platform.has("401", UPDATED_S);
    let away = setting.asker(Lane { writer: Arc::default(), journal: None });
    let failed = setting.ask(&away, &[question("401", UPDATED_S)]).expect_err("there is no log");
    assert!(matches!(failed, Failed::House { .. }), "{failed:?}");
    let asker = setting.asker(setting.house.lane());
    setting.platform.answer_with(Some(403));
    let failed = setting.ask(&asker, &[question("401", UPDATED_S)]).expect_err("it refuses");
    assert!(matches!(failed, Failed::Shop { .. }), "{failed:?}");
    setting.platform.answer_with(Some(400));
    let failed = setting.ask(&asker, &[question("401", UPDATED_S)]).expect_err("it refuses");
    assert!(matches!(failed, Failed::Request { .. }), "{failed:?}");
    setting.platform.answer_with(None);
    let foreign = Question { order_id: ids::order_id("other", "tiktok", "acme", "401"), ..question("401", UPDATED_S) };
    assert_eq!(setting.ask(&asker, &[foreign]), Ok(vec![Told::Foreign]));
    assert_eq!(setting.entered("401"), [""; 0], "nothing of another tenant's is entered");
    assert_eq!(asker.ids_max(&At { channel: "tiktok".to_owned(), shop: "acme".to_owned() }), Ok(50));
    let unknown = asker.ids_max(&At { channel: "tiktok".to_owned(), shop: "nobody".to_owned() });
    assert!(matches!(unknown, Err(Unaskable::Because(why)) if why.contains("weir shop add")), "{unknown:?}");
    let without = asker.ids_max(&At { channel: "generic".to_owned(), shop: "acme".to_owned() });
    assert!(matches!(without, Err(Unaskable::Because(why)) if why.contains("--api")), "{without:?}");
}
