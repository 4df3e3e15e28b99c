//! Seats: who has which partitions, how one is told of it, and what a process that comes back or comes twice finds.

use crate::cluster::{Case, Cluster, cases};
use crate::scene::*;
use crate::seats::{INPUTS, Seat, at, pump, pump_for, seat_all};
use std::time::Duration;
use weir_pipeline::log::{Log as _, Member as _, Offsets, Transactional as _};
use weir_pipeline::{LogError, Polled};
use weir_proto::topics::Topic;

const SESSION_MS: i64 = 6_000;

cases! {
    "a lone member has every partition of every topic", "`Assigned`" => lone;
    "partition n of every input goes to one member", "§2.1 range; §2.2" => range;
    "a member for whom no partition is left is told so", "`Assigned`" => left_over;
    "a member that another joins is told to give its partitions back", "`Revoked`; F4" => revoked;
    "a member that leaves gives its partitions to the rest at once", "`leave`" => leaves;
    "a member that goes without leaving keeps its seat for a session", "§7 session.timeout.ms" => goes;
    "a static member that returns has its partitions back", "§2.1 group.instance.id" => returns;
    "a static member that returns disturbs nobody", "§2.1 group.instance.id" => returns_quietly;
    "a second process of the same instance fences the first", "§2.1; `Fenced`" => second_process;
    "the proof of a process whose instance was taken over is refused", "§3 the only fence" => taken_proof;
    "a member that does not poll for too long has lost its partitions", "§7 max.poll.interval.ms; `Revoked { lost }`" => lost;
    "a newcomer waits for a silent member as long as a poll may take, and gets its own share", "§2.3 a long fold hangs the group" => newcomer_waits;
    "a member whose revocation is unanswered can be dropped", "§2.1 dropping" => drop_revoked;
    "a member whose assignment is unanswered can be dropped", "§2.1 dropping" => drop_assigned;
}

fn lone<C: Cluster>(c: &C) {
    let seat = Seat::take(c, "m", &INPUTS);
    assert_eq!((seat.numbers(Topic::Orders), seat.numbers(Topic::StockCommands)), (vec![0, 1], vec![0, 1]));
}

fn range<C: Cluster>(c: &C) {
    let mut first = Seat::take(c, "m-1", &INPUTS);
    let mut second = Seat::join(c, "m-2", &INPUTS);
    seat_all(c, &mut [&mut first, &mut second], 2);
    for (seat, number) in [(&first, 0), (&second, 1)] {
        assert_eq!((seat.numbers(Topic::Orders), seat.numbers(Topic::StockCommands)), (vec![number], vec![number]));
    }
}

fn left_over<C: Cluster>(c: &C) {
    let mut all = ["m-1", "m-2", "m-3"].map(|instance| Seat::join(c, instance, &INPUTS));
    let [a, b, d] = &mut all;
    pump(c, "a share of nothing", &mut [a, b, d], |seats| {
        let shares: Vec<_> = seats.iter().map(|seat| seat.mine.as_ref().map(Vec::len)).collect();
        shares == [Some(2), Some(2), Some(0)]
    });
}

fn revoked<C: Cluster>(c: &C) {
    let mut first = Seat::take(c, "m-1", &INPUTS);
    let mut second = Seat::join(c, "m-2", &INPUTS);
    seat_all(c, &mut [&mut first, &mut second], 2);
    assert_eq!((first.revocations.as_slice(), first.assignments), ([false].as_slice(), 2));
    assert!(second.revocations.is_empty());
}

fn leaves<C: Cluster>(c: &C) {
    let mut first = Seat::take(c, "m-1", &INPUTS);
    let mut second = Seat::join(c, "m-2", &INPUTS);
    seat_all(c, &mut [&mut first, &mut second], 2);
    let started = c.log().now().0;
    first.member.leave();
    pump(c, "all partitions", &mut [&mut second], |seats| seats[0].numbers(Topic::Orders).len() == 2);
    assert!(c.log().now().0 - started < SESSION_MS - 1_500, "it waited for the session's end");
}

fn goes<C: Cluster>(c: &C) {
    let mut first = Seat::take(c, "m-1", &INPUTS);
    let mut second = Seat::join(c, "m-2", &INPUTS);
    seat_all(c, &mut [&mut first, &mut second], 2);
    let started = c.log().now().0;
    drop(first);
    pump(c, "all partitions", &mut [&mut second], |seats| seats[0].numbers(Topic::Orders).len() == 2);
    let waited = c.log().now().0 - started;
    assert!((SESSION_MS - 2_000..SESSION_MS + 3_000).contains(&waited), "it took {waited} ms");
}

fn returns<C: Cluster>(c: &C) {
    let mut first = Seat::take(c, "m-1", &INPUTS);
    let mut second = Seat::join(c, "m-2", &INPUTS);
    seat_all(c, &mut [&mut first, &mut second], 2);
    let had = second.mine.clone();
    drop(second);
    let mut again = Seat::join(c, "m-2", &INPUTS);
    pump(c, "a seat", &mut [&mut first, &mut again], |seats| seats[1].mine.is_some());
    assert_eq!(again.mine, had);
}

fn returns_quietly<C: Cluster>(c: &C) {
    let mut first = Seat::take(c, "m-1", &INPUTS);
    let mut second = Seat::join(c, "m-2", &INPUTS);
    seat_all(c, &mut [&mut first, &mut second], 2);
    let before = (first.mine.clone(), first.assignments, first.revocations.len());
    drop(second);
    let mut again = Seat::join(c, "m-2", &INPUTS);
    pump(c, "a seat", &mut [&mut first, &mut again], |seats| seats[1].mine.is_some());
    pump_for(c, 3_000, &mut [&mut first, &mut again]);
    assert_eq!((first.mine.clone(), first.assignments, first.revocations.len()), before);
    // Its proof holds, for the generation is the same.
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    p.send_offsets(&at(INPUT, 1), first.proof()).expect("sent");
    p.commit().expect("committed");
}

fn second_process<C: Cluster>(c: &C) {
    let mut first = Seat::take(c, "m", &INPUTS);
    let mut second = Seat::join(c, "m", &INPUTS);
    pump(c, "the first to hear of it", &mut [&mut first, &mut second], |seats| {
        seats[0].error.is_some() && seats[1].mine.is_some()
    });
    assert!(matches!(first.error, Some(LogError::Fenced(_))), "{:?}", first.error);
    assert!(second.error.is_none());
}

fn taken_proof<C: Cluster>(c: &C) {
    let first = Seat::take(c, "m", &INPUTS);
    let mut second = Seat::take(c, "m", &INPUTS);
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["late"]);
    assert_eq!(kind(p.send_offsets(&at(INPUT, 5), first.proof())), "fenced");
    p.abort().expect("aborted");
    assert!(settled(c, FACTS, 2).is_empty());
    assert_eq!(second.member.committed(&[INPUT]).expect("committed"), Offsets::new());
}

fn lost<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &INPUTS);
    c.pass(Duration::from_millis(16_500));
    pump(c, "a revocation", &mut [&mut seat], |seats| !seats[0].revocations.is_empty());
    assert_eq!(seat.revocations, [true]);
    pump(c, "a seat again", &mut [&mut seat], |seats| seats[0].mine.is_some());
    assert_eq!(seat.numbers(Topic::Orders), [0, 1]);
}

fn newcomer_waits<C: Cluster>(c: &C) {
    let silent = Seat::take(c, "m-1", &INPUTS);
    let started = c.log().now().0;
    let mut newcomer = Seat::join(c, "m-2", &INPUTS);
    pump(c, "a seat", &mut [&mut newcomer], |seats| seats[0].mine.is_some());
    let waited = c.log().now().0 - started;
    assert!((13_000..18_000).contains(&waited), "it took {waited} ms");
    assert_eq!(newcomer.numbers(Topic::Orders), [1], "a static member keeps its share");
    pump(c, "the silent member's share", &mut [&mut newcomer], |seats| seats[0].numbers(Topic::Orders).len() == 2);
    drop(silent);
}

fn drop_revoked<C: Cluster>(c: &C) {
    let mut first = Seat::take(c, "m-1", &INPUTS);
    let mut second = Seat::join(c, "m-2", &INPUTS);
    let started = c.log().now().0;
    while !matches!(first.member.poll(SHORT), Ok(Polled::Revoked { .. })) {
        second.turn();
        assert!(c.log().now().0 - started < PATIENCE_MS, "never revoked");
    }
    drop(first);
    pump(c, "all partitions", &mut [&mut second], |seats| seats[0].numbers(Topic::Orders).len() == 2);
}

fn drop_assigned<C: Cluster>(c: &C) {
    let mut first = Seat::join(c, "m", &INPUTS);
    let started = c.log().now().0;
    while !matches!(first.member.poll(SHORT), Ok(Polled::Assigned(_))) {
        assert!(c.log().now().0 - started < PATIENCE_MS, "never assigned");
    }
    drop(first);
    assert_eq!(Seat::take(c, "m", &INPUTS).numbers(Topic::Orders), [0, 1]);
}
