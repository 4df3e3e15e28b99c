//! Each rule of the check, broken alone in books that are right otherwise: a check that can't fail shows nothing.

use super::super::{Cost, Demand, Fact, Line, Placed, Split};
use super::*;
use crate::domain::ledger::Place;
use weir_decider::{Decider as _, Millis};

fn line(quantity: i64) -> Line {
    Line { line: "l1".to_owned(), sku: "A".to_owned(), quantity }
}

fn placed(quantity: i64) -> Placed {
    Placed { line: "l1".to_owned(), sku: "A".to_owned(), warehouse: "W1".to_owned(), quantity }
}

fn demand(order: &str, quantity: i64) -> Demand {
    Demand {
        order: order.to_owned(),
        plan: 1,
        lines: vec![line(quantity)],
        candidates: Vec::new(),
        currency: String::new(),
        split: Split::ShipComplete,
        parcels_max: 0,
        priority: 0,
    }
}

fn received(warehouse: &str, quantity: i64) -> Fact {
    Fact::Received { sku: "A".to_owned(), warehouse: warehouse.to_owned(), quantity, document: String::new() }
}

fn allocated(order: &str, quantity: i64) -> Fact {
    Fact::Allocated { demand: demand(order, quantity), lines: vec![placed(quantity)], cost: Cost::default() }
}

fn fold(facts: &[Fact]) -> Pool {
    let mut pool = Pool::default();
    for fact in facts {
        pool.evolve(Millis(1), fact);
    }
    pool
}

/// Five of A at W1 and one at W2: two allocated, one softly reserved, one order that waits for nine, one that is over.
fn pool() -> Pool {
    let (order, plan, reason) = ("gone".to_owned(), 1, "cancelled".to_owned());
    fold(&[
        received("W1", 5),
        received("W2", 1),
        allocated("gone", 1),
        Fact::Voided { order, plan, reason, lines: vec![placed(1)] },
        allocated("holder", 2),
        Fact::SoftReserved { order: "soft".to_owned(), plan: 1, lines: vec![line(1)] },
        Fact::Queued { demand: demand("waits", 9), missing: vec![line(4)] },
    ])
}

fn sku(pool: &mut Pool) -> &mut Sku {
    pool.skus.get_mut("A").expect("A is known")
}

fn at(pool: &mut Pool) -> &mut Place {
    sku(pool).places.get_mut("W1").expect("W1 is known")
}

fn open<'p>(pool: &'p mut Pool, order: &str) -> &'p mut Open {
    pool.orders.get_mut(order).and_then(|order| order.open.as_deref_mut()).expect("it is open")
}

/// More allocated, by the ledger alone.
fn allocate(pool: &mut Pool, units: i64) {
    at(pool).allocated += units;
    sku(pool).taken += units;
}

#[test]
fn books_that_are_right_break_no_rule() {
    assert_eq!(pool().check(), Ok(()));
    assert_eq!(pool().check_sku("A"), Ok(()));
    assert_eq!(pool().check_sku("nobody knows it"), Ok(()));
    assert_eq!(Pool::default().check(), Ok(()));
}

#[test]
fn all_that_is_there_may_be_promised_and_no_unit_more() {
    let all = |units| fold(&[received("W1", 2), allocated("holder", units)]);
    assert_eq!(all(2).check(), Ok(()));
    let soft = |units| {
        let mut pool = pool();
        sku(&mut pool).soft = units;
        sku(&mut pool).taken = units + 3;
        pool.check_sku("A").map_err(|violation| violation.rule)
    };
    assert_eq!(soft(4), Ok(()), "two allocated and four soft of six");
    assert_eq!(soft(5), Err(Rule::I1));
    assert_eq!(soft(0), Ok(()));
    assert_eq!(soft(-1), Err(Rule::I1));
}

#[test]
fn a_shortage_covers_what_is_allocated_and_gone() {
    let mut pool = fold(&[received("W1", 2), allocated("holder", 2)]);
    (at(&mut pool).on_hand, at(&mut pool).booked, at(&mut pool).shortage) = (-1, -1, 3);
    assert_eq!(pool.check(), Ok(()));
    at(&mut pool).shortage = 2;
    assert_eq!(pool.check().map_err(|violation| violation.rule), Err(Rule::I1));
}

/// What is broken, how, and the rule that must say so with these words.
type Case = (fn(&mut Pool), Rule, &'static str);

#[test]
fn what_is_broken_is_named() {
    let cases: [Case; 18] = [
        (
            |pool| pool.broken = Some(Violation { rule: Rule::I6, detail: "a fact did not fit".to_owned() }),
            Rule::I6,
            "a fact did not fit",
        ),
        (|pool| open(pool, "holder").soft.push(line(1)), Rule::Books, "holder is soft and allocated"),
        (|pool| pool.index.names.clear(), Rule::Books, "the indexes differ"),
        (|pool| (sku(pool).soft, sku(pool).taken) = (2, 5), Rule::I2, "A: soft 2 and orders 1"),
        (|pool| allocate(pool, 1), Rule::I2, "A at W1: allocated 3 and orders 2"),
        (|pool| sku(pool).waiting += 1, Rule::Books, "queue (2, 9) and orders (1, 9)"),
        (|pool| sku(pool).wanted += 1, Rule::Books, "queue (1, 10) and orders (1, 9)"),
        (|pool| assert!(pool.serving.insert("A".to_owned())), Rule::Books, "serving is listed wrongly"),
        (|pool| (at(pool).on_hand, at(pool).booked) = (1, 1), Rule::I1, "A at W1"),
        (|pool| allocate(pool, -3), Rule::I1, "A at W1"),
        (|pool| at(pool).shortage = -1, Rule::I1, "A at W1"),
        (|pool| at(pool).booked += 1, Rule::I2, "A at W1"),
        (|pool| at(pool).damaged = -1, Rule::I2, "A at W1"),
        (|pool| at(pool).suspect = -1, Rule::I2, "A at W1"),
        (|pool| at(pool).quality_hold = -1, Rule::I2, "A at W1"),
        (|pool| sku(pool).soft = 5, Rule::I1, "sellable with shortage 6"),
        (|pool| sku(pool).taken += 1, Rule::I6, "4 units did not end, 3 are open"),
        (|pool| sku(pool).ended += 1, Rule::I6, "2 units did not end, 3 are open"),
    ];
    for (number, (harm, rule, detail)) in cases.into_iter().enumerate() {
        let mut pool = pool();
        harm(&mut pool);
        let violation = pool.check().expect_err("the books are broken");
        assert_eq!(violation.rule, rule, "case {number}: {violation}");
        assert!(violation.detail.contains(detail), "case {number}: {violation}");
        assert!(violation.to_string().starts_with(&format!("{rule:?}: ")), "case {number}: {violation}");
    }
}
