//! The platform says that goods have left which routing has not released: somebody else has shipped them, and they are not
//! shipped once more from here.
//!
//! Once the order is released the parcel may be ours: a warehouse tells the platform, or we do. Then nothing is stopped, and a
//! person is asked until our own parcels have left.

use super::fact::{Fact, Resolution};
use super::state::{Phase, Routing};
use super::{At, Ruling};
use weir_decider::plant::planted;
use weir_decider::{Decision, Ignored};

pub(super) const SHIPPED_OUTSIDE: &str = "shipped-outside";
/// A person decides whether the rest is shipped from here: which lines have left, no platform tells alike.
pub(super) const PARTLY_SHIPPED_OUTSIDE: &str = "partly-shipped-outside";
/// Ours, or a second parcel of the same.
pub(super) const SHIPPED_OUTSIDE_AFTER_RELEASE: &str = "shipped-outside-after-release";

impl Routing {
    pub(super) fn shipped_outside(&self, at: At<'_>, wholly: bool) -> Ruling {
        if planted("shipped-twice") {
            return Decision::ignore(Ignored::Irrelevant);
        }
        match self.phase {
            // Before the order as well, so that the order which follows is not planned.
            Phase::Unknown | Phase::Parked { .. } | Phase::Waiting if wholly => self.end_outside(at),
            Phase::Unknown | Phase::Parked { .. } | Phase::Waiting => self.ask_once(at, PARTLY_SHIPPED_OUTSIDE),
            // A part is what each of our own parcels makes it say.
            Phase::Released if wholly => self.ask_once(at, SHIPPED_OUTSIDE_AFTER_RELEASE),
            Phase::Released | Phase::Cancelled { .. } | Phase::Ended { .. } => Decision::ignore(Ignored::Irrelevant),
            Phase::ShippedOutside { .. } => Decision::ignore(Ignored::Unchanged),
        }
    }

    /// Nothing of it leaves from here.
    pub(super) fn end_outside(&self, at: At<'_>) -> Ruling {
        let plan = if self.live { self.plan } else { 0 };
        Decision::say(vec![Fact::ShippedOutside { plan }]).tell(self.void_if_live(at, SHIPPED_OUTSIDE))
    }

    /// The question whose parcel was ours, if our last parcel has left: it answers itself.
    pub(super) fn answered_by_our_parcel(&self) -> Option<Fact> {
        let hold = self.open_hold_for(SHIPPED_OUTSIDE_AFTER_RELEASE)?;
        let note = "shipped from here".to_owned();
        Some(Fact::HoldResolved { hold_id: hold.id.clone(), resolution: Resolution::Lifted, note })
    }

    /// Not again once it was answered: the platform says the same in more than one message.
    fn ask_once(&self, at: At<'_>, reason: &str) -> Ruling {
        match self.holds.iter().any(|hold| hold.reason == reason) {
            true => Decision::ignore(Ignored::Unchanged),
            false => Decision::say(vec![Fact::Held(self.system_hold(at, self.plan, reason))]),
        }
    }
}
