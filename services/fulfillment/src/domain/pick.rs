//! A hand has taken all that is on a list.

use super::{Fact, Fulfillment, Stage, Verdict, wrong_state};
use weir_decider::Decision;

pub(super) fn decide(state: &Fulfillment, pick_list_id: &str) -> Verdict {
    let list = match state.list(pick_list_id) {
        Ok(list) => list,
        Err(refusal) => return refusal,
    };
    match &list.stage {
        Stage::Open => Decision::say(vec![Fact::Picked { pick_list_id: pick_list_id.to_owned() }]),
        // Not a repeat, which carries its command's id: a second hand is at the same list.
        other => wrong_state(pick_list_id, other, "open"),
    }
}

#[cfg(test)]
mod tests {
    //! A list is picked once.
    use super::super::samples::*;
    use super::*;
    use crate::domain::StopReason;
    use weir_decider::given;

    #[test]
    fn an_open_list_is_picked() {
        given::<Fulfillment>(issued()).when(&pick("order-1:1:w1")).then(&[picked("order-1:1:w1")]);
    }

    #[test]
    fn a_second_hand_is_refused() {
        let facts = issued().into_iter().chain([picked("order-1:1:w1")]);
        given::<Fulfillment>(facts).when(&pick("order-1:1:w1")).refuses("wrong-state");
    }

    #[test]
    fn a_list_that_was_never_issued_is_unknown() {
        given::<Fulfillment>([]).when(&pick("order-1:1:w1")).refuses("unknown-pick-list");
        given::<Fulfillment>(issued()).when(&pick("order-1:1:w9")).refuses("unknown-pick-list");
    }

    #[test]
    fn a_withdrawn_list_is_not_open() {
        let stopped = Fact::WorkStopped { plan: 1, reason: StopReason::ShortPick, attempt: 1 };
        let facts = issued().into_iter().chain([stopped]);
        given::<Fulfillment>(facts).when(&pick("order-1:1:w1")).refuses("not-open");
    }

    #[test]
    fn a_cancelled_order_is_not_open() {
        let facts = issued().into_iter().chain([cancel_accepted("r-1")]);
        given::<Fulfillment>(facts).when(&pick("order-1:1:w1")).refuses("not-open");
    }
}
