//! Where an order goes: told when it changes, once, and never guessed.

use super::*;

/// The place "city, street"; an empty part is not told.
pub(super) fn place(city: &str, street: &str) -> Place {
    let door = if street.is_empty() { Door::NotTold } else { Door::Known(street.to_owned()) };
    Place::new(&[city.to_owned()], &door)
}

/// The same, with that address.
pub(super) fn to(place: Place, delivery: Delivery) -> Delivery {
    let mut delivery = delivery;
    if let Some(content) = &mut delivery.content {
        content.ship_to = ShipTo { place, payload: vec![5] };
    }
    delivery
}

/// A body of this version that goes there.
pub(super) fn sent(version: i64, city: &str, street: &str) -> Delivery {
    to(place(city, street), whole(version, Pending))
}

fn placed_to(place: Place) -> Scenario<Order> {
    let Fact::Placed(mut order) = placed(1, Pending) else { unreachable!("it places") };
    order.place = place;
    given([Fact::Placed(order)]).at(NOW)
}

fn home() -> Scenario<Order> {
    placed_to(place("Augsburg", "Lechweg 7"))
}

/// The id tells the changes of one version apart; what else is in it is nobody's business.
fn moved(verdict: &Verdict<Order>) -> Option<(i64, Place)> {
    let mut asked = verdict.decision().facts.iter().filter_map(|fact| match fact {
        Fact::AddressChangeRequested { request_id, ship_to, version } => {
            assert!(request_id.starts_with(&format!("address-{version}-")), "{request_id}");
            assert_eq!(ship_to.payload, [5], "the address goes through as it came");
            Some((*version, ship_to.place))
        }
        _ => None,
    });
    let first = asked.next();
    assert_eq!(asked.next(), None, "once in a delivery");
    first
}

#[test]
fn an_order_is_placed_where_it_goes() {
    let verdict = nothing().when(&sent(1, "Augsburg", "Lechweg 7"));
    assert_eq!((moved(&verdict), verdict.and().state().goes_to()), (None, place("Augsburg", "Lechweg 7")));
}

#[test]
fn a_new_street_or_a_new_city_is_told_once() {
    for (city, street) in [("Augsburg", "Lechweg 8"), ("Munich", "Lechweg 7"), ("Munich", "Isarring 1")] {
        let verdict = home().when(&sent(2, city, street));
        assert_eq!((moved(&verdict), verdict.decision().facts.len()), (Some((2, place(city, street))), 1));
        let after = verdict.and();
        assert_eq!((after.state().goes_to(), after.state().version()), (place(city, street), 2));
        after.when(&sent(2, city, street)).ignores(Ignored::Duplicate);
    }
}

#[test]
fn an_older_body_does_not_change_it_back() {
    let after = home().when(&sent(3, "Augsburg", "Lechweg 8")).and();
    let after = after.when(&sent(2, "Augsburg", "Lechweg 7")).ignores(Ignored::Stale).and();
    let after = after.when(&sent(1, "Augsburg", "Lechweg 7")).ignores(Ignored::Stale).and();
    assert_eq!(after.state().goes_to(), place("Augsburg", "Lechweg 8"));
    // A newer one does: the buyer thought again.
    let back = after.when(&sent(4, "Augsburg", "Lechweg 7"));
    assert_eq!(moved(&back), Some((4, place("Augsburg", "Lechweg 7"))));
}

#[test]
fn two_addresses_within_one_version_do_not_swing() {
    let after = home().when(&sent(1, "Augsburg", "Lechweg 8")).and();
    assert_eq!(after.state().goes_to(), place("Augsburg", "Lechweg 8"));
    let after = after.when(&sent(1, "Augsburg", "Lechweg 7")).ignores(Ignored::Stale).and();
    let after = after.when(&sent(1, "Augsburg", "Lechweg 8")).ignores(Ignored::Duplicate).and();
    // Nor does a body of that version which tells of no address.
    after.when(&whole(1, Pending)).ignores(Ignored::Duplicate);
}

#[test]
fn the_same_address_in_a_newer_body_is_no_change() {
    home().when(&sent(2, "Augsburg", "Lechweg 7")).then(&[Fact::Observed { version: 2 }]);
}

#[test]
fn what_is_not_told_takes_nothing_away() {
    for body in [whole(2, Pending), sent(2, "Augsburg", ""), sent(2, "", "Lechweg 7")] {
        let after = home().when(&body).then(&[Fact::Observed { version: 2 }]).and();
        assert_eq!(after.state().goes_to(), place("Augsburg", "Lechweg 7"));
    }
}

#[test]
fn an_address_that_comes_after_the_order_is_told() {
    let verdict = pending().when(&sent(2, "Augsburg", "Lechweg 7"));
    assert_eq!(moved(&verdict), Some((2, place("Augsburg", "Lechweg 7"))));
    let verdict = placed_to(place("Augsburg", "")).when(&sent(2, "Augsburg", "Lechweg 7"));
    assert_eq!(moved(&verdict), Some((2, place("Augsburg", "Lechweg 7"))));
}

#[test]
fn what_can_not_be_read_is_not_compared() {
    let shut = |city: &str| Place::new(&[city.to_owned()], &Door::Unreadable);
    assert_eq!(moved(&placed_to(shut("Augsburg")).when(&sent(2, "Augsburg", "Lechweg 7"))), None);
    assert_eq!(moved(&home().when(&to(shut("Augsburg"), whole(2, Pending)))), None);
    // The city lies open.
    let verdict = placed_to(shut("Augsburg")).when(&sent(2, "Munich", "Isarring 1"));
    assert_eq!(moved(&verdict), Some((2, place("Munich", "Isarring 1"))));
}

#[test]
fn it_is_told_before_what_may_release_the_order() {
    let held = {
        let Fact::Placed(mut order) = placed(1, Pending) else { unreachable!("it places") };
        order.holds = vec!["risk".to_owned()];
        given::<Order>([Fact::Placed(order)]).at(NOW)
    };
    let mut body = sent(2, "Augsburg", "Lechweg 8");
    body.payment = whole(2, Paid).payment;
    let verdict = held.when(&body);
    let facts = &verdict.decision().facts;
    assert!(matches!(facts[0], Fact::AddressChangeRequested { .. }), "{facts:?}");
    assert!(matches!(facts[1..], [Fact::HoldsChanged { .. }, Fact::Paid { .. }]), "{facts:?}");
}

#[test]
fn a_thin_delivery_tells_of_no_address() {
    home().when(&thin_payment("p-1")).then(&[paid("p-1", 0, 3)]);
}

/// Two addresses of one version are two requests.
#[test]
fn each_change_has_an_id_of_its_own() {
    let id = |verdict: &Verdict<Order>| match &verdict.decision().facts[0] {
        Fact::AddressChangeRequested { request_id, .. } => request_id.clone(),
        other => panic!("{other:?}"),
    };
    let first = home().when(&sent(2, "Augsburg", "Lechweg 8"));
    let (one, again) = (id(&first), id(&home().when(&sent(2, "Augsburg", "Lechweg 8"))));
    let second = first.and().when(&sent(2, "Augsburg", "Lechweg 9"));
    assert_eq!(one, again, "the same delivery decided again");
    assert_ne!(one, id(&second));
}
