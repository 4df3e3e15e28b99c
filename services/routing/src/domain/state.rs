//! What routing remembers of an order, folded from its own facts: no more than the next decision needs.

use super::fact::{Fact, Held, Resolution};
use super::order::{Demand, Due, Order, Payment};
use super::place::UNKNOWN_SHOP;
use super::plan::{Plan, Pricing};
use serde::{Deserialize, Serialize};

/// One order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    pub(super) phase: Phase,
    pub(super) order: Option<Box<Order>>,
    pub(super) payment: Payment,
    /// The newest plan; 0 before the first.
    pub(super) plan: u32,
    /// Whether stock is held under that plan, as far as routing asked for it.
    pub(super) live: bool,
    pub(super) attempt: u32,
    pub(super) excluded: Vec<String>,
    /// What the plan said, until it is released.
    pub(super) pricing: Option<Box<Pricing>>,
    pub(super) holds: Vec<Hold>,
    /// Fulfillment was told that the outside has cancelled.
    pub(super) told_cancelled: bool,
    /// What fulfillment was asked and has not answered.
    pub(super) asked: Vec<Asked>,
    /// The address of a parked order, which its first plan must carry. Empty otherwise.
    pub(super) ship_to: Vec<u8>,
}

/// How far the order is with routing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Not placed; a payment may have come early.
    #[default]
    Unknown,
    Parked {
        /// How often its shop was looked for in vain. 0: it waits for something else, which only an edit can bring.
        tries: u8,
        last_try: i64,
    },
    /// Planned, and not released: routing owns it.
    Waiting,
    /// Fulfillment owns it.
    Released,
    Cancelled {
        at: i64,
    },
    /// Fulfillment has told how it ended.
    Ended {
        at: i64,
        shipped: bool,
    },
    /// Somebody else has shipped it before it was released.
    ShippedOutside {
        at: i64,
    },
}

/// A question to fulfillment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) request_id: String,
    pub(super) since: i64,
    /// The answer has taken too long, and that was said.
    pub(super) said: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hold {
    pub(super) id: String,
    pub(super) rule: String,
    pub(super) reason: String,
    pub(super) standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Standing {
    Open,
    Resolved,
    /// The order ended before anybody answered.
    Dropped,
}

impl Routing {
    pub(super) fn has_open_hold(&self) -> bool {
        self.holds.iter().any(|hold| hold.standing == Standing::Open)
    }

    pub(super) fn open_hold_for(&self, reason: &str) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.reason == reason && hold.standing == Standing::Open)
    }

    /// Whether the payment policy is met.
    pub(super) fn is_paid_enough(&self) -> bool {
        self.order.as_ref().is_some_and(|order| order.terms_in_force().met_by(self.payment))
    }

    /// The state after these facts, to decide on what follows from them.
    pub(super) fn after(&self, at: i64, facts: &[Fact]) -> Routing {
        let mut after = self.clone();
        for fact in facts {
            after.take_in(at, fact);
        }
        after
    }

    pub(super) fn take_in(&mut self, at: i64, fact: &Fact) {
        match fact {
            Fact::Planned { plan, demand, due } => self.take_plan(plan, demand.as_deref(), *due),
            Fact::Parked { reason, demand } => self.take_parked(at, reason, demand),
            Fact::Held(held) => self.take_hold(held),
            Fact::HoldResolved { hold_id, resolution, .. } => self.take_answer(hold_id, *resolution),
            Fact::Released { .. } => {
                self.phase = Phase::Released;
                self.live = true;
                self.pricing = None;
            }
            Fact::ChangeAsked(asked) => {
                self.told_cancelled |= asked.done_outside;
                self.begin_wait(at, &asked.request_id);
            }
            Fact::ChangeRefused { request_id, .. } => self.end_wait(request_id),
            Fact::Stuck { request_id, .. } => self.note_stuck(request_id),
            Fact::Rerouted { excluded, attempt, .. } => {
                self.phase = Phase::Waiting;
                self.live = false;
                self.pricing = None;
                self.excluded.clone_from(excluded);
                self.attempt = *attempt;
            }
            Fact::RouteCancelled { .. } => {
                self.phase = Phase::Cancelled { at };
                self.end();
            }
            Fact::ShippedOutside { .. } => {
                self.phase = Phase::ShippedOutside { at };
                self.end();
            }
            Fact::PaymentNoted { payment, .. } => self.payment = *payment,
            Fact::PaymentTimedOut { .. } => {}
            Fact::ShippingNoted { outcome } => {
                let shipped = outcome == super::finish::SHIPPED;
                self.asked = Vec::new();
                self.phase = Phase::Ended { at, shipped };
                if !shipped {
                    self.end();
                }
            }
        }
    }

    fn take_plan(&mut self, plan: &Plan, demand: Option<&Demand>, due: Option<Due>) {
        if let Some(demand) = demand {
            self.take_demand(demand);
        }
        if let Some(order) = &mut self.order {
            order.lines.clone_from(&plan.lines);
            if let Some(Due { terms, pay_by }) = due {
                order.terms = Some(terms);
                order.pay_by = pay_by;
            }
        }
        self.phase = Phase::Waiting;
        self.plan = plan.version;
        self.live = true;
        self.attempt = plan.attempt;
        self.excluded.clone_from(&plan.excluded);
        self.pricing = Some(Box::new(plan.pricing.clone()));
        self.ship_to = Vec::new();
    }

    fn take_parked(&mut self, at: i64, reason: &str, demand: &Demand) {
        self.take_demand(demand);
        self.ship_to.clone_from(&demand.ship_to);
        self.phase = match (self.phase, self.retry_deadline()) {
            _ if reason != UNKNOWN_SHOP => Phase::Parked { tries: 0, last_try: at },
            // By an edit, which puts nothing off.
            (before, Some(next)) if at < next.0 => before,
            (Phase::Parked { tries, .. }, Some(_)) => Phase::Parked { tries: tries.saturating_add(1), last_try: at },
            _ => Phase::Parked { tries: 1, last_try: at },
        };
    }

    fn take_demand(&mut self, demand: &Demand) {
        self.order = Some(Box::new(demand.order.clone()));
        self.payment = demand.payment;
    }

    fn take_hold(&mut self, held: &Held) {
        let Held { hold_id, reason, rule, .. } = held.clone();
        self.holds.push(Hold { id: hold_id, rule, reason, standing: Standing::Open });
    }

    fn take_answer(&mut self, hold_id: &str, _resolution: Resolution) {
        for hold in self.holds.iter_mut().filter(|hold| hold.id == hold_id) {
            hold.standing = Standing::Resolved;
        }
    }

    /// Nothing is wanted any more: holds that nobody answered go with the order.
    fn end(&mut self) {
        self.live = false;
        self.pricing = None;
        self.excluded = Vec::new();
        self.asked = Vec::new();
        for hold in self.holds.iter_mut().filter(|hold| hold.standing == Standing::Open) {
            hold.standing = Standing::Dropped;
        }
    }
}
