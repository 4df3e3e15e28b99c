//! What tells one notice of an order from another: what happened, by which way, to whom.

use serde::{Deserialize, Serialize};

/// What is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    Placed,
    Shipped,
    Cancelled,
    Held,
}

/// By which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Medium {
    Email,
    Webhook,
}

/// To whom; the address is found when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Addressee {
    Buyer,
    Shop,
    ReviewDesk,
}

/// Decided once for each order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    pub kind: Kind,
    pub medium: Medium,
    pub to: Addressee,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Placed, Kind::Shipped, Kind::Cancelled, Kind::Held];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Placed => "placed",
            Kind::Shipped => "shipped",
            Kind::Cancelled => "cancelled",
            Kind::Held => "held",
        }
    }
}

impl Medium {
    pub fn name(self) -> &'static str {
        match self {
            Medium::Email => "email",
            Medium::Webhook => "webhook",
        }
    }
}

impl Addressee {
    pub fn name(self) -> &'static str {
        match self {
            Addressee::Buyer => "buyer",
            Addressee::Shop => "shop",
            Addressee::ReviewDesk => "review-desk",
        }
    }
}

impl Subject {
    /// Every notice that an order can have.
    pub const ALL: [Subject; 8] = [
        Subject::email(Kind::Placed),
        Subject::webhook(Kind::Placed),
        Subject::email(Kind::Shipped),
        Subject::webhook(Kind::Shipped),
        Subject::email(Kind::Cancelled),
        Subject::webhook(Kind::Cancelled),
        Subject::REVIEW,
        Subject::webhook(Kind::Held),
    ];

    /// The mail to the desk that looks through holds.
    pub const REVIEW: Subject = Subject { kind: Kind::Held, medium: Medium::Email, to: Addressee::ReviewDesk };

    /// The buyer's e-mail.
    pub const fn email(kind: Kind) -> Subject {
        Subject { kind, medium: Medium::Email, to: Addressee::Buyer }
    }

    /// The shop's webhook.
    pub const fn webhook(kind: Kind) -> Subject {
        Subject { kind, medium: Medium::Webhook, to: Addressee::Shop }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The id of a notice is made of them, so another name would send it again.
    #[test]
    fn names_never_change() {
        assert_eq!(Kind::ALL.map(Kind::name), ["placed", "shipped", "cancelled", "held"]);
        assert_eq!([Medium::Email, Medium::Webhook].map(Medium::name), ["email", "webhook"]);
        let to = [Addressee::Buyer, Addressee::Shop, Addressee::ReviewDesk];
        assert_eq!(to.map(Addressee::name), ["buyer", "shop", "review-desk"]);
    }
}
