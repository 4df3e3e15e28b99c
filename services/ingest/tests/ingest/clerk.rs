//! Door and clerk on a real Kafka: copies in any order make one order, and what can't be read lies in quarantine.

use crate::house::{House, PATIENCE, now_s};
use prost::Message as _;
use weir_proto::ids;
use weir_proto::order::v1::order_event::Event;
use weir_proto::order::v1::{OrderEvent, PaymentState};
use weir_proto::quarantine::v1::{QuarantineEvent, quarantine_event};
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

/// Times ahead of any clock, so that these orders never lie beyond the horizon.
pub fn body(updated: &str, status: &str, cancelled: &str) -> String {
    format!(
        r##"{{"id":77,"name":"#77","created_at":"2099-01-01T10:00:00Z","updated_at":"{updated}","cancelled_at":{cancelled},
        "currency":"EUR","total_price":"5.00","financial_status":"{status}","email":"ada@example.com",
        "line_items":[{{"id":1,"sku":"TEA","quantity":1,"price":"5.00"}}],
        "shipping_address":{{"name":"Ada Brandt","address1":"Lechweg 7","city":"Augsburg","country_code":"DE"}}}}"##
    )
}

/// The domain facts of one order, by their names, in order.
pub fn told(house: &House, platform_order_id: &str, channel: &str) -> Vec<Event> {
    let key = ids::order_id("demo", channel, "acme", platform_order_id);
    let records = house.read(Topic::Orders).into_iter().filter(|record| record.key == key);
    let event = |record: weir_pipeline::Record| OrderEvent::decode(record.value).expect("an event").event;
    records.filter_map(event).filter(|event| !matches!(event, Event::Stage(_))).collect()
}

#[test]
fn copies_in_any_order_make_one_order() {
    let house = House::open();
    let _workers = house.clerk();
    let created = body("2099-01-01T10:00:01Z", "pending", "null");
    let paid = body("2099-01-01T10:00:05Z", "paid", "null");
    let cancelled = body("2099-01-01T10:00:09Z", "refunded", "\"2099-01-01T10:00:09Z\"");
    let arrival =
        [("orders/paid", &paid), ("orders/create", &created), ("orders/paid", &paid), ("orders/cancelled", &cancelled)];
    for (topic, body) in arrival {
        assert!(house.shopify(topic, body).status.is_success());
    }
    let facts = wait_for("the cancellation", PATIENCE, || {
        let facts = told(&house, "77", "shopify");
        facts.iter().any(|fact| matches!(fact, Event::RefundNoted(_))).then_some(facts)
    });
    assert!(
        matches!(&facts[..], [Event::OrderPlaced(_), Event::OrderCancelled(_), Event::RefundNoted(_)]),
        "{facts:?}"
    );
    let Event::OrderPlaced(placed) = &facts[0] else { panic!("placed first") };
    let order = placed.order.as_ref().expect("an order");
    assert_eq!(order.payment_state, i32::from(PaymentState::Paid));
    assert_eq!(order.amounts.as_ref().map(|sums| sums.checksum), Some(weir_channels::snapshot_checksum(order)));
}

#[test]
fn an_early_payment_waits_for_its_order() {
    let house = House::open();
    let _workers = house.clerk();
    let paid = r#"{"type":"order.paid","timestamp":"2099-01-01T10:05:00Z","data":{"order_id":"W-1",
        "payment":{"id":"p-1","amount":"5.00","currency":"EUR"}}}"#;
    assert!(house.generic("m-1", now_s(), paid).status.is_success());
    let created = r#"{"type":"order.created","timestamp":"2099-01-01T10:00:00Z","data":{"order_id":"W-1",
        "placed_at":"2099-01-01T10:00:00Z","currency":"EUR","total":"5.00",
        "lines":[{"line_id":"1","sku":"TEA","quantity":1,"price":"5.00"}]}}"#;
    assert!(house.generic("m-2", now_s(), created).status.is_success());
    let facts = wait_for("the order", PATIENCE, || {
        let facts = told(&house, "W-1", "generic");
        (facts.len() == 2).then_some(facts)
    });
    let [Event::PaymentReceived(payment), Event::OrderPlaced(placed)] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!(payment.payment.as_ref().map(|payment| payment.payment_id.as_str()), Some("p-1"));
    assert_eq!(placed.order.as_ref().map(|order| order.payment_state), Some(PaymentState::Paid.into()));
}

#[test]
fn what_cannot_be_read_lies_in_quarantine_and_the_rest_goes_on() {
    let house = House::open();
    let _workers = house.clerk();
    let float = r#"{"id":9,"currency":"USD","status":"pending","date_modified_gmt":"2099-01-01T10:00:00","total":5.5}"#;
    assert_eq!(house.woocommerce(float).status.as_u16(), 400);
    assert_eq!(house.woocommerce("not json").status.as_u16(), 400);
    assert!(house.shopify("orders/create", &body("2099-01-01T10:00:01Z", "pending", "null")).status.is_success());
    let quarantined = wait_for("two records in quarantine", PATIENCE, || {
        let records = house.read(Topic::Quarantine);
        (records.len() == 2).then_some(records)
    });
    wait_for("the good order", PATIENCE, || (told(&house, "77", "shopify").len() == 1).then_some(()));
    let read = |record: weir_pipeline::Record| {
        let event = QuarantineEvent::decode(record.value).expect("an event").event;
        let Some(quarantine_event::Event::Quarantined(one)) = event else { panic!("a quarantined record") };
        (one.reason, one.field)
    };
    let mut reasons: Vec<_> = quarantined.into_iter().map(read).collect();
    reasons.sort();
    let money = ("money-not-integer-or-decimal-string".to_owned(), "total".to_owned());
    assert_eq!(reasons, [("body-not-json".to_owned(), String::new()), money]);
}

#[test]
fn what_the_clerk_knows_outlives_it_in_a_snapshot() {
    let house = House::open();
    let _workers = house.clerk();
    let created = body("2099-01-01T10:00:01Z", "pending", "null");
    let paid = body("2099-01-01T10:00:05Z", "paid", "null").replace("Lechweg 7", "Lechweg 8");
    for (topic, body) in [("orders/create", &created), ("orders/paid", &paid)] {
        assert!(house.shopify(topic, body).status.is_success());
    }
    let facts = wait_for("the payment", PATIENCE, || {
        let facts = told(&house, "77", "shopify");
        (facts.len() == 3).then_some(facts)
    });
    assert!(
        matches!(&facts[1..], [Event::AddressChangeRequested(_), Event::PaymentReceived(_)]),
        "the new address goes before the payment, which may release the order: {facts:?}"
    );
    let key = ids::order_id("demo", "shopify", "acme", "77");
    let facts = house.read(Topic::Orders);
    let partition = facts.iter().find(|fact| fact.key == key).expect("it was told").partition;
    let (kept, folded) = house.kept_and_folded(partition);
    assert_eq!(kept.states(), folded.states());
    let states = kept.states();
    let [(known, order)] = &states[..] else { panic!("{states:?}") };
    assert_eq!((*known, order.payment(), order.lines().len()), (&*key, weir_ingest::domain::PaymentState::Paid, 1));
    assert_ne!(order.goes_to(), weir_ingest::domain::Place::default());
}
