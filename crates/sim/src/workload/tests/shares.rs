//! What was asked for comes about in about the shares that were asked.

use super::*;

fn count(actions: &[(Duration, Action)], what: What) -> usize {
    actions.iter().filter(|(_, action)| action.what == what).count()
}

/// So much of ten thousand, within a fifth and a little.
fn near(found: usize, of: usize, share: u64) {
    let expected = of as f64 * share as f64 / 10_000.0;
    let off = (found as f64 - expected).abs();
    assert!(off <= expected / 5.0 + 12.0, "{found} of {of} are not {share} of ten thousand");
}

#[test]
fn duplicates_are_as_many_as_asked() {
    for share in [0, USUAL_DUPLICATES, 5_000] {
        let shape = Shape { duplicates: share, channels: Channel::ALL.to_vec(), ..Shape::plain(3_000) };
        let actions = played(&mut Workload::new(1, shape));
        // A copy may be copied again, three times at most.
        let p = share as f64 / 10_000.0;
        let copies = p + p * p + p * p * p;
        near(count(&actions, What::Duplicate), count(&actions, What::Placed), (copies * 10_000.0) as u64);
    }
}

#[test]
fn orders_pay_late_cancel_and_come_again_as_asked() {
    let shape = Shape {
        pay_later: 3_000,
        never_pay: 2_000,
        prices: 1_000,
        cancelled: 700,
        backfill: 500,
        late_copies: 300,
        poison: 400,
        channels: vec![Channel::Shopify, Channel::WooCommerce],
        ..Shape::plain(4_000)
    };
    let late = shape.late;
    let actions = played(&mut Workload::new(2, shape));
    near(count(&actions, What::PaidLater), 4_000, 2_400);
    near(count(&actions, What::Repriced), 4_000, 1_000);
    near(count(&actions, What::Cancelled), 4_000, 700);
    near(count(&actions, What::Backfill), 4_000, 500);
    near(count(&actions, What::PoisonDelivery) + count(&actions, What::PoisonCommand), 4_000, 400);
    let last = actions.last().expect("actions").0;
    assert!(count(&actions, What::Late) > 80 && last > late, "late copies come when all else is over");
}

#[test]
fn hot_things_are_asked_for_more_than_there_is() {
    let shape = Shape { hot: 8_000, hot_stock_percent: 50, skus: 20, ..Shape::plain(2_000) };
    let mut workload = Workload::new(4, shape);
    played(&mut workload);
    let mut asked = vec![0_i64; workload.catalogue.items.len()];
    workload.orders.iter().flat_map(|order| &order.lines).for_each(|(item, quantity)| asked[*item] += quantity);
    let total: i64 = asked.iter().sum();
    assert!(asked[0] * 10 > total * 7, "{} of {total}", asked[0]);
    let there = (workload.catalogue.demand(&workload.shape, 0) / 2) as i64;
    assert!(there > 0 && there < asked[0] && there * 3 > asked[0], "{there} for {}", asked[0]);
}

#[test]
fn a_new_price_changes_the_total_and_no_quantity() {
    let mut workload = Workload::new(5, Shape { prices: 10_000, ..Shape::plain(20) });
    played(&mut workload);
    for order in &workload.orders {
        let (first, last) = (order.tellings[0], order.tellings[order.tellings.len() - 1]);
        assert!(last.prices > first.prices);
        let quantities = |told| order.lines(&workload.catalogue, told).map(|line| line.quantity).collect::<Vec<_>>();
        assert_eq!(quantities(first), quantities(last));
        assert!(order.total_minor(&workload.catalogue, last) > order.total_minor(&workload.catalogue, first));
    }
}

#[test]
fn a_day_is_written_as_platforms_write_it() {
    for (ms, expected) in [(0, "1970-01-01T00:00:00"), (951_827_696_789, "2000-02-29T12:34:56")] {
        assert_eq!(body::seconds(ms), expected);
    }
}

#[test]
fn every_seed_is_within_bounds() {
    for seed in 0..2_000 {
        let shape = Shape::drawn(seed, 100);
        let shares = [shape.duplicates, shape.reorder, shape.never_pay, shape.hot, shape.late_scans];
        assert!(shares.iter().all(|share| *share <= 10_000), "seed {seed}: {shape:?}");
        assert!(shape.approved + shape.rejected <= 10_000 && !shape.channels.is_empty());
        assert!((1..=3).contains(&shape.pools) && (1..=4).contains(&shape.warehouses));
    }
}
