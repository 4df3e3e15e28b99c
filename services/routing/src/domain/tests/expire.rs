//! The payment deadline.

use super::*;
use weir_decider::{Decider, Millis};

#[test]
fn an_order_that_is_never_paid_gives_its_stock_back() {
    let scenario = waiting()
        .at(1100)
        .when_due()
        .then(&[Fact::PaymentTimedOut { plan: 1 }, cancelled("payment-timeout", "")])
        .tells(&[void(1, "payment-timeout")])
        .and();
    assert_eq!(scenario.state().deadline(), None);
}

#[test]
fn it_does_not_fire_early_or_for_a_paid_order() {
    waiting().at(1099).when_due().ignores(Ignored::Unchanged);
    released().at(9999).when_due().ignores(Ignored::Unchanged);
    assert_eq!(waiting().when(&pays()).and().state().deadline(), None);
}

#[test]
fn a_held_unpaid_order_times_out_too_and_its_holds_go() {
    fresh(world_with(review()))
        .when(&unpaid())
        .and()
        .at(1100)
        .when_due()
        .tells(&[void(1, "payment-timeout")])
        .and()
        .when(&Input::ApproveHold(answer(HOLD)))
        .refuses(refusal::ORDER_CANCELLED);
}

#[test]
fn a_parked_order_times_out_without_stock() {
    let mut unmapped = placed();
    unmapped.order.lines[0].sku = String::new();
    fresh(world())
        .when(&Input::Placed(Box::new(unmapped)))
        .and()
        .at(1100)
        .when_due()
        .then(&[Fact::PaymentTimedOut { plan: 0 }, cancelled("payment-timeout", "")])
        .tells(&[]);
}

#[test]
fn a_shop_without_a_limit_waits_for_ever() {
    let world = world_where(|shop| shop.pay_within = 0);
    assert_eq!(fresh(world).when(&unpaid()).and().state().deadline(), None::<Millis>);
}

#[test]
fn a_paid_order_that_is_held_has_no_pay_deadline() {
    assert_eq!(held().state().deadline(), None);
    held().at(9999).when_due().ignores(Ignored::Unchanged);
}

#[test]
fn terms_that_wait_for_no_payment_have_no_pay_deadline() {
    let delivery = on(Terms::CashOnDelivery);
    let held = fresh(world_with(review())).when(&Input::Placed(Box::new(delivery))).and();
    assert_eq!(held.state().deadline(), None);
}
