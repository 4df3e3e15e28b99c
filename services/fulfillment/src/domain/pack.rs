//! What was picked is in a parcel. A list makes one parcel, which has the list's id.

use super::{Fact, Fulfillment, Stage, Verdict, wrong_state};
use weir_decider::Decision;

pub(super) fn decide(state: &Fulfillment, pick_list_id: &str, weight_grams: i64) -> Verdict {
    let list = match state.list(pick_list_id) {
        Ok(list) => list,
        Err(refusal) => return refusal,
    };
    match &list.stage {
        Stage::Picked => Decision::say(vec![Fact::Packed {
            pick_list_id: pick_list_id.to_owned(),
            parcel_id: pick_list_id.to_owned(),
            weight_grams,
        }]),
        other => wrong_state(pick_list_id, other, "picked"),
    }
}

#[cfg(test)]
mod tests {
    //! Packed only after picked, and once.
    use super::super::samples::*;
    use super::*;
    use weir_decider::given;

    #[test]
    fn a_picked_list_is_packed() {
        let facts = issued().into_iter().chain([picked("order-1:1:w1")]);
        given::<Fulfillment>(facts).when(&pack("order-1:1:w1")).then(&[packed("order-1:1:w1")]);
    }

    #[test]
    fn nothing_is_packed_before_it_is_picked() {
        given::<Fulfillment>(issued()).when(&pack("order-1:1:w1")).refuses("wrong-state");
    }

    #[test]
    fn a_list_is_not_packed_twice() {
        let facts = issued().into_iter().chain([picked("order-1:1:w1"), packed("order-1:1:w1")]);
        given::<Fulfillment>(facts).when(&pack("order-1:1:w1")).refuses("wrong-state");
    }

    #[test]
    fn an_unknown_list_is_refused() {
        given::<Fulfillment>(issued()).when(&pack("order-1:2:w1")).refuses("unknown-pick-list");
    }

    #[test]
    fn a_cancelled_order_is_not_packed() {
        let facts = issued().into_iter().chain([cancel_accepted("r-1")]);
        given::<Fulfillment>(facts).when(&pack("order-1:1:w1")).refuses("not-open");
    }
}
