//! Where a decision only just goes one way, and what a refusal says. Each of these was found by a change of the rule that no
//! other test noticed.

use super::samples::*;
use super::*;
use weir_decider::{Outcome as Taken, Scenario, given};

const W1: &str = "order-1:1:w1";
const W2: &str = "order-1:1:w2";

fn after(facts: impl IntoIterator<Item = Fact>) -> Scenario<Fulfillment> {
    given(issued().into_iter().chain(facts))
}

fn packed_one() -> Scenario<Fulfillment> {
    after([picked(W1), packed(W1)])
}

fn first_of_two_shipped() -> Scenario<Fulfillment> {
    given(issued_at_two().into_iter().chain(shipped_first()))
}

fn short(id: &str) -> Input {
    Input::ShortPick(ShortOrder { pick_list_id: id.to_owned(), missing: vec![], reason: ShortReason::NotFound })
}

fn cancel(asker: Asker) -> Input {
    let (request_id, reason) = ("r-1".to_owned(), "changed mind".to_owned());
    Input::CancelAsked(CancelAsked { request_id, reason, asker })
}

fn word_of(sequence: u64, said: Said) -> Input {
    let lines = if said == Said::Allocated { word(1, 1).lines } else { vec![] };
    Input::Allocation(Allocation { said, lines, ..word(1, sequence) })
}

fn issue_of(lines: Vec<Placed>) -> Message {
    Message::Issue { pool: "main".to_owned(), plan: 1, lines }
}

#[track_caller]
fn refusal(scenario: Scenario<Fulfillment>, input: &Input) -> String {
    match &scenario.when(input).decision().outcome {
        Taken::Refused(refusal) => format!("{}: {}", refusal.code, refusal.detail),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn a_refusal_says_how_far_the_list_is() {
    let shipped_one = packed_one().when(&ship(W1, "T1")).and();
    let said = [
        (refusal(after([]), &pack(W1)), "open; it should be picked"),
        (refusal(after([picked(W1)]), &pick(W1)), "picked; it should be open"),
        (refusal(packed_one(), &pack(W1)), "packed; it should be picked"),
        (refusal(shipped_one, &ship(W1, "T2")), "shipped; it should be packed"),
    ];
    for (detail, expected) in said {
        assert_eq!(detail, format!("wrong-state: {W1} is {expected}"));
    }
    assert_eq!(refusal(packed_one(), &short(W1)), format!("too-late: {W1} is packed already"));
}

#[test]
fn a_refusal_says_what_is_awaited() {
    let cancelled = after([cancel_accepted("r-1")]);
    assert_eq!(refusal(cancelled, &pick(W1)), "not-open: the order was cancelled");
    let by_routing = after([Fact::RouteCancelled { reason: "rejected".to_owned() }]);
    assert_eq!(refusal(by_routing, &pick(W1)), "not-open: the order was cancelled");
    let stopped = after([]).when(&short(W1)).and();
    assert_eq!(refusal(stopped, &pick(W1)), "not-open: the work under plan 1 was stopped, a new plan is awaited");
    let person = first_of_two_shipped().when(&short(W2)).and();
    assert_eq!(
        refusal(person, &pick(W2)),
        "not-open: the work under plan 1 was stopped, a person's decision is awaited"
    );
    assert_eq!(
        refusal(after([]), &pick("order-1:2:w1")),
        "unknown-pick-list: order-1:2:w1 is no pick list of the present plan (1)"
    );
}

#[test]
fn names_read_back() {
    for reason in ShortReason::ALL {
        assert_eq!(ShortReason::parse(reason.slug()), Some(reason));
    }
    for stage in WaitsFor::ALL {
        assert_eq!(WaitsFor::parse(stage.slug()), Some(stage));
    }
    assert_eq!((ShortReason::parse("other"), WaitsFor::parse("other")), (None, None));
    assert_eq!(WaitsFor::ALL.map(WaitsFor::slug), ["inventory", "routing"]);
    assert_eq!(ShortReason::ALL.map(ShortReason::slug), ["not-found", "damaged", "no-capacity"]);
}

#[test]
fn ten_minutes_is_too_long_and_thirty_days_are_enough() {
    assert_eq!(given::<Fulfillment>([opened(1), release_noted(1)]).state().deadline(), Some(Millis(600_000)));
    let ended = |input: &Input| after([]).at(5).when(input).and().state().rest();
    let from = Millis(5 + 2_592_000_000);
    assert_eq!(ended(&cancel(Asker::Caller)), Some(Rest { from, end_state: 2 }));
    assert_eq!(ended(&Input::RouteCancelled { reason: String::new() }), Some(Rest { from, end_state: 3 }));
}

#[test]
fn a_caller_can_not_cancel_an_order_that_is_half_known() {
    given::<Fulfillment>([release_noted(1)]).when(&cancel(Asker::Caller)).refuses("not-open");
    given::<Fulfillment>([opened(1)]).when(&cancel(Asker::Caller)).refuses("not-open");
    // What routing passes on is taken whatever is known.
    let verdict = given::<Fulfillment>([]).when(&cancel(Asker::Routing { done_outside: false }));
    verdict.then(&[cancel_accepted("r-1")]);
}

#[test]
fn routings_cancel_comes_too_late_for_what_has_left_whole() {
    let cancelled = Input::RouteCancelled { reason: "rejected".to_owned() };
    let shipped = packed_one().when(&ship(W1, "T1")).and();
    shipped.when(&cancelled).ignores(Ignored::Irrelevant);
    after([cancel_accepted("r-1")]).when(&cancelled).ignores(Ignored::Duplicate);
}

#[test]
fn a_word_that_says_the_same_or_is_of_a_later_plan_withdraws_nothing() {
    after([]).when(&allocated(1, 2)).then(&[noted(1, 2)]);
    after([]).when(&allocated(2, 2)).then(&[noted(2, 2)]);
}

#[test]
fn a_list_has_a_name_of_its_own_each_time() {
    let again = after([]).when(&word_of(2, Said::Deallocated)).and().when(&word_of(3, Said::Allocated)).and();
    let third = again.when(&word_of(4, Said::Backordered)).and().when(&word_of(5, Said::Allocated));
    third.then(&[noted(1, 5), renamed(list_issued(1, "w1"), "order-1:1:w1:3")]);
}

#[test]
fn only_what_a_pool_changed_under_the_pick_is_given_back_at_the_end() {
    let told = |before: &[Input], during: &[Input]| {
        let mut scenario = after([]);
        for input in before {
            scenario = scenario.when(input).and();
        }
        let id = scenario.state().lists.keys().next().expect("there is a list").clone();
        for input in [pick(&id)].iter().chain(during).chain([&pack(&id)]) {
            scenario = scenario.when(input).and();
        }
        let messages = scenario.when(&ship(&id, "T1")).decision().messages.clone();
        messages.iter().any(|message| matches!(message, Message::Void { .. }))
    };
    assert!(!told(&[], &[]));
    assert!(!told(&[], &[word_of(2, Said::Allocated)]), "the same word again");
    assert!(told(&[], &[word_of(2, Said::Deallocated)]));
    let (back, again) = (word_of(2, Said::Deallocated), word_of(3, Said::Allocated));
    assert!(told(&[], &[back.clone(), again.clone()]), "it may have been given elsewhere in between");
    assert!(!told(&[back, again], &[]), "before the pick the list was made anew");
    let moved = Allocation { lines: vec![placed("l1", "A", "w2", 2)], ..word(1, 2) };
    assert!(told(&[], &[Input::Allocation(moved)]));
}

#[test]
fn a_plan_that_was_known_before_the_cancel_is_not_voided_again() {
    let cancelled = || after([cancel_accepted("r-1")]);
    cancelled().when(&planned(1)).ignores(Ignored::Irrelevant).tells(&[]);
    let shipped = packed_one().when(&ship(W1, "T1")).and();
    shipped.when(&planned(2)).ignores(Ignored::Irrelevant).tells(&[]);
}

#[test]
fn a_later_plan_says_its_own_ship_by() {
    let mut second = plan(2);
    second.ship_by_ms = 700;
    let verdict = given::<Fulfillment>([opened(1)]).when(&Input::Planned(second.clone()));
    verdict.then(&[Fact::Opened(second)]);
}

#[test]
fn a_parcel_is_known_by_its_carrier_and_its_number() {
    let shipped = || packed_one().when(&ship(W1, "T1")).and();
    let other = ShipOrder { pick_list_id: W1.to_owned(), carrier: "yto".to_owned(), tracking_number: "T1".to_owned() };
    shipped().when(&Input::Ship(other)).refuses("wrong-state");
    let verdict = first_of_two_shipped().when(&ship(W1, "T1"));
    verdict.ignores(Ignored::Duplicate).tells(&[issue_of(vec![placed("l1", "A", "w1", 2)])]);
}

#[test]
fn the_first_of_two_parcels_is_not_the_last() {
    let facts = issued_at_two().into_iter().chain([picked(W1), packed(W1)]);
    let lines = vec![placed("l1", "A", "w1", 2)];
    given::<Fulfillment>(facts)
        .when(&ship(W1, "T1"))
        .then(&[shipped(W1, "T1", lines.clone(), false)])
        .tells(&[issue_of(lines)]);
}

#[test]
fn attempts_are_counted_on() {
    let second = given::<Fulfillment>([opened(2), release_noted(2), noted(2, 1), list_issued(2, "w1")]);
    let verdict = second.when(&short("order-1:2:w1"));
    let stopped = Fact::WorkStopped { plan: 2, reason: StopReason::ShortPick, attempt: 2 };
    assert_eq!(verdict.decision().facts[1], stopped);
    assert!(matches!(verdict.decision().messages[1], Message::Reroute { plan: 2, attempt: 2, .. }));
}

#[test]
fn a_part_of_a_list_can_be_missing_up_to_all_of_it() {
    let missing = |quantity| {
        let missing = vec![MissingLine { line_id: "l1".to_owned(), quantity }];
        let order = ShortOrder { pick_list_id: W1.to_owned(), missing, reason: ShortReason::Damaged };
        after([]).when(&Input::ShortPick(order)).decision().outcome.clone()
    };
    assert_eq!((missing(1), missing(2)), (Taken::Accepted, Taken::Accepted));
}

#[test]
fn each_line_of_a_list_can_be_missing_by_name() {
    let mut plan = plan(1);
    plan.lines.push(line("l2", "B", 1));
    let lines = vec![placed("l1", "A", "w1", 2), placed("l2", "B", "w1", 1)];
    let word = Allocation { lines: lines.clone(), ..word(1, 1) };
    let facts = [Fact::Opened(plan), release_noted(1), Fact::AllocationNoted(word), list_of(1, "w1", lines.clone())];
    let missing = [("l1", 2), ("l2", 1)].map(|(id, quantity)| MissingLine { line_id: id.to_owned(), quantity });
    let (pick_list_id, reason) = (W1.to_owned(), ShortReason::NoCapacity);
    let order = ShortOrder { pick_list_id, missing: missing.to_vec(), reason };
    let verdict = given::<Fulfillment>(facts).when(&Input::ShortPick(order));
    assert!(matches!(&verdict.decision().facts[0], Fact::ShortPicked { missing, .. } if *missing == lines));
}

#[test]
fn a_word_of_another_pool_does_not_bring_a_stopped_plan_back() {
    let other = Allocation { pool: "other".to_owned(), ..word(2, 1) };
    let stopped = after([]).when(&short(W1)).and();
    stopped.when(&Input::Allocation(other.clone())).then(&[Fact::AllocationNoted(other)]);
}

#[test]
fn a_pool_that_speaks_of_a_later_plan_has_not_spoken_of_this_one() {
    let mut plan = plan(1);
    plan.lines.push(Line { pool: "cold".to_owned(), ..line("l2", "B", 1) });
    let early = Allocation { pool: "cold".to_owned(), lines: vec![placed("l2", "B", "w1", 1)], ..word(2, 1) };
    given::<Fulfillment>([Fact::Opened(plan), release_noted(1)])
        .when(&Input::Allocation(early.clone()))
        .then(&[Fact::AllocationNoted(early)])
        .and()
        .when(&allocated(1, 1))
        .then(&[noted(1, 1)]);
}
