//! Edits, cancels, splits.

use super::{Channel, End, Left, Pay, Scenario, Script, Seen, Shape, Tale, What, expect, three_channels};
use std::time::Duration;

const NONE: Option<(Duration, Duration)> = None;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "a-new-price-moves-no-stock",
        sources: &["medusajs/medusa#16406", "medusajs/medusa#16441", "medusajs/medusa#16465"],
        words: "a price is changed before the payment and again once the parcel has left: one plan, one parcel, \
                and all units beside it are sold",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 6);
            for shop in 0..3 {
                let order = script.unpaid(500, shop, &[(0, 1)]);
                let dearer = script.happens(1_500, order, Tale::Updated, |told| told.prices = 1);
                script.tell(1_500, order, dearer, What::Repriced);
                script.pays(4_000, order);
                let again = script.happens(12_000, order, Tale::Updated, |told| told.prices = 2);
                script.tell(12_000, order, again, What::Repriced);
            }
            // All that is left: nothing is held for those that have their units.
            script.paid(14_000, 0, &[(0, 3)]);
        },
        outage: NONE,
        holds: |seen| {
            for number in 0..3 {
                let order = seen.order(number);
                let same = order.plans == 1 && order.lines_changed == 0 && order.shipped == 1;
                expect(same && order.end() == End::Shipped, || format!("order {number} is {order:?}"))?;
            }
            let last = (seen.end(3), seen.issued());
            expect(last == (End::Shipped, 6), || format!("the last ended as {last:?}"))
        },
    },
    Scenario {
        name: "an-edit-of-no-quantity-moves-no-stock",
        sources: &["FU-4"],
        words: "a remark on an unpaid order leaves its plan as it is, a new address is planned anew: it keeps its \
                last unit all the while, though somebody who has paid waits for it",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 1);
            let order = script.unpaid(500, 0, &[(0, 1)]);
            script.paid(1_000, 1, &[(0, 1)]);
            let noted = script.happens(1_500, order, Tale::Updated, |told| told.note = 1);
            script.tell(1_500, order, noted, What::Edited);
            let moved = script.happens(2_500, order, Tale::Updated, |told| told.address = 1);
            script.tell(2_500, order, moved, What::Edited);
            script.pays(4_000, order);
        },
        outage: NONE,
        holds: |seen| {
            let (order, other) = (seen.order(0), seen.end(1));
            let kept = order.plans == 2 && order.end() == End::Shipped;
            expect(kept && other == End::Backordered, || format!("it is {order:?}, the other {other:?}"))
        },
    },
    Scenario {
        name: "what-others-have-shipped-does-not-leave-again",
        sources: &["IN-6"],
        words: "orders that come paid and shipped, that are shipped by others before they are paid, or of which a part is: \
                none leaves from here, and all units are for those that do",
        shape: || Shape { channels: vec![Channel::Generic, Channel::Shopify], approved: 0, ..Shape::plain(0) },
        script: shipped_by_others,
        outage: NONE,
        holds: |seen| {
            for first in [0, 3] {
                let (old, unpaid, partly) = (seen.order(first), seen.end(first + 1), seen.end(first + 2));
                expect(old.plans == 0 && old.end() == End::ShippedOutside, || format!("the old one is {old:?}"))?;
                let held = End::Held(vec!["partly-shipped-outside".to_owned()]);
                expect((&unpaid, &partly) == (&End::ShippedOutside, &held), || format!("{unpaid:?}, {partly:?}"))?;
            }
            let last = (seen.end(6), seen.issued());
            expect(last == (End::Shipped, 2), || format!("the last ended as {last:?}"))
        },
    },
    Scenario {
        name: "a-cancelled-order-gives-its-units-back",
        sources: &["FU-4"],
        words: "a released order is cancelled before it is packed, and whoever waited gets its unit",
        // Slow hands, so that the cancel comes first.
        shape: || Shape { hands_ms: (6_000, 6_500), ..three_channels() },
        script: |script| {
            script.goods(0, 0, 0, 1);
            let first = script.paid(500, 0, &[(0, 1)]);
            script.paid(1_500, 1, &[(0, 1)]);
            script.cancelled(3_000, first);
        },
        outage: NONE,
        holds: |seen| {
            let ends = (seen.end(0), seen.end(1), seen.issued());
            expect(ends == (End::CancelAccepted, End::Shipped, 1), || format!("they ended as {ends:?}"))
        },
    },
    Scenario {
        name: "a-list-that-is-given-up-gives-its-units-back",
        sources: &["medusajs/medusa#12447", "medusajs/medusa#12503"],
        words: "a pick list with two lines of one SKU is given up: its order is planned anew and leaves from \
                elsewhere, and the list's units go to the next",
        shape: || Shape { given_up: Some((0, "no-capacity")), ..three_channels() },
        script: |script| {
            script.goods(0, 0, 0, 2);
            script.goods(0, 1, 0, 2);
            script.paid(500, 0, &[(0, 1), (0, 1)]);
            script.paid(6_000, 1, &[(0, 2)]);
        },
        outage: NONE,
        holds: |seen| {
            planned_anew(seen, 0)?;
            let ends = (seen.end(0), seen.end(1), seen.issued());
            expect(ends == (End::Shipped, End::Shipped, 4), || format!("they ended as {ends:?}"))
        },
    },
    Scenario {
        name: "a-list-that-is-given-up-may-wait-for-goods",
        sources: &["medusajs/medusa#13076"],
        words: "a pick list is given up and nothing lies elsewhere: its order waits and ships when goods come in, \
                and the list's unit goes to the next",
        shape: || Shape { given_up: Some((0, "no-capacity")), ..three_channels() },
        script: |script| {
            script.goods(0, 0, 0, 1);
            script.paid(500, 0, &[(0, 1)]);
            script.paid(4_000, 1, &[(0, 1)]);
            script.goods(8_000, 1, 0, 1);
        },
        outage: NONE,
        holds: |seen| {
            planned_anew(seen, 0)?;
            let ends = (seen.end(0), seen.end(1), seen.issued());
            expect(ends == (End::Shipped, End::Shipped, 2), || format!("they ended as {ends:?}"))
        },
    },
    Scenario {
        name: "what-is-not-found-is-not-promised-again",
        sources: &["solidusio/solidus#3020"],
        words: "the last unit of a place is not found: its order leaves from elsewhere, and nobody is promised that \
                unit",
        shape: || Shape { given_up: Some((0, "not-found")), ..three_channels() },
        script: |script| {
            script.goods(0, 0, 0, 1);
            script.goods(0, 1, 0, 1);
            script.paid(500, 0, &[(0, 1)]);
            script.paid(6_000, 1, &[(0, 1)]);
        },
        outage: NONE,
        holds: |seen| {
            planned_anew(seen, 0)?;
            let ends = (seen.end(0), seen.end(1), seen.issued());
            expect(ends == (End::Shipped, End::Backordered, 1), || format!("they ended as {ends:?}"))
        },
    },
    Scenario {
        name: "an-edit-orphans-no-reservation",
        sources: &["medusajs/medusa#3544"],
        words: "an unpaid order is edited twice and cancelled: all three units are free for the next",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 3);
            let first = script.unpaid(500, 0, &[(0, 1)]);
            for (at, edits) in [(1_500, 1), (2_500, 2)] {
                let edited = script.happens(at, first, Tale::Updated, |told| told.edits = edits);
                script.tell(at, first, edited, What::Edited);
            }
            script.cancelled(4_000, first);
            script.paid(6_000, 1, &[(0, 3)]);
        },
        outage: NONE,
        holds: |seen| {
            let ends = (seen.end(1), seen.issued(), seen.order(0).placed);
            expect(ends == (End::Shipped, 3, 1), || format!("the second ended as {ends:?}"))
        },
    },
    Scenario {
        name: "a-split-invents-no-stock",
        sources: &["solidusio/solidus#5669"],
        words: "three units of which two places have one each: the order waits; with the third all leave",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 1);
            script.goods(0, 1, 0, 1);
            script.paid(500, 0, &[(0, 3)]);
            script.paid(600, 0, &[(0, 3)]);
            script.goods(6_000, 0, 0, 1);
        },
        outage: NONE,
        holds: |seen| {
            let ends = (seen.end(0), seen.end(1), seen.issued(), seen.order(0).shipped);
            expect(ends == (End::Shipped, End::Backordered, 3, 2), || format!("(ends, units, parcels) is {ends:?}"))
        },
    },
    Scenario {
        name: "what-is-never-found-ends-with-a-person",
        sources: &["solidusio/solidus#3020"],
        words: "goods that are found nowhere: the order is planned anew a few times, then held by name; nothing leaves",
        shape: || Shape { short_picks: 10_000, approved: 0, rejected: 0, ..three_channels() },
        script: |script| {
            for warehouse in 0..2 {
                script.goods(0, warehouse, 0, 20);
                script.goods(0, warehouse, 1, 20);
            }
            script.paid(500, 0, &[(0, 2), (1, 1)]);
        },
        outage: NONE,
        holds: |seen| {
            let order = seen.order(0);
            let held = matches!(order.end(), End::Held(_)) && order.short_picks > 0;
            expect(held && seen.issued() == 0, || format!("it is {order:?}"))
        },
    },
    Scenario {
        name: "too-late-to-cancel-is-said",
        sources: &["FU-4"],
        words: "a cancel that comes after the parcel has left is refused by name, and the order stays shipped",
        shape: || Shape { hands_ms: (10, 20), ..three_channels() },
        script: |script| {
            script.goods(0, 0, 0, 5);
            let order = script.order(500, 1, &[(0, 1)], Pay::Paid);
            script.tell(500, order, 0, What::Placed);
            script.cancelled(20_000, order);
        },
        outage: NONE,
        holds: |seen| {
            let order = seen.order(0);
            let refused = order.cancels_refused == 1 && order.end() == End::Shipped;
            expect(refused, || format!("it is {order:?}"))
        },
    },
];

/// Its first list was given up, and a second plan took its place.
fn planned_anew(seen: &Seen<'_>, order: usize) -> Result<(), String> {
    let order = seen.order(order);
    let anew = (order.short_picks, order.rerouted, order.plans, order.shipped) == (1, 1, 2, 1);
    expect(anew, || format!("it is {order:?}"))
}

/// Two units, of which none is taken by what others ship.
fn shipped_by_others(script: &mut Script<'_>) {
    script.goods(0, 0, 0, 4);
    for shop in 0..2 {
        let old = script.order(500, shop, &[(0, 2)], Pay::Paid);
        let left = script.happens(1_000, old, Tale::Shipped, |told| told.left = Left::All);
        script.tell(1_000, old, left, What::Left);
        let unpaid = script.unpaid(1_500, shop, &[(0, 2)]);
        let left = script.happens(2_500, unpaid, Tale::Shipped, |told| told.left = Left::All);
        script.tell(2_500, unpaid, left, What::Left);
        script.pays(4_000, unpaid);
        let partly = script.unpaid(5_000, shop, &[(0, 1)]);
        let part = script.happens(5_500, partly, Tale::Shipped, |told| told.left = Left::Part);
        script.tell(5_500, partly, part, What::Left);
        script.pays(6_000, partly);
    }
    script.paid(9_000, 0, &[(0, 2)]);
}
