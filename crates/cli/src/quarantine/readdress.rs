//! A delivery of which not even the order could be told was kept under its shop's key. Once its adapter reads it, it belongs under
//! its order's, or the clerk would refuse it for its key.

use prost::Message as _;
use weir_channels::{Headers, adapter_for};
use weir_proto::delivery::v1::{DeliveryEvent, delivery_event::Event};
use weir_proto::ids;
use weir_proto::topics::Topic;

/// Key and value to write the record back under: those it has, where there is nothing to mend.
pub(super) fn readdress(topic: Topic, key: &str, value: &[u8]) -> (String, Vec<u8>) {
    let found = if topic == Topic::Deliveries && key.starts_with("shop/") { under_its_order(value) } else { None };
    found.unwrap_or_else(|| (key.to_owned(), value.to_vec()))
}

fn under_its_order(value: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut event = DeliveryEvent::decode(value).ok()?;
    let meta = event.meta.as_mut()?;
    let Some(Event::Received(received)) = event.event.as_mut() else { return None };
    let adapter = adapter_for(&received.channel, &received.source)?;
    let headers = Headers(received.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect());
    let identity = adapter.identify(&headers, &received.body).ok()?;
    let key = ids::order_id(&meta.tenant, &received.channel, &received.shop, &identity.platform_order_id);
    meta.key.clone_from(&key);
    received.kind = identity.kind;
    received.platform_order_id = identity.platform_order_id;
    Some((key, event.encode_to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::delivery::v1::Received;
    use weir_proto::log::v1::Meta;

    const SHOP: &str = "shop/demo/generic/acme";

    fn kept(body: &'static [u8]) -> Vec<u8> {
        let received = Received {
            channel: "generic".to_owned(),
            shop: "acme".to_owned(),
            source: "webhook".to_owned(),
            body: body.into(),
            ..Received::default()
        };
        let meta = Meta { tenant: "demo".to_owned(), key: SHOP.to_owned(), ..Meta::default() };
        DeliveryEvent { meta: Some(meta), event: Some(Event::Received(received)) }.encode_to_vec()
    }

    #[test]
    fn what_is_read_by_now_goes_under_its_order() {
        let value = kept(br#"{"type":"order.created","data":{"order_id":"7"}}"#);
        let (key, value) = readdress(Topic::Deliveries, SHOP, &value);
        assert_eq!(key, ids::order_id("demo", "generic", "acme", "7"));
        let event = DeliveryEvent::decode(value.as_slice()).expect("it was just encoded");
        assert_eq!(event.meta.map(|meta| meta.key), Some(key));
    }

    #[test]
    fn the_rest_stays_as_it_is() {
        let unread = kept(b"<order/>");
        assert_eq!(readdress(Topic::Deliveries, SHOP, &unread), (SHOP.to_owned(), unread));
        let readable = kept(br#"{"type":"order.created","data":{"order_id":"7"}}"#);
        assert_eq!(readdress(Topic::Deliveries, "an-order", &readable), ("an-order".to_owned(), readable));
    }
}
