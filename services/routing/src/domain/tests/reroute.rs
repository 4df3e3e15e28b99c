//! Fulfillment asks for a new plan.

use super::super::input::Reroute;
use super::*;

fn reroute(plan: u32, excluded: &[&str], attempt: u32) -> Input {
    Input::Reroute(Reroute {
        plan,
        excluded: excluded.iter().map(|warehouse| (*warehouse).to_owned()).collect(),
        reason: "not-found".to_owned(),
        attempt,
    })
}

fn rerouted(plan: u32, excluded: &[&str], attempt: u32) -> Fact {
    Fact::Rerouted {
        plan,
        reason: "not-found".to_owned(),
        excluded: excluded.iter().map(|warehouse| (*warehouse).to_owned()).collect(),
        attempt,
    }
}

fn without_east(version: u32) -> Plan {
    let mut pricing = pricing();
    pricing.candidates.remove(0);
    let notes = vec!["warehouse east left out: excluded by an earlier plan".to_owned()];
    Plan {
        pricing,
        excluded: vec!["east".to_owned()],
        attempt: 1,
        explanation: Explanation { notes, ..Explanation::default() },
        ..plan(version, false)
    }
}

#[test]
fn the_next_plan_leaves_the_warehouse_out() {
    let next = without_east(2);
    released()
        .when(&reroute(1, &["east"], 1))
        .then(&[rerouted(1, &["east"], 1), planned(next.clone(), None), Fact::Released { plan: 2 }])
        .tells(&[allocate(2, next.pricing)])
        .and()
        .when(&reroute(1, &["east"], 1))
        .ignores(Ignored::Duplicate)
        .tells(&[]);
}

#[test]
fn with_no_warehouse_left_a_person_is_asked() {
    let verdict = released().when(&reroute(1, &["east", "west"], 1));
    assert_eq!(verdict.decision().facts[2], system_hold("order-1:2:no-warehouse", "no-warehouse"));
    let next = verdict.tells(&[void(1, "replanned"), reserve(2)]).and();
    let plan_3 = Plan { attempt: 0, ..plan(3, false) };
    next.when(&Input::ApproveHold(answer("order-1:2:no-warehouse")))
        .then(&[
            resolved("order-1:2:no-warehouse", Resolution::Approved),
            planned(plan_3, None),
            Fact::Released { plan: 3 },
        ])
        .tells(&[allocate(3, pricing())]);
}

#[test]
fn after_too_many_attempts_a_person_is_asked() {
    let hold = "order-1:1:reroute-attempts";
    let given_up = || {
        released()
            .when(&reroute(1, &["east"], 4))
            .then(&[rerouted(1, &["east"], 4), system_hold(hold, "reroute-attempts")])
            .tells(&[void(1, "reroute-attempts")])
            .and()
    };
    given_up().when(&reroute(1, &["east"], 4)).ignores(Ignored::Duplicate);
    given_up()
        .when(&Input::ApproveHold(answer(hold)))
        .then(&[resolved(hold, Resolution::Approved), planned(plan(2, false), None), Fact::Released { plan: 2 }])
        .tells(&[allocate(2, pricing())]);
    given_up()
        .when(&Input::RejectHold(answer(hold)))
        .then(&[resolved(hold, Resolution::Rejected), cancelled("rejected", "")])
        .tells(&[]);
}

#[test]
fn attempts_are_counted_whatever_the_caller_says() {
    let mut scenario = released();
    for plan in 1..=3 {
        scenario = scenario.when(&reroute(plan, &[], 0)).and();
    }
    let verdict = scenario.when(&reroute(4, &[], 0));
    assert_eq!(verdict.decision().facts[0], rerouted(4, &[], 4));
    verdict.tells(&[void(4, "reroute-attempts")]);
}

#[test]
fn a_rule_that_was_answered_does_not_hold_the_next_plan() {
    let verdict = held().when(&Input::ApproveHold(answer(HOLD))).and().when(&reroute(1, &["east"], 1));
    assert_eq!(verdict.decision().facts.last(), Some(&Fact::Released { plan: 2 }));
}

#[test]
fn an_order_cancelled_outside_gets_no_new_plan() {
    released()
        .when(&Input::CancelledOutside { reason: "buyer".to_owned() })
        .and()
        .when(&reroute(1, &["east"], 1))
        .then(&[rerouted(1, &["east"], 1), cancelled("cancelled", "")])
        .tells(&[void(1, "cancelled")]);
}

#[test]
fn only_who_owns_the_order_may_ask() {
    fresh(world()).when(&reroute(1, &[], 1)).ignores(Ignored::Irrelevant);
    waiting().when(&reroute(1, &[], 1)).ignores(Ignored::Duplicate);
}

#[test]
fn an_edit_keeps_what_the_reroutes_have_said() {
    let delta = super::super::input::LineDelta { line_id: "1".to_owned(), quantity: 1, sku: None };
    // The rule is new, so the second plan is held, and routing owns the order again.
    let scenario = released().world(world_with(review())).when(&reroute(1, &["east"], 1)).and();
    let verdict = scenario.when(&Input::LinesChanged(vec![delta]));
    let [Fact::Planned { plan, .. }] = verdict.decision().facts.as_slice() else { panic!("{:?}", verdict.decision()) };
    assert_eq!((plan.version, plan.attempt, plan.excluded.as_slice()), (3, 1, ["east".to_owned()].as_slice()));
    assert_eq!(plan.pricing.candidates.len(), 1);
}
