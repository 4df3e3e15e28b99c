//! What a claim to a seat is worth when offsets are committed: the only fence between two names.

use crate::cluster::{Case, Cluster, cases};
use crate::scene::*;
use crate::seats::{INPUTS, Seat, at, pump, pump_for, put, told};
use std::time::Duration;
use weir_pipeline::log::{Member as _, Offsets, Transactional as _};

/// A member that went without leaving has no seat any more.
const SESSION_OVER: Duration = Duration::from_millis(7_500);

cases! {
    "one proof serves many transactions", "§2.2 captured proof" => proof_serves;
    "a proof from before a rebalance is refused", "§3 the only fence; F4" => stale_proof;
    "the refused transaction is aborted as a whole", "§3 the only fence; F4" => refused_whole;
    "offsets given before a rebalance can be committed after it", "F4 rebalance in mid-transaction" => across_rebalance;
    "a proof holds until the next generation stands", "§3 the only fence; F4" => proof_holds;
    "a proof is good for any partition, whoever has it", "§3 the seat is checked, not what it owns" => any_partition;
    "the proof of one who left is refused", "F4" => left_proof;
    "an emptied proof is taken by a group that nobody sits in", "§2.2 (−1, \"\")" => emptied_empty_group;
    "an emptied proof is taken by a group that everybody has left", "§2.2 (−1, \"\")" => emptied_left_group;
    "an emptied proof of a seat that another process took is refused", "§2.2 (−1, \"\") with an instance" => emptied_taken;
    "an emptied proof of an instance without a seat is refused while others sit", "§2.2 (−1, \"\") with an instance" => emptied_stranger;
}

fn proof_serves<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    for next in 1..=10 {
        put::<C>(&mut p, &seat, &at(INPUT, next));
    }
    assert_eq!(told(&mut seat), at(INPUT, 10));
}

/// A group of one, to which another has come: both have seats in a new generation. Returns the proof from before.
fn joined_by_another<C: Cluster>(c: &C) -> (Seat<C>, Seat<C>, Proof<C>) {
    let mut first = Seat::take(c, "m-1", &INPUTS);
    let before = first.proof().clone();
    let mut second = Seat::join(c, "m-2", &INPUTS);
    seat_both(c, &mut first, &mut second);
    (first, second, before)
}

fn seat_both<C: Cluster>(c: &C, first: &mut Seat<C>, second: &mut Seat<C>) {
    let had = first.assignments;
    pump(c, "both to be seated", &mut [first, second], |seats| {
        seats[0].assignments > had && seats.iter().all(|seat| seat.mine.is_some())
    });
}

fn stale_proof<C: Cluster>(c: &C) {
    let (mut first, _second, before) = joined_by_another(c);
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["late"]);
    assert_eq!(kind(p.send_offsets(&at(INPUT, 5), &before)), "abort");
    p.abort().expect("aborted");
    assert_eq!(told(&mut first), Offsets::new());
    put::<C>(&mut p, &first, &at(INPUT, 6));
    assert_eq!(told(&mut first), at(INPUT, 6));
}

fn refused_whole<C: Cluster>(c: &C) {
    let (_first, _second, before) = joined_by_another(c);
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["late"]);
    assert_eq!(kind(p.send_offsets(&at(INPUT, 5), &before)), "abort");
    assert_eq!(kind(p.commit()), "abort");
    p.abort().expect("aborted");
    assert!(settled(c, FACTS, 2).is_empty());
}

fn across_rebalance<C: Cluster>(c: &C) {
    let mut first = Seat::take(c, "m-1", &INPUTS);
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    p.send_offsets(&at(INPUT, 5), first.proof()).expect("sent");
    let mut second = Seat::join(c, "m-2", &INPUTS);
    // The first answers the revocation before it ends its transaction.
    pump(c, "a revocation", &mut [&mut first, &mut second], |seats| !seats[0].revocations.is_empty());
    p.commit().expect("committed");
    seat_both_by_now(c, &mut first, &mut second);
    assert_eq!(told(&mut first), at(INPUT, 5));
    expect(c, FACTS, &["a"]);
}

fn seat_both_by_now<C: Cluster>(c: &C, first: &mut Seat<C>, second: &mut Seat<C>) {
    pump(c, "both to be seated", &mut [first, second], |seats| seats.iter().all(|seat| seat.mine.is_some()));
}

fn proof_holds<C: Cluster>(c: &C) {
    let mut first = Seat::take(c, "m-1", &INPUTS);
    let mut second = Seat::join(c, "m-2", &INPUTS);
    pump_for(c, 2_500, &mut [&mut second]);
    assert!(second.mine.is_none(), "the rebalance is over");
    let mut p = producer(c, "p");
    put::<C>(&mut p, &first, &at(INPUT, 5));
    assert_eq!(told(&mut first), at(INPUT, 5));
}

fn any_partition<C: Cluster>(c: &C) {
    let (mut first, second, _) = joined_by_another(c);
    let others = second.mine.as_ref().expect("a share")[0];
    assert!(!first.mine.as_ref().expect("a share").contains(&others));
    let mut p = producer(c, "p");
    put::<C>(&mut p, &first, &at(others, 5));
    assert_eq!(first.member.committed(&[others]).expect("committed"), at(others, 5));
}

fn left_proof<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    let before = seat.proof().clone();
    seat.member.leave();
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    assert_eq!(kind(p.send_offsets(&at(INPUT, 5), &before)), "abort");
    p.abort().expect("aborted");
}

/// What a client says of itself before it has joined. Its seat, should it have got one meanwhile, is gone again.
fn emptied<C: Cluster>(c: &C, instance: &str) -> Proof<C> {
    let seat = Seat::join(c, instance, &INPUTS);
    let proof = seat.member.proof().expect("a proof of nothing");
    drop(seat);
    c.pass(SESSION_OVER);
    proof
}

fn emptied_empty_group<C: Cluster>(c: &C) {
    let proof = emptied(c, "m");
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    p.send_offsets(&at(INPUT, 5), &proof).expect("sent");
    p.commit().expect("committed");
    assert_eq!(told(&mut Seat::take(c, "m", &INPUTS)), at(INPUT, 5));
}

fn emptied_left_group<C: Cluster>(c: &C) {
    let proof = emptied(c, "m");
    let mut gone = Seat::take(c, "other", &INPUTS);
    gone.member.leave();
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    p.send_offsets(&at(INPUT, 5), &proof).expect("sent");
    p.commit().expect("committed");
    assert_eq!(told(&mut gone), at(INPUT, 5));
}

fn emptied_taken<C: Cluster>(c: &C) {
    let proof = emptied(c, "m");
    let _taken = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    assert_eq!(kind(p.send_offsets(&at(INPUT, 5), &proof)), "fenced");
}

fn emptied_stranger<C: Cluster>(c: &C) {
    let proof = emptied(c, "m-1");
    let _other = Seat::take(c, "m-2", &INPUTS);
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    assert_eq!(kind(p.send_offsets(&at(INPUT, 5), &proof)), "abort");
}
