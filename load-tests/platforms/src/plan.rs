//! Who orders what and when, what becomes of it, and what goes wrong in telling of it. Pure: the same wish gives the same plan.

use crate::truth::Step;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const S: u64 = 1_000_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    pub orders: usize,
    pub rate_per_s: f64,
    pub shops: usize,
    pub skus: usize,
    pub seed: u64,
    /// Of all orders.
    pub pay_later_percent: f64,
    pub cancels_percent: f64,
    /// Of all orders as well, though only such as are not paid yet are edited.
    pub edits_percent: f64,
    /// Of all pushes.
    pub duplicates_percent: f64,
    pub lost_percent: f64,
    pub crossed_percent: f64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub shop: usize,
    pub buyer: u64,
    pub region: u32,
    /// SKU and quantity.
    pub lines: Vec<(usize, i64)>,
    pub is_paid: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Since the run began.
    pub due_us: u64,
    pub order: usize,
    pub step: Step,
    pub fate: Fate,
}

/// What becomes of an event's push.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    pub is_lost: bool,
    /// Sent so much later, behind what happened after it.
    pub delayed_us: u64,
    /// Sent again so long after the first.
    pub repeated_after_us: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub orders: Vec<Planned>,
    /// By their moments.
    pub events: Vec<Event>,
}

impl Plan {
    pub fn new(wish: &Wish) -> Plan {
        let mut random = StdRng::seed_from_u64(wish.seed);
        let slot_us = S as f64 / wish.rate_per_s;
        let mut plan = Plan { orders: Vec::with_capacity(wish.orders), events: Vec::new() };
        for n in 0..wish.orders {
            // Somewhere within its own slot, so that the rate is even and the moments are not.
            let placed_us = ((n as f64 + random.random::<f64>()) * slot_us) as u64;
            let order = ordered(wish, &mut random);
            for (after_us, step) in story(wish, &order, &mut random) {
                let fate = fate(wish, &mut random);
                plan.events.push(Event { due_us: placed_us + after_us, order: n, step, fate });
            }
            plan.orders.push(order);
        }
        plan.events.sort_by_key(|event| event.due_us);
        plan
    }
}

fn ordered(wish: &Wish, random: &mut StdRng) -> Planned {
    let mut lines: Vec<(usize, i64)> = Vec::new();
    for _ in 0..random.random_range(1..=3) {
        let sku = random.random_range(0..wish.skus);
        if lines.iter().all(|(known, _)| *known != sku) {
            lines.push((sku, random.random_range(1..=3)));
        }
    }
    Planned {
        shop: random.random_range(0..wish.shops),
        buyer: random.random_range(1..=50_000),
        region: random.random(),
        lines,
        is_paid: !chance(random, wish.pay_later_percent),
    }
}

/// The order's steps and how long after its placing each is. Between two of them lies more than a second.
fn story(wish: &Wish, order: &Planned, random: &mut StdRng) -> Vec<(u64, Step)> {
    let mut steps = vec![(0, Step::Placed)];
    let mut at_us = 0;
    let mut then = |random: &mut StdRng, within_us: std::ops::Range<u64>, step| {
        at_us += random.random_range(within_us);
        steps.push((at_us, step));
    };
    let is_cancelled = chance(random, wish.cancels_percent);
    if !order.is_paid {
        if chance(random, 100.0 * wish.edits_percent / wish.pay_later_percent) {
            let line = random.random_range(0..order.lines.len());
            let before = order.lines[line].1;
            let quantity = if before > 1 && random.random() { before - 1 } else { before + 1 };
            then(random, 3 * S / 2..4 * S, Step::Edited { line, quantity });
        }
        // Half of those who cancel do so instead of paying.
        if !(is_cancelled && random.random()) {
            then(random, 3 * S..9 * S, Step::Paid);
        }
    }
    if is_cancelled {
        then(random, 3 * S / 2..8 * S, Step::Cancelled);
    }
    steps
}

fn fate(wish: &Wish, random: &mut StdRng) -> Fate {
    let is_lost = chance(random, wish.lost_percent);
    let is_crossed = chance(random, wish.crossed_percent);
    let is_repeated = chance(random, wish.duplicates_percent);
    let delayed_us = random.random_range(S..5 * S);
    let repeated_after_us = random.random_range(S / 20..3 * S / 2);
    match is_lost {
        true => Fate { is_lost, ..Fate::default() },
        false => Fate {
            is_lost,
            delayed_us: if is_crossed { delayed_us } else { 0 },
            repeated_after_us: is_repeated.then_some(repeated_after_us),
        },
    }
}

fn chance(random: &mut StdRng, percent: f64) -> bool {
    random.random_range(0.0..100.0) < percent
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::collections::BTreeMap;

    pub fn wish(orders: usize) -> Wish {
        Wish {
            orders,
            rate_per_s: 100.0,
            shops: 2,
            skus: 20,
            seed: 1,
            pay_later_percent: 20.0,
            cancels_percent: 5.0,
            edits_percent: 5.0,
            duplicates_percent: 12.7,
            lost_percent: 5.0,
            crossed_percent: 5.0,
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_plan() {
        assert_eq!(Plan::new(&wish(500)), Plan::new(&wish(500)));
        assert_ne!(Plan::new(&wish(500)), Plan::new(&Wish { seed: 2, ..wish(500) }));
    }

    #[test]
    fn shares_are_as_wished() {
        let plan = Plan::new(&wish(20_000));
        let share = |count: usize, of: usize| 100.0 * count as f64 / of as f64;
        let near = |found: f64, wished: f64| assert!((found - wished).abs() < 0.1 * wished, "{found} for {wished}");
        near(share(plan.orders.iter().filter(|order| !order.is_paid).count(), 20_000), 20.0);
        let steps = |wanted: fn(&Step) -> bool| plan.events.iter().filter(|event| wanted(&event.step)).count();
        assert_eq!(steps(|step| *step == Step::Placed), 20_000);
        near(share(steps(|step| *step == Step::Cancelled), 20_000), 5.0);
        near(share(steps(|step| matches!(step, Step::Edited { .. })), 20_000), 5.0);
        near(share(steps(|step| *step == Step::Paid), 20_000), 20.0 * 0.975);
        let of_events = |wanted: fn(&Fate) -> bool| {
            share(plan.events.iter().filter(|event| wanted(&event.fate)).count(), plan.events.len())
        };
        near(of_events(|fate| fate.is_lost), 5.0);
        near(of_events(|fate| fate.delayed_us > 0), 5.0 * 0.95);
        near(of_events(|fate| fate.repeated_after_us.is_some()), 12.7 * 0.95);
        near(share(plan.orders.iter().filter(|order| order.shop == 0).count(), 20_000), 50.0);
    }

    #[test]
    fn each_order_goes_its_way_in_time() {
        let plan = Plan::new(&Wish { cancels_percent: 30.0, ..wish(2_000) });
        assert!(plan.events.is_sorted_by_key(|event| event.due_us));
        let mut stories: BTreeMap<usize, Vec<Event>> = BTreeMap::new();
        for event in &plan.events {
            stories.entry(event.order).or_default().push(*event);
        }
        for (order, story) in stories {
            assert_eq!(story[0].step, Step::Placed);
            assert!(story.windows(2).all(|pair| pair[1].due_us > pair[0].due_us + S), "versions differ by a second");
            let place = |wanted: fn(&Step) -> bool| story.iter().position(|event| wanted(&event.step));
            let (paid, edited) = (place(|step| *step == Step::Paid), place(|step| matches!(step, Step::Edited { .. })));
            if plan.orders[order].is_paid {
                assert_eq!((paid, edited), (None, None), "what is paid is left alone");
            }
            assert!(edited.zip(paid).is_none_or(|(edited, paid)| edited < paid));
            let cancelled = place(|step| *step == Step::Cancelled);
            assert!(cancelled.is_none_or(|cancelled| cancelled + 1 == story.len()));
        }
        let seconds = plan.events.iter().filter(|event| event.step == Step::Placed).map(|event| event.due_us / S);
        let mut per_second: BTreeMap<u64, u32> = BTreeMap::new();
        seconds.for_each(|second| *per_second.entry(second).or_default() += 1);
        assert_eq!(per_second.len(), 20);
        assert!(per_second.values().all(|count| *count == 100), "{per_second:?}");
    }
}
