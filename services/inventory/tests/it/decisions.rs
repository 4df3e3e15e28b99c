//! given / when / then: one decision at a time.

use crate::making::{Watched, adjust, adjusted, candidate, demand, issue, line, placed, receive, reserve, void};
use weir_decider::{Ignored, Millis, Outcome, given};
use weir_inventory::domain::command::Effect;
use weir_inventory::domain::{Command, Cost, Fact, Message, Pool, Said, Split, Status};

fn received(sku: &str, warehouse: &str, quantity: i64) -> Fact {
    Fact::Received { sku: sku.into(), warehouse: warehouse.into(), quantity, document: "asn-1".into() }
}

fn told(order: &str, plan: u32, sequence: u64, said: Said) -> Message {
    Message { order: order.into(), plan, sequence, said }
}

fn cost(minor: i64) -> Cost {
    Cost { minor, currency: "CNY".into() }
}

#[test]
fn a_clean_order_is_allocated_at_the_cheapest_warehouse() {
    let order = demand("o1", 1, &[line("l1", "A", 2)]);
    let lines = vec![placed("l1", "A", "W1", 2)];
    given::<Pool>([received("A", "W1", 5), received("A", "W2", 5)])
        .when(&Command::Allocate(order.clone()))
        .then(&[Fact::Allocated { demand: order, lines: lines.clone(), cost: cost(520) }])
        .tells(&[told("o1", 1, 1, Said::Allocated { lines, cost: cost(520) })]);
}

#[test]
fn a_repeat_hears_the_same_again_and_an_older_plan_nothing() {
    let order = demand("o1", 2, &[line("l1", "A", 2)]);
    let lines = vec![placed("l1", "A", "W1", 2)];
    let verdict = given::<Pool>([received("A", "W1", 5)]).when(&Command::Allocate(order.clone()));
    let scenario = verdict.and();
    scenario
        .when(&Command::Allocate(order.clone()))
        .ignores(Ignored::Duplicate)
        .tells(&[told("o1", 2, 1, Said::Allocated { lines, cost: cost(520) })])
        .and()
        .when(&Command::Allocate(demand("o1", 1, &order.lines)))
        .ignores(Ignored::Stale)
        .tells(&[])
        .and()
        .when(&void("o1", 1, &[], Effect::None))
        .ignores(Ignored::Stale)
        .and()
        .when(&reserve("o1", 1, &order.lines))
        .ignores(Ignored::Stale);
}

#[test]
fn a_soft_reservation_holds_units_against_others_and_becomes_an_allocation() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 3), reserve("paid-later", 1, &[line("l1", "A", 2)])]);
    watched.all(&[Command::Allocate(demand("other", 1, &[line("l1", "A", 2)]))]);
    assert_eq!(watched.place("A", "W1"), (3, 0), "the other order may not eat what is reserved");
    watched.all(&[Command::Allocate(demand("paid-later", 1, &[line("l1", "A", 2)]))]);
    assert_eq!(watched.place("A", "W1"), (3, 2));
    assert_eq!(watched.pool.sku("A").map(|sku| sku.soft), Some(0));
    watched.all(&[receive("A", "W1", 1)]);
    assert_eq!(watched.place("A", "W1"), (4, 4), "what comes in serves who waits");
}

#[test]
fn a_reservation_that_is_not_covered_is_declined_whole_and_does_not_wait() {
    given::<Pool>([received("A", "W1", 1), received("B", "W1", 9)])
        .when(&reserve("o1", 1, &[line("l1", "A", 3), line("l2", "B", 1)]))
        .then(&[Fact::Declined { order: "o1".into(), plan: 1, missing: vec![line("l1", "A", 2)] }])
        .tells(&[told("o1", 1, 1, Said::Unfillable { missing: vec![line("l1", "A", 2)] })])
        .and()
        .when(&Command::Allocate(demand("o1", 1, &[line("l2", "B", 1)])))
        .tells(&[told("o1", 1, 2, Said::Allocated { lines: vec![placed("l2", "B", "W1", 1)], cost: cost(510) })]);
}

#[test]
fn ship_available_takes_a_part_and_waits_for_the_rest() {
    let mut order = demand("o1", 1, &[line("l1", "A", 2), line("l2", "B", 1)]);
    order.split = Split::ShipAvailable;
    let (missing, lines) = (vec![line("l2", "B", 1)], vec![placed("l1", "A", "W1", 2)]);
    given::<Pool>([received("A", "W1", 2)])
        .when(&Command::Allocate(order.clone()))
        .then(&[
            Fact::Queued { demand: order.clone(), missing: missing.clone() },
            Fact::Allocated { demand: order, lines: lines.clone(), cost: cost(520) },
        ])
        .tells(&[
            told("o1", 1, 1, Said::Backordered { missing: missing.clone() }),
            told("o1", 1, 2, Said::PartiallyAllocated { lines, missing }),
        ])
        .and()
        .when(&receive("B", "W1", 1))
        .tells(&[told(
            "o1",
            1,
            3,
            Said::Allocated { lines: vec![placed("l1", "A", "W1", 2), placed("l2", "B", "W1", 1)], cost: cost(530) },
        )]);
}

#[test]
fn a_new_plan_replaces_what_is_open_of_the_old_one() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 2), receive("A", "W2", 2)]);
    watched.all(&[Command::Allocate(demand("o1", 1, &[line("l1", "A", 2)]))]);
    let mut second = demand("o1", 2, &[line("l1", "A", 2)]);
    second.candidates = vec![candidate("W2", 700, 10, 0)];
    watched.all(&[Command::Allocate(second)]);
    assert_eq!((watched.place("A", "W1"), watched.place("A", "W2")), ((2, 0), (2, 2)));
    let sequences: Vec<u64> = watched.messages.iter().map(|message| message.sequence).collect();
    assert_eq!(sequences, [1, 2]);
}

#[test]
fn units_that_were_not_found_are_not_promised_again() {
    let lines = [placed("l1", "A", "W1", 1)];
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 2), Command::Allocate(demand("o1", 1, &[line("l1", "A", 2)]))]);
    watched.all(&[void("o1", 1, &lines, Effect::Suspect)]);
    assert_eq!(watched.place("A", "W1"), (1, 1));
    assert_eq!(watched.pool.sku("A").map(|sku| sku.place("W1").suspect), Some(1));
    assert_eq!(watched.take(&void("o1", 1, &lines, Effect::Suspect)), Outcome::Ignored(Ignored::Duplicate));
    assert_eq!(watched.place("A", "W1"), (1, 1), "a repeat takes nothing off");
    watched.all(&[Command::Allocate(demand("o1", 2, &[line("l1", "A", 2)]))]);
    assert_eq!(watched.place("A", "W1"), (1, 0), "one unit is not enough, so the order waits whole");
}

#[test]
fn damaged_units_go_to_damaged_and_no_capacity_leaves_them() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 2), Command::Allocate(demand("o1", 1, &[line("l1", "A", 1)]))]);
    watched.all(&[void("o1", 1, &[placed("l1", "A", "W1", 1)], Effect::Damaged)]);
    assert_eq!(watched.pool.sku("A").map(|sku| sku.place("W1").damaged), Some(1));
    watched.all(&[Command::Allocate(demand("o2", 1, &[line("l1", "A", 1)]))]);
    watched.all(&[void("o2", 1, &[placed("l1", "A", "W1", 1)], Effect::None)]);
    assert_eq!(watched.place("A", "W1"), (1, 0));
}

#[test]
fn a_void_that_comes_first_is_remembered() {
    given::<Pool>([received("A", "W1", 2)])
        .when(&void("o1", 1, &[], Effect::None))
        .then(&[Fact::Voided { order: "o1".into(), plan: 1, reason: "cancelled".into(), lines: vec![] }])
        .and()
        .when(&Command::Allocate(demand("o1", 1, &[line("l1", "A", 1)])))
        .ignores(Ignored::Duplicate)
        .tells(&[told("o1", 1, 1, Said::Voided { reason: "cancelled".into() })]);
}

#[test]
fn what_is_issued_is_issued_once_and_the_order_is_reduced() {
    let lines = [placed("l1", "A", "W1", 2)];
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 5), Command::Allocate(demand("o1", 1, &[line("l1", "A", 2)]))]);
    watched.all(&[issue("o1", 1, &lines)]);
    assert_eq!(watched.place("A", "W1"), (3, 0));
    assert_eq!(watched.take(&issue("o1", 1, &lines)), Outcome::Ignored(Ignored::Duplicate));
    assert_eq!(watched.place("A", "W1"), (3, 0));
    let kept = watched.pool.order("o1").expect("it is remembered");
    assert_eq!((kept.plan, kept.sequence, kept.open.is_none(), kept.told.is_none()), (1, 1, true, true));
}

#[test]
fn what_left_without_an_allocation_is_taken_off_and_others_give_way() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 1), Command::Allocate(demand("holder", 1, &[line("l1", "A", 1)]))]);
    watched.all(&[issue("stranger", 1, &[placed("l9", "A", "W1", 1)])]);
    assert_eq!(watched.place("A", "W1"), (0, 0));
    assert!(
        watched.pool.order("holder").and_then(|order| order.open.as_ref()).is_some_and(|open| open.waiting.is_some())
    );
    watched.all(&[issue("another", 1, &[placed("l8", "A", "W1", 1)])]);
    let place = watched.pool.sku("A").map(|sku| sku.place("W1")).unwrap_or_default();
    assert_eq!((place.on_hand, place.shortage), (-1, 1), "the world took what the books did not have");
    watched.all(&[receive("A", "W1", 2)]);
    assert_eq!(watched.place("A", "W1"), (1, 1), "the shortage is filled first, then the queue is served");
}

#[test]
fn a_count_takes_promises_back_from_the_lowest_priority_and_the_latest_on() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 3)]);
    for (order, priority) in [("first", 0), ("urgent", 5), ("last", 0)] {
        let mut wanted = demand(order, 1, &[line("l1", "A", 1)]);
        wanted.priority = priority;
        watched.all(&[Command::Allocate(wanted)]);
    }
    watched.messages.clear();
    watched.all(&[adjust("A", "W1", -1)]);
    let robbed: Vec<&str> = watched.messages.iter().map(|message| message.order.as_str()).collect();
    assert_eq!(robbed, ["last", "last"], "deallocated, and queued again");
    watched.all(&[adjust("A", "W1", -1), receive("A", "W2", 1)]);
    assert_eq!(watched.place("A", "W2"), (1, 1), "who came first goes first, from wherever it is");
    let first = watched.pool.order("first").and_then(|order| order.open.as_ref()).expect("open");
    assert_eq!(first.placed, [placed("l1", "A", "W2", 1)]);
}

#[test]
fn a_robbed_order_is_allocated_elsewhere_in_the_same_decision() {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 1), Command::Allocate(demand("o1", 1, &[line("l1", "A", 1)]))]);
    watched.all(&[receive("A", "W2", 1), adjust("A", "W1", -1)]);
    assert_eq!((watched.place("A", "W1"), watched.place("A", "W2")), ((0, 0), (1, 1)));
}

#[test]
fn a_count_that_leaves_soft_reservations_uncovered_declines_the_latest() {
    let mut watched = Watched::default();
    watched.all(&[
        receive("A", "W1", 2),
        reserve("o1", 1, &[line("l1", "A", 1)]),
        reserve("o2", 1, &[line("l1", "A", 1)]),
    ]);
    watched.all(&[adjust("A", "W1", -1)]);
    let last = watched.messages.last().expect("told");
    assert_eq!((last.order.as_str(), &last.said), ("o2", &Said::Unfillable { missing: vec![line("l1", "A", 1)] }));
    watched.all(&[receive("A", "W1", 1), Command::Allocate(demand("o2", 1, &[line("l1", "A", 1)]))]);
    assert_eq!(watched.place("A", "W1"), (2, 1), "a late payment is decided afresh");
}

#[test]
fn goods_that_come_back_serve_the_queue_only_if_sellable() {
    let back = |status| Command::Restock { order: "old".into(), lines: vec![placed("l1", "A", "W1", 1)], status };
    let mut watched = Watched::default();
    watched.all(&[Command::Allocate(demand("o1", 1, &[line("l1", "A", 1)])), back(Status::QualityHold)]);
    assert_eq!(watched.place("A", "W1"), (0, 0));
    assert_eq!(watched.take(&back(Status::Sellable)), Outcome::Ignored(Ignored::Duplicate), "it came back before");
    let other =
        Command::Restock { order: "x".into(), lines: vec![placed("l1", "A", "W1", 1)], status: Status::Sellable };
    watched.all(&[other]);
    assert_eq!(watched.place("A", "W1"), (1, 1));
}

#[test]
fn a_fact_after_which_an_invariant_does_not_hold_stops_the_pool_by_its_name() {
    use weir_decider::Decider as _;
    let lines = |quantity| vec![placed("l1", "A", "W1", quantity)];
    let allocated = |quantity| {
        let demand = demand("o1", 1, &[line("l1", "A", quantity)]);
        Fact::Allocated { demand, lines: lines(quantity), cost: cost(520) }
    };
    let given_back =
        |quantity| Fact::Voided { order: "o1".into(), plan: 1, lines: lines(quantity), reason: String::new() };
    for (facts, invariant) in [
        (vec![allocated(3)], "I1"),
        (vec![adjusted(i64::MAX)], "I2"),
        (vec![allocated(2), given_back(3)], "I6"),
        (vec![given_back(1)], "I6"),
    ] {
        let mut pool = Pool::default();
        pool.evolve(Millis(0), &received("A", "W1", 2));
        for fact in &facts {
            assert_eq!(pool.broken(), None, "{fact:?}");
            pool.evolve(Millis(0), fact);
        }
        assert_eq!(pool.broken().map(|breach| breach.invariant), Some(invariant), "{facts:?}");
    }
}

#[test]
fn a_fact_that_does_not_fit_stops_the_pool() {
    let lines = vec![placed("l1", "A", "", 1)];
    let mut pool = Pool::default();
    use weir_decider::Decider as _;
    let strange = Fact::Deallocated { order: "o1".into(), plan: 1, lines, reason: String::new() };
    pool.evolve(Millis(0), &strange);
    assert!(pool.broken().is_some());
    let moment = weir_decider::Moment { key: "demo/main", at: Millis(0), world: &weir_inventory::domain::Nothing };
    assert!(
        matches!(pool.decide(moment, &receive("A", "W1", 1)).outcome, Outcome::Refused(r) if r.code == "ledger-broken")
    );
}
