//! What an order's payment is worth to routing: what was paid, kept apart from the terms that ask for it.

use weir_proto::order::v1::{PaymentState, PaymentTerms};

/// Four bytes of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pay {
    placed: Terms,
    /// Of the newest plan that says terms. Apart from the placed ones, as two topics have no common order.
    planned: Terms,
    paid: bool,
    /// That it was paid, even if it was given back.
    seen: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Terms {
    /// Asks for payment like prepaid, where nobody says anything.
    #[default]
    Unsaid,
    Prepaid,
    /// Paid for on delivery, or by account.
    Later,
}

impl Pay {
    /// What the order came with. A shop or a rule may say otherwise.
    pub(super) fn place(&mut self, terms: PaymentTerms) {
        self.placed = Terms::of(terms);
    }

    /// What routing says with a plan. Where it says nothing, what it said before goes on.
    pub(super) fn plan(&mut self, terms: PaymentTerms) {
        match Terms::of(terms) {
            Terms::Unsaid => {}
            said => self.planned = said,
        }
    }

    /// A refund, or what is told late, does not undo a payment.
    pub(super) fn see(&mut self, state: PaymentState) {
        self.paid |= state == PaymentState::Paid;
        self.see_refund(state);
    }

    pub(super) fn see_refund(&mut self, state: PaymentState) {
        self.seen |= matches!(state, PaymentState::Paid | PaymentState::PartlyRefunded | PaymentState::Refunded);
    }

    /// Whether so much was paid, ever, that routing may have let the order go.
    pub(super) fn was_seen(self) -> bool {
        self.seen
    }

    pub(super) fn asks_for_nothing(self) -> bool {
        self.terms() == Terms::Later
    }

    /// Whether the payment lets the order go: it is paid, or its terms ask for no payment before.
    pub(super) fn is_met(self) -> bool {
        self.paid || self.asks_for_nothing()
    }

    fn terms(self) -> Terms {
        if self.planned == Terms::Unsaid { self.placed } else { self.planned }
    }
}

impl Terms {
    fn of(terms: PaymentTerms) -> Terms {
        match terms {
            PaymentTerms::Unspecified => Terms::Unsaid,
            PaymentTerms::Prepaid => Terms::Prepaid,
            PaymentTerms::CashOnDelivery | PaymentTerms::OnAccount => Terms::Later,
        }
    }
}
