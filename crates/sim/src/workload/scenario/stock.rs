//! Oversell and races, flash sales.

use super::{End, Scenario, Script, Seen, Shape, Tale, What, expect, three_channels};
use std::time::Duration;

const NONE: Option<(Duration, Duration)> = None;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "last-unit",
        sources: &[
            "ST-2",
            "vendurehq/vendure#1738",
            "vendurehq/vendure#3508",
            "vendurehq/vendure#4930",
            "medusajs/medusa#16569",
            "medusajs/medusa#16575",
            "openboxes/openboxes#6061",
            "openfoodfoundation/openfoodnetwork#4018",
            "openfoodfoundation/openfoodnetwork#5300",
            "nopSolutions/nopCommerce#4184",
            "opencart/opencart#4811",
            "macrozheng/mall#185",
        ],
        words: "of sixty paid orders for one unit, told over three channels at one instant, one ships and 59 wait",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 1);
            for number in 0..60_u32 {
                let order = script.paid(500, number as usize % 3, &[(0, 1)]);
                if number % 5 == 0 {
                    script.tell(500, order, 0, What::Duplicate);
                }
            }
        },
        outage: NONE,
        holds: |seen| sold(seen, 1, 59),
    },
    Scenario {
        name: "two-lines-of-one-sku",
        sources: &["medusajs/medusa#16502"],
        words: "an order whose two lines want the same SKU is covered by both units or by none",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 1, 1);
            script.goods(0, 0, 2, 2);
            script.paid(500, 0, &[(1, 1), (1, 1)]);
            script.paid(500, 1, &[(2, 1), (2, 1)]);
        },
        outage: NONE,
        holds: |seen| {
            let ends = (seen.end(0), seen.end(1));
            expect(ends == (End::Backordered, End::Shipped), || format!("they ended as {ends:?}"))
        },
    },
    Scenario {
        name: "loser-keeps-its-payment",
        sources: &["medusajs/medusa#16825"],
        words: "the order that lost the last unit keeps its payment and its place, and ships when goods come in",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 1);
            script.paid(500, 0, &[(0, 1)]);
            script.paid(500, 1, &[(0, 1)]);
            script.goods(6_000, 1, 0, 1);
        },
        outage: NONE,
        holds: |seen| sold(seen, 2, 0),
    },
    Scenario {
        name: "draft-reserved-once",
        sources: &["medusajs/medusa#5198"],
        words: "an unpaid order that is told again and again holds its units once: the last unit beside it is sold",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 2);
            let order = script.unpaid(500, 1, &[(0, 1)]);
            for again in 0..5 {
                script.tell(510 + again * 300, order, 0, What::Duplicate);
            }
            script.paid(3_000, 0, &[(0, 1)]);
            script.pays(5_000, order);
        },
        outage: NONE,
        holds: |seen| sold(seen, 2, 0),
    },
    Scenario {
        name: "own-hold-does-not-block-the-payment",
        sources: &[
            "spree/spree#3792",
            "spree/spree#3808",
            "spree/spree#13978",
            "Sylius/Sylius#2776",
            "Sylius/Sylius#6572",
            "Sylius/Sylius#3573",
        ],
        words: "whoever reserved the last unit pays, and gets it; who came later waits",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 1);
            let first = script.unpaid(500, 1, &[(0, 1)]);
            script.paid(2_000, 0, &[(0, 1)]);
            script.pays(4_000, first);
        },
        outage: NONE,
        holds: |seen| {
            let ends = (seen.end(0), seen.end(1));
            expect(ends == (End::Shipped, End::Backordered), || format!("they ended as {ends:?}"))
        },
    },
    Scenario {
        name: "shops-that-share-a-warehouse",
        sources: &["magento/inventory#2727"],
        words: "shops of three channels that sell from one warehouse sell ten units of it, not thirty",
        shape: || Shape { warehouses: 1, ..three_channels() },
        script: |script| {
            script.goods(0, 0, 3, 10);
            for number in 0..30 {
                script.paid(500 + number, number as usize % 3, &[(3, 1)]);
            }
        },
        outage: NONE,
        holds: |seen| sold(seen, 10, 20),
    },
    Scenario {
        name: "flash-sale",
        sources: &["ST-2", "woocommerce/woocommerce#25708"],
        words: "400 paid orders on one SKU in a tenth of a second: 250 units leave, 150 orders wait, none is lost",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 150);
            script.goods(0, 1, 0, 100);
            for number in 0..400 {
                script.paid(500 + number / 4, number as usize % 3, &[(0, 1)]);
            }
        },
        outage: NONE,
        holds: |seen| sold(seen, 250, 150),
    },
    Scenario {
        name: "count-takes-a-promise-back",
        sources: &["ST-4"],
        words: "a count that finds less than was promised takes promises back, and what is not there never leaves",
        // Slow hands, so that the count comes first.
        shape: || Shape { hands_ms: (9_000, 9_500), ..three_channels() },
        script: counted,
        outage: NONE,
        holds: |seen| sold(seen, 1, 2),
    },
    Scenario {
        name: "nothing-stays-reserved",
        sources: &["odoo/odoo#62139", "medusajs/medusa#16575"],
        words: "orders end in every way (edited and cancelled, never paid, given up and planned anew, cancelled at \
                the shelf, a count between them): all that is left is free, and one order gets it",
        shape: || Shape { given_up: Some((2, "no-capacity")), hands_ms: (1_000, 1_200), ..three_channels() },
        script: ended_in_every_way,
        outage: NONE,
        holds: |seen| {
            let none_left = |order: usize| matches!(seen.end(order), End::Cancelled(_) | End::CancelAccepted);
            let cancelled = [0, 1, 3].map(none_left);
            let shipped = [2, 4].map(|order| seen.end(order) == End::Shipped);
            let (rerouted, issued) = (seen.order(2).rerouted, seen.issued());
            let holds = cancelled == [true; 3] && shipped == [true; 2] && rerouted == 1 && issued == 5;
            let ends = || (0..seen.orders()).map(|order| seen.end(order)).collect::<Vec<_>>();
            expect(holds, || format!("{issued} units left, {rerouted} planned anew, they ended as {:?}", ends()))
        },
    },
];

/// Six units, of which one is not found by a count and one leaves before the last order comes for the other four.
fn ended_in_every_way(script: &mut Script<'_>) {
    script.goods(0, 0, 0, 4);
    script.goods(0, 1, 0, 2);
    let edited = script.unpaid(500, 0, &[(0, 1)]);
    script.unpaid(600, 1, &[(0, 2)]);
    script.paid(700, 2, &[(0, 1)]);
    let more = script.happens(1_500, edited, Tale::Updated, |told| told.edits = 1);
    script.tell(1_500, edited, more, What::Edited);
    script.cancelled(3_000, edited);
    let at_the_shelf = script.paid(8_000, 0, &[(0, 1)]);
    script.cancelled(8_500, at_the_shelf);
    let count = super::Due::Count { pool: 0, warehouse: 0, item: 0, delta: -1 };
    script.workload.plan(Duration::from_secs(9), count);
    script.paid(25_000, 1, &[(0, 4)]);
}

fn counted(script: &mut Script<'_>) {
    script.goods(0, 0, 0, 3);
    for number in 0..3 {
        script.paid(500 + number * 10, 0, &[(0, 1)]);
    }
    let count = super::Due::Count { pool: 0, warehouse: 0, item: 0, delta: -2 };
    script.workload.plan(Duration::from_secs(5), count);
}

/// So many shipped, so many wait, and as many units left as orders for one each.
fn sold(seen: &Seen<'_>, shipped: usize, waiting: usize) -> Result<(), String> {
    let found = (seen.count(&End::Shipped), seen.count(&End::Backordered), seen.issued());
    expect(found == (shipped, waiting, shipped as i64), || format!("(shipped, waiting, units left) is {found:?}"))
}
