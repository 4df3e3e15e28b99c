//! A plan arrives from routing: plan 1 opens the order, plan n+1 opens it anew.

use super::{End, Fact, Fulfillment, Message, Opened, StopReason, Verdict, issue};
use weir_decider::{Decision, Ignored, Moment};

pub(super) fn decide(state: &Fulfillment, moment: Moment<'_, ()>, opened: &Opened) -> Verdict {
    if let Some(ended) = &state.ended {
        return after_the_end(state, &ended.how, opened);
    }
    let known = state.plan_version();
    if opened.plan <= known {
        let same = opened.plan == known;
        return Decision::ignore(if same { Ignored::Duplicate } else { Ignored::Stale });
    }
    if state.anything_shipped() {
        return Decision::ignore(Ignored::Irrelevant);
    }
    let mut facts = Vec::new();
    if let (Some(plan), false) = (&state.plan, state.lists.is_empty()) {
        let (plan, attempt) = (plan.version, plan.attempt);
        facts.push(Fact::WorkStopped { plan, reason: StopReason::Replanned, attempt });
    }
    if state.on_hold {
        facts.push(Fact::Resumed);
    }
    let mut opened = opened.clone();
    if opened.ship_by_ms == 0 {
        opened.ship_by_ms = state.plan.as_ref().map_or(0, |plan| plan.ship_by_ms);
    }
    facts.push(Fact::Opened(opened));
    issue::settle(state, moment, facts)
}

/// A reroute may have been on its way when the order was cancelled here: its stock is to be given back too.
fn after_the_end(state: &Fulfillment, how: &End, opened: &Opened) -> Verdict {
    let ignored = Decision::ignore(Ignored::Irrelevant);
    match how {
        End::Cancelled { reason, .. } if opened.plan > state.plan_version() => {
            let pools = opened.lines.iter().map(|line| line.pool.as_str());
            ignored.tell(Message::void_all(pools, opened.plan, reason))
        }
        End::Cancelled { .. } | End::CancelledByRouting | End::Shipped => ignored,
    }
}

#[cfg(test)]
mod tests {
    //! Plans open the order once each, newest wins.
    use super::super::samples::*;
    use super::*;
    use crate::domain::{Input, StockEffect};
    use weir_decider::given;

    #[test]
    fn the_first_plan_opens_the_order() {
        given::<Fulfillment>([]).when(&planned(1)).then(&[opened(1)]).tells(&[]);
    }

    #[test]
    fn a_repeated_plan_is_a_duplicate_and_an_older_one_stale() {
        given::<Fulfillment>([opened(2)]).when(&planned(2)).ignores(Ignored::Duplicate);
        given::<Fulfillment>([opened(2)]).when(&planned(1)).ignores(Ignored::Stale);
    }

    #[test]
    fn a_later_plan_keeps_the_ship_by_that_it_does_not_name() {
        let Input::Planned(mut second) = planned(2) else { unreachable!("planned makes a plan") };
        second.ship_by_ms = 0;
        let verdict = given::<Fulfillment>([opened(1)]).when(&Input::Planned(second));
        verdict.then(&[opened(2)]);
    }

    #[test]
    fn a_plan_that_nobody_asked_for_withdraws_the_lists() {
        let stopped = Fact::WorkStopped { plan: 1, reason: StopReason::Replanned, attempt: 0 };
        let verdict = given::<Fulfillment>(issued()).when(&planned(2));
        verdict.then(&[stopped, opened(2)]);
    }

    #[test]
    fn after_a_parcel_has_left_no_plan_can_change_it() {
        let facts = issued_at_two().into_iter().chain(shipped_first());
        given::<Fulfillment>(facts).when(&planned(2)).ignores(Ignored::Irrelevant);
    }

    #[test]
    fn a_plan_that_crosses_a_cancel_has_its_stock_given_back() {
        let cancelled = cancel_accepted("r-1");
        let verdict = given::<Fulfillment>([opened(1), cancelled]).when(&planned(2));
        let void = Message::Void {
            pool: "main".to_owned(),
            plan: 2,
            reason: "changed mind".to_owned(),
            lines: vec![],
            effect: StockEffect::None,
        };
        verdict.ignores(Ignored::Irrelevant).tells(&[void]);
    }

    #[test]
    fn a_plan_after_routings_own_cancel_is_not_ours_to_void() {
        let cancelled = Fact::RouteCancelled { reason: "payment-timeout".to_owned() };
        let verdict = given::<Fulfillment>([cancelled]).when(&planned(1));
        verdict.ignores(Ignored::Irrelevant).tells(&[]);
    }
}
