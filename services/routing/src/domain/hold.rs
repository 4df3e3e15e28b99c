//! Holds: approved, rejected, set and lifted by the platform.

use super::draft::{NO_WAREHOUSE, PLATFORM_HOLD, has_candidate};
use super::fact::{Fact, Resolution};
use super::input::HoldAnswer;
use super::pay::SayingFirst;
use super::state::{Hold, Phase, Routing, Standing};
use super::{At, Ruling, refusal};
use weir_decider::{Decision, Ignored};

impl Routing {
    pub(super) fn approve(&self, at: At<'_>, answer: &HoldAnswer) -> Ruling {
        let hold = match self.answerable(&answer.hold_id) {
            Ok(hold) => hold,
            Err(refusal) => return refusal,
        };
        if hold.reason == NO_WAREHOUSE
            && let Some(order) = &self.order
            && !has_candidate(at.world, order)
        {
            return Decision::refuse(refusal::NO_WAREHOUSE, "still no open warehouse serves the address");
        }
        self.resolve(at, &answer.hold_id, Resolution::Approved, &answer.note)
    }

    pub(super) fn reject(&self, at: At<'_>, answer: &HoldAnswer) -> Ruling {
        if let Err(refusal) = self.answerable(&answer.hold_id) {
            return refusal;
        }
        let resolved = resolved(&answer.hold_id, Resolution::Rejected, &answer.note);
        match self.phase {
            // Before the order as well: what is asked there is whether it may leave at all.
            Phase::Unknown | Phase::Parked { .. } | Phase::Waiting => {
                let cancelled = Fact::RouteCancelled { reason: "rejected".to_owned(), request_id: String::new() };
                Decision::say(vec![resolved, cancelled]).tell(self.void_if_live(at, "rejected"))
            }
            // Fulfillment owns the order, or nobody does: the answer closes the question and moves nothing.
            _ => Decision::say(vec![resolved]),
        }
    }

    /// The platform tells all its reasons not to ship for now.
    pub(super) fn platform_holds(&self, at: At<'_>, holds: &[String]) -> Ruling {
        let open = self.open_hold_for(PLATFORM_HOLD).map(|hold| hold.id.clone());
        match (self.phase, open) {
            (Phase::Unknown | Phase::Cancelled { .. } | Phase::Ended { .. } | Phase::ShippedOutside { .. }, _) => {
                Decision::ignore(Ignored::Irrelevant)
            }
            (_, None) if !holds.is_empty() => {
                Decision::say(vec![Fact::Held(self.system_hold(at, self.plan, PLATFORM_HOLD))])
            }
            (_, Some(hold_id)) if holds.is_empty() => self.resolve(at, &hold_id, Resolution::Lifted, ""),
            _ => Decision::ignore(Ignored::Unchanged),
        }
    }

    /// The hold of that id if it waits for an answer.
    fn answerable(&self, hold_id: &str) -> Result<&Hold, Ruling> {
        let Some(hold) = self.holds.iter().find(|hold| hold.id == hold_id) else {
            return Err(Decision::refuse(refusal::UNKNOWN_HOLD, format!("the order has no hold {hold_id}")));
        };
        match hold.standing {
            Standing::Open => Ok(hold),
            Standing::Resolved => {
                Err(Decision::refuse(refusal::HOLD_ALREADY_RESOLVED, format!("{hold_id} was answered before")))
            }
            Standing::Dropped => {
                Err(Decision::refuse(refusal::ORDER_CANCELLED, format!("{hold_id} ended with its order")))
            }
        }
    }

    /// Resolves a hold; the last one releases the order where it is paid.
    fn resolve(&self, at: At<'_>, hold_id: &str, resolution: Resolution, note: &str) -> Ruling {
        let facts = vec![resolved(hold_id, resolution, note)];
        let known = self.after(at.at.0, &facts);
        let free = known.phase == Phase::Waiting && !known.has_open_hold();
        if free && known.is_paid_enough() {
            known.release_or_replan(at).saying_first(facts)
        } else {
            Decision::say(facts)
        }
    }
}

fn resolved(hold_id: &str, resolution: Resolution, note: &str) -> Fact {
    Fact::HoldResolved { hold_id: hold_id.to_owned(), resolution, note: note.to_owned() }
}
