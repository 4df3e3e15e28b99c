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
