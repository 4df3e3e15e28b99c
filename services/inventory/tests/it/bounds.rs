//! Bounds of what is believed: the last number that is taken, and the first that is not.

use crate::making::{
    adjust, adjusted, candidate, demand, empty, issue, line, placed, receive, received, reserve, restock, shortage,
};
use weir_decider::{Outcome, given};
use weir_inventory::domain::demand::{LINE_MAX, LINES_MAX, MOVE_MAX, PLACE_MAX};
use weir_inventory::domain::{Command, Demand, Line, Placed, Pool, Status};

#[test]
fn issues_and_returns_name_all_that_they_are_of() {
    let lines = [placed("l1", "A", "W1", 1)];
    let half = [placed("l1", "A", "W1", 1), placed("l2", "A", "", 1)];
    for (order, lines) in [("", &lines[..]), ("o1", &[]), ("o1", &half)] {
        empty().when(&issue(order, 1, lines)).cannot_read("field-missing", "lines");
        empty().when(&restock(order, lines, Status::Sellable)).cannot_read("field-missing", "lines");
    }
    for (id, sku) in [("", "A"), ("l1", "")] {
        let nameless = [placed(id, sku, "W1", 1)];
        empty().when(&issue("o1", 1, &nameless)).cannot_read("field-missing", "lines[0]");
        empty().when(&reserve("o1", 1, &[line(id, sku, 1)])).cannot_read("field-missing", "lines[0]");
    }
}

#[test]
fn as_many_lines_and_units_as_the_bounds_say() {
    let lines = |count: usize| -> Vec<Line> { (0..count).map(|i| line(&format!("l{i}"), "A", LINE_MAX)).collect() };
    let placed = |count: usize| -> Vec<Placed> { (0..count).map(|i| placed(&format!("l{i}"), "A", "W1", 1)).collect() };
    let outcome = |command: &Command| empty().when(command).decision().outcome.clone();
    assert_eq!(outcome(&reserve("o1", 1, &lines(LINES_MAX))), Outcome::Accepted);
    assert_eq!(outcome(&issue("o1", 1, &placed(LINES_MAX))), Outcome::Accepted);
    for count in [LINES_MAX + 1, LINES_MAX + 2] {
        empty().when(&reserve("o1", 1, &lines(count))).cannot_read("lines-out-of-range", "lines");
        empty().when(&issue("o1", 1, &placed(count))).cannot_read("lines-out-of-range", "lines");
    }
    empty()
        .when(&reserve("o1", 1, &[line("l1", "A", LINE_MAX + 1)]))
        .cannot_read("quantity-out-of-range", "lines[0].quantity");
    assert_eq!(outcome(&receive("A", "W1", MOVE_MAX)), Outcome::Accepted);
    assert_eq!(outcome(&adjust("A", "W1", MOVE_MAX)), Outcome::Accepted);
    let five = (0..5).map(|i| candidate(&format!("W{i}"), 1, 1, PLACE_MAX)).collect();
    let wide = Demand { candidates: five, ..demand("o1", 1, &[line("l1", "A", 1)]) };
    assert_eq!(outcome(&Command::Allocate(wide)), Outcome::Accepted);
}

#[test]
fn a_place_is_full_at_its_bound_and_not_before() {
    let at = |units: i64| given::<Pool>([received(units)]);
    let back = [placed("l1", "A", "W1", 1)];
    for command in [receive("A", "W1", 1), adjust("A", "W1", 1), restock("o1", &back, Status::Sellable)] {
        let verdict = at(PLACE_MAX - 1).when(&command);
        assert_eq!(verdict.decision().outcome, Outcome::Accepted, "{command:?}");
        at(PLACE_MAX).when(&command).refuses("quantity-out-of-range");
        at(PLACE_MAX + 1).when(&command).refuses("quantity-out-of-range");
    }
    let lacks = |units: i64| given::<Pool>([shortage(units), adjusted(-units)]);
    let out = issue("o1", 1, &back);
    assert_eq!(lacks(PLACE_MAX - 1).when(&out).decision().outcome, Outcome::Accepted);
    lacks(PLACE_MAX).when(&out).refuses("quantity-out-of-range");
    lacks(PLACE_MAX + 1).when(&out).refuses("quantity-out-of-range");
    // What lies below zero is put right in steps.
    assert_eq!(lacks(5).when(&adjust("A", "W1", 2)).decision().outcome, Outcome::Accepted);
    lacks(5).when(&adjust("A", "W1", -1)).refuses("below-zero");
}
