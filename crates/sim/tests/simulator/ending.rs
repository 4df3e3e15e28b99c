//! How a transaction's end can go wrong on its way (STAGE.md §2.4, §3; F5, F7).

use crate::stage::{BESIDE, FACTS, GROUP, INPUT, World, open, send};
use weir_pipeline::log::Offsets;
use weir_pipeline::{Log as _, LogError, Member as _, Transactional as _};
use weir_sim::{Coordination, Protocol, Target};

fn at(offset: i64) -> Offsets {
    Offsets::from([(INPUT, offset)])
}

#[test]
fn a_late_commit_tears_the_next_transaction_in_v1() {
    let world = World::new(1, Protocol::V1);
    let (mut member, seat) = world.seat("m");
    let mut p = world.producer("p");
    open(&mut p, FACTS, &["first"]);
    p.send_offsets(&at(1), &seat).expect("sent");
    world.control.delay_end("p");
    assert!(!p.commit().expect("retried inside"), "the retry must show in the time it took");
    world.settle();
    // The same epoch: the commit of the first fits the second.
    open(&mut p, FACTS, &["torn"]);
    assert_eq!(world.control.deliver_late_ends(), 1);
    world.settle();
    p.send_offsets(&at(2), &seat).expect("begins another half");
    p.abort().expect("aborted");
    world.settle();
    assert_eq!(world.values(FACTS), ["first", "torn"]);
    assert_eq!(member.committed(&[INPUT]).expect("committed"), at(1), "facts without their offsets");
}

#[test]
fn a_late_commit_is_harmless_in_v2() {
    let world = World::new(1, Protocol::V2);
    let mut p = world.producer("p");
    open(&mut p, FACTS, &["first"]);
    world.control.delay_end("p");
    assert!(!p.commit().expect("retried inside"));
    world.settle();
    open(&mut p, FACTS, &["whole"]);
    assert_eq!(world.control.deliver_late_ends(), 0);
    p.abort().expect("aborted");
    world.settle();
    assert_eq!(world.values(FACTS), ["first"]);
}

#[test]
fn the_epoch_stays_in_v1_and_grows_in_v2() {
    for (protocol, grown) in [(Protocol::V1, 0), (Protocol::V2, 3)] {
        let world = World::new(1, protocol);
        let mut p = world.producer("p");
        for _ in 0..3 {
            open(&mut p, FACTS, &["a"]);
            p.commit().expect("committed");
        }
        world.settle();
        assert_eq!(world.control.coordination("p"), Some((Coordination::Complete { commit: true }, grown)));
    }
}

#[test]
fn stable_offsets_and_the_end_of_the_stable_log_are_not_enough() {
    let world = World::new(3, Protocol::V1);
    let (mut member, seat) = world.seat("m");
    let mut first = world.producer("p-1");
    world.control.hold_markers(Target::Partition(FACTS));
    open(&mut first, FACTS, &["late"]);
    first.send_offsets(&at(1), &seat).expect("sent");
    first.commit().expect("committed");
    world.settle();
    // The offsets' marker is written: the successor, under another name, sees them stable …
    assert_eq!(member.committed(&[INPUT]).expect("committed"), at(1));
    // … and nothing of the fact that belongs to them, up to the end of what is stable.
    assert!(world.values(FACTS).is_empty());
    // Its own fact comes to lie behind: whoever reads until that has read the late one.
    let mut second = world.producer("p-2");
    open(&mut second, FACTS, &["took"]);
    second.send_offsets(&at(1), &seat).expect("sent");
    second.commit().expect("committed");
    world.settle();
    assert!(world.values(FACTS).is_empty());
    world.control.release_markers(&Target::Partition(FACTS));
    world.settle();
    assert_eq!(world.values(FACTS), ["late", "took"]);
}

#[test]
fn markers_reach_partitions_one_by_one() {
    let world = World::new(4, Protocol::V1);
    let mut p = world.producer("p");
    world.control.hold_markers(Target::Partition(BESIDE));
    p.begin().expect("begun");
    send(&mut p, FACTS, &["a"]);
    send(&mut p, BESIDE, &["b"]);
    p.drain().expect("drained");
    p.commit().expect("committed");
    world.settle();
    assert_eq!((world.values(FACTS).len(), world.values(BESIDE).len()), (1, 0));
    assert_eq!(world.control.coordination("p"), Some((Coordination::Prepared { commit: true }, 0)));
    // Neither its own next transaction nor a successor begins before.
    assert!(matches!(world.log.producer("p"), Err(LogError::Transient(_))));
    world.control.release_markers(&Target::Partition(BESIDE));
    world.settle();
    assert_eq!(world.values(BESIDE), ["b"]);
    world.producer("p");
}

#[test]
fn a_refused_produce_aborts_the_transaction() {
    let world = World::new(5, Protocol::V1);
    let mut p = world.producer("p");
    world.control.fail_produce(BESIDE);
    p.begin().expect("begun");
    send(&mut p, FACTS, &["a"]);
    send(&mut p, BESIDE, &["b"]);
    assert!(matches!(p.drain(), Err(LogError::Abort(_))));
    assert!(matches!(p.commit(), Err(LogError::Abort(_))));
    p.abort().expect("aborted");
    world.settle();
    assert!(world.values(FACTS).is_empty() && world.values(BESIDE).is_empty());
    open(&mut p, BESIDE, &["c"]);
    p.commit().expect("committed");
    world.settle();
    assert_eq!(world.values(BESIDE), ["c"]);
}

#[test]
fn records_that_are_written_and_given_up_are_aborted() {
    let world = World::new(5, Protocol::V1);
    let mut p = world.producer("p");
    world.control.time_out_produce(FACTS);
    p.begin().expect("begun");
    send(&mut p, FACTS, &["written"]);
    assert!(matches!(p.drain(), Err(LogError::Abort(_))));
    p.abort().expect("aborted");
    world.settle();
    assert_eq!(world.control.dump(FACTS).len(), 2, "the record and its marker");
    assert!(world.values(FACTS).is_empty());
}

#[test]
fn offsets_to_a_coordinator_that_has_moved_are_slow() {
    let world = World::new(6, Protocol::V1);
    let (mut member, seat) = world.seat("m");
    let mut p = world.producer("p");
    p.begin().expect("begun");
    world.control.move_group(GROUP);
    assert!(!p.send_offsets(&at(4), &seat).expect("sent"));
    p.commit().expect("committed");
    assert_eq!(member.committed(&[INPUT]).expect("committed"), at(4));
}

#[test]
fn an_emptied_proof_without_an_instance_is_no_fence() {
    let world = World::new(7, Protocol::V1);
    let (mut member, seat) = world.seat("m");
    let mut p = world.producer("p");
    p.begin().expect("begun");
    p.send_offsets(&at(4), &seat.emptied()).expect("believed");
    p.commit().expect("committed");
    assert_eq!(member.committed(&[INPUT]).expect("committed"), at(4));
}
