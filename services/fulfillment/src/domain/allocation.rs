//! Inventory's word on a plan: it may come before the plan, and may be taken back.

use super::{Allocation, Fact, Fulfillment, Said, Stage, StopReason, Verdict, issue};
use weir_decider::{Decision, Ignored, Moment};

pub(super) fn decide(state: &Fulfillment, moment: Moment<'_, ()>, word: &Allocation) -> Verdict {
    if state.ended.is_some() {
        return Decision::ignore(Ignored::Irrelevant);
    }
    match state.words.get(&word.pool).map(|known| known.sequence) {
        Some(known) if word.sequence == known => return Decision::ignore(Ignored::Duplicate),
        Some(known) if word.sequence < known => return Decision::ignore(Ignored::Stale),
        Some(_) | None => {}
    }
    let plan = state.plan_version();
    if word.plan < plan || (word.plan == plan && state.stopped) {
        return Decision::ignore(Ignored::Stale);
    }
    let mut facts = vec![Fact::AllocationNoted(word.clone())];
    if withdraws(state, word) {
        let attempt = state.plan.as_ref().map_or(0, |plan| plan.attempt);
        facts.push(Fact::WorkStopped { plan, reason: StopReason::Deallocated, attempt });
    }
    issue::settle(state, moment, facts)
}

/// Whether the word takes back what the open lists stand on. Once a hand has taken something from a shelf the lists stay:
/// what is picked is not there for anybody else, and whatever is missing will show as a short pick.
fn withdraws(state: &Fulfillment, word: &Allocation) -> bool {
    let begun = word.plan == state.plan_version() && !state.lists.is_empty();
    let untouched = state.lists.values().all(|list| list.stage == Stage::Open);
    let known = state.words.get(&word.pool);
    let same = word.said == Said::Allocated && known.is_some_and(|known| known.lines == word.lines);
    begun && untouched && !same
}

#[cfg(test)]
mod tests {
    //! Words are noted in whatever order, repeats dropped by sequence, and taken back while nothing is picked.
    use super::super::samples::*;
    use super::*;
    use crate::domain::Input;
    use weir_decider::given;

    fn deallocated(sequence: u64) -> Allocation {
        Allocation { said: Said::Deallocated, lines: vec![], ..word(1, sequence) }
    }

    fn stopped() -> Fact {
        Fact::WorkStopped { plan: 1, reason: StopReason::Deallocated, attempt: 0 }
    }

    #[test]
    fn a_word_before_its_plan_is_kept() {
        given::<Fulfillment>([])
            .when(&allocated(1, 1))
            .then(&[noted(1, 1)])
            .and()
            .when(&planned(1))
            .then(&[opened(1)])
            .and()
            .when(&released(1))
            .then(&[release_noted(1), list_issued(1, "w1")]);
    }

    #[test]
    fn a_repeat_is_known_by_its_sequence() {
        given::<Fulfillment>(issued()).when(&allocated(1, 1)).ignores(Ignored::Duplicate);
        given::<Fulfillment>([opened(1), noted(1, 2)]).when(&allocated(1, 1)).ignores(Ignored::Stale);
    }

    #[test]
    fn a_word_on_an_old_plan_is_stale() {
        given::<Fulfillment>([opened(2)]).when(&allocated(1, 1)).ignores(Ignored::Stale);
    }

    #[test]
    fn a_word_on_a_stopped_plan_is_stale() {
        let stopped = Fact::WorkStopped { plan: 1, reason: StopReason::ShortPick, attempt: 1 };
        let facts = issued().into_iter().chain([stopped]);
        given::<Fulfillment>(facts).when(&allocated(1, 2)).ignores(Ignored::Stale);
    }

    #[test]
    fn what_waits_for_stock_is_noted_and_issues_nothing() {
        let waits = Allocation { said: Said::Backordered, lines: vec![], ..word(1, 1) };
        given::<Fulfillment>([opened(1), release_noted(1)])
            .when(&Input::Allocation(waits.clone()))
            .then(&[Fact::AllocationNoted(waits)])
            .and()
            .when(&allocated(1, 2))
            .then(&[noted(1, 2), list_issued(1, "w1")]);
    }

    #[test]
    fn a_part_of_the_quantity_is_not_enough() {
        let mut part = word(1, 1);
        part.lines[0].quantity -= 1;
        given::<Fulfillment>([opened(1), release_noted(1)])
            .when(&Input::Allocation(part.clone()))
            .then(&[Fact::AllocationNoted(part)]);
    }

    #[test]
    fn taken_back_before_the_pick_and_given_again_makes_a_new_list() {
        let back = deallocated(2);
        given::<Fulfillment>(issued())
            .when(&Input::Allocation(back.clone()))
            .then(&[Fact::AllocationNoted(back), stopped()])
            .and()
            .when(&allocated(1, 3))
            .then(&[noted(1, 3), renamed(list_issued(1, "w1"), "order-1:1:w1:2")]);
    }

    #[test]
    fn moved_to_another_warehouse_before_the_pick_makes_a_new_list_at_once() {
        let mut moved = word(1, 2);
        moved.lines = vec![placed("l1", "A", "w2", 2)];
        given::<Fulfillment>(issued()).when(&Input::Allocation(moved.clone())).then(&[
            Fact::AllocationNoted(moved),
            stopped(),
            renamed(list_issued(1, "w2"), "order-1:1:w2:2"),
        ]);
    }

    #[test]
    fn taken_back_after_the_pick_is_noted_and_the_work_goes_on() {
        let back = deallocated(2);
        given::<Fulfillment>(issued().into_iter().chain([picked("order-1:1:w1")]))
            .when(&Input::Allocation(back.clone()))
            .then(&[Fact::AllocationNoted(back)]);
    }

    #[test]
    fn after_the_end_no_word_matters() {
        given::<Fulfillment>([opened(1), cancel_accepted("r-1")]).when(&allocated(1, 1)).ignores(Ignored::Irrelevant);
    }
}
