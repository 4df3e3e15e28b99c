//! How an order ends: fulfillment tells, and after a while it is put to rest.

use super::fact::{Fact, Message};
use super::state::{Phase, Routing};
use super::{At, Ruling};
use weir_decider::{Decision, Ignored, Millis, Rest};

pub(super) const SHIPPED: &str = "shipped";

/// How long late payments and cancels are still expected.
const REST_AFTER: i64 = 30 * 24 * 3_600_000;
const END_CANCELLED: u32 = 1;
const END_SHIPPED: u32 = 2;
const END_SHIPPED_OUTSIDE: u32 = 3;

impl Routing {
    pub(super) fn note_outcome(&self, at: At<'_>, outcome: &str) -> Ruling {
        let noted = Fact::ShippingNoted { outcome: outcome.to_owned() };
        match self.phase {
            // A cancel may have crossed a reroute: what the newer plan took is given back.
            Phase::Released | Phase::Waiting if self.plan > 1 && outcome != SHIPPED => {
                let messages: Vec<Message> = self.void_if_live(at, "cancelled");
                Decision::say(vec![noted]).tell(messages)
            }
            Phase::Released | Phase::Waiting => {
                let answered = self.answered_by_our_parcel().filter(|_| outcome == SHIPPED);
                Decision::say([Some(noted), answered].into_iter().flatten().collect())
            }
            Phase::Cancelled { .. } | Phase::Ended { .. } | Phase::ShippedOutside { .. } => {
                Decision::ignore(Ignored::Duplicate)
            }
            Phase::Unknown | Phase::Parked { .. } => Decision::ignore(Ignored::Irrelevant),
        }
    }

    /// Nothing more is expected, unless a person still owes an answer.
    pub(super) fn rests(&self) -> Option<Rest> {
        let (at, end_state) = match self.phase {
            _ if self.has_open_hold() => return None,
            Phase::Cancelled { at } | Phase::Ended { at, shipped: false } => (at, END_CANCELLED),
            Phase::Ended { at, shipped: true } => (at, END_SHIPPED),
            Phase::ShippedOutside { at } => (at, END_SHIPPED_OUTSIDE),
            _ => return None,
        };
        Some(Rest { from: Millis(at).plus(REST_AFTER), end_state })
    }
}
