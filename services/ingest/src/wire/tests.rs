//! What is written is read, and a delivery becomes the order that its platform meant.

mod addresses;

use super::*;
use crate::domain::{Announced, CancelRequest, LineDelta, NotFound, PaymentState, Remarks};
use bytes::Bytes;
use prost::Message as _;
use weir_decider::{Decider, Millis, Moment};
use weir_proto::delivery::v1::{Header, Received};
use weir_proto::ids;
use weir_proto::order::v1::order_event::Event;
use weir_proto::privacy::v1::Personal;
use weir_proto::reference::v1::{SecretList, Shop, SkuMapping, reference_event::Entity};

const PAID: &str = r##"{"id":5102,"name":"#1042","created_at":"2026-11-21T11:04:05+01:00",
    "updated_at":"2026-11-21T11:04:06+01:00","currency":"EUR","total_price":"98.00","financial_status":"paid",
    "email":"ada@example.com","note":"ring twice",
    "line_items":[{"id":9007199254740995,"sku":"TEA-250","quantity":2,"price":"49.00"}],
    "shipping_address":{"name":"Ada Brandt","address1":"Lechweg 7","city":"Augsburg","country_code":"DE"}}"##;

fn key() -> Arc<TenantKey> {
    Arc::new(TenantKey::new([7; 32]))
}

fn clerk() -> Clerk {
    Clerk::new(key())
}

fn order_id() -> String {
    ids::order_id("demo", "shopify", "acme", "5102")
}

fn record(topic: Topic, key: &str, value: Vec<u8>) -> Record {
    Record {
        topic,
        partition: 0,
        offset: 1,
        time: Millis(1_795_255_500_000),
        key: key.to_owned(),
        value: Bytes::from(value),
        headers: weir_pipeline::Headers::default(),
    }
}

fn delivery(record_key: &str, body: &str) -> Record {
    let received = Received {
        channel: "shopify".to_owned(),
        shop: "acme".to_owned(),
        headers: vec![Header { name: "x-shopify-topic".to_owned(), value: "orders/paid".to_owned() }],
        body: Bytes::from(body.to_owned()),
        source: "webhook".to_owned(),
        ..Received::default()
    };
    let meta = Meta { tenant: "demo".to_owned(), key: record_key.to_owned(), ..Meta::default() };
    let event = DeliveryEvent { meta: Some(meta), event: Some(delivery_event::Event::Received(received)) };
    record(Topic::Deliveries, record_key, event.encode_to_vec())
}

fn shop(skus: &[(&str, &str)]) -> ReferenceEvent {
    let mapping = |(from, to): &(&str, &str)| SkuMapping { platform_sku: (*from).to_owned(), sku: (*to).to_owned() };
    let secrets = SecretList { secrets: vec![b"hush-hush".to_vec()] }.encode_to_vec();
    let shop = Shop {
        channel: "shopify".to_owned(),
        shop: "acme".to_owned(),
        secrets: Some(key().seal_bytes("shopify/acme", &secrets)),
        sku_mappings: skus.iter().map(mapping).collect(),
        ..Shop::default()
    };
    ReferenceEvent { entity: Some(Entity::Shop(shop)), ..ReferenceEvent::default() }
}

fn written(fact: &Fact) -> (Outgoing, Record) {
    let meta = Meta { tenant: "demo".to_owned(), key: order_id(), version: 1, ..Meta::default() };
    let outgoing = clerk().write_fact(meta, fact);
    let record = record(Topic::Orders, &outgoing.key, outgoing.value.clone());
    (outgoing, record)
}

#[test]
fn a_delivery_becomes_the_order_it_means() {
    let incoming = clerk().read(&delivery(&order_id(), PAID)).expect("readable");
    let mut world = World::default();
    clerk().learn(&mut world, "demo/shop/shopify/acme", Some(shop(&[("TEA-250", "SKU-1")])));
    let at = Millis(1_795_255_500_000);
    let decision = Order::default().decide(Moment { key: &order_id(), at, world: &world }, &incoming.input);
    let (outgoing, _) = written(&decision.facts[0]);
    assert_eq!((outgoing.event_type, outgoing.key.clone()), ("weir.order.v1.OrderPlaced", order_id()));
    let event = OrderEvent::decode(outgoing.value.as_slice()).expect("an event");
    let Some(Event::OrderPlaced(placed)) = event.event else { panic!("an order is placed") };
    let order = placed.order.expect("an order");
    let identity = order.identity.clone().expect("an identity");
    assert_eq!((identity.tenant.as_str(), identity.order_id), ("demo", order_id()));
    assert_eq!((order.lines[0].sku.as_str(), order.lines[0].platform_sku.as_str()), ("SKU-1", "TEA-250"));
    assert_eq!(order.amounts.as_ref().map(|amounts| amounts.checksum), Some(weir_channels::snapshot_checksum(&order)));
    let buyer = order.buyer.expect("a buyer");
    assert_eq!(buyer.email_hash, key().contact_hash("email", "ada@example.com"));
    let sealed = order.ship_to.and_then(|ship_to| ship_to.personal).expect("sealed");
    let expected = Personal {
        name: "Ada Brandt".to_owned(),
        email: "ada@example.com".to_owned(),
        address_detail: "Lechweg 7".to_owned(),
        ..Personal::default()
    };
    assert_eq!(key().open(&order_id(), &sealed), Ok(expected));
    for clear in ["Ada", "Lechweg", "ada@example.com"] {
        let hidden = !outgoing.value.windows(clear.len()).any(|bytes| bytes == clear.as_bytes());
        assert!(hidden, "{clear} lies open in the log");
    }
}

#[test]
fn every_fact_is_read_as_it_was_written() {
    let incoming = clerk().read(&delivery(&order_id(), PAID)).expect("readable");
    let world = World::default();
    let moment = Moment { key: "o", at: Millis(1_795_255_500_000), world: &world };
    let placed = Order::default().decide(moment, &incoming.input).facts.remove(0);
    // What is decided (SKU, terms) is in the payload after the first writing only.
    let placed = clerk().read_fact(&written(&placed).1).expect("readable");
    let Some(told) = incoming.input.payment else { panic!("a payment is told") };
    let content = incoming.input.content.expect("the whole order");
    let (line, ship_to) = (content.lines[0].payload.clone(), content.ship_to);
    let request = CancelRequest { request_id: "c".to_owned(), reason: "r".to_owned(), line_ids: vec!["1".to_owned()] };
    let remarks = Remarks { buyer: "b".to_owned(), seller: "s".to_owned(), flag: "f".to_owned() };
    let new = LineDelta { line_id: "2".to_owned(), quantity: 3, line: Some(("TEA-250".to_owned(), line)) };
    let gone = LineDelta { line_id: "1".to_owned(), quantity: -1, line: None };
    let facts = [
        placed,
        Fact::Paid { id: told.id, state: PaymentState::Paid, version: 4, payload: told.payload },
        Fact::Refunded { state: PaymentState::PartlyRefunded, version: 5 },
        Fact::CancelRequested { request, version: 0 },
        Fact::Cancelled { reason: "gone".to_owned(), version: 6 },
        Fact::Completed { version: 7 },
        Fact::AddressChangeRequested { request_id: "address-12".to_owned(), ship_to, version: 12 },
        Fact::NoteChanged { remarks, version: 8 },
        Fact::HoldsChanged { holds: vec!["risk".to_owned()], version: 9 },
        Fact::LinesChanged { deltas: vec![new, gone], version: 10 },
        Fact::Observed { version: 11 },
        Fact::Announced { announced: Box::new(announced()), version: 12 },
        Fact::AnnouncementDropped { reason: "it has none".to_owned(), version: 12 },
    ];
    for fact in facts {
        assert_eq!(clerk().read_fact(&written(&fact).1), Ok(fact));
    }
}

fn announced() -> Announced {
    Announced {
        channel: "shopify".to_owned(),
        shop: "acme".to_owned(),
        platform_order_id: "5102".to_owned(),
        kind: "orders/edited".to_owned(),
    }
}

/// Who was asked for the order says no under the order's key, or nobody hears it.
#[test]
fn a_platforms_no_is_of_the_order_it_is_kept_under() {
    let mut shops = Shops::default();
    shops.learn(&key(), "demo/shop/shopify/acme", Some(shop(&[])));
    let shop = shops.find("shopify", "acme").expect("registered");
    let read = |order_id: &str| {
        let told = crate::edge::denied(&shop, order_id, "5102", 12, "it has none");
        assert_eq!((told.event_type, told.key.as_str()), ("weir.delivery.v1.NotFound", order_id));
        clerk().read(&record(told.topic, &told.key, told.value.clone()))
    };
    let incoming = read(&order_id()).expect("readable");
    assert_eq!((incoming.meta.tenant.as_str(), incoming.input.shop.as_str()), ("demo", "demo/shopify/acme"));
    let told = NotFound { version: 12, reason: "it has none".to_owned() };
    assert_eq!(incoming.input.not_found, Some(told));
    assert_eq!(incoming.input.content, None);
    let other = ids::order_id("demo", "shopify", "acme", "5103");
    assert_eq!(
        read(&other).map(|_| ()).map_err(|fault| (fault.reason, fault.field)),
        Err(("wrong-key", "key".to_owned()))
    );
}

#[test]
fn what_cannot_be_mapped_is_quarantined_with_its_reason() {
    let fault = |record: Record| clerk().read(&record).map(|_| ()).map_err(|fault| (fault.reason, fault.field));
    let float = PAID.replace(r#""98.00""#, "98.0");
    let money = ("money-not-integer-or-decimal-string", "total_price".to_owned());
    assert_eq!(fault(delivery(&order_id(), &float)), Err(money));
    assert_eq!(fault(delivery(&order_id(), "<xml/>")), Err(("body-not-json", String::new())));
    let subject = subject_key("demo", "shopify", "acme");
    assert_eq!(fault(delivery(&subject, PAID)), Err(("wrong-key", "key".to_owned())));
    let nothing = record(Topic::Deliveries, "x", vec![0xff]);
    assert_eq!(fault(nothing), Err(("undecodable", String::new())));
}

#[test]
fn the_same_delivery_is_sealed_alike() {
    let read = || clerk().read(&delivery(&order_id(), PAID)).expect("readable").input;
    assert_eq!(read(), read());
}

#[test]
fn the_door_learns_opens_and_forgets_shops() {
    let mut shops = Shops::default();
    shops.learn(&key(), "demo/shop/shopify/acme", Some(shop(&[])));
    let found = shops.find("shopify", "acme").expect("registered");
    assert_eq!((found.tenant.as_str(), found.secrets.as_slice()), ("demo", [b"hush-hush".to_vec()].as_slice()));
    assert!(!format!("{found:?}").contains("hush"));
    shops.learn(&key(), "other/shop/shopify/acme", Some(shop(&[])));
    assert_eq!(shops.find("shopify", "acme").map(|shop| shop.tenant.clone()), Some("demo".to_owned()));
    shops.learn(&TenantKey::new([8; 32]), "demo/shop/shopify/acme", Some(shop(&[])));
    assert_eq!(shops.find("shopify", "acme").map(|shop| shop.secrets.len()), Some(0), "closed secrets admit nobody");
    shops.learn(&key(), "demo/shop/shopify/acme", None);
    assert!(shops.find("shopify", "acme").is_none());
}
