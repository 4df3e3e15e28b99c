//! A pool's rule book: one stock network of a tenant, decided by one thread, so that a unit is never promised twice.
//!
//! Pure: no I/O, no clock, no randomness, no panic. Every number is a checked `i64`; what is out of range is refused by name.

pub mod adjust;
pub mod allocate;
pub mod assign;
pub mod check;
pub mod command;
pub mod demand;
pub mod draft;
pub mod evolve;
pub mod fact;
pub mod issue;
pub mod ledger;
pub mod message;
pub mod order;
pub mod pool;
pub mod queue;
pub mod receive;
pub mod reserve;
pub mod restock;
pub mod room;
pub mod void;

pub use check::{Rule, Violation};
pub use command::Command;
pub use demand::{Candidate, Cost, Demand, Line, Placed, Split};
pub use fact::{Fact, Status};
pub use message::{Message, Said};
pub use pool::Pool;

use weir_decider::{Breach, Decider, Decision, Ignored, Millis, Moment};

/// What comes of a stock command.
pub type Outcome = Decision<Fact, Message>;

/// Inventory looks nothing up: the plan carries all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Decider for Pool {
    type Input = Command;
    type Fact = Fact;
    type Message = Message;
    type World = Nothing;

    fn decide(&self, moment: Moment<'_, Nothing>, input: &Command) -> Outcome {
        if let Some(breach) = self.broken() {
            return Decision::refuse("ledger-broken", breach.why);
        }
        match input {
            Command::Reserve { order, plan, lines } => reserve::decide(self, moment.at, order, *plan, lines),
            Command::Allocate(demand) => allocate::decide(self, moment.at, demand),
            Command::Void(void) => void::decide(self, moment.at, void),
            Command::Issue { order, plan, lines } => issue::decide(self, moment.at, order, *plan, lines),
            Command::Restock { order, lines, status } => restock::decide(self, moment.at, order, lines, *status),
            Command::Receive(receipt) => receive::decide(self, moment.at, receipt),
            Command::Adjust(change) => adjust::decide(self, moment.at, change),
        }
    }

    fn evolve(&mut self, at: Millis, fact: &Fact) {
        evolve::apply(self, at, fact);
    }

    fn broken(&self) -> Option<Breach<'_>> {
        let Violation { rule, detail } = self.broken.as_ref()?;
        Some(Breach { invariant: rule.invariant(), why: detail })
    }

    /// Set while freed stock has not been offered to the whole backorder queue.
    fn deadline(&self) -> Option<Millis> {
        self.serving_since()
    }

    fn expire(&self, moment: Moment<'_, Nothing>) -> Outcome {
        if self.broken().is_some() {
            return Decision::ignore(Ignored::Unchanged);
        }
        queue::tick(self, moment.at)
    }
}
