//! A new address in a body of each channel becomes a request that carries it, sealed; what is no address becomes none.

use super::*;
use crate::domain::Place;
use weir_decider::Ignored;
use weir_proto::order::v1::{self as proto, AddressChangeRequested};

const AT: Millis = Millis(1_795_255_500_000);

/// What differs between two bodies of one order.
#[derive(Clone, Copy)]
struct Told<'a> {
    /// Of the minute 10:04.
    second: u8,
    name: &'a str,
    street: &'a str,
    city: &'a str,
    email: &'a str,
    phone: &'a str,
}

const HOME: Told<'_> = Told {
    second: 6,
    name: "Ada Brandt",
    street: "Lechweg 7",
    city: "Augsburg",
    email: "ada@example.com",
    phone: "+49 821 000001",
};

/// A body as the channel writes it, with the number of its order and the headers that its reader needs.
type Channel = fn(Told<'_>) -> Body;

struct Body {
    channel: &'static str,
    number: &'static str,
    source: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    bytes: Vec<u8>,
}

const CHANNELS: [Channel; 4] = [shopify, woocommerce, generic, grpc];

fn shopify(told: Told<'_>) -> Body {
    let Told { second, name, street, city, email, phone } = told;
    let bytes = format!(
        r##"{{"id":5102,"name":"#1042","created_at":"2026-11-21T10:04:05Z","updated_at":"2026-11-21T10:04:{second:02}Z",
        "currency":"EUR","total_price":"98.00","financial_status":"pending","email":"{email}",
        "line_items":[{{"id":1,"sku":"TEA","quantity":2,"price":"49.00"}}],
        "shipping_address":{{"name":"{name}","address1":"{street}","city":"{city}","country_code":"DE",
        "phone":"{phone}"}}}}"##
    );
    let headers = vec![("x-shopify-topic", "orders/updated")];
    Body { channel: "shopify", number: "5102", source: "webhook", headers, bytes: bytes.into_bytes() }
}

fn woocommerce(told: Told<'_>) -> Body {
    let Told { second, name, street, city, email, phone } = told;
    let bytes = format!(
        r#"{{"id":731,"number":"731","status":"pending","currency":"EUR","date_created_gmt":"2026-11-21T10:04:05",
        "date_modified_gmt":"2026-11-21T10:04:{second:02}","total":"98.00","payment_method":"bacs",
        "billing":{{"first_name":"Sam","address_1":"5 Mill Lane","city":"Ulm","country":"DE","email":"{email}",
        "phone":"{phone}"}},
        "shipping":{{"first_name":"{name}","address_1":"{street}","city":"{city}","country":"DE"}},
        "line_items":[{{"id":11,"sku":"TEA","quantity":2,"subtotal":"98.00","total":"98.00","total_tax":"0.00"}}]}}"#
    );
    let headers = vec![("x-wc-webhook-topic", "order.updated")];
    Body { channel: "woocommerce", number: "731", source: "webhook", headers, bytes: bytes.into_bytes() }
}

fn generic(told: Told<'_>) -> Body {
    let Told { second, name, street, city, email, phone } = told;
    let bytes = format!(
        r#"{{"type":"order.updated","timestamp":"2026-11-21T10:04:{second:02}Z","data":{{"order_id":"W-17",
        "placed_at":"2026-11-21T10:04:05Z","currency":"EUR","total":"98.00","payment_state":"pending",
        "buyer":{{"id":"b-9","email":"{email}"}},
        "ship_to":{{"country":"DE","city":"{city}","name":"{name}","address":"{street}","phone":"{phone}"}},
        "lines":[{{"line_id":"1","sku":"TEA","quantity":2,"price":"49.00"}}]}}}}"#
    );
    Body { channel: "generic", number: "W-17", source: "webhook", headers: Vec::new(), bytes: bytes.into_bytes() }
}

/// Canonical, and sealed before it reached the log.
fn grpc(told: Told<'_>) -> Body {
    let personal = Personal {
        name: told.name.to_owned(),
        phone: told.phone.to_owned(),
        email: told.email.to_owned(),
        address_detail: told.street.to_owned(),
    };
    let order_id = ids::order_id("demo", "counter", "acme", "9");
    let order = proto::Order {
        identity: Some(proto::Identity {
            channel: "counter".to_owned(),
            shop: "acme".to_owned(),
            platform_order_id: "9".to_owned(),
            platform_version: i64::from(told.second),
            placed_at_ms: AT.0 - 1_000,
            ..proto::Identity::default()
        }),
        ship_to: Some(proto::ShipTo {
            country: "DE".to_owned(),
            city: told.city.to_owned(),
            personal: Some(key().seal(&order_id, &personal)),
            ..proto::ShipTo::default()
        }),
        lines: vec![proto::Line { line_id: "1".to_owned(), ordered: 2, ..proto::Line::default() }],
        amounts: Some(proto::Amounts { currency: "EUR".to_owned(), ..proto::Amounts::default() }),
        ..proto::Order::default()
    };
    Body { channel: "counter", number: "9", source: "grpc", headers: Vec::new(), bytes: order.encode_to_vec() }
}

fn read(body: Body) -> (String, Delivery) {
    let order_id = ids::order_id("demo", body.channel, "acme", body.number);
    let header = |(name, value): (&str, &str)| Header { name: name.to_owned(), value: value.to_owned() };
    let received = Received {
        channel: body.channel.to_owned(),
        shop: "acme".to_owned(),
        headers: body.headers.into_iter().map(header).collect(),
        body: Bytes::from(body.bytes),
        source: body.source.to_owned(),
        ..Received::default()
    };
    let meta = Meta { tenant: "demo".to_owned(), key: order_id.clone(), ..Meta::default() };
    let event = DeliveryEvent { meta: Some(meta), event: Some(delivery_event::Event::Received(received)) };
    let record = record(Topic::Deliveries, &order_id, event.encode_to_vec());
    (order_id, clerk().read(&record).expect("readable").input)
}

/// An order, folded from nothing but what lies in the log, as a clerk folds it that has the key.
struct Log {
    order: Order,
    order_id: String,
    outcome: weir_decider::Outcome,
    /// What the last delivery made it say.
    said: Vec<Event>,
}

fn told_to(clerk: &Clerk, bodies: impl IntoIterator<Item = Body>) -> Log {
    let world = World::default();
    let outcome = weir_decider::Outcome::Accepted;
    let mut log = Log { order: Order::default(), order_id: String::new(), outcome, said: Vec::new() };
    for body in bodies {
        let (order_id, delivery) = read(body);
        let decision = log.order.decide(Moment { key: &order_id, at: AT, world: &world }, &delivery);
        log.said.clear();
        for fact in &decision.facts {
            let meta = Meta { tenant: "demo".to_owned(), key: order_id.clone(), ..Meta::default() };
            let written = clerk.write_fact(meta, fact);
            let event = OrderEvent::decode(written.value.as_slice()).expect("an event").event.expect("an arm");
            let record = record(Topic::Orders, &written.key, written.value);
            log.order.evolve(AT, &clerk.read_fact(&record).expect("readable"));
            log.said.push(event);
        }
        (log.order_id, log.outcome) = (order_id, decision.outcome);
    }
    log
}

fn asked(log: &Log) -> Option<&AddressChangeRequested> {
    let mut asked = log.said.iter().filter_map(|event| match event {
        Event::AddressChangeRequested(asked) => Some(asked),
        _ => None,
    });
    let first = asked.next();
    assert_eq!(asked.next(), None, "{:?}", log.said);
    first
}

#[test]
fn a_new_address_reaches_the_clerk_from_every_channel() {
    let moved = Told { second: 9, street: "Isarring 1", city: "Munich", ..HOME };
    for channel in CHANNELS {
        let log = told_to(&clerk(), [channel(HOME), channel(moved)]);
        let name = channel(HOME).channel;
        let asked = asked(&log).unwrap_or_else(|| panic!("{name} tells of no new address: {:?}", log.said));
        assert_eq!(log.said.len(), 1, "{name} says nothing else");
        assert_eq!(asked.platform_version, log.order.version());
        let ship_to = asked.ship_to.clone().expect("an address");
        assert_eq!((ship_to.country.as_str(), ship_to.city.as_str()), ("DE", "Munich"), "{name}");
        let sealed = ship_to.personal.expect("sealed");
        let person = key().open(&log.order_id, &sealed).expect("it opens for its order");
        assert_eq!((person.name.as_str(), person.address_detail.as_str()), ("Ada Brandt", "Isarring 1"), "{name}");
        let bytes = asked.encode_to_vec();
        assert!(!bytes.windows(8).any(|part| part == b"Isarring"), "{name} leaves the street open");
    }
}

#[test]
fn a_street_alone_and_a_name_alone_and_a_phone_alone_are_told() {
    let parts = [
        Told { street: "Lechweg 8", ..HOME },
        Told { name: "Bo Brandt", ..HOME },
        Told { phone: "+49 821 000002", ..HOME },
    ];
    for channel in CHANNELS {
        for told in parts {
            let log = told_to(&clerk(), [channel(HOME), channel(Told { second: 9, ..told })]);
            assert!(asked(&log).is_some(), "{}: {:?}", channel(HOME).channel, log.said);
        }
    }
}

#[test]
fn what_names_no_other_place_is_no_change() {
    let same = [
        HOME,
        Told { email: "ada@example.org", ..HOME },
        Told { phone: "49-821-000001", ..HOME },
        Told { street: "LECHWEG  7", name: "ada brandt ", ..HOME },
    ];
    for channel in CHANNELS {
        for told in same {
            let log = told_to(&clerk(), [channel(HOME), channel(Told { second: 9, ..told })]);
            let observed = matches!(log.said[..], [Event::OrderObserved(_)]);
            assert!(observed, "{}: {:?}", channel(HOME).channel, log.said);
        }
    }
}

#[test]
fn copies_and_older_bodies_change_nothing_back() {
    let moved = Told { second: 9, street: "Isarring 1", city: "Munich", ..HOME };
    for channel in CHANNELS {
        for last in [moved, HOME] {
            let log = told_to(&clerk(), [channel(HOME), channel(moved), channel(last)]);
            let reason = if last.second == moved.second { Ignored::Duplicate } else { Ignored::Stale };
            assert_eq!(log.outcome, weir_decider::Outcome::Ignored(reason), "{}", channel(HOME).channel);
            let known = told_to(&clerk(), [channel(moved)]).order.goes_to();
            assert_eq!(log.order.goes_to(), known);
        }
    }
}

/// Logs of before tell addresses with the order; a clerk that starts on one knows them all the same.
#[test]
fn an_order_of_before_is_compared_with_what_it_was_placed_with() {
    let log = told_to(&clerk(), [shopify(HOME)]);
    assert!(matches!(log.said[..], [Event::OrderPlaced(_)]));
    let (_, delivery) = read(shopify(HOME));
    let told = delivery.content.expect("the whole order").ship_to.place;
    assert_eq!((log.order.goes_to(), told == Place::default()), (told, false));
}

#[test]
fn under_another_key_no_change_is_made_up() {
    let stranger = Clerk::new(Arc::new(TenantKey::new([8; 32])));
    let log = told_to(&stranger, [shopify(HOME), shopify(Told { second: 9, street: "Lechweg 8", ..HOME })]);
    assert!(matches!(log.said[..], [Event::OrderObserved(_)]), "{:?}", log.said);
}
