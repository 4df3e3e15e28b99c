//! Every order in which up to five deliveries of one order can arrive ends in the same state.

use super::address::{place, sent, to};
use super::*;
use weir_decider::Moment;

/// What is known at the end, how often it was placed, and where those who read the facts think that it goes.
fn fold(deliveries: &[&Delivery]) -> (Order, usize, Place) {
    let world = World::default();
    let (mut order, mut placed, mut heard) = (Order::default(), 0, Place::default());
    for delivery in deliveries {
        let moment = Moment { key: "order-1", at: Millis(NOW), world: &world };
        let decision = order.decide(moment, delivery);
        for fact in &decision.facts {
            match fact {
                Fact::Placed(told) => (placed, heard) = (placed + 1, told.place),
                Fact::AddressChangeRequested { ship_to, .. } => heard = ship_to.place,
                _ => {}
            }
            order.evolve(Millis(NOW), fact);
        }
    }
    (order, placed, heard)
}

fn permutations<'a>(rest: &[&'a Delivery], taken: &mut Vec<&'a Delivery>, visit: &mut impl FnMut(&[&'a Delivery])) {
    if rest.is_empty() {
        return visit(taken);
    }
    for index in 0..rest.len() {
        let mut others = rest.to_vec();
        taken.push(others.remove(index));
        permutations(&others, taken, visit);
        taken.pop();
    }
}

fn check(deliveries: &[Delivery]) {
    let all: Vec<&Delivery> = deliveries.iter().collect();
    let (expected, _, goes_to) = fold(&all);
    permutations(&all, &mut Vec::new(), &mut |arrival| {
        let (order, placed, heard) = fold(arrival);
        assert_eq!(placed, 1, "placed once");
        assert_eq!(order.payment(), expected.payment());
        assert_eq!(order.is_cancelled(), expected.is_cancelled());
        assert_eq!(order.is_completed(), expected.is_completed());
        assert_eq!(order.shipped, expected.shipped);
        assert_eq!(order.lines(), expected.lines());
        assert_eq!(order.version(), expected.version());
        assert_eq!((order.goes_to(), heard), (goes_to, goes_to));
    });
}

#[test]
fn whole_bodies_in_any_order() {
    let cancelled = Delivery { cancelled: Some("customer".to_owned()), ..whole(5, Refunded) };
    check(&[whole(1, Pending), whole(2, Authorized), whole(3, Paid), whole(3, Paid), cancelled]);
    let completed = Delivery { completed: true, ..whole(4, Paid) };
    let shipped = |shipped, delivery| Delivery { shipped, ..delivery };
    let partly = shipped(Shipped::Partly, whole(4, Paid));
    check(&[whole(1, Pending), partly, whole(3, Paid), shipped(Shipped::Wholly, whole(5, Paid)), whole(6, Refunded)]);
    let edit = edited(3, vec![line("1", "TEA", 1), line("2", "CUP", 1)], "hurry");
    let back = edited(5, vec![line("1", "TEA", 2)], "");
    check(&[whole(1, Pending), edit, back.clone(), completed, back]);
}

#[test]
fn thin_and_whole_in_any_order() {
    check(&[whole(1, Pending), thin_payment("p-1"), thin_payment("p-1"), asks_to_cancel("c-1"), cancels("gone")]);
    check(&[whole(1, Pending), thin_payment("p-1"), whole(2, Paid), whole(3, Refunded), whole(1, Pending)]);
}

#[test]
fn addresses_in_any_order() {
    let (moved, back) = (sent(2, "Munich", "Isarring 1"), sent(4, "Augsburg", "Lechweg 7"));
    let paid = to(place("Munich", "Isarring 2"), whole(3, Paid));
    check(&[sent(1, "Augsburg", "Lechweg 7"), moved.clone(), paid.clone(), back, moved.clone()]);
    let all = [sent(1, "Augsburg", "Lechweg 7"), moved, thin_payment("p-1"), paid];
    check(&all);
    let (order, ..) = fold(&all.iter().collect::<Vec<_>>());
    assert_eq!(order.goes_to(), place("Munich", "Isarring 2"));
}
