//! Orders that their platform only tells to be there: they are asked for until they are known.
//!
//! Who asks is an effect of the clerk's; the answer comes back as a delivery like any other, and so does the platform's no.

use super::fact::Fact;
use super::{Announced, Delivery, NotFound, Order};
use serde::{Deserialize, Serialize};
use weir_decider::Millis;

/// An order that is being asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub announced: Announced,
    /// What the platform's order must have reached; 0: any will do.
    pub version: i64,
    /// Since when, in log time: later notices don't make it younger.
    pub since_ms: i64,
}

impl Order {
    /// What the platform is to be asked for; nothing where all that was announced is known.
    pub fn wanted(&self) -> Option<&Wanted> {
        self.wanted.as_deref()
    }

    pub(super) fn want(&mut self, at: Millis, announced: &Announced, version: i64) {
        let known = self.wanted.as_ref().map(|wanted| (wanted.since_ms, wanted.version));
        let (since_ms, asked_for) = known.unwrap_or((at.0, 0));
        // What is asked for must not sink, nor be older than what is known: whoever is asked for version 7 is not done with any.
        let version = version.max(asked_for).max(self.version());
        self.wanted = Some(Box::new(Wanted { announced: announced.clone(), version, since_ms }));
    }

    /// The content is known at this version, or the platform has none.
    pub(super) fn want_no_more(&mut self, version: i64) {
        if self.wanted.as_ref().is_some_and(|wanted| wanted.version <= version) {
            self.wanted = None;
        }
    }
}

/// A notice is news where it tells of a later version than is known or asked for already. Without a version it always is: the
/// platform may have been asked before what it tells of.
pub(super) fn announce(order: &Order, delivery: &Delivery) -> Option<Fact> {
    let announced = delivery.announced.clone().filter(|_| delivery.content.is_none())?;
    let version = delivery.version;
    let asked_for = order.wanted().map_or(0, |wanted| wanted.version);
    let is_new = version == 0 || version > asked_for && (version > order.version() || !order.placed);
    is_new.then_some(Fact::Announced { announced, version })
}

/// The platform's no ends what was announced up to then.
pub(super) fn not_found(order: &Order, told: &NotFound) -> Option<Fact> {
    let wanted = order.wanted().filter(|wanted| wanted.version <= told.version)?;
    Some(Fact::AnnouncementDropped { reason: told.reason.clone(), version: wanted.version })
}

/// Whether a delivery holds what the platform was asked for.
pub(super) fn answers(order: &Order, delivery: &Delivery) -> bool {
    delivery.content.is_some() && order.wanted().is_some_and(|wanted| wanted.version <= delivery.version)
}
