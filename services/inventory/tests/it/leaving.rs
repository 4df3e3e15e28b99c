//! The world ships what it has packed, wherever the books have moved the promise meanwhile. Of a line that has left
//! nothing stays reserved or waits: whoever shipped it will never give it back.

use crate::making::{Watched, adjust, demand, issue, line, placed, receive, reserve};
use proptest::prelude::*;
use weir_decider::Outcome;
use weir_inventory::domain::{Command, Demand, Fact, Placed, Split};

/// An order of two units that is packed at W1, while W2 has two more.
fn packed() -> Watched {
    let mut watched = Watched::default();
    let lines = [line("l1", "A", 2)];
    watched.all(&[receive("A", "W1", 2), receive("A", "W2", 2), Command::Allocate(demand("o1", 1, &lines))]);
    assert_eq!(watched.place("A", "W1"), (2, 2));
    watched
}

/// Nothing is reserved of the SKU and nobody waits for it.
#[track_caller]
fn nothing_is_kept(watched: &Watched, order: &str, sku: &str) {
    assert!(watched.pool.order(order).is_some_and(|order| order.ended() && order.open.is_none()));
    let entry = watched.pool.sku(sku).expect("the SKU is known");
    let allocated: i64 = entry.places.values().map(|place| place.allocated).sum();
    assert_eq!((entry.soft, allocated, entry.waiting, entry.wanted), (0, 0, 0, 0));
    assert_eq!(entry.taken, entry.ended);
}

#[test]
fn a_promise_that_a_count_moved_under_the_shipping_ends_with_it() {
    let mut watched = packed();
    watched.all(&[adjust("A", "W1", -2)]);
    assert_eq!(watched.place("A", "W2"), (2, 2), "allocated anew while the parcel leaves W1");
    let told = watched.messages.len();
    watched.all(&[issue("o1", 1, &[placed("l1", "A", "W1", 2)])]);
    nothing_is_kept(&watched, "o1", "A");
    assert_eq!((watched.place("A", "W1"), watched.place("A", "W2")), ((-2, 0), (2, 0)));
    assert_eq!(watched.messages.len(), told, "nobody waits for a word on what has left");
    // The units at W2 can be sold again.
    watched.all(&[Command::Allocate(demand("o2", 1, &[line("l1", "A", 2)]))]);
    assert_eq!(watched.place("A", "W2"), (2, 2));
}

#[test]
fn only_the_part_that_was_moved_ends_elsewhere() {
    let mut watched = packed();
    watched.all(&[adjust("A", "W1", -1)]);
    // Ship complete: one stays at W1, one is at W2 now.
    assert_eq!((watched.place("A", "W1"), watched.place("A", "W2")), ((1, 1), (2, 1)));
    watched.all(&[issue("o1", 1, &[placed("l1", "A", "W1", 2)])]);
    nothing_is_kept(&watched, "o1", "A");
    let left = |fact: &Fact| {
        matches!(fact, Fact::Issued { lines, unallocated, .. }
        if *lines == [placed("l1", "A", "W1", 1)] && *unallocated == [placed("l1", "A", "W1", 1)])
    };
    assert!(watched.log.iter().any(left), "what stood at its place is consumed there");
}

#[test]
fn units_given_back_go_to_who_waits() {
    let mut watched = packed();
    watched.all(&[adjust("A", "W1", -2), Command::Allocate(demand("o2", 1, &[line("l1", "A", 1)]))]);
    assert_eq!(watched.pool.sku("A").map(|entry| entry.waiting), Some(1));
    watched.all(&[issue("o1", 1, &[placed("l1", "A", "W1", 2)])]);
    assert_eq!(watched.place("A", "W2"), (2, 1));
    assert_eq!(watched.pool.sku("A").map(|entry| entry.waiting), Some(0));
}

#[test]
fn a_place_in_the_queue_ends_with_the_shipping() {
    let mut watched = packed();
    watched.all(&[adjust("A", "W2", -2), adjust("A", "W1", -2)]);
    assert_eq!(watched.pool.sku("A").map(|entry| entry.waiting), Some(1));
    watched.all(&[issue("o1", 1, &[placed("l1", "A", "W1", 2)]), receive("A", "W2", 2)]);
    nothing_is_kept(&watched, "o1", "A");
}

#[test]
fn what_has_not_left_stays_reserved() {
    let mut watched = Watched::default();
    let lines = [line("l1", "A", 2), line("l2", "B", 1)];
    watched.all(&[receive("A", "W1", 2), receive("A", "W2", 2), receive("B", "W2", 1)]);
    watched.all(&[Command::Allocate(demand("o1", 1, &lines)), adjust("A", "W1", -2)]);
    watched.all(&[issue("o1", 1, &[placed("l1", "A", "W1", 2)])]);
    assert_eq!((watched.place("A", "W2"), watched.place("B", "W2")), ((2, 0), (1, 1)));
    watched.all(&[issue("o1", 1, &[placed("l2", "B", "W2", 1)])]);
    nothing_is_kept(&watched, "o1", "B");
}

#[test]
fn a_part_that_left_leaves_the_rest_of_its_line_its_promise() {
    let mut watched = packed();
    watched.all(&[adjust("A", "W1", -2), issue("o1", 1, &[placed("l1", "A", "W1", 1)])]);
    assert_eq!(watched.place("A", "W2"), (2, 1));
    watched.all(&[issue("o1", 1, &[placed("l1", "A", "W2", 1)])]);
    nothing_is_kept(&watched, "o1", "A");
}

#[test]
fn a_newer_plan_is_consumed_by_what_left_under_the_older() {
    let again = |plan| Demand { candidates: vec![crate::making::candidate("W2", 1, 1, 0)], ..plan };
    let mut watched = packed();
    watched.all(&[Command::Allocate(again(demand("o1", 2, &[line("l1", "A", 2)])))]);
    assert_eq!(watched.place("A", "W2"), (2, 2));
    watched.all(&[issue("o1", 1, &[placed("l1", "A", "W1", 2)])]);
    nothing_is_kept(&watched, "o1", "A");
    assert_eq!((watched.place("A", "W1"), watched.place("A", "W2")), ((0, 0), (2, 0)));
}

#[test]
fn a_soft_reservation_of_a_newer_plan_ends_with_the_units() {
    let mut watched = packed();
    watched.all(&[reserve("o1", 2, &[line("l1", "A", 2)])]);
    assert_eq!(watched.pool.sku("A").map(|entry| entry.soft), Some(2));
    watched.all(&[issue("o1", 1, &[placed("l1", "A", "W1", 2)])]);
    nothing_is_kept(&watched, "o1", "A");
}

/// What happens to an order's stock before its parcels leave.
#[derive(Clone, Debug)]
enum Event {
    Count {
        sku: usize,
        house: usize,
        delta: i64,
    },
    /// A newer plan; none is made once a parcel has left.
    Replan {
        soft: bool,
    },
    Other {
        order: u8,
        quantity: i64,
    },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..2_usize, 0..2_usize, -4..4_i64).prop_map(|(sku, house, delta)| Event::Count { sku, house, delta }),
        1 => any::<bool>().prop_map(|soft| Event::Replan { soft }),
        2 => (0..4_u8, 1..4_i64).prop_map(|(order, quantity)| Event::Other { order, quantity }),
    ]
}

proptest! {
    /// Whatever counts, newer plans and other orders do before and between the parcels of an order: once each line has
    /// left whole, the order holds nothing, waits for nothing, and has ended.
    #[test]
    fn of_what_has_left_nothing_is_kept(
        wanted in (1..4_i64, 1..4_i64),
        split in (0..4_i64, 0..4_i64),
        complete in any::<bool>(),
        before in prop::collection::vec(event(), 0..12),
        between in prop::collection::vec(event(), 0..12),
        after in prop::collection::vec(event(), 0..6),
    ) {
        let (skus, houses) = (["A", "B"], ["W1", "W2"]);
        let lines = [line("l1", "A", wanted.0), line("l2", "B", wanted.1)];
        let mut plan = 1;
        let policy = if complete { Split::ShipComplete } else { Split::ShipAvailable };
        let asked = |plan| Demand { split: policy, ..demand("o1", plan, &lines) };
        let happens = |watched: &mut Watched, plan: &mut u32, event: &Event| {
            let left = watched.pool.order("o1").is_some_and(|order| order.left);
            let command = match event {
                Event::Count { sku, house, delta } => adjust(skus[*sku], houses[*house], *delta),
                Event::Replan { .. } if left => return,
                Event::Replan { soft } => {
                    *plan += 1;
                    if *soft { reserve("o1", *plan, &lines) } else { Command::Allocate(asked(*plan)) }
                }
                Event::Other { order, quantity } => {
                    Command::Allocate(demand(&format!("other{order}"), 1, &[line("l1", "A", *quantity)]))
                }
            };
            watched.take(&command);
            watched.tick();
        };
        let mut watched = Watched::default();
        for (sku, house) in skus.iter().flat_map(|sku| houses.map(|house| (sku, house))) {
            watched.take(&receive(sku, house, 4));
        }
        watched.take(&Command::Allocate(asked(1)));
        before.iter().for_each(|event| happens(&mut watched, &mut plan, event));
        // Two parcels of the first plan, one for each warehouse.
        let at_first = [split.0.min(wanted.0), split.1.min(wanted.1)];
        let parcel = |house: &str, units: [i64; 2]| -> Vec<Placed> {
            let all = [placed("l1", "A", house, units[0]), placed("l2", "B", house, units[1])];
            all.into_iter().filter(|line| line.quantity > 0).collect()
        };
        let parcels = [parcel("W1", at_first), parcel("W2", [wanted.0 - at_first[0], wanted.1 - at_first[1]])];
        for (parcel, events) in parcels.iter().zip([&between, &after]) {
            if !parcel.is_empty() {
                let outcome = watched.take(&issue("o1", 1, parcel));
                prop_assert!(!matches!(outcome, Outcome::Refused(_) | Outcome::Unreadable(_)), "{:?}", outcome);
                watched.tick();
            }
            events.iter().for_each(|event| happens(&mut watched, &mut plan, event));
        }
        let order = watched.pool.order("o1").expect("it is known");
        prop_assert!(order.open.as_deref().is_none_or(|open| open.is_empty()), "{:?}\n{:#?}", order, watched.log);
    }
}
