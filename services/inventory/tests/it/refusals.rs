//! Every refusal and every fault, by name.

use crate::making::{adjust, candidate, demand, issue, line, placed, receive, reserve, void};
use weir_decider::{Scenario, given};
use weir_inventory::domain::command::{Effect, Void};
use weir_inventory::domain::fact::REPLACED;
use weir_inventory::domain::{Command, Demand, Line, Pool, Status};

fn empty() -> Scenario<Pool> {
    given::<Pool>([])
}

fn allocate(change: impl FnOnce(&mut Demand)) -> Command {
    let mut wanted = demand("o1", 1, &[line("l1", "A", 1)]);
    change(&mut wanted);
    Command::Allocate(wanted)
}

#[test]
fn a_receipt_is_of_something_and_within_bounds() {
    for quantity in [0, -1, i64::MIN, i64::MAX, 1_000_000_001] {
        empty().when(&receive("A", "W1", quantity)).refuses("quantity-out-of-range");
    }
    empty().when(&receive("", "W1", 1)).refuses("field-missing");
    empty().when(&receive("A", "", 1)).refuses("field-missing");
    let mut scenario = empty();
    for _ in 0..1000 {
        scenario = scenario.when(&receive("A", "W1", 1_000_000_000)).and();
    }
    scenario.when(&receive("A", "W1", 1)).refuses("quantity-out-of-range");
}

#[test]
fn an_adjustment_is_of_something_and_never_below_zero() {
    for delta in [0, i64::MIN, i64::MAX, 1_000_000_001] {
        empty().when(&adjust("A", "W1", delta)).refuses("quantity-out-of-range");
    }
    empty().when(&adjust("", "W1", 1)).refuses("field-missing");
    empty().when(&adjust("A", "W1", -1)).refuses("below-zero");
    empty().when(&receive("A", "W1", 2)).and().when(&adjust("A", "W1", -3)).refuses("below-zero");
}

#[test]
fn lines_make_sense_or_the_command_goes_to_quarantine() {
    let cases: [(&[Line], &str, &str); 5] = [
        (&[], "lines-out-of-range", "lines"),
        (&[line("l1", "A", 0)], "quantity-out-of-range", "lines[0].quantity"),
        (&[line("l1", "A", 1), line("l2", "A", i64::MAX)], "quantity-out-of-range", "lines[1].quantity"),
        (&[line("l1", "A", 1), line("l1", "B", 1)], "line-repeated", "lines[1].line_id"),
        (&[line("l1", "", 1)], "field-missing", "lines[0]"),
    ];
    for (lines, reason, field) in cases {
        empty().when(&reserve("o1", 1, lines)).cannot_read(reason, field);
        empty().when(&allocate(|d| d.lines = lines.to_vec())).cannot_read(reason, field);
    }
    let many: Vec<Line> = (0..501).map(|i| line(&format!("l{i}"), "A", 1)).collect();
    empty().when(&reserve("o1", 1, &many)).cannot_read("lines-out-of-range", "lines");
    empty().when(&reserve("", 1, &many[..1])).cannot_read("field-missing", "order_id");
    empty().when(&allocate(|d| d.order.clear())).cannot_read("field-missing", "order_id");
}

#[test]
fn candidates_can_be_counted_and_added_up() {
    let six = (0..6).map(|i| candidate(&format!("W{i}"), 1, 1, 0)).collect();
    empty().when(&allocate(|d| d.candidates = six)).cannot_read("candidates-out-of-range", "candidates");
    let twice = vec![candidate("W1", 1, 1, 0), candidate("W1", 2, 1, 0)];
    empty().when(&allocate(|d| d.candidates = twice)).cannot_read("candidate-repeated", "candidates[1].warehouse");
    let nameless = vec![candidate("", 1, 1, 0)];
    empty().when(&allocate(|d| d.candidates = nameless)).cannot_read("field-missing", "candidates[0].warehouse");
    for (parcel, unit) in [(-1, 0), (0, -1), (i64::MAX, 0), (0, i64::MAX)] {
        let dear = vec![candidate("W1", parcel, unit, 0)];
        empty().when(&allocate(|d| d.candidates = dear)).cannot_read("cost-out-of-range", "candidates[0]");
    }
    let kept = vec![candidate("W1", 0, 0, -1)];
    empty().when(&allocate(|d| d.candidates = kept)).cannot_read("quantity-out-of-range", "candidates[0].keep_back");
}

#[test]
fn issues_returns_and_voids_name_their_places() {
    let placeless = [placed("l1", "A", "", 1)];
    empty().when(&issue("o1", 1, &placeless)).cannot_read("field-missing", "lines");
    empty().when(&issue("o1", 1, &[])).cannot_read("field-missing", "lines");
    empty()
        .when(&issue("o1", 1, &[placed("l1", "A", "W1", -1)]))
        .cannot_read("quantity-out-of-range", "lines[0].quantity");
    let status = Status::Sellable;
    let back = |lines: &[_]| Command::Restock { order: "o1".into(), lines: lines.to_vec(), status };
    empty().when(&back(&placeless)).cannot_read("field-missing", "lines");
    empty().when(&back(&[placed("l1", "A", "W1", 0)])).cannot_read("quantity-out-of-range", "lines[0].quantity");
    let twice = [placed("l1", "A", "W1", 1), placed("l1", "A", "W1", 1)];
    empty().when(&void("o1", 1, &twice, Effect::None)).cannot_read("line-repeated", "lines[1].line_id");
    empty().when(&void("", 1, &[], Effect::None)).cannot_read("field-missing", "order_id");
    let (order, plan, lines, effect) = ("o1".into(), 1, vec![], Effect::None);
    let reserved = Command::Void(Void { order, plan, reason: REPLACED.into(), lines, effect });
    empty().when(&reserved).refuses("reason-reserved");
}

#[test]
fn an_order_that_left_gets_no_new_plan() {
    let gone = || {
        empty()
            .when(&receive("A", "W1", 1))
            .and()
            .when(&allocate(|_| {}))
            .and()
            .when(&issue("o1", 1, &[placed("l1", "A", "W1", 1)]))
            .and()
    };
    gone().when(&allocate(|d| d.plan = 2)).refuses("already-issued");
    gone().when(&reserve("o1", 2, &[line("l1", "A", 1)])).refuses("already-issued");
}
