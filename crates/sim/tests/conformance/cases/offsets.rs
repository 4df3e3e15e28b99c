//! Offsets inside transactions: when they count, and for whom.

use crate::cluster::{Case, Cluster, cases};
use crate::scene::*;
use crate::seats::{GROUP, INPUTS, Seat, at, put, told};
use weir_pipeline::TopicPartition;
use weir_pipeline::log::{Log as _, Member as _, Offsets, Pace, Transactional as _};
use weir_proto::topics::Topic;

cases! {
    "a group that committed nothing has no offsets", "§2.2 none" => none;
    "offsets of a committed transaction are the group's", "§3 order" => committed;
    "offsets of an aborted transaction leave the group's as they were", "§3 any abort" => aborted;
    "offsets are not told while they are undecided", "§2.2 stable offsets (R)" => undecided;
    "an undecided partition does not keep another's offset back", "§2.2 stable offsets" => undecided_other;
    "stable offsets after a takeover are those of the last commit", "§2.2, §2.4" => takeover;
    "the last of two offsets in a transaction counts", "`send_offsets`" => last_counts;
    "offsets of several topics are committed together", "`send_offsets`" => several_topics;
    "unchanged offsets can be committed again", "§2.4, §3 a tick has no input" => unchanged;
    "the broker keeps an offset that goes back", "§3 offsets come from the worker's own books" => goes_back;
    "a transaction of offsets alone is committed", "§3" => alone;
    "a transaction without offsets is refused before it is sent", "§3 nothing valid (R)" => no_offsets;
    "each group has offsets of its own", "`committed`" => other_group;
    "forgotten offsets are absent, not zero", "§2.2 none but facts; F9" => forgotten;
}

fn none<C: Cluster>(c: &C) {
    assert_eq!(told(&mut Seat::take(c, "m", &INPUTS)), Offsets::new());
}

fn committed<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    p.send_offsets(&at(INPUT, 5), seat.proof()).expect("sent");
    p.commit().expect("committed");
    assert_eq!(told(&mut seat), at(INPUT, 5));
}

fn aborted<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    put::<C>(&mut p, &seat, &at(INPUT, 5));
    p.begin().expect("begun");
    p.send_offsets(&Offsets::from([(INPUT, 9), (INPUT_BESIDE, 1)]), seat.proof()).expect("sent");
    p.abort().expect("aborted");
    assert_eq!(told(&mut seat), at(INPUT, 5));
}

fn undecided<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    put::<C>(&mut p, &seat, &at(INPUT, 5));
    p.begin().expect("begun");
    p.send_offsets(&at(INPUT, 9), seat.proof()).expect("sent");
    let started = c.log().now().0;
    // Nobody ends the transaction but its time.
    assert_eq!(told(&mut seat), at(INPUT, 5));
    assert!(c.log().now().0 - started > 3_000, "told while undecided");
}

fn undecided_other<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    put::<C>(&mut p, &seat, &Offsets::from([(INPUT, 5), (INPUT_BESIDE, 6)]));
    p.begin().expect("begun");
    p.send_offsets(&at(INPUT, 9), seat.proof()).expect("sent");
    let started = c.log().now().0;
    assert_eq!(seat.member.committed(&[INPUT_BESIDE]).expect("committed"), at(INPUT_BESIDE, 6));
    assert!(c.log().now().0 - started < 3_000, "it waited");
    p.commit().expect("committed");
}

fn takeover<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut first = producer(c, "p");
    open(&mut first, FACTS, &["a"]);
    first.send_offsets(&at(INPUT, 5), seat.proof()).expect("sent");
    first.commit().expect("committed");
    open(&mut first, FACTS, &["late"]);
    first.send_offsets(&at(INPUT, 9), seat.proof()).expect("sent");
    let mut successor = producer(c, "p");
    assert_eq!(told(&mut seat), at(INPUT, 5));
    put::<C>(&mut successor, &seat, &at(INPUT, 5));
    assert_eq!(kind(first.commit()), "producer fenced");
    assert_eq!(told(&mut seat), at(INPUT, 5));
    assert_eq!(settled(c, FACTS, 4), ["a"]);
}

fn last_counts<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    p.send_offsets(&at(INPUT, 5), seat.proof()).expect("sent");
    p.send_offsets(&at(INPUT, 7), seat.proof()).expect("sent");
    p.commit().expect("committed");
    assert_eq!(told(&mut seat), at(INPUT, 7));
}

fn several_topics<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    let stock = TopicPartition::new(Topic::StockCommands, 1);
    let all = Offsets::from([(INPUT, 5), (INPUT_BESIDE, 6), (stock, 7)]);
    put::<C>(&mut p, &seat, &all);
    assert_eq!(seat.member.committed(&[INPUT, INPUT_BESIDE, stock]).expect("committed"), all);
}

fn unchanged<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    for _ in 0..3 {
        put::<C>(&mut p, &seat, &at(INPUT, 5));
    }
    assert_eq!(told(&mut seat), at(INPUT, 5));
}

fn goes_back<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    put::<C>(&mut p, &seat, &at(INPUT, 5));
    put::<C>(&mut p, &seat, &at(INPUT, 2));
    assert_eq!(told(&mut seat), at(INPUT, 2));
}

fn alone<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    put::<C>(&mut p, &seat, &at(INPUT, 5));
    assert_eq!(told(&mut seat), at(INPUT, 5));
    assert_eq!(bounds(c, INPUT), (0, 0));
}

fn no_offsets<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    assert_eq!(kind(p.send_offsets(&Offsets::new(), seat.proof())), "abort");
    p.abort().expect("aborted");
    assert!(settled(c, FACTS, 2).is_empty());
    assert_eq!(told(&mut seat), Offsets::new());
}

fn other_group<C: Cluster>(c: &C) {
    let seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    put::<C>(&mut p, &seat, &at(INPUT, 5));
    let mut other = c.log().member("other", "m", &INPUTS, Pace::Eager).expect("a member");
    assert_eq!(other.committed(&[INPUT]).expect("committed"), Offsets::new());
}

fn forgotten<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    put::<C>(&mut p, &seat, &at(INPUT, 5));
    assert_eq!(told(&mut seat), at(INPUT, 5));
    seat.member.leave();
    drop(seat);
    c.forget_offsets(GROUP);
    assert_eq!(told(&mut Seat::take(c, "m", &INPUTS)), Offsets::new());
}
