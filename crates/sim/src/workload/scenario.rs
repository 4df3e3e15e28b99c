//! Failures that users of other order systems have reported, and incidents of the house that Weir is for, each as a
//! small script with what must hold at its end. `docs/known-failures.md` is written from these tables.

mod edits;
mod excluded;
mod missing;
mod stock;
mod webhooks;

pub use excluded::{EXCLUDED, Excluded};
pub use missing::{MISSING, Missing};

use super::order::{Left, Order, Pay, Tale, Telling};
use super::script::Due;
use super::shape::{Channel, Shape};
use super::verdict::End;
use super::{Facts, TENANT, What, Workload};
use std::time::Duration;
use weir_proto::ids;

/// One of them.
#[derive(Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// Public issues ("owner/repo#n") and our own requirements ("IN-7", "issue 4").
    pub sources: &'static [&'static str],
    /// What must hold at the end.
    pub words: &'static str,
    pub shape: fn() -> Shape,
    pub script: fn(&mut Script<'_>),
    /// The broker is away from the one to the other, from the world's beginning.
    pub outage: Option<(Duration, Duration)>,
    pub holds: fn(&Seen<'_>) -> Result<(), String>,
}

/// All that can be met today.
pub fn all() -> Vec<&'static Scenario> {
    [stock::SCENARIOS, webhooks::SCENARIOS, edits::SCENARIOS].into_iter().flatten().collect()
}

impl Scenario {
    /// Whether the end is as it must be: every promise of the books is kept, and what the scenario is about holds.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self, facts: &Facts, workload: &Workload) -> Result<(), String> {
        if let Some(fault) = workload.books.check(facts).into_iter().next() {
            return Err(format!("{}: {fault}", self.name));
        }
        (self.holds)(&Seen { facts, workload }).map_err(|why| format!("{}: {why}; {}", self.name, self.words))
    }
}

/// The end of a scenario.
pub struct Seen<'a> {
    pub facts: &'a Facts,
    workload: &'a Workload,
}

impl Seen<'_> {
    /// How an order of the script ended; they are counted from 0.
    fn end(&self, order: usize) -> End {
        self.order(order).end()
    }

    fn order(&self, order: usize) -> super::OrderFacts {
        self.workload.orders.get(order).map(|order| self.facts.order(&order.id)).unwrap_or_default()
    }

    fn orders(&self) -> usize {
        self.workload.orders.len()
    }

    /// How many ended so.
    fn count(&self, wanted: &End) -> usize {
        (0..self.orders()).filter(|order| self.end(*order) == *wanted).count()
    }

    /// All units that have left.
    fn issued(&self) -> i64 {
        self.facts.shelves.values().map(|shelf| shelf.issued).sum()
    }
}

/// True, or why not.
fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Three channels that sell from one pool of two warehouses.
fn three_channels() -> Shape {
    Shape { channels: vec![Channel::Generic, Channel::Shopify, Channel::WooCommerce], ..Shape::plain(0) }
}

/// Writes a scenario. Times are milliseconds from the world's beginning; goods come before orders.
pub struct Script<'a> {
    workload: &'a mut Workload,
}

impl<'a> Script<'a> {
    pub(super) fn new(workload: &'a mut Workload) -> Script<'a> {
        Script { workload }
    }

    fn goods(&mut self, at_ms: u64, warehouse: usize, item: usize, quantity: i64) {
        self.workload.plan(Duration::from_millis(at_ms), Due::Receive { pool: 0, warehouse, item, quantity });
    }

    /// An order that is placed at this moment, and not told yet.
    fn order(&mut self, at_ms: u64, shop: usize, lines: &[(usize, i64)], pay: Pay) -> u32 {
        let registered = &self.workload.catalogue.shops[shop].registered;
        let number = 1_000_000 + self.workload.orders.len() as u64;
        let placed_ms = self.workload.shape.begins_ms + at_ms as i64;
        let order = Order {
            shop,
            number,
            id: ids::order_id(TENANT, &registered.channel, &registered.shop, &number.to_string()),
            lines: lines.to_vec(),
            region: 0,
            buyer: number % 1_000,
            placed_ms,
            on_delivery: false,
            unmapped: false,
            tellings: vec![Telling::first(placed_ms, pay)],
        };
        self.workload.enter(order)
    }

    /// Something happens to an order; returns the index of what can be told of it.
    fn happens(&mut self, at_ms: u64, order: u32, tale: Tale, change: impl FnOnce(&mut Telling)) -> usize {
        let event_ms = self.workload.shape.begins_ms + at_ms as i64;
        let tellings = &mut self.workload.orders[order as usize].tellings;
        let mut told = tellings[tellings.len() - 1].then(tale, event_ms);
        change(&mut told);
        tellings.push(told);
        tellings.len() - 1
    }

    /// A delivery of it. `what` names what the delivery is: news, a repeat, a late one.
    fn tell(&mut self, at_ms: u64, order: u32, telling: usize, what: What) {
        self.tell_as(at_ms, order, telling, telling, what);
    }

    /// A delivery under the id of another telling.
    fn tell_as(&mut self, at_ms: u64, order: u32, telling: usize, id_of: usize, what: What) {
        self.workload.plan(Duration::from_millis(at_ms), Due::Tell { order, telling, id_of, what });
    }

    /// An order that is paid when it is placed, and told at once.
    fn paid(&mut self, at_ms: u64, shop: usize, lines: &[(usize, i64)]) -> u32 {
        let order = self.order(at_ms, shop, lines, Pay::Paid);
        self.tell(at_ms, order, 0, What::Placed);
        order
    }

    /// An order that is told, and not paid.
    fn unpaid(&mut self, at_ms: u64, shop: usize, lines: &[(usize, i64)]) -> u32 {
        let order = self.order(at_ms, shop, lines, Pay::Pending);
        self.tell(at_ms, order, 0, What::Placed);
        order
    }

    /// Its payment happens, and is told at once.
    fn pays(&mut self, at_ms: u64, order: u32) -> usize {
        let telling = self.happens(at_ms, order, Tale::Paid, |told| told.pay = Pay::Paid);
        self.tell(at_ms, order, telling, What::PaidLater);
        telling
    }

    /// Its platform cancels it, and tells at once.
    fn cancelled(&mut self, at_ms: u64, order: u32) -> usize {
        let telling = self.happens(at_ms, order, Tale::Cancelled, |_| ());
        self.tell(at_ms, order, telling, What::Cancelled);
        telling
    }
}
