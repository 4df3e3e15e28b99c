//! An order is placed.

use super::*;

#[test]
fn a_clean_paid_order_is_allocated_at_once() {
    fresh(world())
        .when(&paid())
        .then(&[planned(plan(1, false), demand(order(), Payment::Paid)), Fact::Released { plan: 1 }])
        .tells(&[allocate(1, pricing())]);
}

#[test]
fn an_unpaid_order_is_reserved_softly_until_its_deadline() {
    let scenario = fresh(world())
        .when(&unpaid())
        .then(&[planned(plan(1, true), demand(order(), Payment::Pending))])
        .tells(&[reserve(1)])
        .and();
    assert_eq!(weir_decider::Decider::deadline(scenario.state()), Some(weir_decider::Millis(1100)));
}

#[test]
fn a_deadline_of_the_platform_goes_before_the_shops() {
    let mut placed = placed();
    placed.order.pay_by = 400;
    let scenario = fresh(world()).when(&Input::Placed(Box::new(placed))).and();
    assert_eq!(weir_decider::Decider::deadline(scenario.state()), Some(weir_decider::Millis(400)));
}

#[test]
fn cash_on_delivery_waits_for_no_payment() {
    let placed = on(Terms::CashOnDelivery);
    let order = Order { terms: Some(Terms::CashOnDelivery), ..order() };
    fresh(world())
        .when(&Input::Placed(Box::new(placed)))
        .then(&[planned(plan(1, false), demand(order, Payment::Pending)), Fact::Released { plan: 1 }])
        .tells(&[allocate(1, pricing())]);
}

#[test]
fn a_held_order_is_reserved_softly_even_when_paid() {
    let explanation = Explanation {
        rule_set: "default".to_owned(),
        rule_set_version: 7,
        rules: vec![RuleOutcome { rule: "big".to_owned(), matched: true, why: "every condition holds".to_owned() }],
        notes: Vec::new(),
    };
    let held = Held {
        hold_id: HOLD.to_owned(),
        reason: "high-value".to_owned(),
        rule: "big".to_owned(),
        owner_group: "review".to_owned(),
        deadline: 150,
    };
    fresh(world_with(review()))
        .when(&paid())
        .then(&[planned(Plan { explanation, ..plan(1, true) }, demand(order(), Payment::Paid)), Fact::Held(held)])
        .tells(&[reserve(1)]);
}

#[test]
fn the_platforms_own_hold_is_a_hold() {
    let placed = Placed { payment: Payment::Paid, platform_holds: vec!["fraud".to_owned()], ..placed() };
    let verdict = fresh(world()).when(&Input::Placed(Box::new(placed)));
    assert_eq!(verdict.decision().facts[1], system_hold("order-1:1:platform-hold", "platform-hold"));
    verdict.tells(&[reserve(1)]);
}

#[test]
fn an_order_that_was_refunded_before_it_came_is_held() {
    let placed = Placed { payment: Payment::Refunded, ..placed() };
    let verdict = fresh(world()).when(&Input::Placed(Box::new(placed)));
    assert_eq!(
        verdict.decision().facts[1],
        system_hold("order-1:1:refunded-before-release", "refunded-before-release")
    );
    verdict.tells(&[reserve(1)]);
}

#[test]
fn an_address_that_nobody_serves_is_held() {
    let mut placed = Placed { payment: Payment::Paid, ..placed() };
    placed.order.region.country = "FR".to_owned();
    let mut world = world();
    let tenant = world.tenants.get_mut("demo").expect("the tenant is there");
    tenant.warehouses.remove("east");
    let verdict = fresh(world).when(&Input::Placed(Box::new(placed)));
    let Fact::Planned { plan, .. } = &verdict.decision().facts[0] else { panic!("no plan: {:?}", verdict.decision()) };
    assert_eq!(plan.explanation.notes, ["warehouse west left out: does not serve FR/Guangdong"]);
    assert_eq!(verdict.decision().facts[1], system_hold("order-1:1:no-warehouse", "no-warehouse"));
    verdict.tells(&[reserve(1)]);
}

#[test]
fn what_can_not_be_planned_is_parked_without_stock() {
    let mut unmapped = placed();
    unmapped.order.lines[0].sku = String::new();
    let mut nowhere = placed();
    nowhere.order.shop = "other".to_owned();
    let mut empty = placed();
    empty.order.lines.clear();
    for (placed, reason) in [(unmapped, "unmapped-sku"), (nowhere, "unknown-shop"), (empty, "nothing-to-ship")] {
        let verdict = fresh(world()).when(&Input::Placed(Box::new(placed))).tells(&[]);
        let [Fact::Parked { reason: said, .. }] = verdict.decision().facts.as_slice() else {
            panic!("not parked: {:?}", verdict.decision());
        };
        assert_eq!(said, reason);
    }
}

#[test]
fn the_same_order_again_is_a_duplicate() {
    waiting().when(&unpaid()).ignores(Ignored::Duplicate).tells(&[]);
    released().when(&paid()).ignores(Ignored::Duplicate).tells(&[]);
}

#[test]
fn an_order_cancelled_before_it_came_stays_cancelled() {
    fresh(world())
        .when(&Input::CancelledOutside { reason: "buyer".to_owned() })
        .then(&[cancelled("buyer", "")])
        .tells(&[])
        .and()
        .when(&paid())
        .ignores(Ignored::Unchanged)
        .tells(&[]);
}

#[test]
fn an_order_is_urgent_where_it_or_its_shop_says_so() {
    for (order_says, shop_says) in [(false, false), (false, true), (true, false), (true, true)] {
        let world = world_where(|shop| shop.urgent = shop_says);
        let mut placed = placed();
        placed.order.urgent = order_says;
        let verdict = fresh(world).when(&Input::Placed(Box::new(placed)));
        let Fact::Planned { plan, .. } = &verdict.decision().facts[0] else { panic!("{:?}", verdict.decision()) };
        assert_eq!(plan.pricing.priority, if order_says || shop_says { 100 } else { 0 });
    }
}

#[test]
fn terms_are_the_orders_own_else_the_shops() {
    let on_account = world_where(|shop| shop.terms = Some(Terms::OnAccount));
    let terms = |own| {
        let mut placed = placed();
        placed.order.terms = own;
        let verdict = fresh(on_account.clone()).when(&Input::Placed(Box::new(placed)));
        let Fact::Planned { demand: Some(demand), .. } = &verdict.decision().facts[0] else {
            panic!("{:?}", verdict.decision())
        };
        demand.order.terms
    };
    assert_eq!(terms(None), Some(Terms::OnAccount));
    assert_eq!(terms(Some(Terms::Prepaid)), Some(Terms::Prepaid));
}

#[test]
fn terms_that_were_settled_when_it_was_parked_stay() {
    let on_account = world_where(|shop| shop.terms = Some(Terms::OnAccount));
    let mut unmapped = on(Terms::Prepaid);
    unmapped.order.lines[0].sku = String::new();
    let delta = super::super::input::LineDelta { line_id: "1".to_owned(), quantity: 0, sku: Some("SKU-1".to_owned()) };
    fresh(on_account)
        .when(&Input::Placed(Box::new(unmapped)))
        .and()
        .when(&Input::LinesChanged(vec![delta]))
        .then(&[planned(plan(1, true), demand(order(), Payment::Pending))]);
}

#[test]
fn a_parked_order_keeps_the_platforms_hold() {
    let mut unmapped = Placed { platform_holds: vec!["fraud".to_owned()], ..placed() };
    unmapped.order.lines[0].sku = String::new();
    let verdict = fresh(world()).when(&Input::Placed(Box::new(unmapped)));
    assert_eq!(verdict.decision().facts[1..], [system_hold("order-1:0:platform-hold", "platform-hold")]);
}

#[test]
fn a_payment_that_is_older_than_the_body_does_not_undo_it() {
    let early = Input::PaymentSeen(Payment::Authorized, None);
    let verdict = fresh(world()).when(&early).and().when(&paid());
    assert_eq!(verdict.decision().facts.last(), Some(&Fact::Released { plan: 1 }));
}

#[test]
fn an_order_that_was_cancelled_after_it_came_is_a_duplicate() {
    let cancelled = waiting().when(&Input::CancelledOutside { reason: "buyer".to_owned() }).and();
    cancelled.when(&unpaid()).ignores(Ignored::Duplicate);
}
