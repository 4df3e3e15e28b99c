//! A short pick stops the work, gives back, and leads to a list elsewhere.

use super::super::samples::*;
use super::*;
use crate::domain::{Input, MissingLine};
use weir_decider::given;

fn short(missing: &[(&str, i64)], reason: ShortReason) -> Input {
    let line = |(id, quantity): &(&str, i64)| MissingLine { line_id: (*id).to_owned(), quantity: *quantity };
    Input::ShortPick(ShortOrder {
        pick_list_id: "order-1:1:w1".to_owned(),
        missing: missing.iter().map(line).collect(),
        reason,
    })
}

fn void(reason: &str, lines: Vec<Placed>, effect: StockEffect) -> Message {
    Message::Void { pool: "main".to_owned(), plan: 1, reason: reason.to_owned(), lines, effect }
}

fn short_picked(missing: Vec<Placed>, reason: ShortReason) -> Fact {
    let (pick_list_id, warehouse) = ("order-1:1:w1".to_owned(), "w1".to_owned());
    Fact::ShortPicked { pick_list_id, warehouse, missing, reason }
}

#[test]
fn it_leads_to_a_new_plan_and_a_list_elsewhere() {
    let missing = vec![placed("l1", "A", "w1", 1)];
    let scenario = given::<Fulfillment>(issued())
        .when(&short(&[("l1", 1)], ShortReason::NotFound))
        .then(&[
            short_picked(missing.clone(), ShortReason::NotFound),
            Fact::WorkStopped { plan: 1, reason: StopReason::ShortPick, attempt: 1 },
        ])
        .tells(&[
            void("not-found", missing, StockEffect::Suspect),
            Message::Reroute { plan: 1, excluded: vec!["w1".to_owned()], reason: "not-found".to_owned(), attempt: 1 },
        ])
        .and();
    let mut elsewhere = word(2, 3);
    elsewhere.lines = vec![placed("l1", "A", "w2", 2)];
    scenario
        .when(&Input::Allocation(elsewhere))
        .and()
        .when(&planned(2))
        .then(&[opened(2)])
        .and()
        .when(&released(2))
        .then(&[release_noted(2), list_issued(2, "w2")]);
}

#[test]
fn each_reason_has_its_effect() {
    let all = vec![placed("l1", "A", "w1", 2)];
    for (reason, effect) in [
        (ShortReason::NotFound, StockEffect::Suspect),
        (ShortReason::Damaged, StockEffect::Damaged),
        (ShortReason::NoCapacity, StockEffect::None),
    ] {
        let verdict = given::<Fulfillment>(issued()).when(&short(&[], reason));
        assert_eq!(verdict.decision().messages[0], void(reason.slug(), all.clone(), effect));
    }
}

#[test]
fn it_can_show_while_packing() {
    let facts = issued().into_iter().chain([picked("order-1:1:w1")]);
    let verdict = given::<Fulfillment>(facts).when(&short(&[], ShortReason::Damaged));
    verdict.then(&[
        short_picked(vec![placed("l1", "A", "w1", 2)], ShortReason::Damaged),
        Fact::WorkStopped { plan: 1, reason: StopReason::ShortPick, attempt: 1 },
    ]);
}

#[test]
fn a_packed_parcel_is_too_late() {
    let facts = issued().into_iter().chain([picked("order-1:1:w1"), packed("order-1:1:w1")]);
    let verdict = given::<Fulfillment>(facts).when(&short(&[], ShortReason::NotFound));
    verdict.refuses("too-late");
}

#[test]
fn the_same_list_is_short_once() {
    given::<Fulfillment>(issued())
        .when(&short(&[], ShortReason::NotFound))
        .and()
        .when(&short(&[], ShortReason::NotFound))
        .refuses("not-open");
}

#[test]
fn what_is_not_on_the_list_can_not_be_missing() {
    for missing in [&[("l9", 1)][..], &[("l1", 3)], &[("l1", 0)], &[("l1", 1), ("l1", 1)]] {
        given::<Fulfillment>(issued()).when(&short(missing, ShortReason::NotFound)).refuses("field-invalid");
    }
}

#[test]
fn an_unknown_list_is_refused() {
    given::<Fulfillment>([]).when(&short(&[], ShortReason::NotFound)).refuses("unknown-pick-list");
}

#[test]
fn after_a_parcel_has_left_a_person_must_look() {
    let facts = issued_at_two().into_iter().chain(shipped_first());
    let order = ShortOrder { pick_list_id: "order-1:1:w2".to_owned(), missing: vec![], reason: ShortReason::NotFound };
    let missing = vec![placed("l2", "B", "w2", 1)];
    given::<Fulfillment>(facts)
        .when(&Input::ShortPick(order))
        .then(&[
            Fact::ShortPicked {
                pick_list_id: "order-1:1:w2".to_owned(),
                warehouse: "w2".to_owned(),
                missing: missing.clone(),
                reason: ShortReason::NotFound,
            },
            Fact::WorkStopped { plan: 1, reason: StopReason::PartlyShipped, attempt: 0 },
            Fact::OnHold { reason: "short-after-shipping".to_owned() },
        ])
        .tells(&[void("not-found", missing, StockEffect::Suspect), void("partly-shipped", vec![], StockEffect::None)])
        .and()
        .when(&pick("order-1:1:w2"))
        .refuses("not-open");
}
