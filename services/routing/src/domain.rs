//! The rule book of routing: plans, holds, release by the payment policy, deadlines, cancels and new plans.
//!
//! Pure: one order, its facts, and reference data. Each decision has its own page; [`Routing`] is what is remembered.

mod cancel;
mod draft;
mod edit;
mod expire;
pub mod fact;
mod finish;
mod hold;
pub mod input;
pub mod order;
mod outside;
mod pay;
mod place;
pub mod plan;
mod price;
mod reroute;
mod rules;
mod state;
mod stuck;
pub mod world;

#[cfg(test)]
mod tests;

pub use fact::{Fact, Message};
pub use input::Input;
pub use state::Routing;
pub use stuck::FULFILLMENT;
pub use world::World;

use weir_decider::{Decider, Decision, Ignored, Millis, Moment, Rest};

/// Slugs of refusals; each has its page in docs/errors/.
pub mod refusal {
    pub const UNKNOWN_HOLD: &str = "unknown-hold";
    pub const HOLD_ALREADY_RESOLVED: &str = "hold-already-resolved";
    pub const ORDER_CANCELLED: &str = "order-cancelled";
    pub const NO_WAREHOUSE: &str = "no-warehouse";
    pub const UNKNOWN_ORDER: &str = "unknown-order";
    pub const TOO_LATE: &str = "too-late";
}

type Ruling = Decision<Fact, Message>;

/// The moment of a decision, short to hand on.
#[derive(Clone, Copy)]
struct At<'a> {
    key: &'a str,
    at: Millis,
    world: &'a World,
}

impl<'a> From<Moment<'a, World>> for At<'a> {
    fn from(moment: Moment<'a, World>) -> At<'a> {
        At { key: moment.key, at: moment.at, world: moment.world }
    }
}

impl Decider for Routing {
    type Input = Input;
    type Fact = Fact;
    type Message = Message;
    type World = World;

    fn decide(&self, moment: Moment<'_, World>, input: &Input) -> Ruling {
        let at = At::from(moment);
        match input {
            Input::Placed(placed) => self.place(at, placed),
            Input::PaymentSeen(payment, paid) => self.pay(at, *payment, paid.as_ref()),
            Input::CancellationAsked(asked) => self.cancel_asked(at, asked),
            Input::CancelledOutside { reason } => self.cancelled_outside(at, reason),
            Input::ShippedOutside { wholly } => self.shipped_outside(at, *wholly),
            Input::AddressChangeAsked { ship_to, region } => self.change_address(at, ship_to, region),
            Input::LinesChanged(deltas) => self.change_lines(at, deltas),
            Input::PlatformHolds(holds) => self.platform_holds(at, holds),
            Input::ApproveHold(answer) => self.approve(at, answer),
            Input::RejectHold(answer) => self.reject(at, answer),
            Input::Reroute(asked) => self.reroute(at, asked),
            Input::NoteOutcome { outcome } => self.note_outcome(at, outcome),
            Input::NoteRefusal { request_id, reason } => self.note_refusal(request_id, reason),
            Input::CancelOrder(asked) => self.cancel_commanded(at, asked),
            Input::Irrelevant => Decision::ignore(Ignored::Irrelevant),
        }
    }

    fn evolve(&mut self, at: Millis, fact: &Fact) {
        self.take_in(at.0, fact);
    }

    fn deadline(&self) -> Option<Millis> {
        [self.pay_deadline(), self.retry_deadline(), self.stuck_deadline()].into_iter().flatten().min()
    }

    fn expire(&self, moment: Moment<'_, World>) -> Ruling {
        let at = At::from(moment);
        let passed = |deadline: Option<Millis>| deadline.filter(|deadline| *deadline <= at.at);
        match (passed(self.pay_deadline()), passed(self.retry_deadline())) {
            // In the order in which they passed: a shop that is known by now may ask for no payment.
            (Some(pay), Some(retry)) if retry < pay => self.retry_due(at),
            (Some(_), _) => self.time_out(at),
            (None, Some(_)) => self.retry_due(at),
            (None, None) => self.tell_stuck(at),
        }
    }

    fn rest(&self) -> Option<Rest> {
        self.rests()
    }
}
