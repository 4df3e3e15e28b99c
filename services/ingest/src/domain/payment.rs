//! How far a payment has come. States are ordered so that the furthest is the truth, whichever was told first.

use serde::{Deserialize, Serialize};

/// In the order in which one outdoes another. A voided authorisation is outdone by money that came all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PaymentState {
    /// Nothing was said.
    #[default]
    Unknown,
    Pending,
    Authorized,
    Voided,
    PartlyPaid,
    Paid,
    PartlyRefunded,
    Refunded,
}

impl PaymentState {
    /// Whether money went back.
    pub fn is_refund(self) -> bool {
        self >= PaymentState::PartlyRefunded
    }
}
