//! What a delivery says, as far as the rules look into it. The rest goes through in `payload`, untouched.

use super::{PaymentState, Place};
use serde::{Deserialize, Serialize};
use weir_decider::Millis;

/// A delivery that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// "tenant/channel/shop".
    pub shop: String,
    /// The platform's version of the whole order; means nothing where there is no content.
    pub version: i64,
    /// The whole order, where the delivery carries it.
    pub content: Option<Box<Content>>,
    pub payment: Option<PaymentTold>,
    /// The platform has closed the order, and why.
    pub cancelled: Option<String>,
    pub cancel_request: Option<CancelRequest>,
    pub completed: bool,
    pub shipped: Shipped,
    /// The platform tells that the order is new or has changed, and must be asked what it is. `version` says up to where.
    pub announced: Option<Box<Announced>>,
    /// It was asked, and has no such order.
    pub not_found: Option<NotFound>,
}

/// How much of an order has left, by its platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Shipped {
    #[default]
    Nothing,
    Partly,
    Wholly,
}

/// What is needed to ask the platform for an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    pub channel: String,
    pub shop: String,
    pub platform_order_id: String,
    pub kind: String,
}

/// The platform's no.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotFound {
    /// Of the newest announcement that this answers.
    pub version: i64,
    pub reason: String,
}

/// An order as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    pub placed_at: Millis,
    pub terms: Option<Terms>,
    pub payment: PaymentState,
    pub payment_ids: Vec<String>,
    pub lines: Vec<Line>,
    pub ship_to: ShipTo,
    pub remarks: Remarks,
    pub holds: Vec<String>,
    pub payload: Vec<u8>,
}

/// A line as the platform has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub id: String,
    pub platform_sku: String,
    /// What the adapter takes for our SKU; empty: it can't tell.
    pub sku: String,
    pub quantity: i64,
    pub payload: Vec<u8>,
}

/// The address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShipTo {
    pub place: Place,
    pub payload: Vec<u8>,
}

/// What people wrote on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    pub buyer: String,
    pub seller: String,
    pub flag: String,
}

/// When money is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    Prepaid,
    CashOnDelivery,
    OnAccount,
}

/// What is said of the payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentTold {
    pub id: String,
    pub state: PaymentState,
    pub payload: Vec<u8>,
}

/// A wish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CancelRequest {
    pub request_id: String,
    pub reason: String,
    /// Empty: the whole order.
    pub line_ids: Vec<String>,
}
