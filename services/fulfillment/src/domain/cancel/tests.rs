//! Cancel is accepted while nothing is packed, and refused with the reason after.

use super::super::samples::*;
use super::*;
use crate::domain::{Input, StockEffect};
use weir_decider::{Decider as _, Outcome as Taken, given};

fn asked(request_id: &str, asker: Asker) -> Input {
    let (request_id, reason) = (request_id.to_owned(), "changed mind".to_owned());
    Input::CancelAsked(CancelAsked { request_id, reason, asker })
}

fn from_routing(request_id: &str) -> Input {
    asked(request_id, Asker::Routing { done_outside: false })
}

fn messages() -> [Message; 2] {
    let void = Message::Void {
        pool: "main".to_owned(),
        plan: 1,
        reason: "changed mind".to_owned(),
        lines: vec![],
        effect: StockEffect::None,
    };
    [void, Message::NoteOutcome(Outcome::Cancelled)]
}

fn packed_one() -> Vec<Fact> {
    issued().into_iter().chain([picked("order-1:1:w1"), packed("order-1:1:w1")]).collect()
}

fn refused(request_id: &str, detail: &str) -> Fact {
    let (request_id, detail) = (request_id.to_owned(), detail.to_owned());
    Fact::CancelRefused { request_id, reason: "too-late".to_owned(), detail }
}

/// What routing hears.
fn no(request_id: &str) -> Message {
    Message::NoteRefusal { request_id: request_id.to_owned(), reason: "too-late".to_owned() }
}

#[test]
fn it_is_accepted_before_the_allocation_and_after_the_pick() {
    let early = vec![opened(1), release_noted(1)];
    let late: Vec<Fact> = issued().into_iter().chain([picked("order-1:1:w1")]).collect();
    for facts in [early, issued(), late] {
        for input in [asked("r-1", Asker::Caller), from_routing("r-1")] {
            given::<Fulfillment>(facts.clone()).when(&input).then(&[cancel_accepted("r-1")]).tells(&messages());
        }
    }
}

#[test]
fn the_same_request_again_tells_the_same_again() {
    given::<Fulfillment>(issued())
        .when(&from_routing("r-1"))
        .and()
        .when(&from_routing("r-1"))
        .ignores(Ignored::Duplicate)
        .tells(&messages())
        .and()
        .when(&from_routing("r-2"))
        .ignores(Ignored::Unchanged)
        .tells(&[]);
}

#[test]
fn a_packed_parcel_is_too_late_for_a_wish() {
    let detail = "order-1:1:w1 is packed already";
    let verdict = given::<Fulfillment>(packed_one()).when(&asked("r-1", Asker::Caller));
    assert_eq!(verdict.decision().facts, [refused("r-1", detail)]);
    verdict.refuses("too-late");
    given::<Fulfillment>(packed_one())
        .when(&from_routing("r-1"))
        .then(&[refused("r-1", detail)])
        .tells(&[no("r-1")])
        .and()
        .when(&from_routing("r-1"))
        .ignores(Ignored::Duplicate)
        .tells(&[no("r-1")]);
}

#[test]
fn a_packed_parcel_is_taken_apart_where_the_platform_has_cancelled() {
    given::<Fulfillment>(packed_one())
        .when(&asked("r-1", Asker::Routing { done_outside: true }))
        .then(&[cancel_accepted("r-1")])
        .tells(&messages());
}

#[test]
fn what_has_left_can_not_be_cancelled_by_anybody() {
    let gone = shipped("order-1:1:w1", "T1", vec![placed("l1", "A", "w1", 2)], true);
    let facts: Vec<Fact> = packed_one().into_iter().chain([gone]).collect();
    let outside = asked("r-1", Asker::Routing { done_outside: true });
    let detail = "every parcel has left";
    given::<Fulfillment>(facts.clone()).when(&outside).then(&[refused("r-1", detail)]).tells(&[no("r-1")]);
    let scenario = given::<Fulfillment>(facts).when(&asked("r-1", Asker::Caller)).refuses("too-late");
    // The caller hears it again, the log does not.
    let again = scenario.and().when(&asked("r-1", Asker::Caller)).refuses("too-late");
    assert_eq!(again.decision().facts, []);
    // Routing did not ask.
    again.tells(&[]);
}

#[test]
fn one_parcel_gone_is_enough_to_refuse() {
    let facts = issued_at_two().into_iter().chain(shipped_first());
    let outside = asked("r-1", Asker::Routing { done_outside: true });
    let verdict = given::<Fulfillment>(facts).when(&outside);
    verdict.then(&[refused("r-1", "order-1:1:w1 is shipped already")]);
}

#[test]
fn a_caller_can_not_cancel_what_routing_owns() {
    given::<Fulfillment>([opened(1)]).when(&asked("r-1", Asker::Caller)).refuses("not-open");
    given::<Fulfillment>([]).when(&asked("r-1", Asker::Caller)).refuses("not-open");
}

#[test]
fn routings_own_cancel_is_noted_before_anything_and_once() {
    let cancelled = Input::RouteCancelled { reason: "payment-timeout".to_owned() };
    let scenario = given::<Fulfillment>([])
        .at(7)
        .when(&cancelled)
        .then(&[Fact::RouteCancelled { reason: "payment-timeout".to_owned() }])
        .tells(&[])
        .and();
    assert_eq!(scenario.state().rest().map(|rest| rest.end_state), Some(3));
    scenario.when(&cancelled).ignores(Ignored::Duplicate).and().when(&from_routing("r-1")).ignores(Ignored::Unchanged);
}

#[test]
fn routings_cancel_of_what_has_left_changes_nothing() {
    let facts = issued_at_two().into_iter().chain(shipped_first());
    let cancelled = Input::RouteCancelled { reason: "rejected".to_owned() };
    let verdict = given::<Fulfillment>(facts).when(&cancelled);
    assert_eq!(verdict.decision().outcome, Taken::Ignored(Ignored::Irrelevant));
}
