//! A parked order is tried again: as one that has just come, and by the partition's clock where its shop is not known.

use super::super::input::LineDelta;
use super::super::place::{RETRY_FIRST, RETRY_LAST};
use super::*;
use weir_decider::{Decider, Millis};

/// When an order that was parked at 100 is tried for the first time.
const FIRST: i64 = 100 + RETRY_FIRST;

/// Parked at 100, when its shop is not known.
fn shopless(placed: Placed) -> Scenario<Routing> {
    given([]).at(100).when(&Input::Placed(Box::new(placed))).and()
}

fn mapping() -> Input {
    Input::LinesChanged(vec![LineDelta { line_id: "1".to_owned(), quantity: 0, sku: Some("SKU-1".to_owned()) }])
}

#[test]
fn it_is_planned_as_one_that_has_just_come() {
    let all = [None, Some(Terms::Prepaid), Some(Terms::CashOnDelivery), Some(Terms::OnAccount)];
    for (own, shops) in all.into_iter().flat_map(|own| all.map(|shops| (own, shops))) {
        for payment in [Payment::Pending, Payment::Paid, Payment::Refunded] {
            let mut placed = Placed { payment, ..placed() };
            placed.order.terms = own;
            let world = world_where(|shop| shop.terms = shops);
            let just_come = fresh(world.clone()).at(FIRST).when(&Input::Placed(Box::new(placed.clone())));
            let again = shopless(placed).world(world).at(FIRST).when_due();
            assert_eq!(again.decision(), just_come.decision(), "own {own:?}, the shop's {shops:?}, {payment:?}");
        }
    }
}

#[test]
fn an_edit_and_a_payment_leave_it_its_own_terms() {
    let moved = Input::AddressChangeAsked { ship_to: placed().ship_to, region: placed().order.region };
    for input in [moved, Input::PaymentSeen(Payment::Authorized, None)] {
        for (own, shops) in [(Terms::Prepaid, Terms::OnAccount), (Terms::CashOnDelivery, Terms::Prepaid)] {
            let world = world_where(|shop| shop.terms = Some(shops));
            let verdict = shopless(on(own)).world(world).when(&input);
            let planned = verdict.decision().facts.iter().find_map(|fact| match fact {
                Fact::Planned { plan, demand: Some(demand), .. } => Some((demand.order.terms, plan.soft)),
                _ => None,
            });
            assert_eq!(planned, Some((Some(own), own == Terms::Prepaid)), "{input:?}");
        }
    }
}

#[test]
fn the_shop_says_the_terms_of_an_order_that_got_a_line_before_it_was_planned() {
    let on_account = world_where(|shop| shop.terms = Some(Terms::OnAccount));
    let line = LineDelta { line_id: "2".to_owned(), quantity: 1, sku: Some("SKU-2".to_owned()) };
    let verdict = shopless(placed()).world(on_account).when(&Input::LinesChanged(vec![line]));
    assert_eq!(verdict.decision().facts.last(), Some(&Fact::Released { plan: 1 }));
}

#[test]
fn it_is_tried_at_longer_and_longer_intervals_up_to_an_hour() {
    let mut scenario = shopless(placed());
    let mut waited = Vec::new();
    let mut at = 100;
    for _ in 0..300 {
        let next = scenario.state().deadline().expect("it is tried again").0;
        waited.push((next - at) / RETRY_FIRST);
        at = next;
        scenario = scenario.at(at - 1).when_due().ignores(Ignored::Unchanged).and().at(at);
        let verdict = scenario.when_due().then(&[parked("unknown-shop", placed().order, Payment::Pending)]);
        scenario = verdict.tells(&[]).and();
    }
    assert_eq!(waited[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
    assert!(waited[8..].iter().all(|minutes| *minutes == 60), "{waited:?}");
    assert_eq!(RETRY_LAST, 3_600_000);
    // However long that was, it goes when its shop is there.
    let found = scenario.world(world()).at(at + RETRY_LAST).when_due();
    found.tells(&[reserve(1)]);
}

#[test]
fn an_edit_does_not_put_it_off_and_a_late_one_is_a_try() {
    let moved = |to: &[u8]| Input::AddressChangeAsked { ship_to: to.to_vec(), region: placed().order.region };
    let edited = shopless(placed()).at(5_000).when(&moved(b"one")).and().at(FIRST - 1).when(&moved(b"two")).and();
    assert_eq!(edited.state().deadline(), Some(Millis(FIRST)));
    let late = edited.at(FIRST + 7).when(&moved(b"three")).and();
    assert_eq!(late.state().deadline(), Some(Millis(FIRST + 7 + 2 * RETRY_FIRST)));
}

#[test]
fn what_no_reference_data_brings_is_not_tried() {
    let mut unmapped = placed();
    unmapped.order.lines[0].sku = String::new();
    let mut empty = placed();
    empty.order.lines.clear();
    let no_limit = || world_where(|shop| shop.pay_within = 0);
    for placed in [unmapped.clone(), empty] {
        let scenario = fresh(no_limit()).when(&Input::Placed(Box::new(placed))).and();
        assert_eq!(scenario.state().deadline(), None);
    }
    // Its shop was found; now it waits for its mapping, with the terms that it had by then.
    let order = Order { lines: vec![line("1", "", 2)], terms: Some(Terms::Prepaid), ..placed().order };
    let verdict = shopless(unmapped).world(no_limit()).at(FIRST).when_due();
    let found = verdict.then(&[parked("unmapped-sku", order, Payment::Pending)]).tells(&[]).and();
    assert_eq!(found.state().deadline(), None);
    let on_account = world_where(|shop| shop.terms = Some(Terms::OnAccount));
    found.world(on_account).when(&mapping()).tells(&[reserve(1)]);
}

#[test]
fn it_keeps_the_platforms_hold_and_has_it_once() {
    let held = Placed { payment: Payment::Paid, platform_holds: vec!["fraud".to_owned()], ..placed() };
    let verdict = shopless(held).world(world()).at(FIRST).when_due();
    let order = Order { pay_by: FIRST + 1000, ..order() };
    verdict.then(&[planned(plan(1, true), demand(order, Payment::Paid))]).tells(&[reserve(1)]);
}

#[test]
fn an_order_that_ended_is_not_tried() {
    let cancelled = shopless(placed()).when(&Input::CancelledOutside { reason: "buyer".to_owned() }).and();
    assert_eq!(cancelled.state().deadline(), None);
    cancelled.world(world()).at(FIRST).when_due().ignores(Ignored::Unchanged);
}

/// The clock may come back long after both deadlines.
#[test]
fn the_deadline_that_passed_first_goes_first() {
    let paid_by = |pay_by| {
        let mut placed = placed();
        placed.order.pay_by = pay_by;
        let on_account = world_where(|shop| shop.terms = Some(Terms::OnAccount));
        shopless(placed).world(on_account).at(10 * FIRST).when_due()
    };
    for pay_by in [400, FIRST] {
        paid_by(pay_by).then(&[Fact::PaymentTimedOut { plan: 0 }, cancelled("payment-timeout", "")]);
    }
    let verdict = paid_by(FIRST + 1);
    assert_eq!(verdict.decision().facts.last(), Some(&Fact::Released { plan: 1 }));
    // Where the shop is still unknown, the payment's deadline is next.
    let mut placed = placed();
    placed.order.pay_by = FIRST + 1;
    let again = shopless(placed).at(10 * FIRST).when_due().and();
    assert_eq!(again.when_due().decision().facts[0], Fact::PaymentTimedOut { plan: 0 });
}
