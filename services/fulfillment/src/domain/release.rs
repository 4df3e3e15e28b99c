//! Routing releases a plan: from here on fulfillment owns the order.

use super::{Fact, Fulfillment, Verdict, issue};
use weir_decider::{Decision, Ignored, Moment};

pub(super) fn decide(state: &Fulfillment, moment: Moment<'_, ()>, plan: u32) -> Verdict {
    if state.ended.is_some() {
        return Decision::ignore(Ignored::Irrelevant);
    }
    if plan == state.released {
        return Decision::ignore(Ignored::Duplicate);
    }
    if plan < state.released || plan < state.plan_version() {
        return Decision::ignore(Ignored::Stale);
    }
    issue::settle(state, moment, vec![Fact::ReleaseNoted { plan }])
}

#[cfg(test)]
mod tests {
    //! A release is noted once, and issues the lists if it was the last thing that was missing.
    use super::super::samples::*;
    use super::*;
    use weir_decider::given;

    #[test]
    fn a_release_alone_is_only_noted() {
        given::<Fulfillment>([opened(1)]).when(&released(1)).then(&[release_noted(1)]);
        given::<Fulfillment>([]).when(&released(1)).then(&[release_noted(1)]);
    }

    #[test]
    fn the_last_of_three_issues_the_list() {
        let verdict = given::<Fulfillment>([opened(1), noted(1, 1)]).when(&released(1));
        verdict.then(&[release_noted(1), list_issued(1, "w1")]);
    }

    #[test]
    fn a_repeat_is_a_duplicate_and_an_older_plan_stale() {
        given::<Fulfillment>(issued()).when(&released(1)).ignores(Ignored::Duplicate);
        given::<Fulfillment>([opened(2), release_noted(2)]).when(&released(1)).ignores(Ignored::Stale);
        given::<Fulfillment>([opened(2)]).when(&released(1)).ignores(Ignored::Stale);
    }

    #[test]
    fn nothing_is_released_after_the_end() {
        given::<Fulfillment>([opened(1), cancel_accepted("r-1")]).when(&released(1)).ignores(Ignored::Irrelevant);
    }
}
