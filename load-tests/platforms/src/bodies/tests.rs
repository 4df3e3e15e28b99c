//! What Weir's own adapters make of the bodies.

use super::{Delivery, gmt, headers, instant, local, order, topic};
use crate::shop::Shop;
use crate::truth::tests::order as placed;
use crate::truth::{Book, FREIGHT_MINOR, Order, Step};
use std::sync::Arc;
use weir_channels::{Headers, Mapped, Request, adapter};

const PLACED_S: i64 = 1_795_269_900;

fn shops() -> [Shop; 2] {
    ["shopify/acme:secret:token", "woocommerce/acme:secret:ck:cs"].map(|shop| shop.parse().expect("a shop"))
}

/// An order's states from its placing on.
fn states(first: Order, steps: &[Step]) -> Vec<(Step, Arc<Order>)> {
    let mut book = Book::default();
    let id = first.id;
    let mut states = vec![(Step::Placed, book.place(first, 0))];
    for step in steps {
        states.push((*step, book.change(id, *step, 0, 0).expect("known")));
    }
    states
}

/// The door's work on a push: signature, then everything.
fn received(shop: &Shop, step: Step, state: &Order) -> Mapped {
    let adapter = adapter(shop.channel.name()).expect("a channel");
    let body = order(shop.channel, state).to_string().into_bytes();
    let delivery = Delivery { number: 1, at_ms: state.updated_s * 1000 };
    let told = headers(shop, topic(shop.channel, step), delivery, &body);
    let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let headers = Headers::of(&told);
    let request = Request { headers: &headers, body: &body, now_ms: 0 };
    adapter.verify(&request, &[b"secret".to_vec()], 0).expect("signed");
    assert!(adapter.verify(&request, &[b"another".to_vec()], 0).is_err());
    assert!(!adapter.is_probe(&request));
    let mapped = adapter.map(&headers, &body).unwrap_or_else(|fault| panic!("{shop:?} {step:?}: {fault:?}"));
    assert_eq!(adapter.identify(&headers, &body).expect("identified"), mapped.identity());
    assert!(!mapped.delivery_id.is_empty());
    mapped
}

#[test]
fn every_step_is_read_by_weirs_adapters() {
    let lowered = Step::Edited { line: 0, quantity: 1 };
    let raised = Step::Edited { line: 0, quantity: 4 };
    let stories: [&[Step]; 5] = [
        &[Step::Paid],
        &[lowered, Step::Paid, Step::Cancelled],
        &[raised, Step::Paid],
        &[raised, Step::Cancelled],
        &[Step::Cancelled],
    ];
    for shop in shops() {
        for story in stories {
            let mut before = 0;
            for (step, state) in states(placed(6_028_000_000_001, PLACED_S), story) {
                let mapped = received(&shop, step, &state);
                assert!(mapped.version > before, "each step is a later version");
                before = mapped.version;
                assert_eq!(mapped.version, state.updated_s * 1000);
                assert_eq!(mapped.platform_order_id, state.id.to_string());
                assert_eq!(mapped.cancelled.is_some(), state.cancelled_s.is_some());
                assert_eq!(mapped.payment.is_some(), state.paid_s.is_some());
                let order = mapped.order.expect("whole").order;
                assert_eq!(order.identity.expect("one").placed_at_ms, PLACED_S * 1000);
                let quantities: Vec<i64> = order.lines.iter().map(|line| line.ordered).collect();
                assert_eq!(quantities, state.lines.iter().map(|line| line.current).collect::<Vec<_>>());
                let amounts = order.amounts.expect("sums");
                let payable = amounts.payable.map(|money| money.minor);
                assert_eq!(payable, amounts.goods.map(|goods| goods.minor + FREIGHT_MINOR), "the sums agree");
                assert_eq!(payable, Some(state.total_minor()));
            }
        }
    }
}

#[test]
fn what_was_paid_at_once_is_placed_as_paid() {
    let paid = Order { paid_s: Some(PLACED_S), ..placed(1, PLACED_S) };
    for shop in shops() {
        let mapped = received(&shop, Step::Placed, &paid);
        assert_eq!(mapped.payment.expect("paid").amount.map(|money| money.minor), Some(paid.total_minor()));
    }
}

#[test]
fn times_are_the_same_in_each_way_of_writing() {
    assert_eq!(instant(PLACED_S), "2026-11-21T15:05:00+01:00");
    assert_eq!(local(PLACED_S), "2026-11-21T15:05:00");
    assert_eq!(gmt(PLACED_S), "2026-11-21T14:05:00");
}

#[test]
fn woocommerce_gives_one_delivery_id_to_all_of_a_second() {
    let [shopify, woocommerce] = shops();
    let id = |shop: &Shop, step, number, at_ms| {
        let name = if shop == &shopify { "x-shopify-webhook-id" } else { "x-wc-webhook-delivery-id" };
        let all = headers(shop, topic(shop.channel, step), Delivery { number, at_ms }, b"{}");
        all.into_iter().find(|(known, _)| *known == name).expect("it has one").1
    };
    assert_eq!(id(&woocommerce, Step::Placed, 1, 5_000), id(&woocommerce, Step::Placed, 2, 5_999));
    assert_ne!(id(&woocommerce, Step::Placed, 1, 5_000), id(&woocommerce, Step::Paid, 1, 5_000));
    assert_ne!(id(&woocommerce, Step::Placed, 1, 5_000), id(&woocommerce, Step::Placed, 1, 6_000));
    assert_ne!(id(&shopify, Step::Placed, 1, 5_000), id(&shopify, Step::Placed, 2, 5_000));
    assert_eq!(id(&shopify, Step::Placed, 1, 5_000), id(&shopify, Step::Placed, 1, 5_000));
}
