//! Every order in which up to five deliveries of one order can arrive ends in the same state.

use super::*;
use weir_decider::Moment;

fn fold(deliveries: &[&Delivery]) -> (Order, usize) {
    let world = World::default();
    let (mut order, mut placed) = (Order::default(), 0);
    for delivery in deliveries {
        let moment = Moment { key: "order-1", at: Millis(NOW), world: &world };
        let decision = order.decide(moment, delivery);
        placed += decision.facts.iter().filter(|fact| matches!(fact, Fact::Placed(_))).count();
        for fact in &decision.facts {
            order.evolve(Millis(NOW), fact);
        }
    }
    (order, placed)
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
    let (expected, _) = fold(&all);
    permutations(&all, &mut Vec::new(), &mut |arrival| {
        let (order, placed) = fold(arrival);
        assert_eq!(placed, 1, "placed once");
        assert_eq!(order.payment(), expected.payment());
        assert_eq!(order.is_cancelled(), expected.is_cancelled());
        assert_eq!(order.is_completed(), expected.is_completed());
        assert_eq!(order.lines(), expected.lines());
        assert_eq!(order.version(), expected.version());
    });
}

#[test]
fn whole_bodies_in_any_order() {
    let cancelled = Delivery { cancelled: Some("customer".to_owned()), ..whole(5, Refunded) };
    check(&[whole(1, Pending), whole(2, Authorized), whole(3, Paid), whole(3, Paid), cancelled]);
    let completed = Delivery { completed: true, ..whole(4, Paid) };
    let edit = edited(3, vec![line("1", "TEA", 1), line("2", "CUP", 1)], "hurry");
    let back = edited(5, vec![line("1", "TEA", 2)], "");
    check(&[whole(1, Pending), edit, back.clone(), completed, back]);
}

#[test]
fn thin_and_whole_in_any_order() {
    check(&[whole(1, Pending), thin_payment("p-1"), thin_payment("p-1"), asks_to_cancel("c-1"), cancels("gone")]);
    check(&[whole(1, Pending), thin_payment("p-1"), whole(2, Paid), whole(3, Refunded), whole(1, Pending)]);
}
