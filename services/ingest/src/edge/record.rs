//! Deliveries on their way into the log.

use super::now_ms;
use crate::wire::{Registered, subject_key};
use prost::Message as _;
use weir_channels::{Fault, Headers, Identity};
use weir_pipeline::Outgoing;
use weir_proto::delivery::v1::{DeliveryEvent, Header, NotFound, Received, delivery_event};
use weir_proto::ids;
use weir_proto::log::v1::{Actor, ActorKind, Meta};
use weir_proto::topics::Topic;

/// What came, as it came.
pub const RECEIVED: &str = "weir.delivery.v1.Received";
/// A platform has no such order.
const NOT_FOUND: &str = "weir.delivery.v1.NotFound";

/// What is put around a body.
pub struct Parcel<'a> {
    pub shop: &'a Registered,
    /// Order id, or the shop's subject key.
    pub key: String,
    pub kind: String,
    pub delivery_id: String,
    pub platform_order_id: String,
    pub headers: &'a Headers,
    pub body: bytes::Bytes,
    pub now_ms: i64,
    /// Next offset of the reference topic that the door had read up to.
    pub reference: i64,
}

/// The record of a webhook.
pub fn webhook(parcel: Parcel<'_>) -> Outgoing {
    record("webhook", parcel)
}

/// The record of an order that a platform was asked for.
pub fn pulled(parcel: Parcel<'_>) -> Outgoing {
    record("pull", parcel)
}

/// The record of a platform's no to the question about an order that it had announced up to this version.
pub fn denied(shop: &Registered, order_id: &str, platform_order_id: &str, version: i64, reason: &str) -> Outgoing {
    let told = NotFound {
        channel: shop.channel.clone(),
        shop: shop.shop.clone(),
        platform_order_id: platform_order_id.to_owned(),
        platform_version: version,
        reason: reason.to_owned(),
    };
    let meta = meta(shop, order_id, now_ms(), 0);
    let value = DeliveryEvent { meta: Some(meta), event: Some(delivery_event::Event::NotFound(told)) }.encode_to_vec();
    Outgoing { topic: Topic::Deliveries, key: order_id.to_owned(), event_type: NOT_FOUND, value }
}

fn meta(shop: &Registered, key: &str, at_ms: i64, reference: i64) -> Meta {
    let actor =
        Actor { kind: ActorKind::Platform.into(), id: format!("{}/{}", shop.channel, shop.shop), ..Actor::default() };
    Meta { tenant: shop.tenant.clone(), key: key.to_owned(), at_ms, actor: Some(actor), reference, ..Meta::default() }
}

fn record(source: &str, parcel: Parcel<'_>) -> Outgoing {
    let shop = parcel.shop;
    let meta = meta(shop, &parcel.key, parcel.now_ms, parcel.reference);
    let header = |(name, value): &(String, String)| Header { name: name.clone(), value: value.clone() };
    let received = Received {
        channel: shop.channel.clone(),
        shop: shop.shop.clone(),
        kind: parcel.kind,
        delivery_id: parcel.delivery_id,
        platform_order_id: parcel.platform_order_id,
        headers: parcel.headers.0.iter().map(header).collect(),
        body: parcel.body,
        received_at_ms: parcel.now_ms,
        source: source.to_owned(),
        reference: parcel.reference,
        ..Received::default()
    };
    let value = encode(meta, received);
    Outgoing { topic: Topic::Deliveries, key: parcel.key, event_type: RECEIVED, value }
}

/// The key it is kept under: its order's, else its shop's.
pub(crate) fn place(shop: &Registered, identity: Result<Identity, Fault>) -> (String, Identity) {
    match identity {
        Ok(identity) => {
            let key = ids::order_id(&shop.tenant, &shop.channel, &shop.shop, &identity.platform_order_id);
            (key, identity)
        }
        Err(_) => {
            let key = subject_key(&shop.tenant, &shop.channel, &shop.shop);
            let none = Identity { kind: String::new(), delivery_id: String::new(), platform_order_id: String::new() };
            (key, none)
        }
    }
}

/// The record's bytes.
pub fn encode(meta: Meta, received: Received) -> Vec<u8> {
    DeliveryEvent { meta: Some(meta), event: Some(delivery_event::Event::Received(received)) }.encode_to_vec()
}
