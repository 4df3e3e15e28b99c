//! Holds, answered and refused.

use super::*;

#[test]
fn the_last_answer_releases_a_paid_order() {
    held()
        .when(&Input::ApproveHold(answer(HOLD)))
        .then(&[resolved(HOLD, Resolution::Approved), Fact::Released { plan: 1 }])
        .tells(&[allocate(1, pricing())]);
}

#[test]
fn an_unpaid_order_waits_on_after_the_answer() {
    fresh(world_with(review()))
        .when(&unpaid())
        .and()
        .when(&Input::ApproveHold(answer(HOLD)))
        .then(&[resolved(HOLD, Resolution::Approved)])
        .tells(&[])
        .and()
        .when(&pays())
        .then(&[noted(Payment::Paid), Fact::Released { plan: 1 }])
        .tells(&[allocate(1, pricing())]);
}

#[test]
fn all_holds_must_be_resolved() {
    let platform = "order-1:1:platform-hold";
    held()
        .when(&Input::PlatformHolds(vec!["fraud".to_owned()]))
        .then(&[system_hold(platform, "platform-hold")])
        .and()
        .when(&Input::ApproveHold(answer(HOLD)))
        .then(&[resolved(HOLD, Resolution::Approved)])
        .tells(&[])
        .and()
        .when(&Input::PlatformHolds(Vec::new()))
        .then(&[
            Fact::HoldResolved { hold_id: platform.to_owned(), resolution: Resolution::Lifted, note: String::new() },
            Fact::Released { plan: 1 },
        ])
        .tells(&[allocate(1, pricing())]);
}

#[test]
fn a_hold_that_comes_again_has_a_name_of_its_own() {
    let holds = Input::PlatformHolds(vec!["fraud".to_owned()]);
    waiting()
        .when(&holds)
        .and()
        .when(&holds)
        .ignores(Ignored::Unchanged)
        .and()
        .when(&Input::PlatformHolds(Vec::new()))
        .and()
        .when(&holds)
        .then(&[system_hold("order-1:1:platform-hold:2", "platform-hold")]);
}

#[test]
fn a_rejected_order_is_cancelled_and_gives_its_stock_back() {
    held()
        .when(&Input::RejectHold(answer(HOLD)))
        .then(&[resolved(HOLD, Resolution::Rejected), cancelled("rejected", "")])
        .tells(&[void(1, "rejected")]);
}

#[test]
fn a_hold_that_nobody_knows_is_refused() {
    held().when(&Input::ApproveHold(answer("order-1:1:other"))).refuses(refusal::UNKNOWN_HOLD);
    fresh(world()).when(&Input::RejectHold(answer(HOLD))).refuses(refusal::UNKNOWN_HOLD);
}

#[test]
fn a_second_answer_is_refused() {
    let answered = || held().when(&Input::ApproveHold(answer(HOLD))).and();
    answered().when(&Input::ApproveHold(answer(HOLD))).refuses(refusal::HOLD_ALREADY_RESOLVED);
    answered().when(&Input::RejectHold(answer(HOLD))).refuses(refusal::HOLD_ALREADY_RESOLVED);
}

#[test]
fn a_hold_of_a_cancelled_order_is_refused() {
    let ended = || held().when(&Input::CancelledOutside { reason: "buyer".to_owned() }).and();
    ended().when(&Input::ApproveHold(answer(HOLD))).refuses(refusal::ORDER_CANCELLED);
    ended().when(&Input::RejectHold(answer(HOLD))).refuses(refusal::ORDER_CANCELLED);
}

#[test]
fn an_order_without_a_warehouse_gets_a_new_plan_once_there_is_one() {
    let mut closed = world();
    for warehouse in closed.tenants.get_mut("demo").expect("the tenant is there").warehouses.values_mut() {
        warehouse.closed = true;
    }
    let hold = "order-1:1:no-warehouse";
    let stuck = || fresh(closed.clone()).when(&paid()).and();
    stuck().when(&Input::ApproveHold(answer(hold))).refuses(refusal::NO_WAREHOUSE).tells(&[]);
    stuck()
        .world(world())
        .when(&Input::ApproveHold(answer(hold)))
        .then(&[resolved(hold, Resolution::Approved), planned(plan(2, false), None), Fact::Released { plan: 2 }])
        .tells(&[allocate(2, pricing())]);
}

#[test]
fn the_platforms_reasons_matter_while_the_order_lives() {
    let (some, none) = (Input::PlatformHolds(vec!["fraud".to_owned()]), Input::PlatformHolds(Vec::new()));
    waiting().when(&none).ignores(Ignored::Unchanged);
    let cancelled = || waiting().when(&Input::CancelledOutside { reason: "buyer".to_owned() }).and();
    let shipped = || released().when(&Input::NoteOutcome { outcome: "shipped".to_owned() }).and();
    for holds in [some, none] {
        fresh(world()).when(&holds).ignores(Ignored::Irrelevant);
        cancelled().when(&holds).ignores(Ignored::Irrelevant);
        shipped().when(&holds).ignores(Ignored::Irrelevant);
    }
}

#[test]
fn a_hold_for_want_of_a_warehouse_alone_asks_for_one() {
    let mut closed = world_with(review());
    for warehouse in closed.tenants.get_mut("demo").expect("the tenant is there").warehouses.values_mut() {
        warehouse.closed = true;
    }
    // The rule's hold is answered in a world where no warehouse is open: nobody needs one yet.
    held()
        .world(closed)
        .when(&Input::ApproveHold(answer(HOLD)))
        .then(&[resolved(HOLD, Resolution::Approved), Fact::Released { plan: 1 }]);
}

#[test]
fn a_hold_that_is_rejected_after_release_moves_nothing() {
    let platform = "order-1:1:platform-hold";
    let scenario = released().when(&Input::PlatformHolds(vec!["fraud".to_owned()])).and();
    scenario.when(&Input::RejectHold(answer(platform))).then(&[resolved(platform, Resolution::Rejected)]).tells(&[]);
}

#[test]
fn a_rule_may_give_no_time() {
    let hold = HoldAction { deadline_after: 0, ..review().hold.expect("it holds") };
    let verdict = fresh(world_with(Rule { hold: Some(hold), ..review() })).when(&paid());
    let [_, Fact::Held(held)] = verdict.decision().facts.as_slice() else { panic!("{:?}", verdict.decision()) };
    assert_eq!(held.deadline, 0);
}
