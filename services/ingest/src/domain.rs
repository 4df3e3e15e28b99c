//! The clerk's rules: which delivery is news about an order, and what it says.
//!
//! Deliveries come in any order, any number of times, any time later. What can only grow (payment, cancelled, completed,
//! requests) is joined, so the order of arrival can't matter; what can be edited (address, lines, remarks, holds) follows
//! the platform's version. Whatever is judged from must be said: the state is the fold of the facts and nothing else.

mod announced;
mod content;
mod delivery;
mod digest;
mod fact;
mod judge;
mod payment;
mod place;

pub use announced::Wanted;
pub use delivery::{
    Announced, CancelRequest, Content, Delivery, Line, NotFound, PaymentTold, Remarks, ShipTo, Shipped, Terms,
};
pub use fact::{Fact, LineDelta, Placed, PlacedLine};
pub use payment::PaymentState;
pub use place::{Door, Place};

use content::Known;
use digest::{Recent, digest};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_decider::{Decider, Decision, Millis, Moment, Rest};

const DAY_MS: i64 = 24 * 3_600_000;

/// An order whose own creation lies further back is not placed: copies of it may have been forgotten.
pub const HORIZON_MS: i64 = 400 * DAY_MS;
/// A cancelled or completed order still gets refunds and remarks for a while.
const ENDED_KEPT_MS: i64 = 30 * DAY_MS;
const IDLE_KEPT_MS: i64 = 120 * DAY_MS;

/// All that the clerk remembers of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    placed: bool,
    cancelled: bool,
    completed: bool,
    shipped: Shipped,
    payment: PaymentState,
    content: Known,
    payments: Recent,
    requests: Recent,
    /// What the platform is being asked for.
    wanted: Option<Box<Wanted>>,
    last_ms: i64,
}

/// What the clerk looks up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// By "tenant/channel/shop".
    pub shops: BTreeMap<String, Shop>,
}

/// A shop, as far as the clerk cares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shop {
    /// Where an order says nothing of its own.
    pub terms: Option<Terms>,
    /// Platform SKU → our SKU, where they differ.
    pub skus: BTreeMap<String, String>,
}

impl Order {
    pub fn is_placed(&self) -> bool {
        self.placed
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    pub fn is_completed(&self) -> bool {
        self.completed
    }

    pub fn payment(&self) -> PaymentState {
        self.payment
    }

    /// The newest platform version whose content is known.
    pub fn version(&self) -> i64 {
        self.content.version()
    }

    /// Quantity of each line.
    pub fn lines(&self) -> &LiteMap<String, i64> {
        self.content.lines()
    }

    /// The address that was told last.
    pub fn goes_to(&self) -> Place {
        self.content.goes_to()
    }

    fn is_known(&self) -> bool {
        *self != Order::default()
    }

    /// Whether anything was said of it but that it is there.
    fn is_heard_of(&self) -> bool {
        Order { wanted: None, last_ms: 0, ..self.clone() } != Order::default()
    }
}

impl Decider for Order {
    type Input = Delivery;
    type Fact = Fact;
    /// The clerk tells nobody anything: its facts are what others read.
    type Message = ();
    type World = World;

    fn decide(&self, moment: Moment<'_, World>, delivery: &Delivery) -> Decision<Fact, ()> {
        judge::judge(self, moment, delivery)
    }

    fn evolve(&mut self, at: Millis, fact: &Fact) {
        self.last_ms = self.last_ms.max(at.0);
        match fact {
            Fact::Placed(placed) => {
                self.placed = true;
                self.payment = self.payment.max(placed.payment);
                for id in &placed.payment_ids {
                    self.payments.note(digest(&[id]));
                }
                self.content.place(placed);
            }
            Fact::Paid { id, state, version, .. } => {
                self.payment = self.payment.max(*state);
                self.payments.note(digest(&[id]));
                self.content.seen(*version);
            }
            Fact::Refunded { state, version } => {
                self.payment = self.payment.max(*state);
                self.content.seen(*version);
            }
            Fact::CancelRequested { request, .. } => self.requests.note(digest(&[&request.request_id])),
            Fact::Cancelled { version, .. } => {
                self.cancelled = true;
                self.content.seen(*version);
            }
            Fact::Completed { version } => {
                self.completed = true;
                self.content.seen(*version);
            }
            Fact::AddressChangeRequested { ship_to, version, .. } => self.content.go_to(ship_to.place, *version),
            Fact::NoteChanged { remarks, version } => self.content.note(remarks, *version),
            Fact::HoldsChanged { holds, version } => self.content.hold(holds, *version),
            Fact::LinesChanged { deltas, version } => self.content.shift(deltas, *version),
            Fact::Shipped { shipped, version } => {
                self.shipped = self.shipped.max(*shipped);
                self.content.seen(*version);
            }
            Fact::Announced { announced, version } => self.want(at, announced, *version),
            Fact::AnnouncementDropped { version, .. } => self.want_no_more(*version),
            Fact::Observed { version } => self.content.seen(*version),
        }
        if let Some(version) = fact.content_version() {
            self.want_no_more(version);
        }
    }

    fn rest(&self) -> Option<Rest> {
        let (kept_ms, end_state) = match (self.cancelled, self.completed) {
            (true, _) => (ENDED_KEPT_MS, 1),
            (false, true) => (ENDED_KEPT_MS, 2),
            (false, false) => (IDLE_KEPT_MS, 3),
        };
        self.is_known().then(|| Rest { from: Millis(self.last_ms).plus(kept_ms), end_state })
    }
}

#[cfg(test)]
mod tests;
