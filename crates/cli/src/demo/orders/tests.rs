//! The generator keeps its promises: the same seed the same run, the wished shares, bodies that the adapters read.

use super::bodies::webhook;
use super::schedule::Course;
use super::*;
use crate::demo::catalogue::Hot;
use weir_channels::{Headers, Request, SignatureFault, adapter};
use weir_proto::order::v1::PaymentState;

const START_MS: i64 = 1_790_000_000_000;

fn wish(orders: u32) -> Wish {
    Wish {
        shape: Shape { orders, rate_per_second: 500, lead_in_us: 0, course: Course::Steady },
        duplicates_percent: 12.7,
        pay_later_percent: 10.0,
        cancels_percent: 3.0,
        out_of_order_percent: 3.0,
        broken_percent: 1.0,
        seed: 7,
    }
}

fn share(plan: &Plan, is: impl Fn(&OrderSpec) -> bool) -> f64 {
    100.0 * plan.orders.iter().filter(|order| is(order)).count() as f64 / plan.good_orders() as f64
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let catalogue = Catalogue::new("r1", "demo", 2000);
    let (one, two) = (Plan::new(&wish(500), &catalogue), Plan::new(&wish(500), &catalogue));
    assert_eq!(one.deliveries, two.deliveries);
    let body = |plan: &Plan, n: usize| {
        let delivery = plan.deliveries[n];
        webhook(&catalogue, &plan.orders[delivery.order], &delivery, START_MS, START_MS)
    };
    assert!((0..one.deliveries.len()).all(|n| body(&one, n) == body(&two, n)));
    let other = Plan::new(&Wish { seed: 8, ..wish(500) }, &catalogue);
    assert_ne!(one.deliveries, other.deliveries);
}

#[test]
fn the_shares_are_those_wished_for_and_orders_come_at_a_constant_rate() {
    let catalogue = Catalogue::new("r1", "demo", 2000);
    let plan = Plan::new(&wish(20_000), &catalogue);
    assert_eq!(plan.good_orders(), 20_000);
    let near =
        |found: f64, wanted: f64| assert!((found - wanted).abs() < wanted * 0.15, "{found} is not near {wanted}");
    let duplicates = plan.deliveries.iter().filter(|delivery| delivery.duplicate).count();
    near(100.0 * duplicates as f64 / (plan.deliveries.len() - duplicates) as f64, 12.7);
    near(share(&plan, |order| matches!(order.story, Story::PayLater { .. })), 10.0);
    near(share(&plan, |order| order.story == Story::PayLater { pays: false }), 3.33);
    near(share(&plan, |order| order.story == Story::Cancelled), 3.0);
    near(share(&plan, OrderSpec::is_broken), 1.0);
    near(share(&plan, |order| order.is_held(&catalogue)), LARGE_PERCENT);
    let placed: Vec<u64> = plan.orders.iter().filter(|o| !o.is_broken()).map(|o| o.placed_us).collect();
    assert!(placed.windows(2).all(|pair| pair[1] - pair[0] == 2_000));
    assert!(plan.deliveries.windows(2).all(|pair| pair[0].due_us <= pair[1].due_us));
}

#[test]
fn in_a_flash_sale_the_wished_share_wants_one_unit_of_the_one_article() {
    let hot = Hot { percent: 80.0, units: 10 };
    let mut catalogue = Catalogue::new("r1", "demo", 2000);
    catalogue.hot = Some(hot);
    let plan = Plan::new(&wish(5_000), &catalogue);
    let of_hot = share(&plan, |order| order.lines == [(HOT_ITEM, 1)]);
    assert!((78.0..85.0).contains(&of_hot), "{of_hot} %");
}

#[test]
fn a_payment_that_comes_first_is_newer_than_its_order() {
    let catalogue = Catalogue::new("r1", "demo", 2000);
    let plan = Plan::new(&wish(2_000), &catalogue);
    let order = plan.orders.iter().position(|order| order.story == Story::OutOfOrder).expect("one in 2,000");
    let of = |step| plan.deliveries.iter().find(|d| d.order == order && d.step == step).expect("both are sent");
    let (paid, created) = (of(Step::Paid), of(Step::Created));
    assert!(paid.due_us < created.due_us && paid.event_us > created.event_us);
}

#[test]
fn every_body_is_what_its_platform_would_send() {
    let catalogue = Catalogue::new("r1", "demo", 2000);
    let plan = Plan::new(&wish(3_000), &catalogue);
    for delivery in &plan.deliveries {
        let order = &plan.orders[delivery.order];
        let shop = &catalogue.shops[order.shop];
        let sent = webhook(&catalogue, order, delivery, START_MS, START_MS);
        let pairs: Vec<(&str, &str)> = sent.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let headers = Headers::of(&pairs);
        let platform = adapter(shop.channel).expect("a channel of the catalogue");
        let request = Request { headers: &headers, body: &sent.body, now_ms: START_MS };
        let verified = platform.verify(&request, &[shop.secret.clone().into_bytes()], 300_000);
        let identified = platform.identify(&headers, &sent.body);
        let mapped = platform.map(&headers, &sent.body);
        match order.story {
            Story::Broken(Broken::Signature) => assert_eq!(verified, Err(SignatureFault::Mismatch)),
            Story::Broken(Broken::CutOff) => assert!(verified.is_ok() && identified.is_err()),
            Story::Broken(Broken::NoTotal) => {
                assert!(verified.is_ok() && identified.is_ok() && mapped.is_err())
            }
            _ => {
                let mapped = mapped.unwrap_or_else(|fault| panic!("{}: {fault}", shop.channel));
                let identity = identified.expect("an order of its own");
                assert_eq!(verified, Ok(()));
                assert_eq!(identity.platform_order_id, order.number.to_string());
                assert_eq!(mapped.cancelled.is_some(), delivery.step == Step::Cancelled);
                if delivery.step == Step::Paid {
                    assert_eq!(mapped.payment_state, PaymentState::Paid);
                }
                if let Some(draft) = &mapped.order {
                    let payable = draft.order.amounts.as_ref().and_then(|amounts| amounts.payable.as_ref());
                    assert_eq!(payable.map(|money| money.minor), Some(order.total_minor(&catalogue)));
                    assert_eq!(draft.order.lines.len(), order.lines.len());
                }
            }
        }
    }
}

#[test]
fn a_duplicate_is_byte_for_byte_what_came_before() {
    let catalogue = Catalogue::new("r1", "demo", 2000);
    let plan = Plan::new(&wish(500), &catalogue);
    let again = plan.deliveries.iter().find(|delivery| delivery.duplicate).expect("one in eight");
    let first = plan.deliveries.iter().find(|d| d.order == again.order && d.step == again.step && !d.duplicate);
    let sent = |delivery: &Delivery| webhook(&catalogue, &plan.orders[delivery.order], delivery, START_MS, START_MS);
    assert_eq!(sent(again), sent(first.expect("the first")));
}
