//! How an order ends and comes to rest.

use super::super::input::Reroute;
use super::*;
use weir_decider::{Decider, Millis, Rest};

const MONTH: i64 = 30 * 24 * 3_600_000;

fn outcome(outcome: &str) -> Input {
    Input::NoteOutcome { outcome: outcome.to_owned() }
}

fn shipping(outcome: &str) -> Fact {
    Fact::ShippingNoted { outcome: outcome.to_owned() }
}

#[test]
fn a_shipped_order_rests_after_a_month() {
    let scenario = released().when(&outcome("shipped")).then(&[shipping("shipped")]).tells(&[]).and();
    assert_eq!(scenario.state().rest(), Some(Rest { from: Millis(100 + MONTH), end_state: 2 }));
    scenario.when(&outcome("shipped")).ignores(Ignored::Duplicate);
}

#[test]
fn a_cancelled_order_rests_after_a_month() {
    let scenario = waiting().when(&Input::CancelledOutside { reason: "buyer".to_owned() }).and();
    assert_eq!(scenario.state().rest(), Some(Rest { from: Millis(100 + MONTH), end_state: 1 }));
}

#[test]
fn an_open_question_keeps_the_order() {
    let cancelled = waiting().when(&Input::CancelledOutside { reason: "buyer".to_owned() }).and();
    assert_eq!(cancelled.when(&pays()).and().state().rest(), None);
    assert_eq!(waiting().state().rest(), None);
    assert_eq!(released().state().rest(), None);
}

#[test]
fn a_cancel_that_crossed_a_reroute_gives_the_new_stock_back() {
    let again = Reroute { plan: 1, attempt: 1, ..Reroute::default() };
    released()
        .when(&Input::Reroute(again))
        .and()
        .when(&outcome("cancelled"))
        .then(&[shipping("cancelled")])
        .tells(&[void(2, "cancelled")]);
    released().when(&outcome("cancelled")).then(&[shipping("cancelled")]).tells(&[]);
}

/// Millions of them are held in memory at once.
#[test]
fn a_live_order_stays_small() {
    let fixed = size_of::<Routing>() + size_of::<Order>() + size_of::<Line>();
    assert!(fixed <= 600, "{fixed} bytes before the texts");
}

#[test]
fn an_outcome_of_nothing_known_is_irrelevant() {
    fresh(world()).when(&outcome("shipped")).ignores(Ignored::Irrelevant);
}
