//! What arrives: routes, allocations, and what people and machines ask over the command topic.

use super::{Allocation, Opened};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Planned(Opened),
    Released {
        plan: u32,
    },
    RouteCancelled {
        reason: String,
    },
    /// Routing has opened a hold.
    Held {
        reason: String,
    },
    CancelAsked(CancelAsked),
    Allocation(Allocation),
    Pick {
        pick_list_id: String,
    },
    ShortPick(ShortOrder),
    Pack {
        pick_list_id: String,
        weight_grams: i64,
    },
    Ship(ShipOrder),
    Scan {
        tracking_number: String,
        kind: String,
        scanned_at_ms: i64,
    },
    /// A fact of another service that means nothing here.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelAsked {
    pub request_id: String,
    pub reason: String,
    pub asker: Asker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A command, whose caller waits for the answer.
    Caller,
    /// Routing passes it on. `done_outside`: the platform has cancelled already and only tells.
    Routing { done_outside: bool },
}

/// A picker did not find all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortOrder {
    pub pick_list_id: String,
    /// Empty: all that is on the list.
    pub missing: Vec<MissingLine>,
    pub reason: ShortReason,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingLine {
    pub line_id: String,
    pub quantity: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortReason {
    NotFound,
    Damaged,
    NoCapacity,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipOrder {
    pub pick_list_id: String,
    pub carrier: String,
    pub tracking_number: String,
}

impl ShortReason {
    pub const ALL: [ShortReason; 3] = [ShortReason::NotFound, ShortReason::Damaged, ShortReason::NoCapacity];

    pub fn slug(self) -> &'static str {
        match self {
            ShortReason::NotFound => "not-found",
            ShortReason::Damaged => "damaged",
            ShortReason::NoCapacity => "no-capacity",
        }
    }

    pub fn parse(slug: &str) -> Option<ShortReason> {
        ShortReason::ALL.into_iter().find(|reason| reason.slug() == slug)
    }
}
