//! Texts that no table takes as they are, in facts that lie in the log for good: the projection goes on, and they are found.

use super::records::{Author, in_log};
use super::{apply, found, queries, schema};
use prost::Message as _;
use weir_pipeline::Record;
use weir_proto::order::v1::{OrderEvent, OrderPlaced, order_event};
use weir_proto::shipment::v1::{ShipmentEvent, shipment_event};
use weir_proto::topics::Topic;

/// More than an index takes, and not to be made shorter by compressing it.
fn long(bytes: usize) -> String {
    let step = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some(char::from(b'a' + ((*state >> 33) % 26) as u8))
    };
    std::iter::repeat_n((), bytes).scan(7_u64, |state, ()| step(state)).collect()
}

fn odd(record: &mut Record) {
    match record.topic {
        Topic::Orders => {
            let mut event = OrderEvent::decode(record.value.clone()).expect("a fact");
            if let Some(order_event::Event::OrderPlaced(OrderPlaced { order: Some(order) })) = &mut event.event {
                let identity = order.identity.as_mut().expect("an identity");
                identity.platform_order_id = format!("A\0B{}", long(3_000));
                identity.shown_number = "#\0".to_owned();
                identity.shop = "ac\0me".to_owned();
                order.lines[0].sku = "TEA\0".to_owned();
                order.lines[1].sku = long(3_000);
            }
            record.value = event.encode_to_vec().into();
        }
        Topic::Shipments => {
            let mut event = ShipmentEvent::decode(record.value.clone()).expect("a fact");
            if let Some(shipment_event::Event::Shipped(shipped)) = &mut event.event {
                shipped.tracking_number = format!("\0{}", long(3_000));
            }
            record.value = event.encode_to_vec().into();
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_fact_with_a_text_that_no_table_holds_stops_nothing() {
    let schema = schema().await;
    let mut author = Author::new(61);
    let mut records = author.whole_story();
    records.iter_mut().for_each(odd);
    records.extend(Author::new(62).whole_story());
    in_log(&mut records);
    apply(&schema.pool, &records).await;
    let queries = queries(&schema);
    let order = queries.order("", &author.order_id).await.expect("the order");
    assert_eq!(order.summary.as_ref().map(|summary| summary.state.as_str()), Some("shipped"));
    assert_eq!(order.timeline.len(), records.len() / 2);
    let ids = |orders: Vec<weir_proto::console::v1::OrderSummary>| {
        orders.into_iter().map(|order| order.order_id).collect::<Vec<_>>()
    };
    let this = [author.order_id.clone()];
    assert_eq!(ids(found(&queries, |r| r.sku = "TEA\u{FFFD}".into()).await), this, "by its mended SKU");
    assert_eq!(ids(found(&queries, |r| r.sku = long(255)).await), this, "by as much of it as the index has");
    assert_eq!(ids(found(&queries, |r| r.tracking_number = format!("\u{FFFD}{}", long(252))).await), this);
    let by_number = queries.order("", "shopify/ac\u{FFFD}me/#\u{FFFD}").await.expect("the order by its number");
    assert_eq!(by_number.summary, order.summary);
}
