//! The statuses of an order, and what each says.

use super::field::code;
use crate::Fault;
use crate::json::Object;

/// In the order in which an order goes through them; cancelled from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    ToPay = 1,
    /// The deposit of a presale is paid.
    PartPaid,
    /// Paid, and with Douyin's risk control: not to be shipped.
    Held,
    ToShip,
    PartShipped,
    Shipped,
    Done,
    Cancelled,
    RefundedBeforeShipping,
    RefundedAfterShipping,
    RefundedAfterReceipt,
}

const CODES: [(i64, Status); 11] = [
    (1, Status::ToPay),
    (103, Status::PartPaid),
    (105, Status::Held),
    (2, Status::ToShip),
    (101, Status::PartShipped),
    (3, Status::Shipped),
    (5, Status::Done),
    (4, Status::Cancelled),
    (21, Status::RefundedBeforeShipping),
    (22, Status::RefundedAfterShipping),
    (39, Status::RefundedAfterReceipt),
];

impl Status {
    /// Nothing where Douyin tells none, or 0.
    pub(super) fn read(object: Object<'_>, name: &str) -> Result<Option<Status>, Fault> {
        match code(object, name)? {
            0 => Ok(None),
            told => {
                let known = CODES.iter().find(|(code, _)| *code == told).map(|(_, status)| Some(*status));
                known.ok_or_else(|| {
                    Fault::invalid(name, format!("{told} is no status of an order that Douyin documents"))
                })
            }
        }
    }

    pub(super) fn is_refunded(self) -> bool {
        self >= Status::RefundedBeforeShipping
    }

    /// Nothing more will come of it, and the buyer does not have it.
    pub(super) fn is_cancelled(self) -> bool {
        self >= Status::Cancelled
    }

    /// The platform waits for nothing but that it is shipped, or that has happened.
    pub(super) fn is_released(self) -> bool {
        (Status::ToShip..=Status::Done).contains(&self)
    }
}

/// `order_status` and `main_status`: the second knows deposits and refunds where the first may not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statuses {
    pub(super) order: Status,
    pub(super) main: Option<Status>,
}

impl Statuses {
    pub(super) fn read(order: Object<'_>) -> Result<Statuses, Fault> {
        let told = Status::read(order, "order_status")?.ok_or_else(|| Fault::missing("order_status"))?;
        Ok(Statuses { order: told, main: Status::read(order, "main_status")? })
    }

    fn either(self, is: impl Fn(Status) -> bool) -> bool {
        is(self.order) || self.main.is_some_and(is)
    }

    /// One of the two is enough to keep an order back.
    pub(super) fn is_held(self) -> bool {
        self.order <= Status::ToShip && self.either(|status| status == Status::Held)
    }

    pub(super) fn is_part_paid(self) -> bool {
        self.order <= Status::Held && self.either(|status| status == Status::PartPaid)
    }

    pub(super) fn is_refunded(self) -> bool {
        self.either(Status::is_refunded)
    }

    /// The later of the two.
    pub(super) fn latest(self) -> Status {
        self.main.map_or(self.order, |main| main.max(self.order))
    }

    /// Why it was cancelled, where Douyin does not say it in words.
    pub(super) fn end(self) -> &'static str {
        match self.latest() {
            Status::RefundedBeforeShipping => "refunded before shipping",
            Status::RefundedAfterShipping => "refunded after shipping",
            Status::RefundedAfterReceipt => "refunded after receipt",
            _ => "",
        }
    }
}

/// The order's update time, in milliseconds, and the status that it tells: two changes within one second come with one time, and there
/// the status that comes later in an order's life is the later one.
pub(super) fn version(updated_ms: i64, status: Option<Status>) -> i64 {
    updated_ms + status.map_or(0, |status| status as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_second_the_later_status_is_the_later_one() {
        let versions: Vec<i64> = CODES.iter().map(|(_, status)| version(7_000, Some(*status))).collect();
        assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
        assert!(version(7_000, None) < versions[0] && versions[10] < version(8_000, None));
    }

    #[test]
    fn one_of_the_two_is_enough_to_hold_and_none_once_it_has_left() {
        use Status::{Done, Held, PartShipped, ToPay, ToShip};
        let held = |order: Status, main: Option<Status>| Statuses { order, main }.is_held();
        assert!(held(Held, None) && held(Held, Some(ToShip)) && held(ToShip, Some(Held)) && held(ToPay, Some(Held)));
        assert!(!held(ToShip, None) && !held(PartShipped, Some(Held)) && !held(Done, Some(Held)));
    }
}
