//! Each state by a table: what has been told, and what follows.

use super::*;
use crate::domain::{Hold, PickList, Placed, PlacedLine, Stuck, Told, Unanswered, waits_for};

const MOMENT: i64 = 1_795_269_900_000;

type Told1 = fn(&mut Story);

fn placed(story: &mut Story) {
    let line = |id: &str, sku: &str| PlacedLine { line_id: id.to_owned(), sku: sku.to_owned(), open: 1 };
    let lines = vec![line("1", "SKU-1"), line("2", "SKU-9")];
    story.placed.place(Placed { lines, placed_at_ms: MOMENT, ..Placed::default() });
}

fn paid_early(story: &mut Story) {
    story.placed.payment = "paid".to_owned();
}

fn planned(story: &mut Story) {
    story.route.planned(1, Some(MOMENT));
}

fn replanned(story: &mut Story) {
    story.route.planned(2, None);
    story.route.released(2, MOMENT);
}

fn released(story: &mut Story) {
    story.route.released(1, MOMENT);
}

fn held(story: &mut Story) {
    let hold = |reason: &str, group: &str| Hold {
        id: reason.to_owned(),
        reason: reason.to_owned(),
        owner_group: group.to_owned(),
    };
    story.route.held(hold("over-2000", "review-desk"));
}

fn approved(story: &mut Story) {
    story.route.resolved("over-2000");
}

fn parked(story: &mut Story) {
    story.route.parked = Some("sku-unmapped".to_owned());
}

fn route_cancelled(story: &mut Story) {
    story.route.cancelled = Some("payment-timeout".to_owned());
}

fn shipped_outside(story: &mut Story) {
    story.route.shipped_outside = true;
}

fn told(plan: u32) -> Told<'static> {
    Told { pool: "main", plan, sequence: 0 }
}

fn allocated(story: &mut Story) {
    for (line, sku) in [("1", "SKU-1"), ("2", "SKU-9")] {
        story.stock.cover(told(1), line, sku, "wh-east", Coverage::Allocated);
    }
}

fn second_backordered(story: &mut Story) {
    story.stock.cover(told(1), "2", "SKU-9", "", Coverage::Backordered);
}

fn issued(story: &mut Story) {
    for (id, line) in [("a", "1"), ("b", "2")] {
        let list = PickList {
            plan: 1,
            warehouse: "wh-east".to_owned(),
            lines: vec![line.to_owned()],
            stage: Stage::Issued,
            since_ms: MOMENT,
            tracking_number: String::new(),
        };
        story.work.issued(id, list);
    }
}

fn first_picked(story: &mut Story) {
    story.work.moved("a", Stage::Picked, MOMENT);
}

fn first_shipped(story: &mut Story) {
    story.work.shipped("a", "T-1", MOMENT);
}

fn second_shipped(story: &mut Story) {
    story.work.shipped("b", "T-2", MOMENT);
}

fn all_delivered(story: &mut Story) {
    story.work.scanned("T-1", "delivered", MOMENT);
    story.work.scanned("T-2", "delivered", MOMENT);
}

fn second_packed(story: &mut Story) {
    story.work.moved("b", Stage::Packed, MOMENT);
}

fn stopped(story: &mut Story) {
    story.work.stopped(1);
}

fn on_hold(story: &mut Story) {
    story.work.on_hold = Some("short-after-shipping".to_owned());
}

fn stuck(story: &mut Story) {
    let pools = vec!["cold".to_owned(), "main".to_owned()];
    story.work.stuck = Some(Stuck { waits_for: "inventory".to_owned(), pools, since_ms: MOMENT });
}

fn stuck_on_routing(story: &mut Story) {
    story.work.stuck = Some(Stuck { waits_for: "routing".to_owned(), pools: Vec::new(), since_ms: MOMENT });
}

fn main_heard(story: &mut Story) {
    story.work.heard("main");
}

fn cold_heard(story: &mut Story) {
    story.work.heard("cold");
}

fn unanswered(story: &mut Story) {
    let (request_id, waits_for) = ("r-1".to_owned(), "fulfillment".to_owned());
    story.route.stuck(Unanswered { request_id, waits_for, since_ms: MOMENT });
}

fn answered(story: &mut Story) {
    story.route.answered("r-1");
}

fn held_in_a_plans_place(story: &mut Story) {
    let (id, reason) = ("order-1:1:reroute-attempts".to_owned(), "reroute-attempts".to_owned());
    story.work.on_hold = Some(reason.clone());
    story.route.held(Hold { id, reason, owner_group: "review".to_owned() });
}

fn cancel_accepted(story: &mut Story) {
    story.work.cancelled = Some("changed-mind".to_owned());
}

fn second_removed(story: &mut Story) {
    story.placed.change_line("2", -1, None);
}

#[test]
fn a_state_follows_from_what_was_told() {
    let cases: &[(&[Told1], &str, &str)] = &[
        (&[], "announced", "waits for the order itself"),
        (&[paid_early], "announced", "waits for the order itself"),
        (&[placed], "placed", "waits for routing since 2026-11-21 14:05Z"),
        (&[placed, parked], "parked", "parked: sku-unmapped"),
        (&[placed, planned], "unpaid", "waits for payment until 2026-11-21 14:05Z"),
        (&[placed, planned, held], "held", "held: over-2000 (review-desk)"),
        (&[placed, planned, held, approved, released], "routed", "waits for inventory since 2026-11-21 14:05Z"),
        (&[placed, planned, released, allocated], "allocated", "waits for a pick list at wh-east"),
        (&[placed, planned, released, allocated, second_backordered], "backordered..allocated", "backordered: SKU-9"),
        (&[placed, planned, released, allocated, issued], "picking", "pick list at wh-east since 2026-11-21 14:05Z"),
        (
            &[placed, planned, released, issued, first_picked],
            "picking..picked",
            "pick list at wh-east since 2026-11-21 14:05Z",
        ),
        (
            &[placed, planned, released, issued, first_shipped],
            "picking..shipped",
            "pick list at wh-east since 2026-11-21 14:05Z",
        ),
        (
            &[placed, planned, released, issued, first_shipped, second_packed],
            "packed..shipped",
            "packed at wh-east since 2026-11-21 14:05Z",
        ),
        (&[placed, planned, released, issued, first_shipped, second_shipped], "shipped", ""),
        (&[placed, planned, released, issued, first_shipped, second_shipped, all_delivered], "delivered", ""),
        (
            &[placed, planned, released, allocated, issued, stopped, replanned],
            "routed",
            "waits for inventory since 2026-11-21 14:05Z",
        ),
        (
            &[placed, planned, released, issued, first_shipped, stopped, on_hold],
            "held..shipped",
            "held: short-after-shipping",
        ),
        (
            &[placed, planned, released, stuck],
            "routed",
            "stuck: waits for inventory (pool cold, main) since 2026-11-21 14:05Z",
        ),
        (
            &[placed, planned, released, stuck, main_heard],
            "routed",
            "stuck: waits for inventory (pool cold) since 2026-11-21 14:05Z",
        ),
        (
            &[placed, planned, released, stuck, main_heard, cold_heard],
            "routed",
            "waits for inventory since 2026-11-21 14:05Z",
        ),
        (
            &[placed, planned, released, allocated, issued, stopped, stuck_on_routing, main_heard],
            "allocated",
            "stuck: waits for routing since 2026-11-21 14:05Z",
        ),
        (
            &[placed, planned, released, allocated, issued, unanswered],
            "picking",
            "stuck: waits for fulfillment (request r-1) since 2026-11-21 14:05Z",
        ),
        (
            &[placed, planned, released, allocated, issued, unanswered, answered],
            "picking",
            "pick list at wh-east since 2026-11-21 14:05Z",
        ),
        (&[placed, planned, released, unanswered, cancel_accepted], "cancelled", ""),
        (&[placed, planned, released, held_in_a_plans_place], "held", "held: reroute-attempts (review)"),
        (&[placed, planned, released, stuck, held], "held", "held: over-2000 (review-desk)"),
        (&[placed, planned, released, stuck, cancel_accepted], "cancelled", ""),
        (&[placed, route_cancelled], "cancelled", ""),
        (&[route_cancelled], "cancelled", ""),
        (&[shipped_outside], "shipped-outside", ""),
        (&[shipped_outside, placed], "shipped-outside", ""),
        (&[placed, planned, held, shipped_outside], "shipped-outside", ""),
        (&[placed, second_removed, shipped_outside], "shipped-outside", ""),
        (&[placed, planned, released, issued, first_shipped, cancel_accepted], "shipped", ""),
        (&[placed, planned, released, issued, first_shipped, second_removed], "shipped", ""),
    ];
    for (facts, expected, waits) in cases {
        let mut story = Story::default();
        facts.iter().for_each(|fact| fact(&mut story));
        assert_eq!(state(&story).to_string(), *expected);
        assert_eq!(waits_for(&story), *waits, "{expected}");
    }
}

#[test]
fn a_search_for_a_line_state_means_every_span_that_ends_in_it() {
    let found = OrderState::matching("packed").expect("it is a state");
    assert!(found.contains(&"packed".to_owned()));
    assert!(found.contains(&"picking..packed".to_owned()));
    assert!(found.contains(&"packed..shipped".to_owned()));
    assert_eq!(found.len(), LineState::ALL.len());
    assert_eq!(OrderState::matching("picking..packed"), Some(vec!["picking..packed".to_owned()]));
    assert_eq!(OrderState::matching("packed..picking"), None);
    assert_eq!(OrderState::matching("lost"), None);
}
