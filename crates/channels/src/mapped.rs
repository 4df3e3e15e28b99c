//! What a delivery says, in Weir's words, before anybody judged whether it is new.

use crate::Identity;
use weir_proto::order::v1::{Order, Payment, PaymentState};
use weir_proto::privacy::v1::Personal;

/// A delivery that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapped {
    /// The platform's word for the kind of message.
    pub kind: String,
    /// The same over retries of one message; may be empty.
    pub delivery_id: String,
    pub platform_order_id: String,
    /// Monotonic per order in the platform's own measure.
    pub version: i64,
    /// The whole order, where the delivery carries it.
    pub order: Option<Box<Draft>>,
    /// What the platform says of the payment; unspecified: nothing.
    pub payment_state: PaymentState,
    /// The payment that is told, where there is one.
    pub payment: Option<Payment>,
    /// The platform has closed the order, and why.
    pub cancelled: Option<String>,
    /// Somebody asks that it be cancelled.
    pub cancel_requested: Option<CancelRequest>,
    pub completed: bool,
    /// What the platform says has left for the buyer, whoever sent it.
    pub shipped: Shipped,
    /// The delivery tells that the order has come or changed and does not carry it: it must be pulled. `version` says up to where.
    pub announced: bool,
}

/// How much of an order has left, by its platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shipped {
    #[default]
    Nothing,
    Partly,
    Wholly,
}

impl Mapped {
    /// Which order, and which delivery.
    pub fn identity(&self) -> Identity {
        Identity {
            kind: self.kind.clone(),
            delivery_id: self.delivery_id.clone(),
            platform_order_id: self.platform_order_id.clone(),
        }
    }
}

/// An order without what only its tenant can add: ids, seals, hashes, our own SKUs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    pub order: Order,
    pub personal: Personal,
    /// Another contact than the recipient's: who buys. Empty: the same.
    pub buyer_email: String,
    pub buyer_phone: String,
}

/// A wish, to be answered by whoever owns the order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CancelRequest {
    pub request_id: String,
    pub reason: String,
    /// Empty: the whole order.
    pub line_ids: Vec<String>,
}
