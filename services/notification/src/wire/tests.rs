//! What is read means what it should; what is written reads back; what makes no sense names its field.

use super::*;
use crate::domain::{Kind, Outcome, Parameters, Recipient, Subject};
use bytes::Bytes;
use prost::Message as _;
use weir_decider::Millis;
use weir_pipeline::Headers;
use weir_proto::log::v1::{StageFact, Took, stage_fact};
use weir_proto::notice::v1::{NoticeCommand, NoticeEvent, RecordOutcome, notice_command, notice_event};
use weir_proto::order::v1::{Buyer, Identity, Order, OrderCancelled, OrderEvent, OrderPlaced, ShipTo, order_event};
use weir_proto::privacy::v1::Sealed;
use weir_proto::routing::v1::{Held, Released, RouteCancelled, RouteEvent, route_event};
use weir_proto::shipment::v1::{CancelAccepted, ShipmentEvent, Shipped, shipment_event};

const ORDER: &str = "bfdc8376-97e6-58c1-9934-fa54717d5fb3";

fn meta() -> Option<Meta> {
    Some(Meta { tenant: "demo".to_owned(), key: ORDER.to_owned(), ..Meta::default() })
}

fn record(topic: Topic, value: Vec<u8>) -> Record {
    Record {
        topic,
        partition: 0,
        offset: 0,
        time: Millis(0),
        key: ORDER.to_owned(),
        value: Bytes::from(value),
        headers: Headers::default(),
    }
}

fn read(topic: Topic, message: &impl prost::Message) -> Result<Input, Fault> {
    Notification.read(&record(topic, message.encode_to_vec())).map(|incoming| incoming.input)
}

fn happened(kind: Kind, parameters: &[(&str, &str)]) -> Result<Input, Fault> {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Ok(Input::Happened { kind, parameters: parameters.collect() })
}

fn placed(email_hash: &str) -> OrderEvent {
    let identity = Identity {
        channel: "shopify".to_owned(),
        shop: "acme".to_owned(),
        platform_order_id: "82098".to_owned(),
        shown_number: "#1001".to_owned(),
        ..Identity::default()
    };
    let sealed = Sealed { key_ref: "k".to_owned(), nonce: vec![1], ciphertext: vec![2] };
    let order = Order {
        identity: Some(identity),
        buyer: Some(Buyer { email_hash: email_hash.to_owned(), ..Buyer::default() }),
        ship_to: Some(ShipTo { personal: Some(sealed), city: "Hangzhou".to_owned(), ..ShipTo::default() }),
        ..Order::default()
    };
    let event = order_event::Event::OrderPlaced(OrderPlaced { order: Some(order) });
    OrderEvent { meta: meta(), event: Some(event) }
}

fn recipient(email_hash: &str) -> Recipient {
    match read(Topic::Orders, &placed(email_hash)) {
        Ok(Input::Placed(recipient)) => recipient,
        other => panic!("expected a recipient, got {other:?}"),
    }
}

#[test]
fn a_placed_order_tells_its_recipient_and_of_the_address_only_what_is_sealed() {
    let recipient = recipient("ab12");
    assert_eq!((recipient.tenant.as_str(), recipient.shown_number.as_str()), ("demo", "#1001"));
    let kept = ShipTo::decode(recipient.ship_to.as_slice()).expect("it is one");
    assert_eq!(kept.personal.map(|sealed| sealed.ciphertext), Some(vec![2]));
    assert_eq!(kept.city, "");
    assert_eq!(self::recipient("").ship_to, Vec::<u8>::new());
}

#[test]
fn what_is_announced_is_read_from_every_topic() {
    let text = |text: &str| text.to_owned();
    let order = |event| OrderEvent { meta: meta(), event: Some(event) };
    let route = |event| RouteEvent { meta: meta(), event: Some(event) };
    let shipment = |event| ShipmentEvent { meta: meta(), event: Some(event) };

    let told = OrderCancelled { reason: text("buyer"), ..OrderCancelled::default() };
    let told = order(order_event::Event::OrderCancelled(told));
    assert_eq!(read(Topic::Orders, &told), happened(Kind::Cancelled, &[("reason", "buyer")]));

    let told =
        route(route_event::Event::RouteCancelled(RouteCancelled { reason: text("rejected"), ..Default::default() }));
    assert_eq!(read(Topic::Routes, &told), happened(Kind::Cancelled, &[("reason", "rejected")]));

    let told = route(route_event::Event::Held(Held { hold_id: text("h"), reason: text("dear"), ..Held::default() }));
    assert_eq!(read(Topic::Routes, &told), happened(Kind::Held, &[("reason", "dear"), ("hold_id", "h")]));

    let told =
        shipment(shipment_event::Event::CancelAccepted(CancelAccepted { reason: text("buyer"), ..Default::default() }));
    assert_eq!(read(Topic::Shipments, &told), happened(Kind::Cancelled, &[("reason", "buyer")]));

    let last = |last| {
        let told = Shipped { carrier: text("SF"), tracking_number: text("SF1"), last, ..Shipped::default() };
        read(Topic::Shipments, &shipment(shipment_event::Event::Shipped(told)))
    };
    assert_eq!(last(true), happened(Kind::Shipped, &[("carrier", "SF"), ("tracking_number", "SF1")]));
    assert_eq!(last(false), Ok(Input::Other));
}

#[test]
fn what_is_not_announced_is_read_and_says_nothing() {
    let released = route_event::Event::Released(Released { plan_version: 1 });
    let told = RouteEvent { meta: meta(), event: Some(released) };
    assert_eq!(read(Topic::Routes, &told), Ok(Input::Other));
    let took = StageFact { fact: Some(stage_fact::Fact::Took(Took::default())) };
    let told = ShipmentEvent { meta: meta(), event: Some(shipment_event::Event::Stage(took)) };
    assert_eq!(read(Topic::Shipments, &told), Ok(Input::Other));
}

#[test]
fn an_outcome_finds_its_notice_by_the_id() {
    let subject = Subject::webhook(Kind::Shipped);
    let told = |notice_id: String| {
        let outcome = RecordOutcome { notice_id, sent: true, attempts: 2, detail: "HTTP 204".to_owned() };
        let command = Some(notice_command::Command::RecordOutcome(outcome));
        read(Topic::NoticeCommands, &NoticeCommand { meta: meta(), command })
    };
    let outcome = Outcome { subject, sent: true, attempts: 2, detail: "HTTP 204".to_owned() };
    assert_eq!(told(notice_id(ORDER, subject)), Ok(Input::Outcome(outcome)));
    let foreign = told(notice_id("another order", subject)).expect_err("it is not of this order");
    assert_eq!((foreign.reason, foreign.field.as_str()), ("unknown-notice", "record_outcome.notice_id"));
}

#[test]
fn what_makes_no_sense_names_its_field() {
    let field = |read: Result<Input, Fault>| read.expect_err("it makes no sense").field;
    assert_eq!(field(read(Topic::Orders, &OrderEvent { meta: meta(), event: None })), "event");
    assert_eq!(field(read(Topic::Orders, &OrderEvent { meta: None, ..placed("") })), "meta");
    let empty = order_event::Event::OrderPlaced(OrderPlaced { order: None });
    assert_eq!(field(read(Topic::Orders, &OrderEvent { meta: meta(), event: Some(empty) })), "order_placed.order");
    let no_bytes = Notification.read(&record(Topic::Orders, vec![0xff])).expect_err("it is no message");
    assert_eq!(no_bytes.reason, "undecodable");
}

#[test]
fn every_fact_reads_back_as_it_was_said() {
    let parameters = Parameters::from([("reason".to_owned(), "dear".to_owned())]);
    let (attempts, text) = (3, "HTTP 500".to_owned());
    let mut facts = vec![Fact::RecipientNoted(recipient("ab12")), Fact::RecipientNoted(recipient(""))];
    for subject in Subject::ALL {
        facts.push(Fact::Due { subject, parameters: parameters.clone() });
        facts.push(Fact::Sent { subject, attempts, answer: text.clone() });
        facts.push(Fact::Failed { subject, attempts, reason: text.clone() });
    }
    for fact in facts {
        let outgoing = Notification.write_fact(meta().expect("there is one"), &fact);
        assert_eq!((outgoing.topic, outgoing.key.as_str()), (Topic::Notices, ORDER));
        let event = NoticeEvent::decode(outgoing.value.as_slice()).expect("it is one").event;
        let named = match event.expect("there is one") {
            notice_event::Event::RecipientNoted(_) => "weir.notice.v1.RecipientNoted",
            notice_event::Event::NoticeDue(_) => "weir.notice.v1.NoticeDue",
            notice_event::Event::NoticeSent(_) => "weir.notice.v1.NoticeSent",
            notice_event::Event::NoticeFailed(_) => "weir.notice.v1.NoticeFailed",
            notice_event::Event::Stage(_) => "none",
        };
        assert_eq!(outgoing.event_type, named);
        assert_eq!(Notification.read_fact(&record(Topic::Notices, outgoing.value)), Ok(fact));
    }
}
