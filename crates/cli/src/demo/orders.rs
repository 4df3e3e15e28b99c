//! Who orders what, and when which webhook of it is sent: the whole run from one seed, before anything is sent.

pub mod bodies;
pub mod schedule;

use super::catalogue::{Catalogue, HOT_ITEM, REGIONS, REVIEW_FROM_MINOR};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use schedule::{Schedule, Shape};
use weir_proto::ids;

/// What the generator is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub shape: Shape,
    pub duplicates_percent: f64,
    pub pay_later_percent: f64,
    pub cancels_percent: f64,
    pub out_of_order_percent: f64,
    pub broken_percent: f64,
    pub seed: u64,
}

/// One order, as its shop would know it.
#[derive(Clone, Debug)]
pub struct OrderSpec {
    /// Index of the shop.
    pub shop: usize,
    /// The platform's id of it; the shop's name makes it unique over runs.
    pub number: u64,
    /// Items and quantities.
    pub lines: Vec<(usize, i64)>,
    pub region: usize,
    pub buyer: u32,
    /// When it is placed, from the start of the run.
    pub placed_us: u64,
    pub story: Story,
}

/// What happens to an order in its shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Paid when it is placed.
    Clean,
    /// Paid when it is placed, and the payment's webhook comes first.
    OutOfOrder,
    PayLater {
        pays: bool,
    },
    Cancelled,
    /// Authentic, and can't be mapped: it never becomes an order.
    Broken(Broken),
}

/// What is wrong with a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    Signature,
    CutOff,
    NoTotal,
}

/// Which of an order's webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Created,
    Paid,
    Cancelled,
}

/// One webhook, due at a moment of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub due_us: u64,
    /// Index of the order.
    pub order: usize,
    pub step: Step,
    /// When its event happened in the shop, from the start of the run.
    pub event_us: i64,
    pub duplicate: bool,
}

/// Everything that a run sends.
#[derive(Clone, Debug)]
pub struct Plan {
    pub orders: Vec<OrderSpec>,
    /// In the order of their moments.
    pub deliveries: Vec<Delivery>,
    pub schedule: Schedule,
}

impl OrderSpec {
    pub fn total_minor(&self, catalogue: &Catalogue) -> i64 {
        self.lines.iter().map(|(item, quantity)| catalogue.items[*item].price_minor * quantity).sum::<i64>()
            + FREIGHT_MINOR
    }

    /// The id that Weir will give it.
    pub fn order_id(&self, catalogue: &Catalogue) -> String {
        let shop = &catalogue.shops[self.shop];
        ids::order_id(&catalogue.tenant, shop.channel, &shop.shop, &self.number.to_string())
    }

    pub fn is_broken(&self) -> bool {
        matches!(self.story, Story::Broken(_))
    }

    pub fn is_held(&self, catalogue: &Catalogue) -> bool {
        self.total_minor(catalogue) >= REVIEW_FROM_MINOR
    }
}

pub const FREIGHT_MINOR: i64 = 490;
/// How long before its payment an order was placed whose webhooks come in the wrong order.
const PAID_AFTER_MS: i64 = 2_000;
/// Share of orders that are large enough to be reviewed.
const LARGE_PERCENT: f64 = 2.0;
const MS: u64 = 1_000;
const S: u64 = 1_000_000;

impl Plan {
    pub fn new(wish: &Wish, catalogue: &Catalogue) -> Plan {
        let mut random = StdRng::seed_from_u64(wish.seed);
        let schedule = Schedule::new(&wish.shape);
        let mut plan = Plan { orders: Vec::new(), deliveries: Vec::new(), schedule };
        for number in 0..plan.schedule.orders() {
            let placed_us = plan.schedule.placed_us(number);
            let story = story(wish, &mut random);
            plan.place(spec(catalogue, &mut random, placed_us, story), wish, &mut random);
            if chance(&mut random, wish.broken_percent) {
                let broken = match random.random_range(0..3) {
                    0 => Broken::Signature,
                    1 => Broken::CutOff,
                    _ => Broken::NoTotal,
                };
                plan.place(spec(catalogue, &mut random, placed_us, Story::Broken(broken)), wish, &mut random);
            }
        }
        plan.deliveries.sort_by_key(|delivery| (delivery.due_us, delivery.order));
        plan
    }

    /// What the good orders want of each item.
    pub fn demand(&self, catalogue: &Catalogue) -> Vec<i64> {
        let mut demand = vec![0; catalogue.items.len()];
        for order in self.orders.iter().filter(|order| !order.is_broken()) {
            for (item, quantity) in &order.lines {
                demand[*item] += quantity;
            }
        }
        demand
    }

    #[cfg(test)]
    pub fn good_orders(&self) -> usize {
        self.orders.iter().filter(|order| !order.is_broken()).count()
    }

    fn place(&mut self, mut spec: OrderSpec, wish: &Wish, random: &mut StdRng) {
        let order = self.orders.len();
        spec.number = 1_000_001 + order as u64;
        let placed = spec.placed_us;
        // A shop's clock ticks in seconds on one of the channels: what follows is at least a second later.
        let later = |random: &mut StdRng, from: u64, to: u64| placed + random.random_range(from..to);
        let at = |due_us: u64, step, event_us: u64| (due_us, step, i64::try_from(event_us).unwrap_or(i64::MAX));
        let webhooks = match spec.story {
            Story::Clean | Story::Broken(_) | Story::PayLater { pays: false } => {
                vec![at(placed, Step::Created, placed)]
            }
            Story::OutOfOrder => {
                let created = later(random, 200 * MS, 2 * S);
                vec![
                    at(placed, Step::Paid, placed),
                    (created, Step::Created, i64::try_from(placed).unwrap_or(0) - PAID_AFTER_MS * 1000),
                ]
            }
            Story::PayLater { pays: true } => {
                let paid = later(random, 1_100 * MS, 8 * S);
                vec![at(placed, Step::Created, placed), at(paid, Step::Paid, paid)]
            }
            Story::Cancelled => {
                let cancelled = later(random, 1_100 * MS, 6 * S);
                vec![at(placed, Step::Created, placed), at(cancelled, Step::Cancelled, cancelled)]
            }
        };
        for (due_us, step, event_us) in webhooks {
            self.deliveries.push(Delivery { due_us, order, step, event_us, duplicate: false });
            if chance(random, wish.duplicates_percent) {
                let again_us = due_us + random.random_range(0..5 * S);
                self.deliveries.push(Delivery { due_us: again_us, order, step, event_us, duplicate: true });
            }
        }
        self.orders.push(spec);
    }
}

fn story(wish: &Wish, random: &mut StdRng) -> Story {
    let point = random.random_range(0.0..100.0);
    let later = wish.pay_later_percent;
    let cancelled = later + wish.cancels_percent;
    let out_of_order = cancelled + wish.out_of_order_percent;
    match point {
        p if p < later => Story::PayLater { pays: random.random_range(0..3) != 0 },
        p if p < cancelled => Story::Cancelled,
        p if p < out_of_order => Story::OutOfOrder,
        _ => Story::Clean,
    }
}

fn spec(catalogue: &Catalogue, random: &mut StdRng, placed_us: u64, story: Story) -> OrderSpec {
    let wants_hot = catalogue.hot.is_some_and(|hot| chance(random, hot.percent));
    let lines = if wants_hot { vec![(HOT_ITEM, 1)] } else { lines(catalogue, random) };
    OrderSpec {
        shop: random.random_range(0..catalogue.shops.len()),
        number: 0,
        lines,
        region: random.random_range(0..REGIONS.len()),
        buyer: random.random_range(0..5_000),
        placed_us,
        story,
    }
}

fn lines(catalogue: &Catalogue, random: &mut StdRng) -> Vec<(usize, i64)> {
    let count = [1, 1, 1, 2, 2, 3][random.random_range(0..6)];
    let mut lines: Vec<(usize, i64)> = Vec::new();
    for _ in 0..count {
        let item = catalogue.drawn(random.random_range(0.0..1.0));
        let quantity = [1, 1, 1, 2][random.random_range(0..4)];
        match lines.iter_mut().find(|(known, _)| *known == item) {
            Some((_, known)) => *known += quantity,
            None => lines.push((item, quantity)),
        }
    }
    if chance(random, LARGE_PERCENT) {
        lines.push((catalogue.crate_item, 1));
    }
    lines
}

fn chance(random: &mut StdRng, percent: f64) -> bool {
    random.random_range(0.0..100.0) < percent
}

#[cfg(test)]
mod tests;
