//! The statuses of an order, and what each says alone.

use crate::Fault;

/// In the order in which an order goes through them; cancelled from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Unpaid,
    /// Shopee looks into it, or its carrier has no room.
    Pending,
    /// Brazil: an invoice must be there before it is shipped.
    InvoicePending,
    ReadyToShip,
    /// A carrier was asked to fetch it.
    Processed,
    /// The carrier did not come: another must be asked.
    RetryShip,
    /// The buyer asks that it be cancelled, and the seller has not answered.
    InCancel,
    Shipped,
    ToConfirmReceive,
    ToReturn,
    Completed,
    Cancelled,
}

const WORDS: [(&str, Status); 12] = [
    ("UNPAID", Status::Unpaid),
    ("PENDING", Status::Pending),
    ("INVOICE_PENDING", Status::InvoicePending),
    ("READY_TO_SHIP", Status::ReadyToShip),
    ("PROCESSED", Status::Processed),
    ("RETRY_SHIP", Status::RetryShip),
    ("IN_CANCEL", Status::InCancel),
    ("SHIPPED", Status::Shipped),
    ("TO_CONFIRM_RECEIVE", Status::ToConfirmReceive),
    ("TO_RETURN", Status::ToReturn),
    ("COMPLETED", Status::Completed),
    ("CANCELLED", Status::Cancelled),
];

impl Status {
    pub(super) fn of(field: &str, word: &str) -> Result<Status, Fault> {
        let known = WORDS.iter().find(|(name, _)| *name == word).map(|(_, status)| *status);
        known.ok_or_else(|| Fault::invalid(field, format!("{word:?} is no status of an order that Shopee documents")))
    }

    /// Whether the goods have left, all of them.
    pub(super) fn has_left(self) -> bool {
        (Status::Shipped..=Status::Completed).contains(&self)
    }

    /// Whether they are still to be shipped.
    pub(super) fn is_before_shipping(self) -> bool {
        self < Status::Shipped
    }

    /// Whether money is there, where it was not to be paid on delivery. Nothing: the status does not say.
    pub(super) fn is_paid(self) -> Option<bool> {
        match self {
            Status::Unpaid => Some(false),
            Status::Pending | Status::Cancelled => None,
            _ => Some(true),
        }
    }

    /// How far it is among changes of one second. A push may still call ready to ship what the order calls pending.
    fn rank(self) -> i64 {
        match self {
            Status::Unpaid => 0,
            Status::Pending | Status::InvoicePending | Status::ReadyToShip => 1,
            Status::Processed | Status::RetryShip => 2,
            Status::InCancel => 3,
            Status::Shipped => 4,
            Status::ToConfirmReceive => 5,
            Status::ToReturn => 6,
            Status::Completed => 7,
            Status::Cancelled => 8,
        }
    }
}

/// An order's version: its update time, and within a second its status, since it may be placed and paid in one. 0 where no time is told.
pub(super) fn version(updated_ms: i64, status: Status) -> i64 {
    if updated_ms == 0 { 0 } else { updated_ms + status.rank() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_second_the_later_status_is_the_later_one() {
        let versions: Vec<i64> = WORDS.iter().map(|(_, status)| version(7_000, *status)).collect();
        assert!(versions.is_sorted() && versions[0] == 7_000, "{versions:?}");
        assert!(versions[11] < version(8_000, Status::Unpaid));
        assert_eq!(version(0, Status::Completed), 0, "no time, no version");
    }
}
