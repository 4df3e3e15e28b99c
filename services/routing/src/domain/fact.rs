//! What routing says of an order, and what it tells inventory.

use super::order::{Demand, Due, Line, Money, Payment};
use super::plan::{Plan, Pricing};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The demand is whole on plan 1, and later where the address changed.
    Planned {
        plan: Box<Plan>,
        demand: Option<Box<Demand>>,
        /// Where no demand says it, and it is not what was said before.
        due: Option<Due>,
    },
    Held(Held),
    HoldResolved {
        hold_id: String,
        resolution: Resolution,
        note: String,
    },
    /// Once per plan: the payment policy is met and no hold is open.
    Released {
        plan: u32,
    },
    ChangeAsked(ChangeAsked),
    Rerouted {
        plan: u32,
        reason: String,
        excluded: Vec<String>,
        attempt: u32,
    },
    RouteCancelled {
        reason: String,
        request_id: String,
    },
    /// Somebody else has shipped it, says the platform, before it was released here.
    ShippedOutside {
        /// Whose stock is voided; 0: none.
        plan: u32,
    },
    PaymentNoted {
        payment: Payment,
        paid: Option<Money>,
        early: bool,
    },
    PaymentTimedOut {
        plan: u32,
    },
    /// Waits for something that is not a person's decision.
    Parked {
        reason: String,
        demand: Box<Demand>,
    },
    ShippingNoted {
        outcome: String,
    },
    /// Fulfillment's answer to `ChangeAsked`, where it is no.
    ChangeRefused {
        request_id: String,
        reason: String,
    },
    /// Fulfillment has owed its answer for too long.
    Stuck {
        plan: u32,
        request_id: String,
        since: i64,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub hold_id: String,
    pub reason: String,
    /// Empty where no rule asked for it.
    pub rule: String,
    pub owner_group: String,
    /// 0: none.
    pub deadline: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    Approved,
    Rejected,
    /// What it waited for came by itself.
    Lifted,
}

/// A cancel after Released: fulfillment answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeAsked {
    pub request_id: String,
    pub kind: ChangeKind,
    pub reason: String,
    pub done_outside: bool,
    pub plan: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangeKind {
    #[default]
    Cancel,
    Address,
    Hold,
    Resume,
}

/// To one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Reserve { pool: String, order: String, plan: u32, lines: Vec<Line> },
    Allocate { pool: String, order: String, plan: u32, lines: Vec<Line>, pricing: Pricing },
    Void { pool: String, order: String, plan: u32, reason: String },
}
