//! What the clerk says of an order. A version of 0 means that the delivery was thin: it told nothing of the content.

use super::{Announced, CancelRequest, PaymentState, Place, Remarks, ShipTo, Shipped, Terms};
use weir_decider::Millis;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Once for each order.
    Placed(Box<Placed>),
    Paid {
        id: String,
        state: PaymentState,
        version: i64,
        payload: Vec<u8>,
    },
    Refunded {
        state: PaymentState,
        version: i64,
    },
    CancelRequested {
        request: CancelRequest,
        version: i64,
    },
    Cancelled {
        reason: String,
        version: i64,
    },
    Completed {
        version: i64,
    },
    /// The platform has another address: whoever owns the order answers.
    AddressChangeRequested {
        request_id: String,
        ship_to: ShipTo,
        version: i64,
    },
    NoteChanged {
        remarks: Remarks,
        version: i64,
    },
    HoldsChanged {
        holds: Vec<String>,
        version: i64,
    },
    LinesChanged {
        deltas: Vec<LineDelta>,
        version: i64,
    },
    /// Goods have left, whoever sent them.
    Shipped {
        shipped: Shipped,
        version: i64,
    },
    /// The platform is to be asked for the order, until it is known at this version or later.
    Announced {
        announced: Box<Announced>,
        version: i64,
    },
    /// It was asked, and has no such order.
    AnnouncementDropped {
        reason: String,
        version: i64,
    },
    /// A newer version that changed nothing that is kept: said so that an older one, come later, is known as stale.
    Observed {
        version: i64,
    },
}

impl Fact {
    /// The version of the content that a fact tells of, where it tells of one: some are only said of content, others of a thin notice
    /// too, and then without a version.
    pub(super) fn content_version(&self) -> Option<i64> {
        match self {
            Fact::Placed(placed) => Some(placed.version),
            Fact::AddressChangeRequested { version, .. }
            | Fact::NoteChanged { version, .. }
            | Fact::HoldsChanged { version, .. }
            | Fact::LinesChanged { version, .. }
            | Fact::Observed { version } => Some(*version),
            Fact::Paid { version, .. }
            | Fact::Refunded { version, .. }
            | Fact::CancelRequested { version, .. }
            | Fact::Cancelled { version, .. }
            | Fact::Completed { version }
            | Fact::Shipped { version, .. } => (*version > 0).then_some(*version),
            Fact::Announced { .. } | Fact::AnnouncementDropped { .. } => None,
        }
    }
}

/// An order that was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub version: i64,
    pub placed_at: Millis,
    pub terms: Terms,
    /// What is known in all, early payments included.
    pub payment: PaymentState,
    pub payment_ids: Vec<String>,
    pub lines: Vec<PlacedLine>,
    pub place: Place,
    pub remarks: Remarks,
    pub holds: Vec<String>,
    pub payload: Vec<u8>,
}

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedLine {
    pub id: String,
    /// Ours; empty: unmapped.
    pub sku: String,
    pub quantity: i64,
}

/// A line's change in quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineDelta {
    pub line_id: String,
    /// Positive: added; negative: taken away.
    pub quantity: i64,
    /// Our SKU and the line itself, where it is new.
    pub line: Option<(String, Vec<u8>)>,
}
