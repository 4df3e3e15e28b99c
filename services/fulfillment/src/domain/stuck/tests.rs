//! A wait is said to take too long once; what was awaited ends it before and after.

use super::super::samples::*;
use super::*;
use crate::domain::{Allocation, Asker, CancelAsked, Input, Line, Said, ShortOrder, ShortReason, StopReason};
use weir_decider::{Decider as _, Scenario, given};

fn stuck(plan: u32, waits_for: WaitsFor, pools: &[&str], since_ms: i64) -> Fact {
    let pools = pools.iter().map(|pool| (*pool).to_owned()).collect();
    Fact::Stuck { plan, waits_for, pools, since_ms }
}

/// Opened and released at moment 0, and no pool has spoken.
fn silent() -> Scenario<Fulfillment> {
    given([opened(1), release_noted(1)])
}

/// A short pick at moment 0 has stopped the work.
fn stopped() -> Scenario<Fulfillment> {
    let (pick_list_id, missing, reason) = ("order-1:1:w1".to_owned(), vec![], ShortReason::NotFound);
    given(issued()).when(&Input::ShortPick(ShortOrder { pick_list_id, missing, reason })).and()
}

fn late(scenario: Scenario<Fulfillment>) -> Scenario<Fulfillment> {
    scenario.at(STUCK_AFTER_MS)
}

#[track_caller]
fn waits_for_nobody(scenario: Scenario<Fulfillment>) {
    assert_eq!(scenario.state().deadline(), None);
    late(scenario).when_due().ignores(Ignored::Unchanged);
}

fn said(said: Said) -> Input {
    Input::Allocation(Allocation { said, lines: vec![], ..word(1, 1) })
}

fn cancel() -> Input {
    let (request_id, reason) = ("r-1".to_owned(), "changed mind".to_owned());
    Input::CancelAsked(CancelAsked { request_id, reason, asker: Asker::Caller })
}

#[test]
fn a_silent_pool_is_told_of_once_and_nobody_is_asked_again() {
    let told = late(silent()).when_due().then(&[stuck(1, WaitsFor::Inventory, &["main"], 0)]).tells(&[]).and();
    assert_eq!(told.state().deadline(), None);
    told.at(3 * STUCK_AFTER_MS).when_due().ignores(Ignored::Unchanged);
}

#[test]
fn it_is_not_said_before_its_time() {
    assert_eq!(silent().state().deadline(), Some(Millis(STUCK_AFTER_MS)));
    silent().at(STUCK_AFTER_MS - 1).when_due().ignores(Ignored::Unchanged);
}

#[test]
fn the_wait_begins_when_the_plan_is_opened_and_released() {
    for (first, second) in [(opened(1), released(1)), (release_noted(1), planned(1))] {
        let scenario = given::<Fulfillment>([first]);
        assert_eq!(scenario.state().deadline(), None);
        let scenario = scenario.at(5_000).when(&second).and();
        assert_eq!(scenario.state().deadline(), Some(Millis(5_000 + STUCK_AFTER_MS)));
    }
}

#[test]
fn whatever_the_pool_says_is_an_answer() {
    for word in [Said::Backordered, Said::Deallocated, Said::Voided] {
        waits_for_nobody(silent().when(&said(word)).and());
    }
    waits_for_nobody(silent().when(&allocated(1, 1)).and());
    waits_for_nobody(given([noted(1, 1), opened(1)]).when(&released(1)).and());
}

#[test]
fn a_word_on_an_older_plan_is_no_answer_and_one_on_a_newer_plan_is() {
    let anew = silent().when(&said(Said::Backordered)).and().when(&planned(2)).and().when(&released(2)).and();
    late(anew).when_due().then(&[stuck(2, WaitsFor::Inventory, &["main"], 0)]);
    let newer = Allocation { said: Said::Backordered, lines: vec![], ..word(2, 1) };
    waits_for_nobody(silent().when(&Input::Allocation(newer)).and());
}

#[test]
fn of_two_pools_the_silent_one_is_named_and_keeps_its_moment() {
    let mut plan = plan(1);
    plan.lines.push(Line { pool: "cold".to_owned(), ..line("l2", "B", 1) });
    plan.lines.push(Line { pool: "cold".to_owned(), ..line("l3", "C", 1) });
    let both = || given::<Fulfillment>([Fact::Opened(plan.clone()), release_noted(1)]);
    late(both()).when_due().then(&[stuck(1, WaitsFor::Inventory, &["cold", "main"], 0)]);
    let one = both().at(70_000).when(&said(Said::Backordered)).and();
    let one = late(one).when_due().then(&[stuck(1, WaitsFor::Inventory, &["cold"], 0)]).and();
    let cold = Allocation { pool: "cold".to_owned(), said: Said::Backordered, lines: vec![], ..word(1, 1) };
    waits_for_nobody(one.when(&Input::Allocation(cold)).and());
}

#[test]
fn a_late_allocation_still_makes_the_pick_list() {
    let scenario = late(silent()).when_due().and().when(&allocated(1, 1));
    waits_for_nobody(scenario.then(&[noted(1, 1), list_issued(1, "w1")]).and());
}

#[test]
fn a_new_plan_is_a_new_wait() {
    let anew = late(silent()).when_due().and().when(&planned(2)).and();
    assert_eq!(anew.state().deadline(), None);
    let again = anew.when(&released(2)).and().at(2 * STUCK_AFTER_MS);
    again.when_due().then(&[stuck(2, WaitsFor::Inventory, &["main"], STUCK_AFTER_MS)]);
    // Also where the release was heard before the plan.
    let crossed = given::<Fulfillment>([opened(1), release_noted(1), release_noted(2), opened(2)]);
    late(crossed).when_due().then(&[stuck(2, WaitsFor::Inventory, &["main"], 0)]);
}

#[test]
fn an_order_that_has_ended_waits_for_nobody() {
    for scenario in [silent, stopped] {
        waits_for_nobody(scenario().when(&cancel()).and());
        waits_for_nobody(scenario().when(&Input::RouteCancelled { reason: "rejected".to_owned() }).and());
        waits_for_nobody(late(scenario()).when_due().and().when(&cancel()).and());
    }
}

#[test]
fn after_a_short_pick_routing_is_awaited() {
    let told = late(stopped()).when_due().then(&[stuck(1, WaitsFor::Routing, &[], 0)]).tells(&[]).and();
    assert_eq!(told.state().deadline(), None);
    let mut elsewhere = word(2, 3);
    elsewhere.lines = vec![placed("l1", "A", "w2", 2)];
    let anew = told.when(&planned(2)).then(&[opened(2)]).and();
    let noted = anew.when(&Input::Allocation(elsewhere)).and();
    waits_for_nobody(noted.when(&released(2)).then(&[release_noted(2), list_issued(2, "w2")]).and());
}

#[test]
fn a_new_plan_ends_the_wait_for_routing() {
    waits_for_nobody(stopped().when(&planned(2)).and());
}

#[test]
fn after_a_parcel_has_left_it_is_a_person_who_is_awaited() {
    let stop = Fact::WorkStopped { plan: 1, reason: StopReason::PartlyShipped, attempt: 0 };
    waits_for_nobody(given(issued_at_two().into_iter().chain(shipped_first()).chain([stop])));
}

#[test]
fn work_that_goes_on_waits_for_nobody() {
    waits_for_nobody(given(issued()));
    waits_for_nobody(given(issued_at_two().into_iter().chain(shipped_first())));
    waits_for_nobody(given([]));
}
