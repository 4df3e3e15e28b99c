//! Fulfillment can't do what was planned and asks for a new plan.

use super::draft::Draft;
use super::fact::Fact;
use super::input::Reroute;
use super::outside::SHIPPED_OUTSIDE_AFTER_RELEASE;
use super::pay::SayingFirst;
use super::state::{Phase, Routing};
use super::{At, Ruling};
use weir_decider::{Decision, Ignored};

/// After as many plans that failed a person looks at it.
pub(super) const ATTEMPTS_MAX: u32 = 3;
pub(super) const REROUTE_ATTEMPTS: &str = "reroute-attempts";

impl Routing {
    pub(super) fn reroute(&self, at: At<'_>, asked: &Reroute) -> Ruling {
        match self.phase {
            Phase::Released if asked.plan == self.plan => {}
            Phase::Unknown | Phase::Parked { .. } => return Decision::ignore(Ignored::Irrelevant),
            // Of an older plan, or given up already: the answer is in the log.
            _ => return Decision::ignore(Ignored::Duplicate),
        }
        let mut excluded = self.excluded.clone();
        for warehouse in &asked.excluded {
            if !excluded.contains(warehouse) {
                excluded.push(warehouse.clone());
            }
        }
        // Counted here as well, so that a caller that always says 1 can't go round for ever.
        let attempt = asked.attempt.max(self.attempt.saturating_add(1));
        let rerouted =
            Fact::Rerouted { plan: self.plan, reason: asked.reason.clone(), excluded: excluded.clone(), attempt };
        if self.told_cancelled {
            // The outside has cancelled and the work has stopped: there is nothing to plan for.
            let cancelled = Fact::RouteCancelled { reason: "cancelled".to_owned(), request_id: String::new() };
            return Decision::say(vec![rerouted, cancelled]).tell(self.void_if_live(at, "cancelled"));
        }
        // Whether what has left, as the platform says, was ours nobody knows yet: a shop may say so when the label is printed. A person
        // looks before anything is planned anew.
        if attempt > ATTEMPTS_MAX || self.open_hold_for(SHIPPED_OUTSIDE_AFTER_RELEASE).is_some() {
            let held = Fact::Held(self.system_hold(at, self.plan, REROUTE_ATTEMPTS));
            return Decision::say(vec![rerouted, held]).tell(self.void_if_live(at, REROUTE_ATTEMPTS));
        }
        let draft = Draft { excluded, attempt, ..self.redraft() };
        self.plan_next(at, draft).saying_first(vec![rerouted])
    }
}
