//! What is chosen in each round, and in which order.

use super::*;
use weir_decider::Millis;
use weir_pipeline::Record;
use weir_proto::log::v1::Position;
use weir_proto::quarantine::v1::Quarantined;
use weir_proto::topics::Topic;

fn at(topic: &str, offset: usize) -> Position {
    Position { topic: topic.to_owned(), partition: 0, offset: offset as i64 }
}

/// By key, topic and reason, each at its place in the list, which is its offset in its topic as well.
fn entries(told: &[(&str, &str, &str)]) -> Vec<Entry> {
    let entry = |(offset, (key, topic, reason)): (usize, &(&str, &str, &str))| Entry {
        place: Record {
            topic: Topic::Quarantine,
            partition: 0,
            offset: offset as i64,
            time: Millis(0),
            key: (*key).to_owned(),
            value: Default::default(),
            headers: Default::default(),
        },
        what: Quarantined {
            stage: "routing".to_owned(),
            reason: (*reason).to_owned(),
            parked: *reason == "parked" || *reason == "torn",
            position: Some(at(topic, offset)),
            ..Quarantined::default()
        },
        redriven: false,
    };
    told.iter().enumerate().map(entry).collect()
}

fn chosen(entries: &[Entry], reason: Option<&str>) -> Vec<usize> {
    let wish = Wish { reason: reason.map(str::to_owned), ..Wish::default() };
    choose(entries, &wish, &Done::default())
}

#[test]
fn what_waits_goes_with_what_it_waits_for() {
    let all = entries(&[
        ("a", "orders", "panic"),
        ("b", "orders", "field-missing"),
        ("a", "orders", "parked"),
        ("b", "orders", "parked"),
    ]);
    assert_eq!(chosen(&all, Some("panic")), [0, 2]);
    assert_eq!(chosen(&all, Some("field-missing")), [1, 3]);
    assert!(chosen(&all, Some("body-not-json")).is_empty());
    assert_eq!(chosen(&all, None), [0, 2, 1, 3]);
    let wish = Wish { key: Some("b".to_owned()), ..Wish::default() };
    assert_eq!(choose(&all, &wish, &Done::default()), [1, 3]);
}

#[test]
fn nothing_passes_a_fact_that_stays() {
    let all = entries(&[("a", "orders", "panic"), ("a", "orders", "parked"), ("a", "orders", "parked")]);
    let done = Done { refused: [0].into(), ..Done::default() };
    assert!(choose(&all, &Wish::default(), &done).is_empty());
    let alone = entries(&[("a", "routing-commands", "panic"), ("a", "orders", "panic"), ("a", "orders", "parked")]);
    assert_eq!(choose(&alone, &Wish::default(), &done), [1, 2], "a command stands alone");
}

#[test]
fn a_round_keeps_to_one_topic_for_each_key() {
    let mut all = entries(&[
        ("a", "orders", "panic"),
        ("a", "orders", "parked"),
        ("a", "routing-commands", "parked"),
        ("a", "orders", "parked"),
        ("b", "routing-commands", "parked"),
    ]);
    assert_eq!(chosen(&all, None), [0, 1, 4]);
    for taken in [0, 1, 4] {
        all[taken].redriven = true;
    }
    assert_eq!(chosen(&all, None), [2]);
    all[2].redriven = true;
    assert_eq!(chosen(&all, None), [3]);
}

#[test]
fn a_copy_that_came_back_has_its_originals_place() {
    let mut all = entries(&[
        ("a", "orders", "panic"),
        ("a", "orders", "parked"),
        ("a", "orders", "parked"),
        ("a", "orders", "panic"),
        ("a", "orders", "parked"),
    ]);
    // The first was written back and came back, then so did the second.
    all[0].redriven = true;
    all[3].what.copy_of = all[0].what.position.clone();
    all[1].redriven = true;
    all[4].what.copy_of = all[1].what.position.clone();
    assert_eq!(chosen(&all, None), [3, 4, 2]);
    // And once more.
    all.extend(entries(&[("a", "orders", "panic")]));
    all[3].redriven = true;
    all[5].what.copy_of = all[3].what.position.clone();
    assert_eq!(chosen(&all, None), [5, 4, 2]);
}

#[test]
fn what_was_written_back_is_left_alone_unless_asked_for_again() {
    let mut all = entries(&[("a", "orders", "panic"), ("a", "orders", "parked")]);
    all[0].redriven = true;
    assert_eq!(chosen(&all, None), [1]);
    let wish = Wish { again: true, ..Wish::default() };
    assert_eq!(choose(&all, &wish, &Done::default()), [0, 1]);
    let done = Done { written: [0, 1].into(), ..Done::default() };
    assert!(choose(&all, &wish, &done).is_empty(), "not twice in a run");
}
