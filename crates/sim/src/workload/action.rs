//! One thing that the outside does: a record, ready to be written, and what it is.

use weir_pipeline::Outgoing;

/// A record that somebody outside writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Counts the actions of a workload.
    pub serial: u64,
    pub record: Outgoing,
    /// For `ce_id`: the delivery's or the command's own id.
    pub id: String,
    pub what: What,
    /// Index of the order in the books.
    pub order: Option<u32>,
    pub(super) says: Says,
    /// Command id and body hash, where it is a command.
    pub(super) command: Option<([u8; 16], [u8; 16])>,
}

/// What became of an attempt to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Written {
        partition: i32,
        offset: i64,
    },
    /// It is surely not in the log.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// What a delivery says of its order, once it is accepted: a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Says(u32);

impl Says {
    pub const NOTHING: Says = Says(0);
    /// The whole order: it is placed, if it was not before.
    pub const PLACED: Says = Says(1);
    pub const PAID: Says = Says(1 << 1);
    /// The order may ship without a payment.
    pub const ON_DELIVERY: Says = Says(1 << 2);
    pub const CANCELLED: Says = Says(1 << 3);
    pub const CANCEL_ASKED: Says = Says(1 << 4);
    pub const REFUNDED: Says = Says(1 << 5);
    pub const EDITED: Says = Says(1 << 6);
    /// A person refused it.
    pub const REJECTED: Says = Says(1 << 7);
    pub const PART_PAID: Says = Says(1 << 8);
    /// Paid in the same breath as placed: no deadline can come between.
    pub const PAID_AT_ONCE: Says = Says(1 << 9);
    /// All of it has left, whoever sent it.
    pub const LEFT: Says = Says(1 << 10);
    /// It had, when it was placed.
    pub const LEFT_AT_ONCE: Says = Says(1 << 11);

    pub fn has(self, other: Says) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn has_any(self, other: Says) -> bool {
        self.0 & other.0 != 0
    }

    #[must_use]
    pub fn and(self, other: Says) -> Says {
        Says(self.0 | other.0)
    }
}

macro_rules! what {
    ($($name:ident => $text:literal),+ $(,)?) => {
        /// What an action is, for counts and for what must have happened at least once.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum What {
            $($name),+
        }

        impl What {
            pub const ALL: &[What] = &[$(What::$name),+];

            pub fn name(self) -> &'static str {
                match self {
                    $(What::$name => $text),+
                }
            }
        }
    };
}

what! {
    Receipt => "stock received",
    Count => "stock counted",
    Placed => "order told",
    PaidLater => "payment told",
    PaidPart => "part of a payment told",
    Edited => "edit told",
    Repriced => "new price told",
    Held => "platform hold told",
    Refunded => "refund told",
    CancelAsked => "cancel asked",
    LineCancelAsked => "cancel of a line asked",
    Cancelled => "cancel told",
    Completed => "completion told",
    Left => "shipping by others told",
    Duplicate => "delivery repeated",
    Late => "delivery repeated far too late",
    OtherBody => "another body under a known delivery id",
    Backfill => "known order from a file",
    PoisonDelivery => "delivery that can't be read",
    PoisonCommand => "command that can't be read",
    Approve => "hold approved",
    Reject => "hold rejected",
    DeskCancel => "cancel commanded of routing",
    LateCancel => "cancel commanded of fulfillment",
    OldDemand => "demand of an older plan told",
    Pick => "list picked",
    ShortPick => "list picked short",
    Pack => "list packed",
    Ship => "parcel shipped",
    Scan => "parcel scanned",
    LateScan => "parcel of a cancelled order scanned",
    Restock => "return restocked",
    Repeat => "command repeated",
    Conflict => "command id used for another body",
    Stale => "command with a version that has passed",
    OutOfOrder => "command that does not fit",
}
