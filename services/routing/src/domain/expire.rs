//! The payment deadline: routing alone sees the payment, so routing alone keeps it.

use super::fact::Fact;
use super::order::{Order, Terms};
use super::state::{Phase, Routing};
use super::{At, Ruling};
use weir_decider::plant::planted;
use weir_decider::{Decision, Ignored, Millis};

pub(super) const PAYMENT_TIMEOUT: &str = "payment-timeout";

impl Routing {
    pub(super) fn pay_deadline(&self) -> Option<Millis> {
        let order = self.order.as_ref()?;
        let waits =
            matches!(self.phase, Phase::Parked { .. } | Phase::Waiting) && order.terms_in_force() == Terms::Prepaid;
        let paid = self.is_paid_enough() && !planted("deadline-blind-to-payment");
        (waits && order.pay_by > 0 && !paid).then_some(Millis(order.pay_by))
    }

    /// Until when the next plan must be paid for. A need for payment that is new is counted from now, as what is asked
    /// for late must not be late at once. Else the time that was given goes on.
    pub(super) fn pay_by_of(&self, at: At<'_>, order: &Order) -> i64 {
        let is_due = |order: &Order| order.terms_in_force() == Terms::Prepaid;
        let was_due = self.order.as_deref().is_none_or(is_due);
        if was_due || !is_due(order) || order.terms_in_force().met_by(self.payment) {
            return order.pay_by;
        }
        match at.world.shop(&order.tenant, &order.channel, &order.shop).map_or(0, |shop| shop.pay_within) {
            within if within > 0 => order.pay_by.max(at.at.plus(within).0),
            _ if order.pay_by > at.at.0 => order.pay_by,
            _ => 0,
        }
    }

    pub(super) fn time_out(&self, at: At<'_>) -> Ruling {
        if self.pay_deadline().is_none_or(|deadline| deadline > at.at) {
            return Decision::ignore(Ignored::Unchanged);
        }
        let timed_out = Fact::PaymentTimedOut { plan: self.plan };
        let cancelled = Fact::RouteCancelled { reason: PAYMENT_TIMEOUT.to_owned(), request_id: String::new() };
        Decision::say(vec![timed_out, cancelled]).tell(self.void_if_live(at, PAYMENT_TIMEOUT))
    }
}
