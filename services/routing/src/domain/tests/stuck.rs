//! Fulfillment owes an answer: said once for each request, and ended by whatever it answers.

use super::super::input::{CancellationAsked, Reroute};
use super::super::stuck::STUCK_AFTER;
use super::*;
use weir_decider::{Decider, Millis};

fn ask(request_id: &str) -> Input {
    Input::CancellationAsked(CancellationAsked { request_id: request_id.to_owned(), ..CancellationAsked::default() })
}

fn refusal(request_id: &str) -> Input {
    Input::NoteRefusal { request_id: request_id.to_owned(), reason: "too-late".to_owned() }
}

fn refused(request_id: &str) -> Fact {
    Fact::ChangeRefused { request_id: request_id.to_owned(), reason: "too-late".to_owned() }
}

fn stuck(request_id: &str, since: i64) -> Fact {
    Fact::Stuck { plan: 1, request_id: request_id.to_owned(), since }
}

fn outcome(outcome: &str) -> Input {
    Input::NoteOutcome { outcome: outcome.to_owned() }
}

/// Released, and asked to cancel, all at 100.
fn asked() -> Scenario<Routing> {
    released().when(&ask("r-1")).and()
}

const LATE: i64 = 100 + STUCK_AFTER;

#[track_caller]
fn waits_for_nobody(scenario: Scenario<Routing>) {
    assert_eq!(scenario.state().deadline(), None);
    scenario.at(10 * LATE).when_due().ignores(Ignored::Unchanged);
}

#[test]
fn a_silent_fulfillment_is_told_of_once_and_not_asked_again() {
    assert_eq!(asked().state().deadline(), Some(Millis(LATE)));
    asked().at(LATE - 1).when_due().ignores(Ignored::Unchanged);
    waits_for_nobody(asked().at(LATE).when_due().then(&[stuck("r-1", 100)]).tells(&[]).and());
}

#[test]
fn a_refusal_is_an_answer_and_the_order_goes_its_way() {
    let answered = asked().when(&refusal("r-1")).then(&[refused("r-1")]).tells(&[]).and();
    waits_for_nobody(answered.when(&refusal("r-1")).ignores(Ignored::Unchanged).and());
    // Also where it comes too late.
    let late = asked().at(LATE).when_due().and().when(&refusal("r-1")).then(&[refused("r-1")]).and();
    let shipped = late.when(&outcome("shipped")).then(&[Fact::ShippingNoted { outcome: "shipped".to_owned() }]);
    waits_for_nobody(shipped.and());
}

#[test]
fn the_end_of_the_order_is_an_answer() {
    for how in ["cancelled", "shipped"] {
        waits_for_nobody(asked().when(&outcome(how)).and());
        waits_for_nobody(asked().at(LATE).when_due().and().when(&outcome(how)).and());
    }
    let outside = Input::CancelledOutside { reason: "buyer".to_owned() };
    let again = Input::Reroute(Reroute { plan: 1, attempt: 1, ..Reroute::default() });
    waits_for_nobody(released().when(&outside).and().when(&again).and());
}

#[test]
fn each_request_is_a_wait_of_its_own() {
    let both = || asked().at(5_000).when(&ask("r-2")).and();
    let first = both().at(LATE).when_due().then(&[stuck("r-1", 100)]).and();
    assert_eq!(first.state().deadline(), Some(Millis(5_000 + STUCK_AFTER)));
    waits_for_nobody(first.at(5_000 + STUCK_AFTER).when_due().then(&[stuck("r-2", 5_000)]).and());
    let one = both().when(&refusal("r-1")).and();
    assert_eq!(one.state().deadline(), Some(Millis(5_000 + STUCK_AFTER)));
    both().at(9 * LATE).when_due().then(&[stuck("r-1", 100), stuck("r-2", 5_000)]);
}

#[test]
fn a_request_that_is_repeated_keeps_its_first_moment_until_it_is_answered() {
    let twice = asked().at(5_000).when(&ask("r-1")).and();
    assert_eq!(twice.state().deadline(), Some(Millis(LATE)));
    // Answered and asked again, it is a new wait.
    let anew = twice.when(&refusal("r-1")).and().at(9_000).when(&ask("r-1")).and();
    assert_eq!(anew.state().deadline(), Some(Millis(9_000 + STUCK_AFTER)));
}

#[test]
fn a_new_plan_does_not_answer_it() {
    let again = Input::Reroute(Reroute { plan: 1, attempt: 1, ..Reroute::default() });
    let rerouted = asked().when(&again).and();
    assert_eq!(rerouted.state().deadline(), Some(Millis(LATE)));
    let told = rerouted.at(LATE).when_due().then(&[Fact::Stuck { plan: 2, request_id: "r-1".to_owned(), since: 100 }]);
    waits_for_nobody(told.and());
}

#[test]
fn what_is_asked_before_release_or_after_shipping_waits_for_nobody() {
    waits_for_nobody(waiting().when(&ask("r-1")).and());
    waits_for_nobody(released().when(&outcome("shipped")).and().when(&ask("r-1")).and());
    released().when(&refusal("r-1")).ignores(Ignored::Unchanged);
}

#[test]
fn ten_minutes_is_too_long() {
    assert_eq!(asked().state().deadline(), Some(Millis(600_100)));
}

/// A rule of a later world asks for payment in advance, so an order has both deadlines at once.
#[test]
fn a_pay_deadline_to_come_does_not_hide_a_silent_fulfillment() {
    let mut delivery = on(Terms::CashOnDelivery);
    delivery.order.pay_by = 10 * LATE;
    let prepaid = world_with(Rule { terms: Some(Terms::Prepaid), ..review() });
    let again = Input::Reroute(Reroute { plan: 1, attempt: 1, ..Reroute::default() });
    let moved = Input::AddressChangeAsked { ship_to: b"new".to_vec(), region: placed().order.region };
    let scenario = fresh(world()).when(&Input::Placed(Box::new(delivery))).and().when(&ask("r-1")).and();
    let both = scenario.world(prepaid).when(&again).and().when(&moved).and();
    assert_eq!(both.state().deadline(), Some(Millis(LATE)));
    let told = both.at(LATE).when_due().then(&[Fact::Stuck { plan: 3, request_id: "r-1".to_owned(), since: 100 }]);
    let told = told.and();
    assert_eq!(told.state().deadline(), Some(Millis(10 * LATE)));
    let ended = told.at(10 * LATE).when_due();
    assert_eq!(ended.decision().facts[0], Fact::PaymentTimedOut { plan: 3 });
}
