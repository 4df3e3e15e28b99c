//! Whoever has a transactional id now is the only one who can do anything with it; and a transaction lasts so long and no longer.

use crate::cluster::{Case, Cluster, cases};
use crate::scene::*;
use crate::seats::{Seat, at};
use std::time::Duration;
use weir_pipeline::log::{Log as _, Member as _, Offsets, Transactional as _};
use weir_proto::topics::Topic;

/// The broker ends a transaction that is older than 4 s, and looks each second.
const TOO_LONG: Duration = Duration::from_millis(5_500);
/// Well below the time that an abandoned transaction is given.
const AT_ONCE_MS: i64 = 3_000;

cases! {
    "a zombie's send is refused after its successor began", "F3; §2.1" => zombie_sends;
    "a zombie's offsets are refused after its successor began", "F3; §2.1" => zombie_offsets;
    "a zombie's commit is refused, and its records are never read", "F3, I12; §2.1" => zombie_commits;
    "a zombie can't abort its successor's transaction", "F3; §2.1" => zombie_aborts;
    "a zombie that begins again gets no further", "F3; §2.1" => zombie_begins;
    "a fenced producer stays fenced", "§3 any unknown outcome" => stays_fenced;
    "a successor ends its predecessor's open transaction at once", "§2.1" => ends_open;
    "a successor keeps what its predecessor committed", "§2.1" => keeps_committed;
    "a successor drops its predecessor's undecided offsets", "§2.1, §2.2" => drops_offsets;
    "each new producer of a name fences the one before", "§2.1" => third;
    "producers of different names leave each other alone", "§2.4" => strangers;
    "a producer that was dropped in mid-transaction is ended by its successor", "F1; §2.1" => dropped;
    "an abandoned transaction is aborted when its time is over", "§7 transaction.timeout.ms" => timed_out;
    "a producer whose transaction's time is over is fenced", "F6; §7" => timed_out_fenced;
    "a producer whose transaction's time is over can't abort it either", "F6; §3 any abort" => timed_out_aborts;
    "the records of a transaction whose time is over can't be joined by more", "F6; §7" => timed_out_sends;
    "after its time was over a producer of the same name begins anew", "F6; §3" => timed_out_successor;
    "undecided offsets are dropped when the transaction's time is over", "F6; §2.2" => timed_out_offsets;
    "a producer that rests between transactions is not fenced", "§7" => rests;
}

fn zombie_sends<C: Cluster>(c: &C) {
    let mut zombie = producer(c, "p");
    zombie.begin().expect("begun");
    let mut successor = producer(c, "p");
    send(&mut zombie, FACTS, &["late"]);
    assert_eq!(kind(zombie.drain()), "abort");
    assert_eq!(kind(zombie.commit()), "producer fenced");
    commit_with(&mut successor, FACTS, &["a"]);
    assert_eq!(settled(c, FACTS, 2), ["a"]);
}

fn zombie_offsets<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &[Topic::Orders]);
    let mut zombie = producer(c, "p");
    zombie.begin().expect("begun");
    let _successor = producer(c, "p");
    assert_eq!(kind(zombie.send_offsets(&at(INPUT, 7), seat.proof())), "producer fenced");
    assert_eq!(seat.member.committed(&[INPUT]).expect("committed"), Offsets::new());
}

fn zombie_commits<C: Cluster>(c: &C) {
    let mut zombie = producer(c, "p");
    open(&mut zombie, FACTS, &["late"]);
    let mut successor = producer(c, "p");
    assert_eq!(kind(zombie.commit()), "producer fenced");
    commit_with(&mut successor, FACTS, &["a"]);
    assert_eq!(settled(c, FACTS, 4), ["a"]);
}

fn zombie_aborts<C: Cluster>(c: &C) {
    let mut zombie = producer(c, "p");
    open(&mut zombie, FACTS, &["late"]);
    let mut successor = producer(c, "p");
    open(&mut successor, FACTS, &["a"]);
    assert_eq!(kind(zombie.abort()), "producer fenced");
    successor.commit().expect("committed");
    assert_eq!(settled(c, FACTS, 4), ["a"]);
}

fn zombie_begins<C: Cluster>(c: &C) {
    let mut zombie = producer(c, "p");
    commit_with(&mut zombie, FACTS, &["a"]);
    let _successor = producer(c, "p");
    zombie.begin().expect("nobody is asked");
    send(&mut zombie, FACTS, &["late"]);
    assert_eq!(kind(zombie.drain()), "abort");
    assert_eq!(kind(zombie.abort()), "producer fenced");
    assert_eq!(settled(c, FACTS, 2), ["a"]);
}

fn stays_fenced<C: Cluster>(c: &C) {
    let mut zombie = producer(c, "p");
    open(&mut zombie, FACTS, &["late"]);
    let _successor = producer(c, "p");
    assert_eq!(kind(zombie.commit()), "producer fenced");
    assert_eq!(kind(zombie.commit()), "producer fenced");
    assert_eq!(kind(zombie.abort()), "producer fenced");
    assert_eq!(kind(zombie.begin()), "producer fenced");
}

fn ends_open<C: Cluster>(c: &C) {
    let mut first = producer(c, "p");
    open(&mut first, FACTS, &["late"]);
    let started = c.log().now().0;
    let mut successor = producer(c, "p");
    commit_with(&mut successor, FACTS, &["a"]);
    assert_eq!(settled(c, FACTS, 4), ["a"]);
    assert!(c.log().now().0 - started < AT_ONCE_MS, "it waited for the time-out");
}

fn keeps_committed<C: Cluster>(c: &C) {
    let mut first = producer(c, "p");
    commit_with(&mut first, FACTS, &["a"]);
    let mut successor = producer(c, "p");
    commit_with(&mut successor, FACTS, &["b"]);
    expect(c, FACTS, &["a", "b"]);
}

fn drops_offsets<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &[Topic::Orders]);
    let mut first = producer(c, "p");
    first.begin().expect("begun");
    first.send_offsets(&at(INPUT, 3), seat.proof()).expect("sent");
    first.commit().expect("committed");
    first.begin().expect("begun");
    first.send_offsets(&at(INPUT, 9), seat.proof()).expect("sent");
    let started = c.log().now().0;
    let _successor = producer(c, "p");
    assert_eq!(seat.member.committed(&[INPUT]).expect("committed"), at(INPUT, 3));
    assert!(c.log().now().0 - started < AT_ONCE_MS, "it waited for the time-out");
}

fn third<C: Cluster>(c: &C) {
    let mut first = producer(c, "p");
    let mut second = producer(c, "p");
    let mut third = producer(c, "p");
    for old in [&mut first, &mut second] {
        old.begin().expect("nobody is asked");
        send(old, FACTS, &["late"]);
        assert_eq!(kind(old.drain()), "abort");
    }
    commit_with(&mut third, FACTS, &["a"]);
    assert_eq!(settled(c, FACTS, 2), ["a"]);
}

fn strangers<C: Cluster>(c: &C) {
    let mut first = producer(c, "p");
    open(&mut first, FACTS, &["a"]);
    let mut other = producer(c, "q");
    commit_with(&mut other, FACTS, &["b"]);
    first.commit().expect("committed");
    expect(c, FACTS, &["a", "b"]);
}

fn dropped<C: Cluster>(c: &C) {
    let mut first = producer(c, "p");
    open(&mut first, FACTS, &["late"]);
    drop(first);
    let started = c.log().now().0;
    let mut successor = producer(c, "p");
    commit_with(&mut successor, FACTS, &["a"]);
    assert_eq!(settled(c, FACTS, 4), ["a"]);
    assert!(c.log().now().0 - started < AT_ONCE_MS, "it waited for the time-out");
}

fn timed_out<C: Cluster>(c: &C) {
    let (mut p, mut q) = (producer(c, "p"), producer(c, "q"));
    open(&mut p, FACTS, &["late"]);
    let started = c.log().now().0;
    commit_with(&mut q, FACTS, &["a"]);
    assert_eq!(settled(c, FACTS, 4), ["a"]);
    let waited = c.log().now().0 - started;
    assert!((3_500..7_000).contains(&waited), "it took {waited} ms");
}

fn timed_out_fenced<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["late"]);
    c.pass(TOO_LONG);
    assert_eq!(kind(p.commit()), "producer fenced");
    assert!(settled(c, FACTS, 2).is_empty());
}

fn timed_out_aborts<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["late"]);
    c.pass(TOO_LONG);
    assert_eq!(kind(p.abort()), "producer fenced");
    assert!(settled(c, FACTS, 2).is_empty());
}

fn timed_out_sends<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["late"]);
    c.pass(TOO_LONG);
    send(&mut p, FACTS, &["later"]);
    assert_eq!(kind(p.drain()), "abort");
    assert_eq!(kind(p.commit()), "producer fenced");
    assert!(settled(c, FACTS, 2).is_empty());
}

fn timed_out_successor<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["late"]);
    c.pass(TOO_LONG);
    let mut successor = producer(c, "p");
    commit_with(&mut successor, FACTS, &["a"]);
    assert_eq!(settled(c, FACTS, 4), ["a"]);
}

fn timed_out_offsets<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &[Topic::Orders]);
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    p.send_offsets(&at(INPUT, 9), seat.proof()).expect("sent");
    let started = c.log().now().0;
    assert_eq!(seat.member.committed(&[INPUT]).expect("committed"), Offsets::new());
    let waited = c.log().now().0 - started;
    assert!((3_500..7_000).contains(&waited), "undecided offsets were known after {waited} ms");
}

fn rests<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    c.pass(TOO_LONG);
    commit_with(&mut p, FACTS, &["b"]);
    expect(c, FACTS, &["a", "b"]);
}
