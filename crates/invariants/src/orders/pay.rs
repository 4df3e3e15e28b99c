//! What an order's payment is worth to routing: what was paid, kept apart from the terms that ask for it.

use weir_proto::order::v1::{PaymentState, PaymentTerms};

/// Three bytes of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pay {
    placed: Terms,
    /// Of the newest plan that says terms. Apart from the placed ones, as two topics have no common order.
    planned: Terms,
    paid: bool,
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
    }

    /// Whether the payment lets the order go: it is paid, or its terms ask for no payment before.
    pub(super) fn is_met(self) -> bool {
        let terms = if self.planned == Terms::Unsaid { self.placed } else { self.planned };
        self.paid || terms == Terms::Later
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
