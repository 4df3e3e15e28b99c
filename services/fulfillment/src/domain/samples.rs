//! One order in all its moments, for the tests of the decisions: line l1, two of A, from pool main.

use super::{Allocation, Fact, Input, Line, Opened, PickListIssued, Placed, Said, ShipOrder};

pub(super) fn line(line_id: &str, sku: &str, quantity: i64) -> Line {
    let (line_id, sku) = (line_id.to_owned(), sku.to_owned());
    Line { line_id, sku, quantity, pool: "main".to_owned() }
}

pub(super) fn placed(line_id: &str, sku: &str, warehouse: &str, quantity: i64) -> Placed {
    let (line_id, sku) = (line_id.to_owned(), sku.to_owned());
    Placed { line_id, sku, warehouse: warehouse.to_owned(), quantity }
}

pub(super) fn plan(version: u32) -> Opened {
    Opened {
        plan: version,
        lines: vec![line("l1", "A", 2)],
        ship_to: Some(vec![1, 2, 3]),
        channel: "generic".to_owned(),
        shop: "acme".to_owned(),
        platform_order_id: "1001".to_owned(),
        priority: 5,
        attempt: version - 1,
        ship_by_ms: 900,
        excluded_warehouses: vec![],
    }
}

pub(super) fn planned(version: u32) -> Input {
    Input::Planned(plan(version))
}

pub(super) fn opened(version: u32) -> Fact {
    Fact::Opened(plan(version))
}

pub(super) fn released(plan: u32) -> Input {
    Input::Released { plan }
}

pub(super) fn release_noted(plan: u32) -> Fact {
    Fact::ReleaseNoted { plan }
}

pub(super) fn word(plan: u32, sequence: u64) -> Allocation {
    Allocation {
        pool: "main".to_owned(),
        plan,
        sequence,
        said: Said::Allocated,
        lines: vec![placed("l1", "A", "w1", 2)],
    }
}

pub(super) fn allocated(plan: u32, sequence: u64) -> Input {
    Input::Allocation(word(plan, sequence))
}

pub(super) fn noted(plan: u32, sequence: u64) -> Fact {
    Fact::AllocationNoted(word(plan, sequence))
}

pub(super) fn list_issued(plan: u32, warehouse: &str) -> Fact {
    list_of(plan, warehouse, vec![placed("l1", "A", warehouse, 2)])
}

pub(super) fn list_of(plan: u32, warehouse: &str, lines: Vec<Placed>) -> Fact {
    Fact::PickListIssued(PickListIssued {
        pick_list_id: format!("order-1:{plan}:{warehouse}"),
        warehouse: warehouse.to_owned(),
        plan,
        lines,
        priority: 5,
        ship_by_ms: 900,
    })
}

pub(super) fn renamed(fact: Fact, id: &str) -> Fact {
    match fact {
        Fact::PickListIssued(list) => Fact::PickListIssued(PickListIssued { pick_list_id: id.to_owned(), ..list }),
        other => other,
    }
}

/// Opened, released, allocated, with its one list at w1.
pub(super) fn issued() -> Vec<Fact> {
    vec![opened(1), release_noted(1), noted(1, 1), list_issued(1, "w1")]
}

/// Two lines at two warehouses.
pub(super) fn issued_at_two() -> Vec<Fact> {
    let mut plan = plan(1);
    plan.lines.push(line("l2", "B", 1));
    let mut word = word(1, 1);
    word.lines.push(placed("l2", "B", "w2", 1));
    vec![
        Fact::Opened(plan),
        release_noted(1),
        Fact::AllocationNoted(word),
        list_issued(1, "w1"),
        list_of(1, "w2", vec![placed("l2", "B", "w2", 1)]),
    ]
}

/// The list at w1 has gone its whole way, and was not the last.
pub(super) fn shipped_first() -> [Fact; 3] {
    let id = "order-1:1:w1";
    let lines = vec![placed("l1", "A", "w1", 2)];
    [picked(id), packed(id), shipped(id, "T1", lines, false)]
}

pub(super) fn pick(id: &str) -> Input {
    Input::Pick { pick_list_id: id.to_owned() }
}

pub(super) fn picked(id: &str) -> Fact {
    Fact::Picked { pick_list_id: id.to_owned() }
}

pub(super) fn pack(id: &str) -> Input {
    Input::Pack { pick_list_id: id.to_owned(), weight_grams: 400 }
}

pub(super) fn packed(id: &str) -> Fact {
    Fact::Packed { pick_list_id: id.to_owned(), parcel_id: id.to_owned(), weight_grams: 400 }
}

pub(super) fn ship(id: &str, tracking_number: &str) -> Input {
    Input::Ship(ShipOrder {
        pick_list_id: id.to_owned(),
        carrier: "sf".to_owned(),
        tracking_number: tracking_number.to_owned(),
    })
}

pub(super) fn shipped(id: &str, tracking_number: &str, lines: Vec<Placed>, last: bool) -> Fact {
    Fact::Shipped {
        pick_list_id: id.to_owned(),
        parcel_id: id.to_owned(),
        carrier: "sf".to_owned(),
        tracking_number: tracking_number.to_owned(),
        lines,
        last,
    }
}

pub(super) fn cancel_accepted(request_id: &str) -> Fact {
    let (request_id, reason) = (request_id.to_owned(), "changed mind".to_owned());
    Fact::CancelAccepted { request_id, reason }
}
