//! Deliveries on their way into the log.

use crate::wire::{Registered, subject_key};
use prost::Message as _;
use weir_channels::{Fault, Headers, Identity};
use weir_pipeline::Outgoing;
use weir_proto::delivery::v1::{DeliveryEvent, Header, Received, delivery_event};
use weir_proto::ids;
use weir_proto::log::v1::{Actor, ActorKind, Meta};
use weir_proto::topics::Topic;

/// The one kind of record in `deliveries`.
pub const RECEIVED: &str = "weir.delivery.v1.Received";

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

fn record(source: &str, parcel: Parcel<'_>) -> Outgoing {
    let shop = parcel.shop;
    let meta = Meta {
        tenant: shop.tenant.clone(),
        key: parcel.key.clone(),
        at_ms: parcel.now_ms,
        actor: Some(Actor {
            kind: ActorKind::Platform.into(),
            id: format!("{}/{}", shop.channel, shop.shop),
            ..Actor::default()
        }),
        reference: parcel.reference,
        ..Meta::default()
    };
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
