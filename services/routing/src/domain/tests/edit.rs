//! The order changes.

use super::super::input::LineDelta;
use super::*;

fn delta(id: &str, quantity: i64, sku: Option<&str>) -> Input {
    Input::LinesChanged(vec![LineDelta { line_id: id.to_owned(), quantity, sku: sku.map(str::to_owned) }])
}

fn hubei() -> Region {
    Region { country: "CN".to_owned(), province: "Hubei".to_owned() }
}

fn moved() -> Input {
    Input::AddressChangeAsked { ship_to: b"new".to_vec(), region: hubei() }
}

/// The new address as those who read the routes hear it.
fn new_demand(order: Order, payment: Payment) -> Option<Box<Demand>> {
    Some(Box::new(Demand { order, payment, ship_to: b"new".to_vec() }))
}

fn dearer() -> Pricing {
    let mut dearer = pricing();
    dearer.candidates[0].parcel_cost = cny(900);
    dearer
}

#[test]
fn lines_change_the_plan_before_release() {
    let lines = vec![line("1", "SKU-1", 3)];
    waiting().when(&delta("1", 1, None)).then(&[planned(Plan { lines: lines.clone(), ..plan(2, true) }, None)]).tells(
        &[void(1, "replanned"), Message::Reserve { pool: "main".to_owned(), order: KEY.to_owned(), plan: 2, lines }],
    );
}

#[test]
fn a_new_line_comes_from_the_shops_pool() {
    let lines = vec![line("1", "SKU-1", 2), line("2", "SKU-2", 4)];
    let verdict = waiting().when(&delta("2", 4, Some("SKU-2")));
    let Fact::Planned { plan, .. } = &verdict.decision().facts[0] else { panic!("no plan: {:?}", verdict.decision()) };
    assert_eq!(plan.lines, lines);
}

#[test]
fn an_order_without_lines_is_cancelled() {
    waiting().when(&delta("1", -2, None)).then(&[cancelled("no lines left", "")]).tells(&[void(1, "cancelled")]);
}

#[test]
fn a_delta_without_effect_changes_nothing() {
    waiting().when(&delta("9", -1, None)).ignores(Ignored::Unchanged).tells(&[]);
}

#[test]
fn an_unmapped_line_is_a_question() {
    waiting()
        .when(&delta("2", 1, Some("")))
        .then(&[system_hold("order-1:1:unmapped-line", "unmapped-line")])
        .tells(&[]);
}

#[test]
fn a_new_address_is_priced_anew() {
    let demand = new_demand(Order { region: hubei(), ..order() }, Payment::Pending);
    let after = waiting().when(&moved()).then(&[planned(Plan { pricing: dearer(), ..plan(2, true) }, demand)]);
    // The payment releases the plan for the new address.
    let after = after.and().when(&pays()).then(&[noted(Payment::Paid), Fact::Released { plan: 2 }]);
    after.tells(&[allocate(2, dearer())]);
}

/// Given back first, the last unit could go to whoever waits for it.
#[test]
fn a_new_address_does_not_let_go_of_the_stock() {
    waiting().when(&moved()).tells(&[reserve(2)]);
    let paid_and_held = fresh(world_with(review())).when(&paid()).and();
    paid_and_held.when(&moved()).tells(&[reserve(2)]);
}

#[test]
fn a_new_street_in_the_same_region_is_told_as_well() {
    let street = Input::AddressChangeAsked { ship_to: b"new".to_vec(), region: placed().order.region };
    let fact = planned(plan(2, true), new_demand(order(), Payment::Pending));
    waiting().when(&street).then(&[fact]).tells(&[reserve(2)]);
}

#[test]
fn a_held_order_is_planned_for_its_new_address_and_stays_held() {
    let held = fresh(world_with(review())).when(&paid()).and().when(&moved()).and();
    let hold = "order-1:1:big";
    let verdict = held.when(&Input::ApproveHold(answer(hold)));
    verdict.then(&[resolved(hold, Resolution::Approved), Fact::Released { plan: 2 }]).tells(&[allocate(2, dearer())]);
}

#[test]
fn where_nobody_delivers_a_person_is_asked() {
    let abroad = Region { country: "FR".to_owned(), province: String::new() };
    let mut nearby = world();
    let east = nearby.tenants.get_mut("demo").and_then(|tenant| tenant.warehouses.get_mut("east"));
    east.expect("the warehouse is there").parcel_costs.remove("*");
    let moved = Input::AddressChangeAsked { ship_to: b"new".to_vec(), region: abroad };
    let verdict = fresh(nearby).when(&unpaid()).and().when(&moved);
    let facts = &verdict.decision().facts;
    assert!(matches!(facts[0], Fact::Planned { .. }), "{facts:?}");
    assert_eq!(facts[1..], [system_hold("order-1:2:no-warehouse", "no-warehouse")]);
    // Money alone does not send it anywhere.
    verdict.and().when(&pays()).then(&[noted(Payment::Paid)]).tells(&[]);
}

#[test]
fn a_parked_order_keeps_the_new_address_for_its_first_plan() {
    let mut unmapped = placed();
    unmapped.order.lines[0].sku = String::new();
    let after = fresh(world()).when(&Input::Placed(Box::new(unmapped))).and().when(&moved()).and();
    let verdict = after.when(&delta("1", 0, Some("SKU-1")));
    let Fact::Planned { demand, .. } = &verdict.decision().facts[0] else { panic!("{:?}", verdict.decision()) };
    let told = demand.as_ref().map(|demand| (demand.ship_to.as_slice(), demand.order.region.clone()));
    assert_eq!(told, Some((b"new".as_slice(), hubei())));
}

#[test]
fn after_release_a_person_is_asked_once() {
    released()
        .when(&delta("1", 1, None))
        .then(&[system_hold("order-1:1:edited-after-release", "edited-after-release")])
        .tells(&[])
        .and()
        .when(&delta("1", 1, None))
        .ignores(Ignored::Irrelevant)
        .and()
        .when(&Input::RejectHold(answer("order-1:1:edited-after-release")))
        .then(&[resolved("order-1:1:edited-after-release", Resolution::Rejected)])
        .tells(&[]);
}

/// The parcel would go to the old one, so the hold says it, whatever else was edited.
#[test]
fn a_new_address_after_release_is_a_question_of_its_own() {
    let (edited, hold) = ("order-1:1:edited-after-release", "order-1:1:address-changed-after-release");
    let asked = released().when(&moved()).then(&[system_hold(hold, "address-changed-after-release")]).tells(&[]).and();
    let asked = asked.when(&moved()).ignores(Ignored::Irrelevant).and();
    let asked = asked.when(&delta("1", 1, None)).then(&[system_hold(edited, "edited-after-release")]).and();
    let answered = asked.when(&Input::ApproveHold(answer(hold)));
    let answered = answered.then(&[resolved(hold, Resolution::Approved)]).tells(&[]).and();
    let next = "order-1:1:address-changed-after-release:2";
    answered.when(&moved()).then(&[system_hold(next, "address-changed-after-release")]).tells(&[]);
}

/// Nobody knows the new address by then but the person who is asked.
#[test]
fn a_new_plan_waits_for_the_answer() {
    let asked = released().when(&moved()).and();
    let reroute = Input::Reroute(super::super::input::Reroute {
        plan: 1,
        excluded: Vec::new(),
        reason: "not-found".to_owned(),
        attempt: 1,
    });
    let verdict = asked.when(&reroute);
    let released = verdict.decision().facts.iter().any(|fact| matches!(fact, Fact::Released { .. }));
    assert!(!released, "{:?}", verdict.decision());
}

#[test]
fn an_order_that_ended_goes_nowhere_else() {
    let cancelled = waiting().when(&Input::CancelledOutside { reason: "buyer".to_owned() }).and();
    cancelled.when(&moved()).ignores(Ignored::Irrelevant).tells(&[]);
    let shipped = released().when(&Input::NoteOutcome { outcome: "shipped".to_owned() }).and();
    shipped.when(&moved()).ignores(Ignored::Irrelevant).tells(&[]);
}

#[test]
fn an_edit_can_complete_a_parked_order() {
    let mut unmapped = Placed { payment: Payment::Paid, ..placed() };
    unmapped.order.lines[0].sku = String::new();
    let edit =
        Input::LinesChanged(vec![LineDelta { line_id: "1".to_owned(), quantity: 0, sku: Some("SKU-1".to_owned()) }]);
    fresh(world())
        .when(&Input::Placed(Box::new(unmapped)))
        .and()
        .when(&edit)
        .then(&[planned(plan(1, false), demand(order(), Payment::Paid)), Fact::Released { plan: 1 }])
        .tells(&[allocate(1, pricing())]);
}

#[test]
fn an_edit_of_nothing_known_is_irrelevant() {
    fresh(world()).when(&moved()).ignores(Ignored::Irrelevant);
    fresh(world()).when(&delta("1", 1, None)).ignores(Ignored::Irrelevant);
    fresh(world()).when(&Input::Irrelevant).ignores(Ignored::Irrelevant);
}

#[test]
fn a_new_address_for_an_order_with_nothing_to_ship_cancels_nothing() {
    let mut empty = placed();
    empty.order.lines.clear();
    let scenario = fresh(world()).when(&Input::Placed(Box::new(empty))).and();
    let moved = Input::AddressChangeAsked { ship_to: b"new".to_vec(), region: hubei() };
    let verdict = scenario.when(&moved).tells(&[]);
    let facts = verdict.decision().facts.as_slice();
    assert!(matches!(facts, [Fact::Parked { reason, .. }] if reason == "nothing-to-ship"), "{facts:?}");
}
