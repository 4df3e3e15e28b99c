//! Cancels, before and after release.

use super::super::fact::{ChangeAsked, ChangeKind};
use super::super::input::CancellationAsked;
use super::*;

fn asked(request_id: &str, line_ids: &[&str]) -> CancellationAsked {
    CancellationAsked {
        request_id: request_id.to_owned(),
        reason: "buyer".to_owned(),
        line_ids: line_ids.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn passed_on(request_id: &str, done_outside: bool) -> Fact {
    Fact::ChangeAsked(ChangeAsked {
        request_id: request_id.to_owned(),
        kind: ChangeKind::Cancel,
        reason: "buyer".to_owned(),
        done_outside,
        plan: 1,
    })
}

#[test]
fn before_release_it_is_done() {
    waiting()
        .when(&Input::CancellationAsked(asked("r-1", &[])))
        .then(&[cancelled("buyer", "r-1")])
        .tells(&[void(1, "cancelled")])
        .and()
        .when(&Input::CancellationAsked(asked("r-2", &[])))
        .ignores(Ignored::Unchanged);
}

#[test]
fn after_release_fulfillment_is_asked() {
    released()
        .when(&Input::CancellationAsked(asked("r-1", &[])))
        .then(&[passed_on("r-1", false)])
        .tells(&[])
        .and()
        .when(&Input::CancelOrder(asked("r-2", &[])))
        .then(&[passed_on("r-2", false)])
        .tells(&[]);
}

#[test]
fn what_the_outside_has_done_is_told_once() {
    let done = Input::CancelledOutside { reason: "buyer".to_owned() };
    released()
        .when(&done)
        .then(&[passed_on("order-1:cancelled-outside", true)])
        .tells(&[])
        .and()
        .when(&done)
        .ignores(Ignored::Unchanged);
}

#[test]
fn the_outside_may_cancel_what_was_shipped() {
    released()
        .when(&Input::NoteOutcome { outcome: "shipped".to_owned() })
        .and()
        .when(&Input::CancelledOutside { reason: "buyer".to_owned() })
        .then(&[passed_on("order-1:cancelled-outside", true)]);
}

#[test]
fn a_parked_order_has_no_stock_to_give_back() {
    given::<Routing>([])
        .when(&unpaid())
        .and()
        .when(&Input::CancellationAsked(asked("r-1", &[])))
        .then(&[cancelled("buyer", "r-1")])
        .tells(&[]);
}

#[test]
fn a_command_must_name_a_known_order() {
    fresh(world()).when(&Input::CancelOrder(asked("r-1", &[]))).refuses(refusal::UNKNOWN_ORDER);
}

#[test]
fn some_lines_are_taken_out_of_the_plan() {
    let mut two = placed();
    two.order.lines.push(Line { pool: String::new(), ..line("2", "SKU-2", 1) });
    let scenario = || fresh(world()).when(&Input::Placed(Box::new(two.clone()))).and();
    scenario()
        .when(&Input::CancellationAsked(asked("r-1", &["2"])))
        .then(&[planned(plan(2, true), None)])
        .tells(&[void(1, "replanned"), reserve(2)]);
    scenario()
        .when(&Input::CancellationAsked(asked("r-1", &["1", "2"])))
        .then(&[cancelled("buyer", "r-1")])
        .tells(&[void(1, "cancelled")]);
}

#[test]
fn some_lines_of_an_order_that_is_not_there_yet_are_a_question_and_no_cancel() {
    let question = system_hold("order-1:0:partial-cancel-before-order", "partial-cancel-before-order");
    let asked_first = || {
        fresh(world())
            .when(&Input::CancellationAsked(asked("r-1", &["1"])))
            .then(std::slice::from_ref(&question))
            .tells(&[])
            .and()
            .when(&Input::CancellationAsked(asked("r-1", &["1"])))
            .ignores(Ignored::Unchanged)
            .and()
    };
    asked_first()
        .when(&paid())
        .then(&[planned(plan(1, true), demand(order(), Payment::Paid))])
        .tells(&[reserve(1)])
        .and()
        .when(&Input::ApproveHold(answer("order-1:0:partial-cancel-before-order")))
        .then(&[resolved("order-1:0:partial-cancel-before-order", Resolution::Approved), Fact::Released { plan: 1 }]);
    asked_first()
        .when(&Input::RejectHold(answer("order-1:0:partial-cancel-before-order")))
        .then(&[resolved("order-1:0:partial-cancel-before-order", Resolution::Rejected), cancelled("rejected", "")])
        .and()
        .when(&paid())
        .ignores(Ignored::Unchanged);
    asked_first()
        .when(&Input::CancellationAsked(asked("r-2", &[])))
        .then(&[cancelled("buyer", "r-2")])
        .and()
        .when(&paid())
        .ignores(Ignored::Unchanged);
}
