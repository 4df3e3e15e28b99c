//! A later plan under other payment terms: what must be paid and until when is said with it, and the deadline follows.

use super::super::input::{LineDelta, Reroute};
use super::*;
use weir_decider::{Decider, Millis, Verdict};

/// A rule that names terms, and maybe holds.
fn rule(terms: Terms, hold: bool) -> World {
    let rule = Rule { name: "terms".to_owned(), terms: Some(terms), ..Rule::default() };
    world_with(if hold { Rule { terms: Some(terms), ..review() } } else { rule })
}

fn reroute(plan: u32, attempt: u32) -> Input {
    Input::Reroute(Reroute { plan, attempt, reason: "not-found".to_owned(), ..Reroute::default() })
}

fn one_more() -> Input {
    Input::LinesChanged(vec![LineDelta { line_id: "1".to_owned(), quantity: 1, sku: None }])
}

/// Of the new plan: whether it is soft, and what it says is due.
#[track_caller]
fn said(verdict: &Verdict<Routing>) -> (bool, Option<Due>) {
    let mut plans = verdict.decision().facts.iter().filter_map(|fact| match fact {
        Fact::Planned { plan, demand: None, due } => Some((plan.soft, *due)),
        _ => None,
    });
    plans.next().expect("a later plan without the demand")
}

fn due(terms: Terms, pay_by: i64) -> Option<Due> {
    Some(Due { terms, pay_by })
}

/// On delivery, placed and released at 100; the shop's time to pay would have ended at 1100.
fn on_delivery() -> Scenario<Routing> {
    let placed = Input::Placed(Box::new(on(Terms::CashOnDelivery)));
    let scenario = fresh(world()).when(&placed).and();
    assert_eq!(scenario.state().deadline(), None);
    scenario
}

/// The same, rerouted at 50,000 in a world where it must be paid for.
fn to_be_paid(hold: bool) -> Scenario<Routing> {
    let verdict = on_delivery().world(rule(Terms::Prepaid, hold)).at(50_000).when(&reroute(1, 1));
    assert_eq!(said(&verdict), (true, due(Terms::Prepaid, 51_000)));
    verdict.tells(&[void(1, "replanned"), reserve(2)]).and()
}

#[test]
fn a_plan_that_must_be_paid_for_now_has_a_deadline() {
    assert_eq!(to_be_paid(false).state().deadline(), Some(Millis(51_000)));
    to_be_paid(false).at(50_999).when_due().ignores(Ignored::Unchanged);
    to_be_paid(false)
        .at(51_000)
        .when_due()
        .then(&[Fact::PaymentTimedOut { plan: 2 }, cancelled("payment-timeout", "")])
        .tells(&[void(2, "payment-timeout")]);
    let paid = to_be_paid(false).when(&pays());
    let paid = paid.then(&[noted(Payment::Paid), Fact::Released { plan: 2 }]).and();
    assert_eq!(paid.state().deadline(), None);
}

#[test]
fn an_answered_hold_does_not_release_what_must_be_paid_for_now() {
    let hold = "order-1:2:big";
    let answered = to_be_paid(true).when(&Input::ApproveHold(answer(hold)));
    let answered = answered.then(&[resolved(hold, Resolution::Approved)]).tells(&[]).and();
    assert_eq!(answered.state().deadline(), Some(Millis(51_000)));
    answered.when(&pays()).then(&[noted(Payment::Paid), Fact::Released { plan: 2 }]);
}

#[test]
fn a_paid_order_gets_no_deadline_whatever_the_terms_become() {
    let on_delivery = released().world(rule(Terms::CashOnDelivery, false)).at(50_000).when(&reroute(1, 1));
    assert_eq!(said(&on_delivery), (false, due(Terms::CashOnDelivery, 1100)));
    let prepaid = on_delivery.and().world(rule(Terms::Prepaid, true)).when(&reroute(2, 2));
    assert_eq!(said(&prepaid), (true, due(Terms::Prepaid, 1100)));
    assert_eq!(prepaid.and().state().deadline(), None);
}

#[test]
fn a_plan_that_need_not_be_paid_for_any_more_has_no_deadline() {
    let verdict = waiting().world(rule(Terms::OnAccount, true)).at(500).when(&one_more());
    assert_eq!(said(&verdict), (true, due(Terms::OnAccount, 1100)));
    let held = verdict.and();
    assert_eq!(held.state().deadline(), None);
    let held = held.at(1100).when_due().ignores(Ignored::Unchanged).and();
    let hold = "order-1:2:big";
    held.when(&Input::ApproveHold(answer(hold)))
        .then(&[resolved(hold, Resolution::Approved), Fact::Released { plan: 2 }]);
}

#[test]
fn what_was_released_on_other_terms_is_not_timed_out_when_it_is_given_up() {
    let released = waiting().world(rule(Terms::OnAccount, false)).at(500).when(&one_more());
    assert_eq!(said(&released), (false, due(Terms::OnAccount, 1100)));
    let given_up = released.and().at(5_000).when(&reroute(2, 4));
    assert_eq!(given_up.decision().facts[1], system_hold("order-1:2:reroute-attempts", "reroute-attempts"));
    assert_eq!(given_up.and().state().deadline(), None);
}

#[test]
fn a_deadline_that_runs_is_not_moved_by_a_new_plan() {
    for world in [world(), rule(Terms::Prepaid, false), rule(Terms::Prepaid, true)] {
        let verdict = waiting().world(world).at(500).when(&one_more());
        assert_eq!(said(&verdict), (true, None));
        assert_eq!(verdict.and().state().deadline(), Some(Millis(1100)));
    }
}

#[test]
fn a_new_deadline_is_the_platforms_where_that_is_later_and_none_where_nobody_gives_one() {
    let cases = [(0, 60_000, 60_000), (0, 49_999, 0), (0, 50_000, 0), (0, 0, 0), (1000, 60_000, 60_000)];
    for (pay_within, by_platform, expected) in cases.into_iter().chain([(1000, 50_500, 51_000), (1000, 0, 51_000)]) {
        let mut placed = on(Terms::CashOnDelivery);
        placed.order.pay_by = by_platform;
        let mut world = world_where(|shop| shop.pay_within = pay_within);
        let scenario = fresh(world.clone()).when(&Input::Placed(Box::new(placed))).and();
        let tenant = world.tenants.get_mut("demo").expect("the tenant is there");
        tenant.rule_sets = rule(Terms::Prepaid, false).tenants["demo"].rule_sets.clone();
        let next = scenario.world(world).at(50_000).when(&reroute(1, 1)).and();
        let expected = (expected > 0).then_some(Millis(expected));
        assert_eq!(next.state().deadline(), expected, "within {pay_within}, by {by_platform}");
    }
}

#[test]
fn a_parked_order_is_not_late_at_once_when_it_must_be_paid_for_now() {
    let mut unmapped = on(Terms::CashOnDelivery);
    unmapped.order.lines[0].sku = String::new();
    let mapped =
        Input::LinesChanged(vec![LineDelta { line_id: "1".to_owned(), quantity: 0, sku: Some("SKU-1".into()) }]);
    let parked = fresh(world()).when(&Input::Placed(Box::new(unmapped))).and();
    let planned = parked.world(rule(Terms::Prepaid, false)).at(50_000).when(&mapped).and();
    assert_eq!(planned.state().deadline(), Some(Millis(51_000)));
}
