//! Money is seen.

use super::*;

#[test]
fn payment_releases_what_waited_for_it() {
    waiting()
        .when(&pays())
        .then(&[noted(Payment::Paid), Fact::Released { plan: 1 }])
        .tells(&[allocate(1, pricing())])
        .and()
        .when(&pays())
        .ignores(Ignored::Unchanged);
}

#[test]
fn a_payment_before_its_order_waits_for_it() {
    fresh(world())
        .when(&pays())
        .then(&[Fact::PaymentNoted { payment: Payment::Paid, paid: Some(cny(9900)), early: true }])
        .and()
        .when(&unpaid())
        .then(&[planned(plan(1, false), demand(order(), Payment::Paid)), Fact::Released { plan: 1 }])
        .tells(&[allocate(1, pricing())]);
}

#[test]
fn part_of_a_payment_releases_nothing() {
    waiting().when(&Input::PaymentSeen(Payment::PartlyPaid, None)).then(&[noted(Payment::PartlyPaid)]).tells(&[]);
}

#[test]
fn what_is_older_than_what_is_known_is_stale() {
    released().when(&Input::PaymentSeen(Payment::Authorized, None)).ignores(Ignored::Stale);
}

#[test]
fn a_paid_order_with_an_open_hold_stays() {
    fresh(world_with(review())).when(&unpaid()).and().when(&pays()).then(&[noted(Payment::Paid)]).tells(&[]);
}

#[test]
fn a_payment_after_the_cancel_is_a_question_of_money() {
    let question = system_hold("order-1:1:paid-after-cancel", "paid-after-cancel");
    waiting()
        .when(&Input::CancelledOutside { reason: "buyer".to_owned() })
        .and()
        .when(&pays())
        .then(&[noted(Payment::Paid), question])
        .tells(&[])
        .and()
        .when(&Input::ApproveHold(answer("order-1:1:paid-after-cancel")))
        .then(&[resolved("order-1:1:paid-after-cancel", Resolution::Approved)])
        .tells(&[]);
}

#[test]
fn part_of_a_deposit_given_back_releases_nothing_by_itself() {
    let question = system_hold("order-1:1:refunded-before-release", "refunded-before-release");
    waiting()
        .when(&Input::PaymentSeen(Payment::PartlyPaid, None))
        .and()
        .when(&Input::PaymentSeen(Payment::PartlyRefunded, None))
        .then(&[noted(Payment::PartlyRefunded), question])
        .tells(&[]);
}

#[test]
fn a_refund_before_the_goods_left_asks_a_person() {
    held()
        .when(&Input::PaymentSeen(Payment::Refunded, None))
        .then(&[noted(Payment::Refunded), system_hold("order-1:1:refunded-before-release", "refunded-before-release")])
        .tells(&[]);
}

#[test]
fn a_refund_after_release_is_noted() {
    released().when(&Input::PaymentSeen(Payment::Refunded, None)).then(&[noted(Payment::Refunded)]).tells(&[]);
}

#[test]
fn a_voided_authorisation_leaves_the_order_waiting() {
    waiting().when(&Input::PaymentSeen(Payment::Voided, None)).then(&[noted(Payment::Voided)]).tells(&[]);
}

#[test]
fn a_parked_order_is_tried_again_when_its_payment_comes() {
    let parked = || given::<Routing>([]).at(100).when(&unpaid()).and();
    parked().when(&pays()).then(&[noted(Payment::Paid)]).tells(&[]);
    parked()
        .world(world())
        .when(&pays())
        .then(&[
            noted(Payment::Paid),
            planned(plan(1, false), demand(order(), Payment::Paid)),
            Fact::Released { plan: 1 },
        ])
        .tells(&[allocate(1, pricing())]);
}

#[test]
fn only_money_is_a_question_after_the_cancel_and_only_once() {
    let cancelled = || waiting().when(&Input::CancelledOutside { reason: "buyer".to_owned() }).and();
    for payment in [Payment::Authorized, Payment::Voided, Payment::PartlyRefunded, Payment::Refunded] {
        cancelled().when(&Input::PaymentSeen(payment, None)).then(&[noted(payment)]);
    }
    let question = system_hold("order-1:1:paid-after-cancel", "paid-after-cancel");
    cancelled()
        .when(&Input::PaymentSeen(Payment::PartlyPaid, None))
        .then(&[noted(Payment::PartlyPaid), question])
        .and()
        .when(&pays())
        .then(&[noted(Payment::Paid)]);
}

#[test]
fn a_refund_is_asked_about_once_and_a_part_of_it_never() {
    held().when(&Input::PaymentSeen(Payment::PartlyRefunded, None)).then(&[noted(Payment::PartlyRefunded)]);
    // Refunded before it came: the question is open from the plan on, and answered it does not hold the next plan.
    let refunded = Input::Placed(Box::new(Placed { payment: Payment::Refunded, ..placed() }));
    let question = "order-1:1:refunded-before-release";
    let scenario = fresh(world()).when(&refunded).and().when(&Input::ApproveHold(answer(question)));
    let scenario = scenario.then(&[resolved(question, Resolution::Approved), Fact::Released { plan: 1 }]).and();
    let again = super::super::input::Reroute { plan: 1, attempt: 1, ..Default::default() };
    let verdict = scenario.when(&Input::Reroute(again));
    let next = planned(Plan { attempt: 1, ..plan(2, false) }, None);
    assert_eq!(verdict.decision().facts[1..], [next, Fact::Released { plan: 2 }]);
}

#[test]
fn a_parked_order_is_asked_about_its_refund_as_well() {
    let parked = given::<Routing>([]).at(100).when(&unpaid()).and();
    parked
        .when(&Input::PaymentSeen(Payment::Refunded, None))
        .then(&[noted(Payment::Refunded), system_hold("order-1:0:refunded-before-release", "refunded-before-release")]);
}

#[test]
fn a_payment_does_not_bring_the_mapping_that_a_parked_order_waits_for() {
    let mut unmapped = placed();
    unmapped.order.lines[0].sku = String::new();
    let parked = fresh(world()).when(&Input::Placed(Box::new(unmapped))).and();
    parked.when(&pays()).then(&[noted(Payment::Paid)]).tells(&[]);
}
