//! Where a decision only just goes one way: ties, the last unit, and what is said twice. Each of these was found by a
//! change of the rule that no other test noticed.

use crate::making::{
    Watched, adjust, adjusted, candidate, demand, empty, issue, line, placed, receive, received, reserve, restock,
    shortage, void,
};
use weir_decider::{Decider as _, Ignored, Millis, Outcome, Scenario, given};
use weir_inventory::domain::assign::{Need, solve};
use weir_inventory::domain::command::Effect;
use weir_inventory::domain::{Command, Demand, Fact, Placed, Pool, Said, Status};

fn allocate(order: &str, plan: u32, units: i64, priority: i32) -> Command {
    Command::Allocate(Demand { priority, ..demand(order, plan, &[line("l1", "A", units)]) })
}

#[test]
fn of_two_that_cost_the_same_the_first_is_taken() {
    let needs = [Need { quantity: 1, free: 2, supply: vec![1, 1] }];
    let same = [candidate("W1", 500, 10, 0), candidate("W2", 500, 10, 0)];
    let answer = solve(&needs, &same, 0, &[]).expect("there is one");
    assert_eq!(answer.taken, [[1, 0]]);
}

#[test]
fn of_answers_that_cost_the_same_the_one_with_the_fewest_parcels_is_taken() {
    let needs = [Need { quantity: 2, free: 5, supply: vec![1, 2, 2] }];
    let free = ["W1", "W2", "W3"].map(|house| candidate(house, 0, 10, 0));
    let answer = solve(&needs, &free, 0, &[]).expect("there is one");
    assert_eq!(answer.taken, [[0, 2, 0]]);
}

#[test]
fn a_shortage_ends_with_the_units_that_fill_it_and_is_said_only_where_it_changes() {
    empty().when(&receive("A", "W1", 5)).then(&[received(5)]);
    let short = empty().when(&issue("o1", 1, &[placed("l1", "A", "W1", 2)])).and();
    short
        .when(&receive("A", "W1", 1))
        .then(&[received(1), shortage(1)])
        .and()
        .when(&receive("A", "W1", 3))
        .then(&[received(3), shortage(0)]);
    let short = || empty().when(&issue("o1", 1, &[placed("l1", "A", "W1", 2)])).and();
    short().when(&adjust("A", "W1", 1)).then(&[adjusted(1), shortage(1)]);
    let back = [placed("l1", "A", "W1", 2)];
    let (order, lines, status) = ("o1".into(), back.to_vec(), Status::Sellable);
    short().when(&restock("o1", &back, status)).then(&[Fact::Restocked { order, lines, status }, shortage(0)]);
}

#[test]
fn what_frees_units_is_offered_and_what_does_not_is_not() {
    let wanted = demand("waits", 1, &[line("l1", "A", 9)]);
    let back = |status| Fact::Restocked { order: "old".into(), lines: vec![placed("l1", "A", "W1", 1)], status };
    let turned = |from, to| Fact::StatusChanged {
        sku: "A".into(),
        warehouse: "W1".into(),
        quantity: 1,
        from,
        to,
        reason: "looked at".into(),
    };
    let offered = |fact: &Fact| {
        let before = [received(5), back(Status::Damaged), Fact::Queued { demand: wanted.clone(), missing: vec![] }];
        let scenario = given::<Pool>(before.into_iter().chain([fact.clone()]));
        scenario.state().deadline().is_some()
    };
    for fact in [received(1), adjusted(1), back(Status::Sellable), turned(Status::Damaged, Status::Sellable)] {
        assert!(offered(&fact), "{fact:?}");
    }
    let useless =
        [adjusted(0), adjusted(-1), shortage(0), back(Status::Suspect), turned(Status::Sellable, Status::Suspect)];
    for fact in useless {
        assert!(!offered(&fact), "{fact:?}");
    }
}

#[test]
fn units_that_are_not_there_are_not_taken_off() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 1), allocate("o1", 1, 1, 0)]);
    // Another of its lines leaves: the last unit is gone, and the promise on it stays, with a shortage.
    watched.all(&[issue("o1", 1, &[placed("l2", "A", "W1", 1)])]);
    assert_eq!(watched.place("A", "W1"), (0, 1));
    watched.all(&[void("o1", 1, &[placed("l1", "A", "W1", 1)], Effect::Suspect)]);
    assert_eq!(watched.place("A", "W1"), (0, 0));
    assert!(!watched.log.iter().any(|fact| matches!(fact, Fact::StatusChanged { .. })), "{:?}", watched.log);
}

#[test]
fn a_void_that_is_repeated_hears_the_same_and_a_later_one_is_noted() {
    let told = |voided: &Scenario<Pool>| voided.state().order("o1").map(|order| (order.plan, order.sequence));
    let voided =
        given::<Pool>([received(2)]).when(&allocate("o1", 1, 1, 0)).and().when(&void("o1", 1, &[], Effect::None)).and();
    assert_eq!(told(&voided), Some((1, 2)));
    let again = voided.when(&void("o1", 1, &[], Effect::None)).ignores(Ignored::Duplicate);
    assert_eq!(again.decision().messages.len(), 1);
    let later = again.and().when(&void("o1", 2, &[], Effect::None)).and();
    assert_eq!(told(&later), Some((2, 3)), "the newer plan is over as well");
    later.when(&allocate("o1", 2, 1, 0)).ignores(Ignored::Duplicate);
}

#[test]
fn a_line_comes_back_once_to_each_warehouse() {
    let back = |id: &str, house: &str| restock("o1", &[placed(id, "A", house, 1)], Status::Sellable);
    let mut watched = Watched::default();
    watched.all(&[back("l1", "W1"), back("l1", "W2"), back("l2", "W1")]);
    assert_eq!((watched.place("A", "W1"), watched.place("A", "W2")), ((2, 0), (1, 0)));
    assert_eq!(watched.take(&back("l2", "W1")), Outcome::Ignored(Ignored::Duplicate));
}

#[test]
fn who_asks_again_after_a_part_has_left_hears_its_allocation() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 2), allocate("o1", 1, 2, 0), issue("o1", 1, &[placed("l1", "A", "W1", 1)])]);
    watched.messages.clear();
    assert_eq!(watched.take(&allocate("o1", 1, 2, 0)), Outcome::Ignored(Ignored::Duplicate));
    assert!(matches!(watched.messages[..], [ref told] if matches!(told.said, Said::Allocated { .. })));
}

#[test]
fn a_served_queue_names_no_order() {
    let served = |after: &str| Fact::QueueServed { sku: "A".into(), after: after.into() };
    assert_eq!((served("").order(), served("o1").order()), (None, Some("o1")));
    assert_eq!(Pool::default().deadline(), None::<Millis>);
}

#[test]
fn a_new_plan_forgets_what_was_voided_by_name_under_the_old_one() {
    let both = [line("l1", "A", 1), line("l2", "B", 1)];
    let first = void("o1", 1, &[placed("l1", "A", "W1", 1)], Effect::None);
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 5), receive("B", "W1", 5)]);
    watched.all(&[Command::Allocate(demand("o1", 1, &both)), first.clone()]);
    assert_eq!(watched.place("A", "W1"), (5, 0));
    assert_eq!(watched.take(&first), Outcome::Ignored(Ignored::Duplicate));
    watched.all(&[Command::Allocate(demand("o1", 2, &both))]);
    assert_eq!(watched.place("A", "W1"), (5, 1));
    watched.all(&[void("o1", 2, &[placed("l1", "A", "W1", 1)], Effect::None)]);
    assert_eq!(watched.place("A", "W1"), (5, 0));
}

#[test]
fn what_is_voided_by_name_is_the_line_with_its_sku_at_its_place() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 5), reserve("soft", 1, &[line("l1", "A", 1)]), allocate("hard", 1, 1, 0)]);
    for other in [placed("l1", "B", "", 1), placed("l2", "A", "", 1), placed("l1", "A", "W1", 1)] {
        let nothing = watched.take(&void("soft", 1, &[other], Effect::None));
        assert_eq!(nothing, Outcome::Ignored(Ignored::Duplicate));
    }
    for other in [placed("l1", "B", "W1", 1), placed("l2", "A", "W1", 1), placed("l1", "A", "W2", 1)] {
        let nothing = watched.take(&void("hard", 1, &[other], Effect::None));
        assert_eq!(nothing, Outcome::Ignored(Ignored::Duplicate));
    }
    watched.all(&[void("soft", 1, &[placed("l1", "A", "", 1)], Effect::None)]);
    watched.all(&[void("hard", 1, &[placed("l1", "A", "W1", 1)], Effect::None)]);
    assert_eq!((watched.pool.sku("A").map(|sku| sku.soft), watched.place("A", "W1")), (Some(0), (5, 0)));
}

#[test]
fn a_count_takes_back_only_what_is_promised_of_that_sku_at_that_place() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 1), receive("A", "W2", 1), receive("B", "W1", 1)]);
    // The other SKU's line first: whoever looks at the place alone would take that one.
    watched.all(&[Command::Allocate(demand("o1", 1, &[line("l1", "B", 1), line("l2", "A", 2)]))]);
    watched.all(&[adjust("A", "W1", -1)]);
    let taken: Vec<&[Placed]> = watched
        .log
        .iter()
        .filter_map(|fact| match fact {
            Fact::Deallocated { lines, .. } => Some(lines.as_slice()),
            _ => None,
        })
        .collect();
    assert_eq!(taken, [[placed("l2", "A", "W1", 1)]]);
    assert_eq!((watched.place("A", "W2"), watched.place("B", "W1")), ((1, 1), (1, 1)));
}

#[test]
fn a_line_is_voided_by_name_once_at_each_of_its_places() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 1), receive("A", "W2", 1), allocate("o1", 1, 2, 0)]);
    for house in ["W1", "W2"] {
        watched.all(&[void("o1", 1, &[placed("l1", "A", house, 1)], Effect::None)]);
        assert_eq!(watched.place("A", house), (1, 0));
    }
}
