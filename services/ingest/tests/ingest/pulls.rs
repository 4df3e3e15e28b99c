//! Pulls against a shop on a real socket, which lists, fails and changes as it is told; a real Postgres, a real Kafka.

#[path = "pulls/shop.rs"]
mod shop;

use crate::house::{House, PATIENCE};
use futures::StreamExt as _;
use prost::Message as _;
use shop::Shop;
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_host::Drain;
use weir_ingest::edge::{Asking, Lane};
use weir_ingest::pull::{Claim, Client, Cursors, Feeder, Standing};
use weir_proto::delivery::v1::{DeliveryEvent, Received, delivery_event};
use weir_proto::ingest::v1::{FetchOrdersRequest, ListPlatformOrdersRequest, ListPullsRequest};
use weir_proto::log::v1::StageFact;
use weir_proto::log::v1::stage_fact::Fact;
use weir_proto::order::v1::OrderEvent;
use weir_proto::order::v1::order_event::Event;
use weir_proto::topics::Topic;
use weir_testkit::{Schema, Servers, wait_for};

/// A house with a shop whose platform can be asked, and a table of its own.
struct Setting {
    house: House,
    shop: Shop,
    schema: Schema,
}

impl Setting {
    fn new() -> Setting {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let house = House::open();
        let shop = house.block_on(Shop::open("ck:cs"));
        house.shop_at("woocommerce", "pulled", &shop.url, "ck:cs");
        let schema = house.block_on(Servers::shared().schema("pulls"));
        house.block_on(Cursors::over(schema.pool.clone()).migrate()).expect("a table");
        Setting { house, shop, schema }
    }

    fn cursors(&self) -> Cursors {
        Cursors::over(self.schema.pool.clone())
    }

    /// A process that pulls, until what is returned is dropped.
    fn pulling(&self, lane: Lane) -> Pulling<'_> {
        let client = Client::new().expect("a client");
        let feeder = Feeder::new(client, self.cursors(), lane, self.house.book.clone());
        let (stop, handle) = (Drain::new(), self.house.handle());
        let drain = stop.clone();
        let thread = std::thread::spawn(move || handle.block_on(feeder.run(drain)));
        Pulling { stop, thread: Some(thread), _setting: self }
    }

    fn standing(&self) -> Option<Standing> {
        let shops = self.house.book.with_api();
        self.house.block_on(self.cursors().standings(&shops)).expect("postgres answers").into_iter().next()
    }

    fn until(&self, what: &str, is: impl Fn(&Standing) -> bool) -> Standing {
        wait_for(what, PATIENCE, || self.standing().filter(&is))
    }

    /// The shop's next pull is due now.
    fn due(&self) {
        let due = sqlx::query("update pulls set due_ms = 0").execute(&self.schema.pool);
        self.house.block_on(due).expect("postgres answers");
    }

    fn deliveries(&self) -> Vec<Received> {
        let records = self.house.read(Topic::Deliveries);
        let event = |value: &[u8]| DeliveryEvent::decode(value).expect("an event").event.expect("of a kind");
        let received = |event| match event {
            delivery_event::Event::Received(told) => told,
            other => panic!("no platform was asked for an announced order: {other:?}"),
        };
        records.iter().map(|record| event(&record.value)).map(received).collect()
    }

    /// Orders that were placed, and deliveries that changed nothing.
    fn judged(&self) -> (usize, usize) {
        let records = self.house.read(Topic::Orders);
        let event = |value: &[u8]| OrderEvent::decode(value).expect("an event").event.expect("of a kind");
        records.iter().map(|record| event(&record.value)).fold((0, 0), |(placed, ignored), event| match event {
            Event::OrderPlaced(_) => (placed + 1, ignored),
            Event::Stage(StageFact { fact: Some(Fact::Ignored(told)) }) => (placed, ignored + told.inputs.len()),
            _ => (placed, ignored),
        })
    }
}

/// Ends the process when it is dropped, and waits for its end.
struct Pulling<'a> {
    stop: Drain,
    thread: Option<std::thread::JoinHandle<()>>,
    _setting: &'a Setting,
}

impl Drop for Pulling<'_> {
    fn drop(&mut self) {
        self.stop.request();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn ids(orders: &[Received]) -> BTreeSet<&str> {
    orders.iter().map(|received| received.platform_order_id.as_str()).collect()
}

#[test]
fn what_was_never_pushed_comes_in_once() {
    let setting = Setting::new();
    setting.shop.place(1..=250);
    let _clerk = setting.house.clerk();
    let pulling = setting.pulling(setting.house.lane());
    let first = setting.until("a pull", |standing| standing.last_success_ms > 0);
    assert_eq!((first.entered, first.failures), (250, 0));
    let deliveries = setting.deliveries();
    assert_eq!((deliveries.len(), ids(&deliveries).len()), (250, 250));
    assert!(deliveries.iter().all(|received| received.source == "pull"));
    wait_for("the orders", PATIENCE, || (setting.judged() == (250, 0)).then_some(()));

    // What is listed again within the overlap goes in no more; what has changed does.
    setting.shop.pay(7);
    setting.due();
    let second = setting.until("another pull", |standing| standing.last_success_ms > first.last_success_ms);
    assert_eq!(second.entered, 251);
    assert!(second.cursor_ms > first.cursor_ms);
    drop(pulling);

    // Another process knows nothing of what went in: the overlap comes once more, and places nothing.
    let _other = setting.pulling(setting.house.lane());
    setting.due();
    let third = setting.until("a third pull", |standing| standing.last_success_ms > second.last_success_ms);
    assert!(third.entered > 251, "{third:?}");
    let repeated = setting.deliveries().len() - 251;
    wait_for("the repeats to be judged", PATIENCE, || (setting.judged().1 >= repeated).then_some(()));
    assert_eq!(setting.judged(), (250, repeated));
}

#[test]
fn a_platform_that_is_unwell_is_left_alone_and_nothing_of_it_is_missed() {
    let setting = Setting::new();
    setting.shop.place(1..=3);
    setting.shop.answer_with(Some(401));
    let _pulling = setting.pulling(setting.house.lane());
    let refused = setting.until("a refusal", |standing| standing.failures == 1);
    assert!(refused.last_error.contains("HTTP 401"), "{refused:?}");
    assert_eq!(refused.last_success_ms, 0);
    setting.shop.answer_with(Some(500));
    setting.due();
    let unwell = setting.until("a failure", |standing| standing.failures == 2);
    assert!(unwell.last_error.contains("HTTP 500"), "{unwell:?}");
    assert_eq!(unwell.cursor_ms, refused.cursor_ms, "nothing was read");
    assert!(unwell.due_ms > refused.due_ms, "the second pause is a minute");
    setting.shop.answer_with(None);
    setting.due();
    let well = setting.until("a pull", |standing| standing.last_success_ms > 0);
    assert_eq!((well.failures, well.last_error.as_str(), well.entered), (0, "", 3));
}

#[test]
fn a_cursor_moves_over_nothing_that_the_log_does_not_have() {
    let setting = Setting::new();
    setting.shop.place(1..=3);
    let without_a_log = Lane { writer: Arc::default(), journal: None };
    let pulling = setting.pulling(without_a_log);
    let broken = setting.until("a pull that is broken off", |standing| standing.last_error.contains("the log"));
    assert_eq!((broken.failures, broken.entered), (0, 0), "no fault of the platform's");
    drop(pulling);
    let _other = setting.pulling(setting.house.lane());
    setting.due();
    let read = setting.until("a pull", |standing| standing.last_success_ms > 0);
    assert!(read.cursor_ms > broken.cursor_ms);
    assert_eq!(ids(&setting.deliveries()).len(), 3);
}

#[test]
fn a_shop_is_held_by_one() {
    let setting = Setting::new();
    let shops = setting.house.book.with_api();
    let (one, other) = (setting.cursors(), setting.cursors());
    let claim = |cursors: &Cursors| setting.house.block_on(cursors.claim(&shops, 8)).expect("postgres answers");
    let claimed = claim(&one);
    assert_eq!(claimed.len(), 1);
    assert_eq!(claim(&other), [], "it is held");
    let advanced = |claim: &Claim, ms| setting.house.block_on(one.advance(claim, ms, 1)).expect("postgres answers");
    assert!(advanced(&claimed[0], claimed[0].cursor_ms + 5));
    // The holder is not heard of for a minute.
    let lapsed = sqlx::query("update pulls set held_until_ms = 0").execute(&setting.schema.pool);
    setting.house.block_on(lapsed).expect("postgres answers");
    let taken = claim(&other);
    assert_eq!(taken[0].cursor_ms, claimed[0].cursor_ms + 5, "it goes on where the first had come to");
    assert!(!advanced(&claimed[0], claimed[0].cursor_ms + 9), "the first has lost it");
    let failed = setting.house.block_on(one.fail(&claimed[0], 7, "late", PATIENCE));
    failed.expect("postgres answers");
    assert_eq!(setting.standing().expect("a row").failures, 0, "and says nothing of it any more");
    assert!(advanced(&taken[0], claimed[0].cursor_ms), "a cursor goes back for nobody");
    assert_eq!(setting.standing().expect("a row").cursor_ms, claimed[0].cursor_ms + 5);
}

/// A shop's clock was a day ahead for a moment.
#[test]
fn a_time_that_is_still_to_come_takes_no_cursor_along() {
    let setting = Setting::new();
    setting.shop.place(1..=3);
    setting.shop.pay_at(2, shop::now_s() + 86_400);
    let _pulling = setting.pulling(setting.house.lane());
    let first = setting.until("a pull", |standing| standing.last_success_ms > 0);
    assert!(first.cursor_ms <= (shop::now_s() + 1) * 1000, "{first:?}");
    setting.shop.place(4..=4);
    setting.shop.pay(4);
    setting.due();
    let second = setting.until("another pull", |standing| standing.last_success_ms > first.last_success_ms);
    assert_eq!((first.entered, second.entered), (3, 4));
}

/// An address that was wrong at first may have moved the cursor past all that the right one has.
#[test]
fn another_address_is_read_from_the_shops_beginning() {
    let setting = Setting::new();
    setting.shop.place(1..=1);
    setting.shop.pay(1);
    let pulling = setting.pulling(setting.house.lane());
    let first = setting.until("a pull", |standing| standing.last_success_ms > 0 && standing.entered == 1);
    let other = setting.house.block_on(Shop::open("ck:cs"));
    other.place(7..=7);
    other.pay_at(7, shop::now_s() - 2_400);
    setting.house.shop_at("woocommerce", "pulled", &other.url, "ck:cs");
    let second = setting.until("what the other has", |standing| standing.entered == 2 && standing.last_success_ms > 0);
    assert!(second.cursor_ms < first.cursor_ms);
    drop(pulling);
    assert_eq!(ids(&setting.deliveries()), BTreeSet::from(["1", "7"]));
}

#[test]
fn a_platform_can_be_asked_by_hand() {
    let setting = Setting::new();
    setting.shop.place(1..=120);
    let client = Client::new().expect("a client");
    let cursors = Some(setting.cursors());
    let asking =
        Asking { client, book: setting.house.book.clone(), lane: setting.house.lane(), cursors, stop: Drain::new() };
    let list = |shop: &str, from, until| ListPlatformOrdersRequest {
        tenant: "demo".to_owned(),
        channel: "woocommerce".to_owned(),
        shop: shop.to_owned(),
        placed_from_ms: from,
        placed_until_ms: until,
    };
    let pages =
        asking.list(&list("pulled", shop::BEGIN_S * 1000, shop::BEGIN_S * 1000 + 3_600_000)).expect("a listing");
    let pages = setting.house.block_on(pages.collect::<Vec<_>>());
    let orders: Vec<_> = pages.into_iter().flat_map(|page| page.expect("a page").orders).collect();
    let listed: BTreeSet<_> = orders.iter().map(|order| order.platform_order_id.as_str()).collect();
    assert_eq!(listed.len(), 120);
    assert!(orders.iter().all(|order| order.fault.is_empty() && !order.lines.is_empty()), "{:?}", orders[0]);
    let slug = |problem: weir_host::Problem| problem.kind().slug;
    assert_eq!(asking.list(&list("acme", 0, 1)).err().map(slug), Some("no-listing"));
    assert_eq!(asking.list(&list("nobody", 0, 1)).err().map(slug), Some("unknown-shop"));
    for (from, until) in [(1, 1), (-1, 1), (0, i64::MAX)] {
        assert_eq!(asking.list(&list("pulled", from, until)).err().map(slug), Some("field-invalid"));
    }
    let another = ListPlatformOrdersRequest { tenant: "another".to_owned(), ..list("pulled", 0, 1) };
    assert_eq!(asking.list(&another).err().map(slug), Some("unknown-shop"));
    let nobody = ListPlatformOrdersRequest { tenant: String::new(), ..list("pulled", 0, 1) };
    assert_eq!(asking.list(&nobody).err().map(slug), Some("field-missing"));

    let fetch = |ids: &[&str]| FetchOrdersRequest {
        tenant: "demo".to_owned(),
        channel: "woocommerce".to_owned(),
        shop: "pulled".to_owned(),
        platform_order_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
    };
    let fetched = setting.house.block_on(asking.fetch(fetch(&["3", "7", "4711"]))).expect("fetched");
    assert_eq!((fetched.entered, fetched.unknown), (vec!["3".to_owned(), "7".to_owned()], vec!["4711".to_owned()]));
    assert_eq!(ids(&setting.deliveries()), BTreeSet::from(["3", "7"]));
    for wrong in [&[][..], &["1,2"], &[""]] {
        assert_eq!(setting.house.block_on(asking.fetch(fetch(wrong))).err().map(slug), Some("field-invalid"));
    }
    setting.shop.answer_with(Some(404));
    assert_eq!(setting.house.block_on(asking.fetch(fetch(&["3"]))).err().map(slug), Some("platform-unavailable"));
    let of = |tenant: &str| ListPullsRequest { tenant: tenant.to_owned() };
    assert_eq!(setting.house.block_on(asking.pulls(&of(""))).err().map(slug), Some("field-missing"));
    let pulls = setting.house.block_on(asking.pulls(&of("demo"))).expect("postgres answers");
    assert_eq!(pulls.pulls, [], "nobody has pulled yet");
}
