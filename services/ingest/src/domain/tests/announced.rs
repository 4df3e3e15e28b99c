//! Thin notices: what is asked for, for how long, and that no order of arrival changes how it ends.

use super::*;
use weir_decider::Moment;

fn told() -> Box<Announced> {
    Box::new(Announced {
        channel: "tiktok".to_owned(),
        shop: "acme".to_owned(),
        platform_order_id: "577".to_owned(),
        kind: "1".to_owned(),
    })
}

fn notice(version: i64) -> Delivery {
    Delivery { version, announced: Some(told()), ..Delivery::default() }
}

fn announced(version: i64) -> Fact {
    Fact::Announced { announced: told(), version }
}

fn no(version: i64) -> Delivery {
    let not_found = NotFound { version, reason: "it has none".to_owned() };
    Delivery { not_found: Some(not_found), ..Delivery::default() }
}

fn dropped(version: i64) -> Fact {
    Fact::AnnouncementDropped { reason: "it has none".to_owned(), version }
}

fn wants(order: &Order) -> Option<i64> {
    order.wanted().map(|wanted| wanted.version)
}

#[test]
fn a_notice_is_asked_for_once_and_done_with_its_order() {
    let after = nothing().when(&notice(2)).then(&[announced(2)]).and();
    let after = after.when(&notice(2)).ignores(Ignored::Duplicate).and();
    let after = after.when(&notice(1)).ignores(Ignored::Duplicate).and();
    let after = after.when(&whole(2, Pending)).then(&[placed(2, Pending)]).and();
    assert_eq!(wants(after.state()), None);
    let after = after.when(&notice(2)).ignores(Ignored::Duplicate).and();
    after.when(&notice(1)).ignores(Ignored::Stale);
}

#[test]
fn an_older_copy_is_placed_and_the_newer_one_wanted_still() {
    let after = nothing().when(&notice(3)).and().when(&whole(2, Pending)).then(&[placed(2, Pending)]).and();
    assert_eq!(wants(after.state()), Some(3));
    let after = after.when(&whole(3, Pending)).then(&[Fact::Observed { version: 3 }]).and();
    assert_eq!(wants(after.state()), None);
}

#[test]
fn a_newer_notice_raises_what_is_wanted_and_makes_it_no_younger() {
    let after = nothing().when(&notice(2)).and().at(NOW + 5_000).when(&notice(4)).then(&[announced(4)]).and();
    let wanted = after.state().wanted().expect("it is wanted");
    assert_eq!((wanted.version, wanted.since_ms), (4, NOW));
    let after = after.when(&whole(2, Pending)).and();
    assert_eq!(wants(after.state()), Some(4));
}

#[test]
fn a_no_ends_what_was_announced_up_to_then() {
    let after = nothing().when(&notice(2)).and().when(&no(2)).then(&[dropped(2)]).and();
    assert_eq!(wants(after.state()), None);
    let after = after.when(&no(2)).ignores(Ignored::Duplicate).and();
    let after = after.when(&notice(3)).then(&[announced(3)]).and();
    let after = after.when(&no(2)).ignores(Ignored::Duplicate).and();
    assert_eq!(wants(after.state()), Some(3), "that was said of an earlier one");
}

/// What is entered and can't be placed has a no behind it, which must not undo an order that was placed.
#[test]
fn a_no_behind_its_order_changes_nothing() {
    nothing().when(&notice(2)).and().when(&whole(2, Paid)).and().when(&no(2)).ignores(Ignored::Duplicate);
}

#[test]
fn a_platform_without_versions_is_asked_after_each_notice() {
    let after = nothing().when(&notice(0)).then(&[announced(0)]).and();
    let after = after.when(&notice(0)).then(&[announced(0)]).and();
    let after = after.when(&whole(0, Pending)).then(&[placed(0, Pending)]).and();
    assert_eq!(wants(after.state()), None, "without a version any will do");
    let after = after.when(&notice(0)).then(&[announced(0)]).and();
    let after = after.when(&whole(0, Pending)).then(&[Fact::Observed { version: 0 }]).and();
    assert_eq!(wants(after.state()), None, "or it would be asked for ever");
}

#[test]
fn a_notice_without_a_version_lets_nothing_sink() {
    let after = nothing().when(&notice(7)).and().when(&notice(0)).then(&[announced(0)]).and();
    assert_eq!(wants(after.state()), Some(7));
    let after = after.when(&whole(6, Pending)).and();
    assert_eq!(wants(after.state()), Some(7));
}

#[test]
fn a_copy_older_than_what_is_known_answers_no_notice() {
    let after = given::<Order>([placed(5, Pending)]).at(NOW).when(&notice(0)).then(&[announced(0)]).and();
    let stale = Delivery { cancelled: Some("late".to_owned()), ..whole(4, Pending) };
    let cancelled = Fact::Cancelled { reason: "late".to_owned(), version: 4 };
    let after = after.when(&stale).then(&[cancelled]).and();
    assert_eq!(wants(after.state()), Some(5), "the cancellation is news, and the copy is older than the notice");
    let after = after.when(&whole(5, Pending)).and();
    assert_eq!(wants(after.state()), None);
}

/// What a thin notice tells by itself is told at once, and is no answer.
#[test]
fn a_notice_that_cancels_is_told_and_asked_for() {
    let delivery = Delivery { cancelled: Some("buyer".to_owned()), ..notice(2) };
    let cancelled = Fact::Cancelled { reason: "buyer".to_owned(), version: 0 };
    let after = nothing().when(&delivery).then(&[cancelled, announced(2)]).and();
    assert_eq!(wants(after.state()), Some(2));
}

#[test]
fn a_forgotten_order_is_not_placed_for_being_announced() {
    let mut delivery = whole(2, Pending);
    if let Some(content) = &mut delivery.content {
        content.placed_at = Millis(NOW - HORIZON_MS - 1);
    }
    let after = nothing().when(&notice(2)).and();
    after.when(&delivery).cannot_read("beyond-horizon", "placed_at");
}

/// What is known at the end, and how often it was placed.
fn fold(deliveries: &[&Delivery]) -> (Order, usize) {
    let world = World::default();
    let (mut order, mut count) = (Order::default(), 0);
    for delivery in deliveries {
        let decision = order.decide(Moment { key: "order-1", at: Millis(NOW), world: &world }, delivery);
        for fact in &decision.facts {
            count += usize::from(matches!(fact, Fact::Placed(_)));
            order.evolve(Millis(NOW), fact);
        }
    }
    (order, count)
}

fn in_any_order(rest: &[&Delivery], taken: &mut Vec<Delivery>, visit: &mut impl FnMut(&[Delivery])) {
    if rest.is_empty() {
        return visit(taken);
    }
    for index in 0..rest.len() {
        let mut others = rest.to_vec();
        taken.push(others.remove(index).clone());
        in_any_order(&others, taken, visit);
        taken.pop();
    }
}

/// Every order of arrival of these ends with this wanted, and with the same order, placed once.
fn check(deliveries: &[Delivery], wanted: Option<i64>) {
    let all: Vec<&Delivery> = deliveries.iter().collect();
    let (expected, _) = fold(&all);
    in_any_order(&all, &mut Vec::new(), &mut |arrival| {
        let (order, placed) = fold(&arrival.iter().collect::<Vec<_>>());
        assert_eq!(placed, 1, "placed once");
        assert_eq!(wants(&order), wanted, "{arrival:#?}");
        assert_eq!(order.version(), expected.version());
        assert_eq!((order.payment(), order.lines()), (expected.payment(), expected.lines()));
        assert_eq!(order.is_cancelled(), expected.is_cancelled());
    });
}

#[test]
fn notices_orders_and_a_no_in_any_order() {
    let edit = edited(2, vec![line("1", "TEA", 1), line("2", "CUP", 1)], "hurry");
    check(&[notice(1), notice(2), whole(1, Pending), edit.clone(), no(2)], None);
    check(&[notice(1), notice(2), whole(1, Pending), edit.clone(), no(1)], None);
    check(&[notice(2), notice(2), whole(1, Pending), edit.clone(), edit], None);
    let paid = Delivery { cancelled: Some("buyer".to_owned()), ..notice(3) };
    check(&[notice(1), paid.clone(), whole(1, Pending), whole(3, Paid)], None);
    check(&[notice(1), paid, whole(1, Pending), whole(2, Paid)], Some(3));
}
