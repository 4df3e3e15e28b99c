//! What the platform says was shipped before we released it is not shipped from here.

use super::super::input::{CancellationAsked, LineDelta, Reroute};
use super::*;
use weir_decider::{Decider, Millis, Rest};

const WHOLLY: Input = Input::ShippedOutside { wholly: true };
const PARTLY: Input = Input::ShippedOutside { wholly: false };
const PART: &str = "order-1:1:partly-shipped-outside";
const QUESTION: &str = "order-1:1:shipped-outside-after-release";

fn outside(plan: u32) -> Fact {
    Fact::ShippedOutside { plan }
}

fn asks_after_release() -> Fact {
    system_hold(QUESTION, "shipped-outside-after-release")
}

fn asks_of_a_part(id: &str) -> Fact {
    system_hold(id, "partly-shipped-outside")
}

fn outcome(outcome: &str) -> Input {
    Input::NoteOutcome { outcome: outcome.to_owned() }
}

fn shipping(outcome: &str) -> Fact {
    Fact::ShippingNoted { outcome: outcome.to_owned() }
}

fn without_east() -> Input {
    let excluded = vec!["east".to_owned()];
    Input::Reroute(Reroute { plan: 1, excluded, reason: "closed".to_owned(), attempt: 1 })
}

/// Told before anything else.
fn heard_of() -> Scenario<Routing> {
    fresh(world()).when(&WHOLLY).then(&[outside(0)]).tells(&[]).and()
}

#[test]
fn an_order_that_comes_shipped_is_not_planned_whatever_was_paid() {
    heard_of().when(&paid()).ignores(Ignored::Unchanged);
    let early = Fact::PaymentNoted { payment: Payment::Paid, paid: Some(cny(9900)), early: true };
    heard_of().when(&pays()).then(&[early]).tells(&[]).and().when(&paid()).ignores(Ignored::Unchanged);
}

#[test]
fn what_waits_gives_its_stock_back_and_is_not_released_by_a_payment() {
    let ended = waiting().when(&WHOLLY).then(&[outside(1)]).tells(&[void(1, "shipped-outside")]).and();
    assert_eq!(ended.state().deadline(), None);
    // Not "paid-after-cancel": nobody has to give that money back.
    ended.when(&pays()).then(&[noted(Payment::Paid)]).tells(&[]);
}

#[test]
fn a_parked_order_has_no_stock_to_give_back() {
    let parked = given::<Routing>([]).at(100).when(&unpaid()).and();
    let ended = parked.when(&WHOLLY).then(&[outside(0)]).tells(&[]).and();
    assert_eq!(ended.state().deadline(), None);
    ended.when(&unpaid()).ignores(Ignored::Duplicate);
}

#[test]
fn nothing_that_comes_later_opens_it_again() {
    let ended = || waiting().when(&WHOLLY).and();
    ended().when(&WHOLLY).ignores(Ignored::Unchanged);
    ended().when(&PARTLY).ignores(Ignored::Unchanged);
    ended().when(&unpaid()).ignores(Ignored::Duplicate);
    ended().when(&Input::CancellationAsked(CancellationAsked::default())).ignores(Ignored::Irrelevant);
    ended().when(&Input::CancelledOutside { reason: "buyer".to_owned() }).ignores(Ignored::Irrelevant);
    ended().when(&Input::PlatformHolds(vec!["fraud".to_owned()])).ignores(Ignored::Irrelevant);
    ended().when(&without_east()).ignores(Ignored::Duplicate);
    ended().when(&outcome("cancelled")).ignores(Ignored::Duplicate);
    let more = LineDelta { line_id: "1".to_owned(), quantity: 1, sku: None };
    ended().when(&Input::LinesChanged(vec![more])).ignores(Ignored::Irrelevant);
    let refund = Input::PaymentSeen(Payment::Refunded, None);
    ended().when(&refund).then(&[noted(Payment::Refunded)]).tells(&[]);
}

#[test]
fn our_own_side_hears_that_it_is_too_late_to_cancel() {
    heard_of().when(&Input::CancelOrder(CancellationAsked::default())).refuses(refusal::TOO_LATE);
}

#[test]
fn its_open_holds_go_with_it_and_it_rests_after_a_month() {
    let ended = held().when(&WHOLLY).then(&[outside(1)]).tells(&[void(1, "shipped-outside")]).and();
    assert_eq!(ended.state().rest(), Some(Rest { from: Millis(100 + 30 * 24 * 3_600_000), end_state: 3 }));
    ended.when(&Input::ApproveHold(answer(HOLD))).refuses(refusal::ORDER_CANCELLED);
}

#[test]
fn what_was_cancelled_stays_cancelled() {
    let cancelled = || waiting().when(&Input::CancelledOutside { reason: "buyer".to_owned() }).and();
    cancelled().when(&WHOLLY).ignores(Ignored::Irrelevant);
    cancelled().when(&PARTLY).ignores(Ignored::Irrelevant);
}

#[test]
fn a_part_that_has_left_is_a_question() {
    let asked = || waiting().when(&PARTLY).then(&[asks_of_a_part(PART)]).tells(&[]).and();
    asked().when(&PARTLY).ignores(Ignored::Unchanged);
    let paid = || asked().when(&pays()).then(&[noted(Payment::Paid)]).tells(&[]).and();
    paid()
        .when(&Input::ApproveHold(answer(PART)))
        .then(&[resolved(PART, Resolution::Approved), Fact::Released { plan: 1 }])
        .and()
        .when(&PARTLY)
        .ignores(Ignored::Irrelevant);
    paid()
        .when(&Input::RejectHold(answer(PART)))
        .then(&[resolved(PART, Resolution::Rejected), cancelled("rejected", "")])
        .tells(&[void(1, "rejected")]);
    paid().when(&WHOLLY).then(&[outside(1)]).tells(&[void(1, "shipped-outside")]);
}

#[test]
fn an_answered_question_is_not_asked_again() {
    let approved = waiting().when(&PARTLY).and().when(&Input::ApproveHold(answer(PART))).and();
    approved.when(&PARTLY).ignores(Ignored::Unchanged);
}

#[test]
fn a_part_of_an_order_that_is_not_there_yet_keeps_it_from_leaving() {
    const FIRST: &str = "order-1:0:partly-shipped-outside";
    let asked = || fresh(world()).when(&PARTLY).then(&[asks_of_a_part(FIRST)]).tells(&[]).and();
    asked().when(&paid()).then(&[planned(plan(1, true), demand(order(), Payment::Paid))]).tells(&[reserve(1)]);
    let rejected = asked().when(&Input::RejectHold(answer(FIRST))).and();
    rejected.when(&paid()).ignores(Ignored::Unchanged);
}

#[test]
fn after_release_the_parcel_may_be_ours_so_nothing_stops() {
    released().when(&PARTLY).ignores(Ignored::Irrelevant);
    let asked = || released().when(&WHOLLY).then(&[asks_after_release()]).tells(&[]).and();
    asked().when(&WHOLLY).ignores(Ignored::Unchanged);
    asked().when(&Input::ApproveHold(answer(QUESTION))).then(&[resolved(QUESTION, Resolution::Approved)]).tells(&[]);
}

#[test]
fn our_own_last_parcel_answers_the_question() {
    let answered = Fact::HoldResolved {
        hold_id: QUESTION.to_owned(),
        resolution: Resolution::Lifted,
        note: "shipped from here".to_owned(),
    };
    let shipped = released().when(&WHOLLY).and().when(&outcome("shipped"));
    let ended = shipped.then(&[shipping("shipped"), answered]).tells(&[]).and();
    assert!(ended.state().rest().is_some(), "nobody owes an answer");
    ended.when(&WHOLLY).ignores(Ignored::Irrelevant);
    // What was cancelled has no parcel of ours: the question goes with the order.
    released().when(&WHOLLY).and().when(&outcome("cancelled")).then(&[shipping("cancelled")]);
}

#[test]
fn a_plan_that_is_given_up_after_it_waits_for_a_person() {
    let asked = || released().when(&WHOLLY).and();
    let held = system_hold("order-1:1:reroute-attempts", "reroute-attempts");
    let given_up = asked().when(&without_east()).then(&[rerouted(), held]).tells(&[void(1, "reroute-attempts")]);
    let seen = given_up.and().when(&Input::ApproveHold(answer(QUESTION))).and();
    // A platform that says more ends it.
    seen.when(&WHOLLY).then(&[outside(0)]);
    // A person has looked, and knows better.
    let answered = asked().when(&Input::ApproveHold(answer(QUESTION))).and();
    answered
        .when(&without_east())
        .tells(&[allocate(2, Pricing { candidates: pricing().candidates[1..].to_vec(), ..pricing() })]);
}

fn rerouted() -> Fact {
    Fact::Rerouted { plan: 1, reason: "closed".to_owned(), excluded: vec!["east".to_owned()], attempt: 1 }
}
