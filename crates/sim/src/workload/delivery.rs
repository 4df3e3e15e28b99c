//! Deliveries as the door writes them: made by the door's own code, around bodies of this workload.

use super::body::{Told, body, headers};
use super::catalogue::{Catalogue, TENANT};
use super::order::{Order, Quirk, Telling};
use weir_channels::{Identity, adapter};
use weir_ingest::edge::{Parcel, webhook};
use weir_ingest::wire::subject_key;
use weir_pipeline::Outgoing;
use weir_proto::ids;

/// What a delivery is made of.
#[derive(Clone, Copy)]
pub(super) struct Envelope<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) order: &'a Order,
    /// Index of the telling.
    pub(super) telling: usize,
    /// The telling under whose delivery id it comes: another one where an id is used twice.
    pub(super) id_of: usize,
    pub(super) quirk: Quirk,
    /// When the door has it.
    pub(super) now_ms: i64,
    pub(super) reference: i64,
    pub(super) signed: bool,
}

/// The record, and the id for its headers.
pub(super) fn delivery(envelope: Envelope<'_>) -> (Outgoing, String) {
    let Envelope { catalogue, order, telling, id_of, quirk, now_ms, reference, signed } = envelope;
    let shop = &catalogue.shops[order.shop];
    let told = Told { catalogue, order, telling: order.tellings[telling], quirk };
    let (kind, body) = body(told);
    let id = delivery_id(order, order.tellings[id_of], id_of);
    let headers = headers(shop.channel, kind, &id, now_ms, &body, signed);
    let (key, identity) = match quirk {
        // What the door can't read to its end has no identity: the door's own reading says so.
        Quirk::CutOff => placed(catalogue, order, &headers, &body),
        _ => {
            let platform_order_id = order.number.to_string();
            (order.id.clone(), Identity { kind: kind.to_owned(), delivery_id: id.clone(), platform_order_id })
        }
    };
    let parcel = Parcel {
        shop: &shop.registered,
        key,
        kind: identity.kind,
        delivery_id: identity.delivery_id,
        platform_order_id: identity.platform_order_id,
        headers: &headers,
        body: body.into(),
        now_ms,
        reference,
    };
    (webhook(parcel), id)
}

/// The same over the repeats of one telling, and another for each telling.
fn delivery_id(order: &Order, telling: Telling, index: usize) -> String {
    format!("wh-{:x}-{}-{index}-{:x}", order.number, order.shop, telling.event_ms & 0xffff)
}

fn placed(catalogue: &Catalogue, order: &Order, headers: &weir_channels::Headers, body: &[u8]) -> (String, Identity) {
    let shop = &catalogue.shops[order.shop].registered;
    let identity = adapter(&shop.channel).and_then(|adapter| adapter.identify(headers, body).ok());
    match identity {
        Some(identity) => (ids::order_id(TENANT, &shop.channel, &shop.shop, &identity.platform_order_id), identity),
        None => {
            let nobody = Identity { kind: String::new(), delivery_id: String::new(), platform_order_id: String::new() };
            (subject_key(TENANT, &shop.channel, &shop.shop), nobody)
        }
    }
}
