//! Webhooks: duplicate, out of order, late, lost.

use super::{Channel, End, Facts, Scenario, Script, Seen, Shape, Tale, What, expect, three_channels};
use std::time::Duration;
use weir_proto::log::v1::IgnoredReason;
use weir_proto::topics::Topic;

const NONE: Option<(Duration, Duration)> = None;
const SHOPIFY: usize = 1;
const THREE_DAYS_MS: u64 = 3 * 24 * 3_600_000;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "copies-at-one-instant",
        sources: &[
            "IN-3",
            "nozzlegear/ShopifySharp#919",
            "Shopify/shopify-api-js#916",
            "Shopify/shopify_app#1173",
            "Shopify/shopify-api-ruby#1247",
            "orbit-apps/elixir-shopifyapi#447",
            "woocommerce/woocommerce#28329",
        ],
        words: "a delivery that comes twenty times, at one instant and later, makes one order, one plan, one parcel",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 50);
            for shop in 0..3 {
                let order = script.paid(500, shop, &[(0, 1)]);
                for copy in 0..20 {
                    script.tell(if copy < 10 { 500 } else { copy * 100 }, order, 0, What::Duplicate);
                }
            }
        },
        outage: NONE,
        holds: |seen| each_once(seen, 3),
    },
    Scenario {
        name: "updated-before-created",
        sources: &["Shopify/shopify-app-js#603"],
        words: "an update before its order places it as it now is; the creation that follows changes nothing",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 50);
            let order = script.order(500, SHOPIFY, &[(0, 1)], super::Pay::Paid);
            let updated = script.happens(2_500, order, Tale::Updated, |told| told.edits = 1);
            script.tell(2_600, order, updated, What::Edited);
            script.tell(4_000, order, 0, What::Placed);
        },
        outage: NONE,
        holds: |seen| {
            each_once(seen, 1)?;
            let (order, issued) = (seen.order(0), seen.issued());
            expect(issued == 2 && order.lines_changed == 0, || format!("{issued} units left, {order:?}"))
        },
    },
    Scenario {
        name: "an-old-event-changes-nothing",
        sources: &["stripe/stripe-cli#418", "solidusio/solidus_stripe#189", "paypal/mirakl-hyperwallet-connector#35"],
        words: "an order that was paid stays paid when older news of it comes late",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 50);
            for shop in 0..3 {
                let order = script.order(500, shop, &[(0, 1)], super::Pay::Pending);
                script.pays(2_500, order);
                script.tell(3_500, order, 0, What::Placed);
                script.tell(9_000, order, 0, What::Late);
            }
        },
        outage: NONE,
        holds: |seen| each_once(seen, 3),
    },
    Scenario {
        name: "late-and-again",
        sources: &["IN-3", "gnikyt/laravel-shopify#591"],
        words: "deliveries that come half a minute late count, and their repeats long after the parcel has left do not",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 50);
            for shop in 0..3 {
                let order = script.order(500, shop, &[(0, 1)], super::Pay::Paid);
                script.tell(30_500, order, 0, What::Placed);
                script.tell(60_000, order, 0, What::Late);
                script.tell(75_000, order, 0, What::Late);
            }
        },
        outage: NONE,
        holds: |seen| each_once(seen, 3),
    },
    Scenario {
        name: "three-days-late",
        sources: &["IN-3", "issue 4"],
        words: "what four channels told three days before comes once more: the older news is stale, the rest known, \
                a command has its first answer, and nothing is made of any",
        shape: || Shape { channels: Channel::ALL.to_vec(), ..three_channels() },
        script: |script| {
            script.goods(0, 0, 0, 50);
            for shop in 0..4 {
                let order = script.unpaid(500, shop, &[(0, 1)]);
                let paid = script.pays(2_500, order);
                script.tell(500 + THREE_DAYS_MS, order, 0, What::Late);
                script.tell(900 + THREE_DAYS_MS, order, paid, What::Late);
            }
        },
        outage: NONE,
        holds: |seen| {
            each_once(seen, 4)?;
            all_known(seen.facts)
        },
    },
    Scenario {
        name: "lost-and-read-from-a-file",
        sources: &["IN-7", "shopwp/wp-shopify#68"],
        words: "217 orders come from a file, two thirds of them known: each is placed once and ships once",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 150);
            script.goods(0, 1, 0, 150);
            for number in 0..217_u64 {
                let order = script.order(500 + number * 5, number as usize % 3, &[(0, 1)], super::Pay::Paid);
                if number % 3 != 0 {
                    script.tell(500 + number * 5, order, 0, What::Placed);
                }
                script.tell(8_000 + number, order, 0, What::Backfill);
            }
        },
        outage: NONE,
        holds: |seen| each_once(seen, 217),
    },
    Scenario {
        name: "refused-at-a-full-house",
        sources: &["IN-7"],
        words: "217 orders come while the broker is away: what is acknowledged is kept, and none is lost at the end",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 300);
            for number in 0..217_u64 {
                script.paid(2_500 + number * 20, number as usize % 3, &[(0, 1)]);
            }
        },
        outage: Some((Duration::from_millis(2_000), Duration::from_millis(7_000))),
        holds: |seen| each_once(seen, 217),
    },
    Scenario {
        name: "no-event-dropped-behind-another",
        sources: &["woocommerce/woocommerce#26851"],
        words: "three events of one order within one millisecond all count: it is placed, edited and paid",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 50);
            let order = script.order(500, 0, &[(0, 1)], super::Pay::Pending);
            let edited = script.happens(501, order, Tale::Updated, |told| told.edits = 1);
            script.tell(501, order, 0, What::Placed);
            script.tell(501, order, edited, What::Edited);
            script.pays(501, order);
        },
        outage: NONE,
        holds: |seen| {
            each_once(seen, 1)?;
            let (changed, issued) = (seen.order(0).lines_changed, seen.issued());
            expect(changed == 1 && issued == 2, || format!("{changed} edits, {issued} units left"))
        },
    },
    Scenario {
        name: "two-ids-for-one-event",
        sources: &["saleor/saleor#14251", "saleor/apps#339", "stlk/django-shopify-webhook#13"],
        words: "one event under two delivery ids counts once; two events under one id both count",
        shape: three_channels,
        script: |script| {
            script.goods(0, 0, 0, 50);
            let order = script.paid(500, SHOPIFY, &[(0, 1)]);
            let other = script.happens(500, order, Tale::Updated, |_| ());
            script.tell_as(520, order, 0, other, What::OtherBody);
            let unpaid = script.unpaid(500, SHOPIFY, &[(0, 1)]);
            let paid = script.happens(2_500, unpaid, Tale::Paid, |told| told.pay = super::Pay::Paid);
            script.tell_as(2_600, unpaid, paid, 0, What::OtherBody);
        },
        outage: NONE,
        holds: |seen| each_once(seen, 2),
    },
    Scenario {
        name: "cancelled-before-created",
        sources: &["IN-3"],
        words: "a cancel that comes before its order leaves an order that is placed, cancelled, and holds nothing",
        shape: three_channels,
        script: cancelled_first,
        outage: NONE,
        holds: |seen| {
            let open = (0..3).find(|order| !matches!(seen.end(*order), End::Cancelled(_) | End::CancelAccepted));
            expect(open.is_none() && seen.issued() == 0, || format!("order {open:?} did not end so"))
        },
    },
];

fn cancelled_first(script: &mut Script<'_>) {
    script.goods(0, 0, 0, 50);
    for shop in 0..3 {
        let order = script.order(500, shop, &[(0, 1)], super::Pay::Paid);
        script.cancelled(2_500, order);
        script.tell(4_500, order, 0, What::Placed);
    }
}

/// What the clerk must have said of the copies: of six webhooks two platforms give the whole order a version, so that
/// older news shows; and two commands are answered again.
fn all_known(facts: &Facts) -> Result<(), String> {
    let known = |reason: IgnoredReason| facts.ignored.get(&(Topic::Orders, reason.as_str_name())).copied();
    let webhooks = (known(IgnoredReason::Duplicate), known(IgnoredReason::Stale));
    let repeated =
        facts.answers.values().flatten().filter(|answer| answer.repeated && answer.refusal.is_none()).count();
    expect((webhooks, repeated) == ((Some(6), Some(2)), 2), || {
        format!("the clerk calls (known, stale) {webhooks:?} and repeats {repeated} answers")
    })
}

/// All of them placed once, planned once, and gone in one parcel.
fn each_once(seen: &Seen<'_>, orders: usize) -> Result<(), String> {
    expect(seen.orders() == orders, || format!("{} orders were scripted", seen.orders()))?;
    for number in 0..orders {
        let order = seen.order(number);
        let once = order.placed == 1 && order.released == 1 && order.shipped == 1 && order.end() == End::Shipped;
        expect(once, || format!("order {number} is {order:?}"))?;
    }
    Ok(())
}
