//! A transaction is all there or not at all, and its calls have their order.

use crate::cluster::{Case, Cluster, cases};
use crate::scene::*;
use crate::seats::{GROUP, Seat, at};
use weir_pipeline::log::{Member as _, Offsets, Transactional as _};
use weir_proto::topics::Topic;

cases! {
    "aborted records are not read", "read_committed; RELIABILITY §0.2" => aborted;
    "records of an open transaction are not read", "read_committed" => undecided;
    "a transaction over partitions is all read or not at all", "I11" => all_or_none;
    "of two open transactions in a partition only the committed one is read", "read_committed" => interleaved;
    "the last stable offset stands at an open transaction's first record", "LSO; §2.4" => stable_stands;
    "another producer's committed records wait behind an open transaction", "LSO; §2.4" => blocked;
    "records outside transactions wait behind an open one", "LSO; §2.4" => plain_blocked;
    "what waited is read once the open transaction is aborted", "LSO; §2.4" => unblocked;
    "an open transaction holds up its own partitions only", "LSO" => other_partition;
    "a transaction without records or offsets leaves nothing in the log", "§3 order" => empty;
    "an empty transaction can be aborted", "`abort`" => empty_abort;
    "many transactions follow one another", "§3; epoch of v1 and v2" => many;
    "a quick commit says so", "§3 KAFKA-17754; `commit`" => quick;
    "begin within a transaction is refused, and the transaction goes on", "`begin`" => begin_twice;
    "commit without a transaction is refused", "`commit`" => commit_nothing;
    "commit twice is refused", "`commit`" => commit_twice;
    "abort without a transaction is refused", "`abort`" => abort_nothing;
    "abort after commit is refused, and what was committed stays", "`abort`" => abort_late;
    "begin after an abort begins anew", "`abort`" => begin_after_abort;
    "records without a transaction are refused at the drain", "`send`, `drain`" => drain_outside;
    "offsets without a transaction are refused", "`send_offsets`" => offsets_outside;
    "records that were not drained are not in the transaction", "§3 drain before offsets" => undrained;
    "records that were not drained do not slip into the next transaction", "§3 drain before offsets" => undrained_next;
}

fn aborted<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    abort_with(&mut p, FACTS, &["b", "c"]);
    commit_with(&mut p, FACTS, &["d"]);
    // a, its marker, b and c, their marker, d, its marker.
    assert_eq!(settled(c, FACTS, 7), ["a", "d"]);
}

fn undecided<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    assert!(records(c, FACTS).is_empty());
    p.commit().expect("committed");
    expect(c, FACTS, &["a"]);
}

fn all_or_none<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    for commit in [false, true] {
        p.begin().expect("begun");
        send(&mut p, FACTS, &["a"]);
        send(&mut p, BESIDE, &["b"]);
        p.drain().expect("drained");
        if commit {
            p.commit().expect("committed");
        } else {
            p.abort().expect("aborted");
        }
    }
    assert_eq!(settled(c, FACTS, 4), ["a"]);
    assert_eq!(settled(c, BESIDE, 4), ["b"]);
}

fn interleaved<C: Cluster>(c: &C) {
    let (mut p, mut q) = (producer(c, "p"), producer(c, "q"));
    p.begin().expect("begun");
    q.begin().expect("begun");
    for n in 0..3 {
        send(&mut p, FACTS, &[&format!("p{n}")]);
        p.drain().expect("drained");
        send(&mut q, FACTS, &[&format!("q{n}")]);
        q.drain().expect("drained");
    }
    q.abort().expect("aborted");
    p.commit().expect("committed");
    assert_eq!(settled(c, FACTS, 8), ["p0", "p1", "p2"]);
}

fn stable_stands<C: Cluster>(c: &C) {
    let (mut p, mut q) = (producer(c, "p"), producer(c, "q"));
    commit_with(&mut q, FACTS, &["a"]);
    settled(c, FACTS, 2);
    open(&mut p, FACTS, &["b"]);
    commit_with(&mut q, FACTS, &["c", "d"]);
    assert_eq!(bounds(c, FACTS), (0, 2));
    p.commit().expect("committed");
    settled(c, FACTS, 7);
}

fn blocked<C: Cluster>(c: &C) {
    let (mut p, mut q) = (producer(c, "p"), producer(c, "q"));
    open(&mut p, FACTS, &["a"]);
    commit_with(&mut q, FACTS, &["b"]);
    // The marker of q is written: its next transaction could begin.
    open(&mut q, BESIDE, &["c"]);
    assert!(records(c, FACTS).is_empty());
    p.commit().expect("committed");
    expect(c, FACTS, &["a", "b"]);
}

fn plain_blocked<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    c.write(FACTS, "plain");
    assert!(records(c, FACTS).is_empty());
    p.commit().expect("committed");
    expect(c, FACTS, &["a", "plain"]);
}

fn unblocked<C: Cluster>(c: &C) {
    let (mut p, mut q) = (producer(c, "p"), producer(c, "q"));
    open(&mut p, FACTS, &["a"]);
    commit_with(&mut q, FACTS, &["b"]);
    p.abort().expect("aborted");
    assert_eq!(settled(c, FACTS, 4), ["b"]);
}

fn other_partition<C: Cluster>(c: &C) {
    let (mut p, mut q) = (producer(c, "p"), producer(c, "q"));
    open(&mut p, FACTS, &["a"]);
    commit_with(&mut q, BESIDE, &["b"]);
    expect(c, BESIDE, &["b"]);
    assert!(records(c, FACTS).is_empty());
}

fn empty<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    p.commit().expect("committed");
    commit_with(&mut p, FACTS, &["a"]);
    assert_eq!(expect(c, FACTS, &["a"])[0].offset, 0);
}

fn empty_abort<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    p.abort().expect("aborted");
    commit_with(&mut p, FACTS, &["a"]);
    assert_eq!(expect(c, FACTS, &["a"])[0].offset, 0);
}

fn many<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    let values: Vec<String> = (0..30).map(|n| format!("v{n}")).collect();
    for value in &values {
        commit_with(&mut p, FACTS, &[value]);
    }
    expect(c, FACTS, &values.iter().map(String::as_str).collect::<Vec<_>>());
}

fn quick<C: Cluster>(c: &C) {
    let seat = Seat::take(c, "m", &[Topic::Orders]);
    let mut p = producer(c, "p");
    // The broker may be slow once; it is not slow each time.
    let quick = (0..20).any(|_| {
        open(&mut p, FACTS, &["a"]);
        let offsets = p.send_offsets(&at(INPUT, 0), seat.proof()).expect("sent");
        p.commit().expect("committed") && offsets
    });
    assert!(quick);
}

fn begin_twice<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    assert_eq!(kind(p.begin()), "unknown");
    p.commit().expect("committed");
    expect(c, FACTS, &["a"]);
}

fn commit_nothing<C: Cluster>(c: &C) {
    assert_eq!(kind(producer(c, "p").commit()), "unknown");
}

fn commit_twice<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    assert_eq!(kind(p.commit()), "unknown");
    commit_with(&mut p, FACTS, &["b"]);
    expect(c, FACTS, &["a", "b"]);
}

fn abort_nothing<C: Cluster>(c: &C) {
    assert_eq!(kind(producer(c, "p").abort()), "unknown");
}

fn abort_late<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    assert_eq!(kind(p.abort()), "unknown");
    expect(c, FACTS, &["a"]);
}

fn begin_after_abort<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    for _ in 0..5 {
        abort_with(&mut p, FACTS, &["x"]);
    }
    commit_with(&mut p, FACTS, &["a"]);
    assert_eq!(settled(c, FACTS, 12), ["a"]);
}

fn drain_outside<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    send(&mut p, FACTS, &["a"]);
    assert_eq!(kind(p.drain()), "abort");
    commit_with(&mut p, FACTS, &["b"]);
    expect(c, FACTS, &["b"]);
}

fn offsets_outside<C: Cluster>(c: &C) {
    let mut seat = Seat::take(c, "m", &[Topic::Orders]);
    let mut p = producer(c, "p");
    assert_eq!(kind(p.send_offsets(&at(INPUT, 5), seat.proof())), "unknown");
    assert_eq!(seat.member.committed(&[INPUT]).expect("committed"), Offsets::new(), "{GROUP}");
}

fn undrained<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    send(&mut p, FACTS, &["lost"]);
    p.commit().expect("committed");
    assert_eq!(settled(c, FACTS, 2), ["a"]);
}

fn undrained_next<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    send(&mut p, FACTS, &["lost"]);
    p.commit().expect("committed");
    commit_with(&mut p, FACTS, &["a"]);
    assert_eq!(settled(c, FACTS, 2), ["a"]);
}
