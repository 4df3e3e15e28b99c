//! The statuses of a trade, and what each says alone.

use crate::Fault;
use crate::mapped::Shipped;
use weir_proto::order::v1::PaymentState;

/// In the order in which a trade goes through them; closed from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    /// Of a presale also: the deposit or the balance is to be paid.
    ToPay,
    /// For a moment after a payment, which may be a deposit's. What is to be shipped goes on to one of the next two.
    Paid,
    /// Paid, and waiting for its group of buyers or for the shop to accept it: not to be shipped.
    Confirming,
    ToShip,
    Shipped,
    Success,
    Closed,
}

const WORDS: [(&str, Status); 7] = [
    ("WAIT_BUYER_PAY", Status::ToPay),
    ("TRADE_PAID", Status::Paid),
    ("WAIT_CONFIRM", Status::Confirming),
    ("WAIT_SELLER_SEND_GOODS", Status::ToShip),
    ("WAIT_BUYER_CONFIRM_GOODS", Status::Shipped),
    ("TRADE_SUCCESS", Status::Success),
    ("TRADE_CLOSED", Status::Closed),
];

impl Status {
    pub(super) fn of(field: &str, word: &str) -> Result<Status, Fault> {
        let known = WORDS.iter().find(|(name, _)| *name == word).map(|(_, status)| *status);
        known.ok_or_else(|| Fault::invalid(field, format!("{word:?} is no status of a trade that Youzan documents")))
    }

    /// Whether the platform wants nothing shipped yet, though there was a payment.
    pub(super) fn is_held(self) -> bool {
        matches!(self, Status::Paid | Status::Confirming)
    }

    pub(super) fn shipped(self) -> Shipped {
        match self {
            Status::Shipped | Status::Success => Shipped::Wholly,
            _ => Shipped::Nothing,
        }
    }

    /// What a thin message says of the payment. A moment's status may be a deposit's, and a hold can't be told without the
    /// order: it says nothing, or the order would be shipped. How it is paid is not told either, so cash on delivery is said to
    /// be paid when it is shipped.
    pub(super) fn payment_by_itself(self) -> PaymentState {
        match self {
            Status::ToPay => PaymentState::Pending,
            Status::ToShip | Status::Shipped | Status::Success => PaymentState::Paid,
            Status::Paid | Status::Confirming | Status::Closed => PaymentState::Unspecified,
        }
    }
}

/// Larger than any time in milliseconds before the year 5138.
pub(super) const VERSION_MAX: i64 = 100_000_000_000_000;

/// No time in seconds for thirty thousand years.
const MILLISECONDS_FROM: i64 = 1_000_000_000_000;

/// A message's version in milliseconds. Messages come in any order, and a payment's two within one second: there the status that
/// comes later in a trade's life is the later one.
pub(super) fn version(told: i64, status: Option<Status>) -> i64 {
    match told < MILLISECONDS_FROM {
        true => told * 1000 + status.map_or(0, |status| status as i64),
        false => told,
    }
}

/// The same for a message that announces the order: a pulled order has its update time in seconds alone.
pub(super) fn version_to_pull(told: i64, status: Option<Status>) -> i64 {
    version(if told < MILLISECONDS_FROM { told } else { told / 1000 }, status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_one_measure() {
        assert_eq!(version(1_795_255_446, None), 1_795_255_446_000);
        assert_eq!(version(1_795_255_446_250, Some(Status::Shipped)), 1_795_255_446_250);
        assert_eq!(version_to_pull(1_795_255_446_250, Some(Status::Shipped)), 1_795_255_446_004);
        assert_eq!(version_to_pull(1_795_255_446, None), 1_795_255_446_000);
        assert_eq!(version(VERSION_MAX, Some(Status::Closed)), VERSION_MAX);
        assert!(version(MILLISECONDS_FROM - 1, Some(Status::Closed)) > version(MILLISECONDS_FROM, None));
    }

    #[test]
    fn within_a_second_the_later_status_is_the_later_one() {
        let versions: Vec<i64> = WORDS.iter().map(|(_, status)| version(7, Some(*status))).collect();
        assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
        assert!(versions[6] < version(8, None));
    }
}
