//! Money was seen: a payment, a refund, a voided authorisation.

use super::fact::{Fact, Held};
use super::order::{Money, Payment};
use super::state::{Phase, Routing};
use super::{At, Ruling};
use weir_decider::{Decision, Ignored};

/// A refund before the goods left: a person decides whether they still leave.
pub(super) const REFUNDED: &str = "refunded-before-release";
/// Money for an order that is no more: it must be given back.
pub(super) const PAID_AFTER_CANCEL: &str = "paid-after-cancel";

impl Routing {
    pub(super) fn pay(&self, at: At<'_>, payment: Payment, paid: Option<&Money>) -> Ruling {
        if payment == self.payment {
            return Decision::ignore(Ignored::Unchanged);
        }
        if payment < self.payment {
            return Decision::ignore(Ignored::Stale);
        }
        let early = self.order.is_none();
        let mut facts = vec![Fact::PaymentNoted { payment, paid: paid.cloned(), early }];
        facts.extend(self.doubt(at, payment).map(Fact::Held));
        let known = self.after(at.at.0, &facts);
        match known.phase {
            Phase::Parked { .. } => {
                // Whatever it waited for may have come: the shop, for one.
                let order = known.order.as_deref().cloned().unwrap_or_default();
                if at.world.shop(&order.tenant, &order.channel, &order.shop).is_none() || order.obstacle().is_some() {
                    return Decision::say(facts);
                }
                known.retry_parked(at, order, known.ship_to.clone()).saying_first(facts)
            }
            Phase::Waiting if known.is_paid_enough() && !known.has_open_hold() => {
                known.release_or_replan(at).saying_first(facts)
            }
            _ => Decision::say(facts),
        }
    }

    /// What a person must look at.
    fn doubt(&self, at: At<'_>, payment: Payment) -> Option<Held> {
        match self.phase {
            Phase::Cancelled { .. }
                if matches!(payment, Payment::PartlyPaid | Payment::Paid)
                    && self.open_hold_for(PAID_AFTER_CANCEL).is_none() =>
            {
                Some(self.system_hold(at, self.plan, PAID_AFTER_CANCEL))
            }
            Phase::Parked { .. } | Phase::Waiting
                // Part of what was not all of it: that is less than the order costs, whatever the terms make of a refund.
                if (payment == Payment::Refunded
                    || payment == Payment::PartlyRefunded && self.payment == Payment::PartlyPaid)
                    && self.open_hold_for(REFUNDED).is_none() =>
            {
                Some(self.system_hold(at, self.plan, REFUNDED))
            }
            _ => None,
        }
    }
}

/// Puts facts before those of a decision that follows from them.
pub(super) trait SayingFirst {
    fn saying_first(self, facts: Vec<Fact>) -> Self;
}

impl SayingFirst for Ruling {
    fn saying_first(mut self, mut facts: Vec<Fact>) -> Self {
        facts.append(&mut self.facts);
        self.facts = facts;
        self
    }
}
