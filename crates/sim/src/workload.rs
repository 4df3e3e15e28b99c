//! Everything that the outside does to Weir over the life of its orders, from a seed: webhooks as the door writes
//! them, commands as the edges write them, in time, with repeats, disorder and nonsense; and what people do upon
//! what Weir says.
//!
//! Pure: no clock, no thread, no I/O. The same seed and shape give the same bytes at the same times, and the same
//! answers to the same facts. [`Books`] keeps what was sent and acknowledged, [`Facts`] folds what Weir said, and
//! `Books::check` holds one against the other.

mod action;
mod body;
mod books;
mod catalogue;
mod command;
mod delivery;
mod draw;
mod facts;
mod heard;
mod order;
mod placing;
mod poison;
mod react;
pub mod scenario;
mod script;
mod shape;
mod stock;
#[cfg(test)]
mod tests;
mod verdict;

pub use action::{Action, Outcome, Says, What};
pub use books::{Accepted, Books, CommandBook, OrderBook};
pub use draw::Share;
pub use facts::{Answer, Facts, OrderFacts, Shelf};
pub use poison::Poison;
pub use shape::{Channel, Shape, USUAL_DUPLICATES};
pub use verdict::End;

use catalogue::{Catalogue, TENANT};
use command::{Command, Head};
use delivery::{Envelope, delivery};
use draw::Draw;
use order::{Order, Quirk};
use script::{Due, Writer, says};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::time::Duration;
use weir_pipeline::Outgoing;
use weir_privacy::TenantKey;
use weir_proto::ids::pool_key;
use weir_proto::reference::v1::ReferenceEvent;

/// An action and its delay.
type Timed = (Duration, Action);

/// The outside of one house.
pub struct Workload {
    seed: u64,
    shape: Shape,
    catalogue: Catalogue,
    draw: Draw,
    /// When the next order is placed; none is left where this is empty.
    next_order: Option<Duration>,
    burst: u64,
    upcoming: BinaryHeap<Reverse<Upcoming>>,
    planned: u64,
    orders: Vec<Order>,
    by_id: HashMap<String, u32>,
    seen: HashSet<u64>,
    books: Books,
    counts: BTreeMap<&'static str, u64>,
    serial: u64,
    reference: i64,
    signed: bool,
}

/// What is due, in the order of time.
struct Upcoming {
    at: Duration,
    number: u64,
    due: Due,
}

impl Workload {
    pub fn new(seed: u64, shape: Shape) -> Workload {
        let mut workload = Workload::empty(seed, shape);
        workload.stock_up();
        workload.next_order = (workload.shape.orders > 0).then_some(workload.shape.opens);
        workload
    }

    /// A scripted one: nothing happens but what the script says, and what people answer.
    pub fn of(scenario: &scenario::Scenario, seed: u64) -> Workload {
        let mut workload = Workload::empty(seed, (scenario.shape)());
        (scenario.script)(&mut scenario::Script::new(&mut workload));
        workload
    }

    fn empty(seed: u64, shape: Shape) -> Workload {
        Workload {
            seed,
            catalogue: Catalogue::new(&shape),
            draw: Draw::new(seed),
            next_order: None,
            burst: 0,
            upcoming: BinaryHeap::new(),
            planned: 0,
            orders: Vec::with_capacity(shape.orders as usize),
            by_id: HashMap::with_capacity(shape.orders as usize),
            seen: HashSet::new(),
            books: Books::default(),
            counts: BTreeMap::new(),
            serial: 0,
            reference: 0,
            signed: false,
            shape,
        }
    }

    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    pub fn tenant(&self) -> &'static str {
        TENANT
    }

    /// The tenant key that every service of the house must use.
    pub fn key(&self) -> TenantKey {
        Catalogue::key()
    }

    /// Everything that has to be published before the first action.
    pub fn reference(&self, key: &TenantKey) -> Vec<(String, ReferenceEvent)> {
        self.catalogue.reference(key)
    }

    /// The door has read the reference topic up to this offset.
    pub fn reference_read(&mut self, next: i64) {
        self.reference = next;
    }

    /// Signs every body as its platform does. Dear, and for those who look at signatures.
    pub fn sign(&mut self) {
        self.signed = true;
    }

    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Actions that were acknowledged, by [`What::name`].
    pub fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    /// Nothing is scheduled any more; people may still answer to facts.
    pub fn is_over(&self) -> bool {
        self.next_order.is_none() && self.upcoming.is_empty()
    }

    /// When the next action is due, from the world's beginning.
    pub fn next_due(&mut self) -> Option<Duration> {
        self.draw_orders();
        self.upcoming.peek().map(|Reverse(next)| next.at)
    }

    /// The next action. Never earlier than the one before it.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<(Duration, Action)> {
        self.draw_orders();
        let Reverse(Upcoming { at, due, .. }) = self.upcoming.pop()?;
        Some((at, self.make(at, &due)))
    }

    /// What became of an attempt to write an action. Where it must be tried again, it comes back with a pause: a
    /// platform sends the same delivery again, a caller asks under the same command id.
    pub fn settled(&mut self, action: Action, outcome: Outcome) -> Option<(Duration, Action)> {
        self.books.settle(&action, outcome);
        if let Outcome::Written { .. } = outcome {
            *self.counts.entry(action.what.name()).or_default() += 1;
            return None;
        }
        Some((Draw::of(self.seed ^ action.serial, &action.id).length((100, 2_000)), action))
    }

    /// Draws orders until the next thing that is due is known.
    fn draw_orders(&mut self) {
        while let Some(placed) = self.next_order {
            if self.upcoming.peek().is_some_and(|Reverse(next)| next.at < placed) {
                return;
            }
            self.draw_order(placed);
            let is_last = self.orders.len() >= self.shape.orders as usize;
            self.next_order = (!is_last).then(|| placed + self.gap());
        }
    }

    fn gap(&mut self) -> Duration {
        let mean_us = 1_000_000 / self.shape.orders_per_second.max(1);
        if self.burst == 0 && self.draw.chance(self.shape.bursts / 20) {
            self.burst = 20;
        }
        let factor = if self.burst > 0 { self.shape.burst_factor.max(1) } else { 1 };
        self.burst = self.burst.saturating_sub(1);
        Duration::from_micros(self.draw.within(0, 2 * mean_us / factor))
    }

    fn draw_order(&mut self, placed: Duration) {
        let index = self.orders.len() as u32;
        let poison = self.draw.chance(self.shape.poison).then(|| Poison::USUAL[self.draw.index(Poison::USUAL.len())]);
        let oversize = self.shape.oversize && index == self.shape.orders / 2;
        let poison = if oversize { Some(Poison::Oversize) } else { poison };
        let alone = poison.is_some_and(|poison| poison.needs_stranger() || self.draw.chance(5_000));
        let mut writer = Writer { shape: &self.shape, catalogue: &self.catalogue, draw: &mut self.draw };
        let (order, dues) = match alone {
            true => (writer.nonsense(index, placed), Vec::new()),
            false => writer.order(index, placed),
        };
        let channel = self.catalogue.shops[order.shop].channel;
        // Our own counter has no bodies that could be wrong.
        let poison = poison.map(|poison| if channel == Channel::Counter { poison.without_body() } else { poison });
        if let Some(poison) = poison {
            let at = placed + self.draw.length((0, 2_000));
            self.plan(at, Due::Poison { order: index, poison });
        }
        self.enter(order);
        dues.into_iter().for_each(|(at, due)| self.plan(at, due));
    }

    /// Takes an order into the books; returns its index.
    fn enter(&mut self, order: Order) -> u32 {
        let index = self.orders.len() as u32;
        let pool = &self.catalogue.pools[self.catalogue.shops[order.shop].pool];
        let units = order.lines.iter().map(|(_, quantity)| quantity).sum();
        self.books.add_order(order.id.clone(), pool_key(TENANT, pool), units);
        self.by_id.insert(order.id.clone(), index);
        self.orders.push(order);
        index
    }

    fn plan(&mut self, at: Duration, due: Due) {
        self.planned += 1;
        self.upcoming.push(Reverse(Upcoming { at, number: self.planned, due }));
    }

    fn make(&mut self, at: Duration, due: &Due) -> Action {
        let now_ms = self.shape.begins_ms + at.as_millis() as i64;
        match *due {
            Due::Tell { order, telling, id_of, what } => self.tell(order, telling, id_of, what, now_ms),
            Due::Poison { order, poison } => self.poisoned(order, poison, now_ms),
            Due::Receive { pool, warehouse, item, quantity } => self.receipt(pool, warehouse, item, quantity, now_ms),
            Due::Count { pool, warehouse, item, delta } => self.count(pool, warehouse, item, delta, now_ms),
        }
    }

    fn tell(&mut self, index: u32, telling: usize, id_of: usize, what: What, now_ms: i64) -> Action {
        let order = &self.orders[index as usize];
        let channel = self.catalogue.shops[order.shop].channel;
        let told = order.tellings[telling];
        if channel == Channel::Counter || what == What::Backfill {
            // A file is read once; at the counter a repeat is the same command.
            let salt = if what == What::Backfill { 1 << 62 } else { 1 << 61 };
            let id = command::id(self.seed, salt + order.number * 64 + id_of as u64, told.event_ms);
            let head = Head { id, actor: "counter", role: "clerk", now_ms, seen_version: 0 };
            let command = placing::placing(&self.catalogue, order, told, head);
            // Of two bodies under one id one is refused.
            let says = if what == What::OtherBody { Says::NOTHING } else { says(order, told, Channel::Counter) };
            return self.commanded(what, says, Some(index), command, false);
        }
        let says = says(order, told, channel);
        let envelope = self.envelope(index, telling, id_of, now_ms);
        let (record, id) = delivery(envelope);
        self.action(what, says, Some(index), record, id)
    }

    fn envelope(&self, index: u32, telling: usize, id_of: usize, now_ms: i64) -> Envelope<'_> {
        Envelope {
            catalogue: &self.catalogue,
            order: &self.orders[index as usize],
            telling,
            id_of,
            quirk: Quirk::None,
            now_ms,
            reference: self.reference,
            signed: self.signed,
        }
    }

    fn poisoned(&mut self, index: u32, poison: Poison, now_ms: i64) -> Action {
        let envelope = self.envelope(index, 0, 0, now_ms);
        let pool = self.catalogue.shops[envelope.order.shop].pool;
        let (record, id) = poison.record(envelope, &pool_key(TENANT, &self.catalogue.pools[pool]));
        let what = if poison.is_command() { What::PoisonCommand } else { What::PoisonDelivery };
        let action = self.action(what, Says::NOTHING, Some(index), record, id);
        self.books.add_poison(action.serial, poison);
        action
    }

    fn action(&mut self, what: What, says: Says, order: Option<u32>, record: Outgoing, id: String) -> Action {
        Action { serial: self.next_serial(), record, id, what, order, says, command: None }
    }

    fn commanded(&mut self, what: What, says: Says, order: Option<u32>, command: Command, is_stale: bool) -> Action {
        let Command { record, id, body_hash } = command;
        let mut action = self.action(what, says, order, record, command::text(id));
        action.command = Some((id, body_hash));
        self.books.add_command(&action, is_stale);
        action
    }

    fn command_id(&mut self, now_ms: i64) -> command::Id {
        command::id(self.seed, self.next_serial(), now_ms)
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}

impl PartialEq for Upcoming {
    fn eq(&self, other: &Upcoming) -> bool {
        self.number == other.number
    }
}

impl Eq for Upcoming {}

impl PartialOrd for Upcoming {
    fn partial_cmp(&self, other: &Upcoming) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Upcoming {
    fn cmp(&self, other: &Upcoming) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
