//! Orders of which a part leaves, waits or is given back, and that nothing is said which changes nothing. Each of these was
//! found by a change of the rule that no other test noticed.

use crate::making::{Watched, adjust, demand, issue, line, placed, receive, reserve, void};
use weir_decider::{Outcome, given};
use weir_inventory::domain::command::Effect;
use weir_inventory::domain::{Command, Cost, Demand, Fact, Line, Message, Placed, Pool, Said, Split};

fn received(sku: &str, quantity: i64) -> Fact {
    Fact::Received { sku: sku.into(), warehouse: "W1".into(), quantity, document: "asn-1".into() }
}

fn allocate(order: &str, plan: u32, lines: &[Line]) -> Command {
    Command::Allocate(demand(order, plan, lines))
}

fn in_parts(order: &str, lines: &[Line]) -> Command {
    Command::Allocate(Demand { split: Split::ShipAvailable, ..demand(order, 1, lines) })
}

fn shortage(watched: &Watched) -> i64 {
    watched.pool.sku("A").map_or(0, |sku| sku.place("W1").shortage)
}

#[test]
fn what_leaves_or_is_counted_as_the_books_have_it_says_one_fact() {
    let lines = vec![placed("l1", "A", "W1", 2)];
    let (order, plan, unallocated) = ("o1".to_owned(), 1, Vec::new());
    given::<Pool>([received("A", 5)])
        .when(&allocate("o1", 1, &[line("l1", "A", 2)]))
        .and()
        .when(&issue("o1", 1, &lines))
        .then(&[Fact::Issued { order, plan, lines, unallocated }])
        .tells(&[]);
    let (sku, warehouse, reason, document) = ("A".into(), "W1".into(), "count".into(), "c-1".into());
    given::<Pool>([received("A", 5)]).when(&adjust("A", "W1", -1)).then(&[Fact::Adjusted {
        sku,
        warehouse,
        delta: -1,
        reason,
        document,
    }]);
    given::<Pool>([]).when(&adjust("A", "", 1)).refuses("field-missing");
}

#[test]
fn a_reservation_is_told() {
    let told = Message { order: "o1".into(), plan: 1, sequence: 1, said: Said::SoftReserved };
    given::<Pool>([received("A", 5)]).when(&reserve("o1", 1, &[line("l1", "A", 5)])).tells(&[told]);
}

#[test]
fn who_waits_is_told_for_what() {
    let missing = |command: &Command| {
        let verdict = given::<Pool>([received("A", 2)]).when(command);
        verdict.decision().facts.iter().find_map(|fact| match fact {
            Fact::Queued { missing, .. } => Some(missing.clone()),
            _ => None,
        })
    };
    let wanted = [line("l1", "A", 5), line("l2", "B", 1)];
    let short = vec![line("l1", "A", 3), line("l2", "B", 1)];
    assert_eq!(missing(&allocate("o1", 1, &wanted)), Some(short.clone()));
    assert_eq!(missing(&in_parts("o1", &wanted)), Some(short));
    // All of it is there, and too far apart for one parcel.
    let two = Demand { parcels_max: 1, ..demand("o1", 1, &[line("l1", "A", 3)]) };
    let apart =
        given::<Pool>([received("A", 2)]).when(&receive("A", "W2", 1)).and().when(&Command::Allocate(two.clone()));
    apart.then(&[Fact::Queued { missing: two.lines.clone(), demand: two }]);
}

#[test]
fn who_takes_parts_waits_for_nothing_at_all_and_then_for_the_rest() {
    let wanted = [line("l1", "A", 5)];
    let mut watched = Watched::default();
    watched.all(&[in_parts("o1", &wanted)]);
    assert!(matches!(watched.log[..], [Fact::Queued { .. }]), "{:?}", watched.log);
    watched.all(&[receive("A", "W1", 2)]);
    assert_eq!(watched.place("A", "W1"), (2, 2), "a part is given from the queue as well");
    let (lines, missing) = (vec![placed("l1", "A", "W1", 2)], vec![line("l1", "A", 3)]);
    assert_eq!(watched.messages.last().map(|m| &m.said), Some(&Said::PartiallyAllocated { lines, missing }));
    watched.all(&[receive("A", "W1", 4)]);
    assert_eq!(watched.place("A", "W1"), (6, 5));
}

#[test]
fn a_line_voided_by_name_is_wanted_no_more_and_the_others_are() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 1), receive("B", "W1", 1)]);
    watched.all(&[allocate("o1", 1, &[line("l1", "A", 1), line("l2", "B", 1)])]);
    watched.all(&[void("o1", 1, &[placed("l1", "A", "W1", 1)], Effect::None), adjust("B", "W1", -1)]);
    let said = watched.messages.last().map(|message| &message.said);
    assert_eq!(said, Some(&Said::Backordered { missing: vec![line("l2", "B", 1)] }));
}

#[test]
fn who_gives_a_part_back_keeps_its_place_in_the_queue() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 2), in_parts("o1", &[line("l1", "A", 2), line("l2", "B", 1)])]);
    watched.all(&[void("o1", 1, &[placed("l1", "A", "W1", 1)], Effect::None), receive("B", "W1", 1)]);
    assert_eq!((watched.place("A", "W1"), watched.place("B", "W1")), ((2, 1), (1, 1)));
}

#[test]
fn of_two_soft_lines_the_one_that_is_named_is_given_back() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 2), reserve("o1", 1, &[line("l1", "A", 1), line("l2", "A", 1)])]);
    watched.all(&[void("o1", 1, &[placed("l2", "A", "", 1)], Effect::None)]);
    let open = watched.pool.order("o1").and_then(|order| order.open.as_ref()).expect("it is open");
    assert_eq!(open.soft, [line("l1", "A", 1)]);
}

#[test]
fn of_two_lines_at_a_place_as_much_is_taken_back_as_was_lost() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 2), allocate("o1", 1, &[line("l1", "A", 1), line("l2", "A", 1)])]);
    watched.all(&[adjust("A", "W1", -1)]);
    let taken = watched.log.iter().find_map(|fact| match fact {
        Fact::Deallocated { lines, .. } => Some(lines.as_slice()),
        _ => None,
    });
    assert_eq!(taken, Some([placed("l1", "A", "W1", 1)].as_slice()));
}

/// Two promised of o1 at W1, and two more of its own that were not promised have left from there: the promise lacks its units.
fn short() -> Watched {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 2), allocate("o1", 1, &[line("l1", "A", 2)])]);
    watched.all(&[issue("o1", 1, &[placed("l2", "A", "W1", 2)])]);
    assert_eq!((watched.place("A", "W1"), shortage(&watched)), ((0, 2), 2));
    watched
}

#[test]
fn a_shortage_ends_with_the_promise_that_lacked_the_units() {
    let mut voided = short();
    voided.all(&[void("o1", 1, &[placed("l1", "A", "W1", 2)], Effect::Damaged)]);
    assert_eq!((voided.place("A", "W1"), shortage(&voided)), ((0, 0), 0));
    assert!(!voided.log.iter().any(|fact| matches!(fact, Fact::StatusChanged { .. })), "nothing is there to take off");
    let mut elsewhere = short();
    elsewhere.all(&[issue("o1", 1, &[placed("l1", "A", "W2", 2)])]);
    assert_eq!((elsewhere.place("A", "W1"), shortage(&elsewhere)), ((0, 0), 0));
}

#[test]
fn a_line_leaves_once_for_each_plan() {
    let wanted = [line("l1", "A", 3)];
    let one: [Placed; 1] = [placed("l1", "A", "W1", 1)];
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 3), allocate("o1", 1, &wanted), issue("o1", 1, &one)]);
    watched.all(&[allocate("o1", 2, &wanted), issue("o1", 2, &one)]);
    assert_eq!(watched.place("A", "W1"), (1, 1));
    for plan in [1, 2] {
        assert!(matches!(watched.take(&issue("o1", plan, &one)), Outcome::Ignored(_)));
    }
    assert_eq!(watched.place("A", "W1"), (1, 1));
}

#[test]
fn units_are_counted_when_they_are_reserved_and_when_that_ends() {
    let counted = |watched: &Watched| watched.pool.sku("A").map(|sku| (sku.taken, sku.ended));
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 9), allocate("o1", 1, &[line("l1", "A", 2)])]);
    assert_eq!(counted(&watched), Some((2, 0)));
    watched.all(&[reserve("o2", 1, &[line("l1", "A", 3)]), void("o2", 1, &[], Effect::None)]);
    assert_eq!(counted(&watched), Some((5, 3)));
    watched.all(&[issue("o1", 1, &[placed("l1", "A", "W1", 2)])]);
    assert_eq!(counted(&watched), Some((5, 5)));
}

#[test]
fn an_order_of_which_all_has_left_is_allocated_nothing_at_no_cost() {
    let (left, kept) = (line("l1", "A", 2), line("l2", "A", 1));
    let anew = demand("o1", 2, std::slice::from_ref(&left));
    let cost = Cost { minor: 0, currency: "CNY".to_owned() };
    given::<Pool>([received("A", 5)])
        .when(&allocate("o1", 1, &[left, kept]))
        .and()
        .when(&issue("o1", 1, &[placed("l1", "A", "W1", 2)]))
        .and()
        .when(&Command::Allocate(anew.clone()))
        .then(&[
            Fact::Replaced { order: "o1".to_owned(), plan: 1, lines: vec![placed("l2", "A", "W1", 1)] },
            Fact::Allocated { demand: anew, lines: Vec::new(), cost },
        ]);
}

#[test]
fn a_queue_that_is_served_or_has_nothing_left_is_not_spoken_of() {
    let wanted = |order: &str| demand(order, 1, &[line("l1", "A", 1)]);
    let waiting = || {
        let queued = |order: &str| Fact::Queued { demand: wanted(order), missing: wanted(order).lines };
        given::<Pool>([queued("o1"), queued("o2")])
    };
    let given_to = |order: &str| Fact::Allocated {
        demand: wanted(order),
        lines: vec![placed("l1", "A", "W1", 1)],
        cost: Cost { minor: 510, currency: "CNY".to_owned() },
    };
    waiting().when(&receive("A", "W1", 1)).then(&[received("A", 1), given_to("o1")]);
    waiting().when(&receive("A", "W1", 3)).then(&[received("A", 3), given_to("o1"), given_to("o2")]);
}

#[test]
fn as_many_reservations_end_as_a_count_leaves_uncovered() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 3)]);
    for order in ["o1", "o2", "o3"] {
        watched.all(&[reserve(order, 1, &[line("l1", "A", 1)])]);
    }
    watched.all(&[adjust("A", "W1", -2)]);
    assert_eq!(watched.pool.sku("A").map(|sku| sku.soft), Some(1));
}
