//! The order changes.

use super::super::input::LineDelta;
use super::*;

fn delta(id: &str, quantity: i64, sku: Option<&str>) -> Input {
    Input::LinesChanged(vec![LineDelta { line_id: id.to_owned(), quantity, sku: sku.map(str::to_owned) }])
}

fn moved() -> Input {
    let region = Region { country: "CN".to_owned(), province: "Hubei".to_owned() };
    Input::AddressChangeAsked { ship_to: b"new".to_vec(), region }
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
    let region = Region { country: "CN".to_owned(), province: "Hubei".to_owned() };
    let mut dearer = pricing();
    dearer.candidates[0].parcel_cost = cny(900);
    let demand = Demand { order: Order { region, ..order() }, payment: Payment::Pending, ship_to: b"new".to_vec() };
    waiting()
        .when(&moved())
        .then(&[planned(Plan { pricing: dearer, ..plan(2, true) }, Some(Box::new(demand)))])
        .tells(&[void(1, "replanned"), reserve(2)]);
}

#[test]
fn after_release_a_person_is_asked_once() {
    released()
        .when(&delta("1", 1, None))
        .then(&[system_hold("order-1:1:edited-after-release", "edited-after-release")])
        .tells(&[])
        .and()
        .when(&moved())
        .ignores(Ignored::Irrelevant)
        .and()
        .when(&Input::RejectHold(answer("order-1:1:edited-after-release")))
        .then(&[resolved("order-1:1:edited-after-release", Resolution::Rejected)])
        .tells(&[]);
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
