//! The queue: order, bounds, and the last unit.

use crate::making::{Watched, demand, line, receive, reserve, void};
use std::time::Instant;
use weir_decider::{Decider, Millis, Moment};
use weir_inventory::domain::command::Effect;
use weir_inventory::domain::{Command, Fact, Nothing, Pool, Said};

/// A pool without a check after every fact, for what is long.
fn decide(pool: &mut Pool, command: &Command) -> Vec<Fact> {
    let decision = pool.decide(Moment { key: "demo/main", at: Millis(1), world: &Nothing }, command);
    for fact in &decision.facts {
        pool.evolve(Millis(1), fact);
    }
    decision.facts
}

fn wanted(order: &str, priority: i32) -> Command {
    let mut demand = demand(order, 1, &[line("l1", "HOT", 1)]);
    demand.priority = priority;
    Command::Allocate(demand)
}

#[test]
fn the_last_unit_goes_to_exactly_one_of_two_thousand() {
    let mut pool = Pool::default();
    decide(&mut pool, &receive("HOT", "W1", 1));
    let mut allocated = 0;
    for n in 0..2000 {
        let facts = decide(&mut pool, &wanted(&format!("o{n}"), 0));
        allocated += facts.iter().filter(|fact| matches!(fact, Fact::Allocated { .. })).count();
    }
    assert_eq!(allocated, 1);
    assert_eq!(pool.check(), Ok(()));
    assert_eq!(pool.sku("HOT").map(|sku| (sku.waiting, sku.wanted)), Some((1999, 1999)));
    let given_back = decide(&mut pool, &void("o0", 1, &[], Effect::None));
    let next: Vec<&str> =
        given_back.iter().filter(|f| matches!(f, Fact::Allocated { .. })).filter_map(Fact::order).collect();
    assert_eq!(next, ["o1"], "the unit goes to who came next");
}

#[test]
fn priority_goes_before_arrival() {
    let mut watched = Watched::default();
    watched.all(&[wanted("early", 0), wanted("late", 0), wanted("urgent", 100)]);
    watched.messages.clear();
    watched.all(&[receive("HOT", "W1", 2)]);
    let served: Vec<&str> = watched.messages.iter().map(|message| message.order.as_str()).collect();
    assert_eq!(served, ["urgent", "early"]);
}

#[test]
fn a_long_queue_is_served_in_steps_and_nobody_overtakes() {
    let mut watched = Watched::default();
    for n in 0..120 {
        watched.all(&[wanted(&format!("o{n}"), 0)]);
    }
    watched.messages.clear();
    watched.all(&[receive("HOT", "W1", 121)]);
    assert_eq!(watched.place("HOT", "W1"), (121, 50), "one decision serves fifty");
    let declined = watched.take(&reserve("soft", 1, &[line("l1", "HOT", 2)]));
    assert_eq!(declined, weir_decider::Outcome::Accepted);
    assert_eq!(
        watched.messages.last().map(|m| &m.said),
        Some(&Said::Allocated {
            lines: vec![crate::making::placed("l1", "HOT", "W1", 1)],
            cost: weir_inventory::domain::Cost { minor: 510, currency: "CNY".into() },
        })
    );
    let soft = watched.messages.iter().find(|message| message.order == "soft").expect("told");
    assert!(matches!(soft.said, Said::Unfillable { .. }), "the queue has a claim to all but one unit");
    watched.tick();
    assert_eq!(watched.place("HOT", "W1"), (121, 120));
    let served: Vec<&str> = watched.messages.iter().filter(|m| m.order != "soft").map(|m| m.order.as_str()).collect();
    let expected: Vec<String> = (0..120).map(|n| format!("o{n}")).collect();
    assert_eq!(served, expected);
}

#[test]
fn a_newcomer_lines_up_while_the_queue_is_served() {
    let mut watched = Watched::default();
    for n in 0..150 {
        watched.all(&[wanted(&format!("o{n}"), 0)]);
    }
    watched.all(&[receive("HOT", "W1", 101)]);
    watched.all(&[wanted("newcomer", 0)]);
    watched.tick();
    assert_eq!(watched.place("HOT", "W1"), (101, 101));
    let order = watched.pool.order("newcomer").and_then(|order| order.open.as_ref()).expect("open");
    assert!(order.waiting.is_some() && order.placed.is_empty());
    let hundredth = watched.pool.order("o100").and_then(|order| order.open.as_ref()).expect("open");
    assert_eq!(hundredth.placed.len(), 1);
}

#[test]
fn orders_that_can_not_be_served_are_passed_in_bounded_steps() {
    let mut watched = Watched::default();
    for n in 0..450 {
        let both = [line("l1", "HOT", 1), line("l2", "NEVER", 1)];
        watched.all(&[Command::Allocate(demand(&format!("o{n}"), 1, &both))]);
    }
    watched.all(&[wanted("simple", 0)]);
    watched.all(&[receive("HOT", "W1", 2)]);
    assert_eq!(watched.place("HOT", "W1"), (2, 0), "two hundred were asked in vain");
    assert_eq!(watched.tick(), 2);
    assert_eq!(watched.place("HOT", "W1"), (2, 1));
    assert_eq!(watched.pool.deadline(), None);
}

/// Prints what an order costs as the pool fills; what is asserted is that every one of them got its unit.
#[test]
fn a_pool_of_thirty_thousand_orders_gives_each_its_unit() {
    let mut pool = Pool::default();
    decide(&mut pool, &receive("HOT", "W1", 30_000));
    for block in 0..3 {
        let clock = Instant::now();
        for n in 0..10_000 {
            decide(&mut pool, &wanted(&format!("o{}", block * 10_000 + n), 0));
        }
        println!("orders {} to {}: {:?} each", block * 10_000, (block + 1) * 10_000, clock.elapsed() / 10_000);
    }
    assert_eq!(pool.check(), Ok(()));
    let one_more = decide(&mut pool, &wanted("late", 0));
    assert!(!one_more.iter().any(|fact| matches!(fact, Fact::Allocated { .. })), "there were 30,000 units");
}
