//! The statuses of an order, and what each says alone.

use crate::Fault;
use crate::json::Object;
use crate::mapped::Shipped;
use weir_proto::order::v1::PaymentState;

/// In the order in which an order goes through them; failed from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    ToPay,
    Paid,
    /// With its first parcel.
    Shipped,
    Signed,
    Success,
    /// Cancelled, not paid in time, or refunded whole.
    Failed,
}

const NUMBERS: [(i64, Status); 6] = [
    (10, Status::ToPay),
    (30, Status::Paid),
    (40, Status::Shipped),
    (50, Status::Signed),
    (70, Status::Success),
    (80, Status::Failed),
];

/// Larger than any time in milliseconds before the year 5138.
pub(super) const VERSION_MAX: i64 = 100_000_000_000_000;

fn of(number: i64) -> Option<Status> {
    NUMBERS.iter().find(|(known, _)| *known == number).map(|(_, status)| *status)
}

/// The status in a piece of news, if there is one that is known. The order that is asked for has it as well.
pub(super) fn told(info: Object<'_>) -> Result<Option<Status>, Fault> {
    info.integer_or("status", 0, 0, i64::from(i32::MAX)).map(of)
}

/// The status of a whole order.
pub(super) fn read(info: Object<'_>) -> Result<Status, Fault> {
    let number = info.integer("status", 0, i64::from(i32::MAX))?;
    of(number)
        .ok_or_else(|| Fault::invalid("status", format!("{number} is no status of an order that Kuaishou documents")))
}

impl Status {
    /// As Kuaishou writes it.
    pub(super) fn number(self) -> i64 {
        NUMBERS.iter().find(|(_, status)| *status == self).map_or(0, |(number, _)| *number)
    }

    /// What news says of the payment. Whether the order may be shipped can't be told without it, so that it is paid is said by the
    /// whole order.
    pub(super) fn payment_by_itself(self) -> PaymentState {
        match self {
            Status::ToPay => PaymentState::Pending,
            Status::Shipped | Status::Signed | Status::Success => PaymentState::Paid,
            Status::Paid | Status::Failed => PaymentState::Unspecified,
        }
    }

    /// What has left at least.
    pub(super) fn shipped_by_itself(self) -> Shipped {
        match self {
            Status::Shipped => Shipped::Partly,
            Status::Signed | Status::Success => Shipped::Wholly,
            Status::ToPay | Status::Paid | Status::Failed => Shipped::Nothing,
        }
    }
}
