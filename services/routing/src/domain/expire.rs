//! The payment deadline: routing alone sees the payment, so routing alone keeps it.

use super::fact::Fact;
use super::order::Terms;
use super::state::{Phase, Routing};
use super::{At, Ruling};
use weir_decider::plant::planted;
use weir_decider::{Decision, Ignored, Millis};

pub(super) const PAYMENT_TIMEOUT: &str = "payment-timeout";

impl Routing {
    pub(super) fn pay_deadline(&self) -> Option<Millis> {
        let order = self.order.as_ref()?;
        let waits = matches!(self.phase, Phase::Parked | Phase::Waiting) && order.terms == Terms::Prepaid;
        let paid = self.is_paid_enough() && !planted("deadline-blind-to-payment");
        (waits && order.pay_by > 0 && !paid).then_some(Millis(order.pay_by))
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
