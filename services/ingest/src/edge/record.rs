//! Deliveries on their way into the log.

use crate::wire::Registered;
use prost::Message as _;
use weir_channels::Headers;
use weir_pipeline::Outgoing;
use weir_proto::delivery::v1::{DeliveryEvent, Header, Received, delivery_event};
use weir_proto::log::v1::{Actor, ActorKind, Meta};
use weir_proto::topics::Topic;

pub(super) const RECEIVED: &str = "weir.delivery.v1.Received";

/// What the door puts around a body.
pub(super) struct Parcel<'a> {
    pub(super) shop: &'a Registered,
    /// Order id, or the shop's subject key.
    pub(super) key: String,
    pub(super) kind: String,
    pub(super) delivery_id: String,
    pub(super) platform_order_id: String,
    pub(super) headers: &'a Headers,
    pub(super) body: bytes::Bytes,
    pub(super) now_ms: i64,
    /// Next offset of the reference topic that the door had read up to.
    pub(super) reference: i64,
}

/// The record of a webhook.
pub(super) fn webhook(parcel: Parcel<'_>) -> Outgoing {
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
        source: "webhook".to_owned(),
        reference: parcel.reference,
        ..Received::default()
    };
    let value = encode(meta, received);
    Outgoing { topic: Topic::Deliveries, key: parcel.key, event_type: RECEIVED, value }
}

pub(super) fn encode(meta: Meta, received: Received) -> Vec<u8> {
    DeliveryEvent { meta: Some(meta), event: Some(delivery_event::Event::Received(received)) }.encode_to_vec()
}
