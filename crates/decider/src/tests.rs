//! The parts of a decision, and that the harness can fail: a test that it lets through shows nothing.

use super::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Adds numbers up: says each that is above zero, tells it on, and refuses what is below.
#[derive(Default)]
struct Sum(i64);

impl Decider for Sum {
    type Input = i64;
    type Fact = i64;
    type Message = i64;
    type World = i64;

    fn decide(&self, moment: Moment<'_, i64>, input: &i64) -> Decision<i64, i64> {
        match *input {
            0 => Decision::ignore(Ignored::Unchanged),
            -1 => Decision::unreadable(Fault::field("field-invalid", "number", moment.key)),
            1.. => Decision::say(vec![*input + moment.world]).tell(vec![self.0 + input + moment.at.0]),
            _ => Decision::refuse("below-zero", "a number is above zero"),
        }
    }

    fn evolve(&mut self, _: Millis, fact: &i64) {
        self.0 += fact;
    }
}

fn fails(test: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(test)).is_err()
}

#[test]
fn a_scenario_is_decided_at_its_time_in_its_world_on_what_was_said() {
    let scenario = given::<Sum>([2, 3]).at(100).world(10).key("sum-1");
    let scenario = scenario.when(&1).then(&[11]).tells(&[106]).and();
    assert_eq!(scenario.state().0, 16);
    let scenario = scenario.when(&-1);
    assert_eq!(scenario.decision().outcome, Outcome::Unreadable(Fault::field("field-invalid", "number", "sum-1")));
    scenario.cannot_read("field-invalid", "number").and().when(&0).ignores(Ignored::Unchanged);
    given::<Sum>([]).when(&-2).refuses("below-zero").tells(&[]);
}

#[test]
fn what_is_otherwise_than_expected_fails() {
    let when = |input: i64| given::<Sum>([]).when(&input);
    assert!(fails(|| drop(when(1).then(&[2]))), "other facts");
    assert!(fails(|| drop(when(0).then(&[]))), "not accepted");
    assert!(fails(|| drop(when(1).tells(&[]))), "other messages");
    assert!(fails(|| drop(when(1).refuses("below-zero"))), "not refused");
    assert!(fails(|| drop(when(-2).refuses("other"))), "refused with another code");
    assert!(fails(|| drop(when(1).ignores(Ignored::Unchanged))), "not ignored");
    assert!(fails(|| drop(when(0).ignores(Ignored::Stale))), "ignored for another reason");
    assert!(fails(|| drop(when(1).cannot_read("field-invalid", "number"))), "it could be read");
    assert!(fails(|| drop(when(-1).cannot_read("field-invalid", "other"))), "another field");
    assert!(fails(|| drop(when(-1).cannot_read("other", "number"))), "another reason");
}

#[test]
fn a_decider_without_deadline_fault_or_end_has_none() {
    let sum = Sum::default();
    assert_eq!((sum.deadline(), sum.broken(), sum.rest()), (None, None, None));
    given::<Sum>([]).when_due().ignores(Ignored::Unchanged).tells(&[]);
}

#[test]
fn time_goes_on_and_stops_at_its_end() {
    assert_eq!(Millis(5).plus(7), Millis(12));
    assert_eq!(Millis(i64::MAX).plus(1), Millis(i64::MAX));
}

#[test]
fn decisions_are_added_to() {
    let decision = Decision::<i64, i64>::say(vec![1]).and_say(vec![2, 3]).tell(vec![4]).tell(vec![5]);
    assert_eq!((decision.facts, decision.messages), (vec![1, 2, 3], vec![4, 5]));
    let fault = Fault::whole("undecodable", "no bytes");
    assert_eq!((fault.reason, fault.field.as_str(), fault.detail.as_str()), ("undecodable", "", "no bytes"));
}

#[test]
fn no_bug_is_planted_here() {
    plant::lift();
    assert!(!plant::planted("old-plan-obeyed"));
}
