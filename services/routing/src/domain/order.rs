//! What routing knows of an order: no more than a plan is made from.

use serde::{Deserialize, Serialize};

/// An amount in the minor unit of its currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: String,
}

/// Where it goes, as far as a price depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    pub country: String,
    pub province: String,
}

/// One line's demand. An empty SKU is an unmapped one, which the order waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub line_id: String,
    pub sku: String,
    pub quantity: i64,
    pub pool: String,
}

/// When the order must be paid for to be shipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Terms {
    #[default]
    Prepaid,
    CashOnDelivery,
    OnAccount,
}

/// What has been paid in all, in the order in which it comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Payment {
    #[default]
    Pending,
    Authorized,
    /// An authorisation that came to nothing; a payment may follow all the same.
    Voided,
    PartlyPaid,
    Paid,
    PartlyRefunded,
    Refunded,
}

/// The order, kept for as long as a new plan may be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub tenant: String,
    pub channel: String,
    pub shop: String,
    pub platform_order_id: String,
    pub lines: Vec<Line>,
    pub region: Region,
    pub payable: Money,
    /// `None` until the order, its shop or a rule has said. Once settled they stay, unless a rule says otherwise.
    pub terms: Option<Terms>,
    pub placed_at: i64,
    /// 0: it may stay unpaid.
    pub pay_by: i64,
    pub ship_by: i64,
    pub urgent: bool,
    pub partial_allowed: bool,
}

/// By what terms and until when an order must be paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub terms: Terms,
    /// As [`Order::pay_by`].
    pub pay_by: i64,
}

/// What is said of an order to those who read the routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    pub order: Order,
    pub payment: Payment,
    /// The address as it came, with its sealed part: routing carries it and never looks inside.
    pub ship_to: Vec<u8>,
}

impl Region {
    /// Whether a condition "Country" or "Country/Province" covers it.
    pub fn is_in(&self, wanted: &str) -> bool {
        match wanted.split_once('/') {
            Some((country, province)) => country == self.country && province == self.province,
            None => wanted == self.country,
        }
    }
}

impl Terms {
    /// Whether what was paid is enough to ship. A refund follows a payment, so it does not undo this; a hold guards it.
    pub fn met_by(self, payment: Payment) -> bool {
        match self {
            Terms::CashOnDelivery | Terms::OnAccount => true,
            Terms::Prepaid => (Payment::Paid..=Payment::Refunded).contains(&payment),
        }
    }
}

impl Order {
    /// What nobody has settled is paid for in advance.
    pub fn terms_in_force(&self) -> Terms {
        self.terms.unwrap_or_default()
    }

    /// What keeps it from being planned at all.
    pub fn obstacle(&self) -> Option<&'static str> {
        if self.lines.is_empty() {
            Some("nothing-to-ship")
        } else if self.lines.iter().any(|line| line.sku.is_empty()) {
            Some("unmapped-sku")
        } else {
            None
        }
    }
}
