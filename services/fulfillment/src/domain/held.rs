//! Routing opened a hold. Where it was asked for another plan and has made none, that is its answer: a person decides, and
//! nobody is late. Any other hold is routing's own affair, and is no word on the plan that was asked for.

use super::{Fact, Fulfillment, Verdict};
use weir_decider::{Decision, Ignored};

/// The reason of a hold that stands in a new plan's place, as the contract of `Rerouted` names it.
const INSTEAD_OF_A_PLAN: &str = "reroute-attempts";

pub(super) fn decide(state: &Fulfillment, reason: &str) -> Verdict {
    let asked = state.ended.is_none() && state.stopped && !state.anything_shipped();
    if !asked || reason != INSTEAD_OF_A_PLAN {
        return Decision::ignore(Ignored::Irrelevant);
    }
    if state.on_hold {
        return Decision::ignore(Ignored::Duplicate);
    }
    Decision::say(vec![Fact::OnHold { reason: reason.to_owned() }])
}

#[cfg(test)]
mod tests {
    //! A hold in the place of a plan ends the wait for routing; a plan ends the hold.
    use super::super::samples::*;
    use super::*;
    use crate::domain::{Input, StopReason};
    use weir_decider::{Decider as _, Scenario, given};

    fn held(reason: &str) -> Input {
        Input::Held { reason: reason.to_owned() }
    }

    fn on_hold() -> Fact {
        Fact::OnHold { reason: INSTEAD_OF_A_PLAN.to_owned() }
    }

    fn stopped() -> Scenario<Fulfillment> {
        given(issued().into_iter().chain([Fact::WorkStopped { plan: 1, reason: StopReason::ShortPick, attempt: 1 }]))
    }

    #[test]
    fn it_is_a_persons_turn_and_nobody_is_late() {
        assert!(stopped().state().deadline().is_some());
        let scenario = stopped().when(&held(INSTEAD_OF_A_PLAN)).then(&[on_hold()]).tells(&[]).and();
        assert_eq!(scenario.state().deadline(), None);
        let scenario = scenario.when(&held(INSTEAD_OF_A_PLAN)).ignores(Ignored::Duplicate).and();
        let anew = scenario.when(&planned(2)).then(&[Fact::Resumed, opened(2)]).and();
        assert!(!anew.state().on_hold);
        // The next stop waits for routing again.
        let lists = anew.when(&allocated(2, 3)).and().when(&released(2)).and();
        let order = crate::domain::ShortOrder {
            pick_list_id: "order-1:2:w1".to_owned(),
            missing: vec![],
            reason: crate::domain::ShortReason::NotFound,
        };
        assert!(lists.when(&Input::ShortPick(order)).and().state().deadline().is_some());
    }

    #[test]
    fn another_hold_is_no_answer() {
        let scenario = stopped().when(&held("platform-hold")).ignores(Ignored::Irrelevant).and();
        assert!(scenario.state().deadline().is_some());
    }

    #[test]
    fn a_hold_of_an_order_that_asked_for_nothing_is_routings() {
        given::<Fulfillment>(issued()).when(&held(INSTEAD_OF_A_PLAN)).ignores(Ignored::Irrelevant);
        given::<Fulfillment>([]).when(&held(INSTEAD_OF_A_PLAN)).ignores(Ignored::Irrelevant);
        let ended = stopped().when(&Input::RouteCancelled { reason: "rejected".to_owned() }).and();
        ended.when(&held(INSTEAD_OF_A_PLAN)).ignores(Ignored::Irrelevant);
    }

    #[test]
    fn after_a_parcel_has_left_it_is_a_person_already() {
        let stop = Fact::WorkStopped { plan: 1, reason: StopReason::PartlyShipped, attempt: 0 };
        let facts = issued_at_two().into_iter().chain(shipped_first()).chain([stop]);
        given::<Fulfillment>(facts).when(&held(INSTEAD_OF_A_PLAN)).ignores(Ignored::Irrelevant);
    }
}
