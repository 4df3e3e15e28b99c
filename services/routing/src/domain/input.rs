//! What arrives: the orders' facts, and commands of people and of fulfillment.

use super::order::{Order, Payment, Region};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Placed(Box<Placed>),
    /// A payment, a refund or a voided authorisation: what has been paid in all, after it.
    PaymentSeen(Payment, Option<super::order::Money>),
    CancellationAsked(CancellationAsked),
    /// The platform has closed the order: done, not asked.
    CancelledOutside {
        reason: String,
    },
    /// The platform says that goods have left: all of the order, or some.
    ShippedOutside {
        wholly: bool,
    },
    AddressChangeAsked {
        ship_to: Vec<u8>,
        region: Region,
    },
    LinesChanged(Vec<LineDelta>),
    /// The platform's reasons not to ship for now, all of them.
    PlatformHolds(Vec<String>),
    ApproveHold(HoldAnswer),
    RejectHold(HoldAnswer),
    Reroute(Reroute),
    NoteOutcome {
        outcome: String,
    },
    NoteRefusal {
        request_id: String,
        reason: String,
    },
    CancelOrder(CancellationAsked),
    /// Nothing that a plan depends on: a remark, a version that was seen.
    Irrelevant,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// Lines have no pool yet; `terms` are the order's own, if it names any.
    pub order: Order,
    pub payment: Payment,
    pub ship_to: Vec<u8>,
    pub platform_holds: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CancellationAsked {
    pub request_id: String,
    pub reason: String,
    /// Empty: the whole order.
    pub line_ids: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineDelta {
    pub line_id: String,
    /// Positive: added; negative: taken away.
    pub quantity: i64,
    /// The SKU of a new line, empty where it is unmapped. `None` where the delta brings no line that is shipped.
    pub sku: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldAnswer {
    pub hold_id: String,
    pub note: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reroute {
    pub plan: u32,
    pub excluded: Vec<String>,
    pub reason: String,
    pub attempt: u32,
}
