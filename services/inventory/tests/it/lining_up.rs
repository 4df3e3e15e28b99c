//! Who lines up while freed stock is being offered to the queue, and who does not.

use crate::making::{Watched, demand, line, receive, reserve};
use weir_inventory::domain::{Command, Demand, Said};

fn allocate(order: &str, plan: u32, units: i64, priority: i32) -> Command {
    Command::Allocate(Demand { priority, ..demand(order, plan, &[line("l1", "A", units)]) })
}

/// A hundred and twenty wait, fifty have been served, and the queue stands at the fiftieth.
fn half_served() -> Watched {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 2), allocate("holder", 1, 1, -1)]);
    watched.all(&[reserve("soft", 1, &[line("l1", "A", 1)])]);
    for n in 0..120 {
        watched.all(&[allocate(&format!("o{n}"), 1, 1, 0)]);
    }
    watched.all(&[receive("A", "W1", 121)]);
    assert_eq!(watched.place("A", "W1"), (123, 51));
    watched
}

#[track_caller]
fn holds(watched: &Watched, order: &str) -> i64 {
    watched.pool.order(order).and_then(|order| order.open.as_ref()).expect("it is open").holds("A")
}

#[test]
fn who_asks_anew_for_what_it_holds_does_not_line_up() {
    for (order, units) in [("holder", 1), ("soft", 1)] {
        let mut watched = half_served();
        watched.all(&[allocate(order, 2, units, -1)]);
        assert_eq!(
            watched.messages.last().map(|told| told.order.as_str()),
            Some("o99"),
            "{order}: fifty more were served"
        );
        let told: Vec<&Said> = watched.messages.iter().filter(|m| m.order == order).map(|m| &m.said).collect();
        assert!(matches!(told.last(), Some(Said::Allocated { .. })), "{order}: {told:?}");
        assert!(!told.iter().any(|said| matches!(said, Said::Backordered { .. })), "{order}: {told:?}");
    }
}

#[test]
fn who_asks_anew_for_more_or_without_holding_any_lines_up() {
    let mut watched = half_served();
    watched.all(&[allocate("holder", 2, 2, -1)]);
    assert!(watched.messages.iter().any(|m| m.order == "holder" && matches!(m.said, Said::Backordered { .. })));
    let mut watched = half_served();
    watched.all(&[allocate("o119", 2, 1, -1)]);
    assert_eq!(holds(&watched, "o119"), 0, "it waits behind the others still");
}

#[test]
fn who_was_asked_last_does_not_line_up_behind_itself() {
    let mut watched = half_served();
    watched.messages.clear();
    watched.all(&[allocate("o49", 2, 2, 0)]);
    let told: Vec<&Said> = watched.messages.iter().filter(|m| m.order == "o49").map(|m| &m.said).collect();
    assert!(matches!(told[..], [Said::Allocated { .. }]), "{told:?}");
}
