//! The statuses of an order, and what each says.

use crate::Fault;
use crate::mapped::Shipped;

/// In the order in which an order goes through them; cancelled from most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Unpaid,
    /// The buyer may still cancel without being asked; nothing is to be shipped.
    OnHold,
    ToShip,
    PartlyShipped,
    /// A parcel waits for its carrier.
    ToCollect,
    InTransit,
    Delivered,
    Completed,
    Cancelled,
}

const WORDS: [(&str, Status); 10] = [
    ("UNPAID", Status::Unpaid),
    ("ON_HOLD", Status::OnHold),
    ("AWAITING_SHIPMENT", Status::ToShip),
    ("PARTIALLY_SHIPPING", Status::PartlyShipped),
    ("AWAITING_COLLECTION", Status::ToCollect),
    ("IN_TRANSIT", Status::InTransit),
    ("DELIVERED", Status::Delivered),
    ("COMPLETED", Status::Completed),
    ("CANCELLED", Status::Cancelled),
    ("CANCEL", Status::Cancelled),
];

impl Status {
    pub(super) fn of(field: &str, word: &str) -> Result<Status, Fault> {
        let known = WORDS.iter().find(|(name, _)| *name == word).map(|(_, status)| *status);
        known.ok_or_else(|| {
            Fault::invalid(field, format!("{word:?} is no status of an order that TikTok Shop documents"))
        })
    }

    pub(super) fn shipped(self) -> Shipped {
        match self {
            Status::PartlyShipped => Shipped::Partly,
            Status::InTransit | Status::Delivered | Status::Completed => Shipped::Wholly,
            _ => Shipped::Nothing,
        }
    }

    /// The version of what was told at this time, in Unix seconds. Several changes may lie within one second: there the status that comes
    /// later in an order's life is the later one.
    pub(super) fn version(self, updated_s: i64) -> i64 {
        updated_s * 1000 + self as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_second_the_later_status_is_the_later_one() {
        let versions: Vec<i64> = WORDS[..9].iter().map(|(_, status)| status.version(7)).collect();
        assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
        assert!(versions[8] < Status::Unpaid.version(8));
    }
}
