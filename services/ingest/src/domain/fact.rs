//! What the clerk says of an order. A version of 0 means that the delivery was thin: it told nothing of the content.

use super::{CancelRequest, PaymentState, Place, Remarks, ShipTo, Terms};
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
    /// A newer version that changed nothing that is kept: said so that an older one, come later, is known as stale.
    Observed {
        version: i64,
    },
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
