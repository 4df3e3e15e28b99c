//! A parcel leaves the warehouse: inventory issues its stock, and the last one ends the order.

use super::{End, Fact, Fulfillment, Message, Outcome, PickList, ShipOrder, Stage, Verdict, wrong_state};
use weir_decider::{Decision, Ignored};

pub(super) fn decide(state: &Fulfillment, order: &ShipOrder) -> Verdict {
    let list = match state.list(&order.pick_list_id) {
        Ok(list) => list,
        Err(refusal) => return refusal,
    };
    match &list.stage {
        Stage::Packed => {
            let last = is_last(state, &order.pick_list_id);
            let shipped = Fact::Shipped {
                pick_list_id: order.pick_list_id.clone(),
                parcel_id: order.pick_list_id.clone(),
                carrier: order.carrier.clone(),
                tracking_number: order.tracking_number.clone(),
                lines: list.lines.clone(),
                last,
            };
            Decision::say(vec![shipped]).tell(messages(state, list, last))
        }
        Stage::Shipped { carrier, tracking_number }
            if (carrier, tracking_number) == (&order.carrier, &order.tracking_number) =>
        {
            let ended = state.ended.as_ref().is_some_and(|ended| ended.how == End::Shipped);
            Decision::ignore(Ignored::Duplicate).tell(messages(state, list, ended))
        }
        other => wrong_state(&order.pick_list_id, other, "packed"),
    }
}

/// Whether everything else has left.
fn is_last(state: &Fulfillment, pick_list_id: &str) -> bool {
    let mut others = state.lists.iter().filter(|(id, _)| id.as_str() != pick_list_id);
    others.all(|(_, list)| matches!(list.stage, Stage::Shipped { .. }))
}

fn messages(state: &Fulfillment, list: &PickList, last: bool) -> Vec<Message> {
    let plan = state.plan_version();
    let pools = state.by_pool(&list.lines).into_iter();
    let mut messages: Vec<Message> = pools.map(|(pool, lines)| Message::Issue { pool, plan, lines }).collect();
    if last {
        // A pool that took its word back under the hands of the picker may hold stock, or a place in its queue, still.
        let moved = state.words.iter().filter(|(_, word)| word.plan == plan && word.moved);
        let moved = moved.map(|(pool, _)| pool.as_str());
        messages.extend(Message::void_all(moved, plan, "shipped-otherwise"));
        messages.push(Message::NoteOutcome(Outcome::Shipped));
    }
    messages
}

#[cfg(test)]
mod tests {
    //! Shipped only after packed; stock is issued by pool; the last parcel ends the order.
    use super::super::samples::*;
    use super::*;
    use crate::domain::{Allocation, Said, StockEffect};
    use weir_decider::{Decider as _, Millis, given};

    fn packed_one() -> Vec<Fact> {
        issued().into_iter().chain([picked("order-1:1:w1"), packed("order-1:1:w1")]).collect()
    }

    fn issue(lines: Vec<crate::domain::Placed>) -> Message {
        Message::Issue { pool: "main".to_owned(), plan: 1, lines }
    }

    #[test]
    fn the_only_parcel_ends_the_order() {
        let verdict = given::<Fulfillment>(packed_one()).at(1_000).when(&ship("order-1:1:w1", "T1"));
        let scenario = verdict
            .then(&[shipped("order-1:1:w1", "T1", vec![placed("l1", "A", "w1", 2)], true)])
            .tells(&[issue(vec![placed("l1", "A", "w1", 2)]), Message::NoteOutcome(Outcome::Shipped)])
            .and();
        let rest = scenario.state().rest().expect("it has ended");
        assert_eq!((rest.from, rest.end_state), (Millis(1_000 + 30 * 24 * 3_600_000), 1));
    }

    #[test]
    fn the_first_of_two_does_not_end_it() {
        let facts = issued_at_two().into_iter().chain(shipped_first());
        let scenario = given::<Fulfillment>(facts);
        assert_eq!(scenario.state().rest(), None);
        let scenario = scenario.when(&pick("order-1:1:w2")).and().when(&pack("order-1:1:w2")).and();
        scenario
            .when(&ship("order-1:1:w2", "T2"))
            .then(&[shipped("order-1:1:w2", "T2", vec![placed("l2", "B", "w2", 1)], true)])
            .tells(&[issue(vec![placed("l2", "B", "w2", 1)]), Message::NoteOutcome(Outcome::Shipped)]);
    }

    #[test]
    fn the_same_parcel_again_tells_the_same_again() {
        given::<Fulfillment>(packed_one())
            .when(&ship("order-1:1:w1", "T1"))
            .and()
            .when(&ship("order-1:1:w1", "T1"))
            .ignores(Ignored::Duplicate)
            .tells(&[issue(vec![placed("l1", "A", "w1", 2)]), Message::NoteOutcome(Outcome::Shipped)]);
    }

    #[test]
    fn another_number_for_a_shipped_parcel_is_refused() {
        given::<Fulfillment>(packed_one())
            .when(&ship("order-1:1:w1", "T1"))
            .and()
            .when(&ship("order-1:1:w1", "T2"))
            .refuses("wrong-state");
    }

    #[test]
    fn nothing_ships_before_it_is_packed() {
        given::<Fulfillment>(issued()).when(&ship("order-1:1:w1", "T1")).refuses("wrong-state");
        let facts = issued().into_iter().chain([picked("order-1:1:w1")]);
        given::<Fulfillment>(facts).when(&ship("order-1:1:w1", "T1")).refuses("wrong-state");
    }

    #[test]
    fn unknown_lists_and_cancelled_orders_are_refused() {
        given::<Fulfillment>([]).when(&ship("order-1:1:w1", "T1")).refuses("unknown-pick-list");
        let facts = issued().into_iter().chain([cancel_accepted("r-1")]);
        given::<Fulfillment>(facts).when(&ship("order-1:1:w1", "T1")).refuses("not-open");
    }

    #[test]
    fn what_a_pool_took_back_under_the_pick_is_given_back_at_the_end() {
        let back = Allocation { said: Said::Deallocated, lines: vec![], ..word(1, 2) };
        let facts =
            issued().into_iter().chain([picked("order-1:1:w1"), Fact::AllocationNoted(back), packed("order-1:1:w1")]);
        given::<Fulfillment>(facts).when(&ship("order-1:1:w1", "T1")).tells(&[
            issue(vec![placed("l1", "A", "w1", 2)]),
            Message::Void {
                pool: "main".to_owned(),
                plan: 1,
                reason: "shipped-otherwise".to_owned(),
                lines: vec![],
                effect: StockEffect::None,
            },
            Message::NoteOutcome(Outcome::Shipped),
        ]);
    }
}
