//! A reader outside any group: where it begins, where it stands, when it has read everything.

use crate::cluster::{Case, Cluster, cases};
use crate::scene::*;
use weir_pipeline::TopicPartition;
use weir_pipeline::log::{Log as _, Offsets, Pace, Reader as _, Transactional as _};

cases! {
    "an empty partition begins and ends at 0", "`bounds`" => empty_bounds;
    "an empty partition has been read at once", "`done`" => empty_done;
    "bounds count control records", "`bounds`; gaps" => bounds_count;
    "a reader is done though the partition ends with control records", "`done`; gaps" => control_at_end;
    "a reader's position passes control records at the end", "`position`; gaps" => position_at_end;
    "a partition of aborted records alone is read to its end and gives nothing", "`done`, `position`" => only_aborted;
    "a reader is done at an open transaction, without its records", "`done`; LSO; §2.4" => done_below_open;
    "what is committed later is read later", "`poll`" => goes_on;
    "a reader that waits at an open transaction reads it when it is committed", "LSO" => waits_for_open;
    "a reader begins where it is told", "`assign`" => from_middle;
    "a reader told to begin at a control record begins behind it", "`assign`; gaps" => from_control;
    "assign begins anew", "`assign`" => anew;
    "several partitions are all read, each in its order", "`assign`" => several;
    "a reader below the first offset kept begins at that", "`assign`; F9 retention" => below_start;
    "bounds tell the first offset kept", "`bounds`; F9 retention" => cut_bounds;
    "a reader beyond the end is told so, not moved", "§2.2 never the broker's reset" => beyond_end;
    "a partition that is not there has no bounds", "§7 partition count" => absent_bounds;
    "the cluster has one id, whoever asks", "`cluster_id`; §6 snapshots" => cluster;
}

fn empty_bounds<C: Cluster>(c: &C) {
    assert_eq!(bounds(c, FACTS), (0, 0));
}

fn empty_done<C: Cluster>(c: &C) {
    let reader = reader(c, FACTS, 0);
    assert!(reader.done());
    assert_eq!(reader.position(FACTS), 0);
}

fn bounds_count<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a", "b"]);
    abort_with(&mut p, FACTS, &["c"]);
    settled(c, FACTS, 5);
    assert_eq!(bounds(c, FACTS), (0, 5));
}

fn control_at_end<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    abort_with(&mut p, FACTS, &["b"]);
    settled(c, FACTS, 4);
    let mut reader = reader(c, FACTS, 0);
    assert!(!reader.done());
    assert_eq!(texts(&drain_reader(&mut reader)), ["a"]);
}

fn position_at_end<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    commit_with(&mut p, FACTS, &["b"]);
    settled(c, FACTS, 4);
    let mut reader = reader(c, FACTS, 0);
    let mut positions = Vec::new();
    while !reader.done() {
        if reader.poll(SHORT).expect("polled").is_some() {
            positions.push(reader.position(FACTS));
        }
    }
    assert_eq!((positions.as_slice(), reader.position(FACTS)), ([1, 3].as_slice(), 4));
}

fn only_aborted<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    abort_with(&mut p, FACTS, &["a", "b"]);
    settled(c, FACTS, 3);
    let mut reader = reader(c, FACTS, 0);
    assert!(drain_reader(&mut reader).is_empty());
    assert_eq!(reader.position(FACTS), 3);
}

fn done_below_open<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    settled(c, FACTS, 2);
    open(&mut p, FACTS, &["b"]);
    let mut reader = reader(c, FACTS, 0);
    assert_eq!(texts(&drain_reader(&mut reader)), ["a"]);
    assert_eq!(reader.position(FACTS), 2);
    p.commit().expect("committed");
}

fn goes_on<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    let mut reader = reader(c, FACTS, 0);
    commit_with(&mut p, FACTS, &["a"]);
    let first = eventually(c, "the first", || reader.poll(SHORT).expect("polled"));
    commit_with(&mut p, FACTS, &["b"]);
    let second = eventually(c, "the second", || reader.poll(SHORT).expect("polled"));
    assert_eq!((first.offset, second.offset, reader.position(FACTS)), (0, 2, 3));
}

fn waits_for_open<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    let mut reader = reader(c, FACTS, 0);
    for _ in 0..5 {
        assert!(reader.poll(SHORT).expect("polled").is_none());
    }
    p.commit().expect("committed");
    let record = eventually(c, "the record", || reader.poll(SHORT).expect("polled"));
    assert_eq!(record.offset, 0);
}

fn from_middle<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a", "b", "c"]);
    settled(c, FACTS, 4);
    assert_eq!(texts(&drain_reader(&mut reader(c, FACTS, 1))), ["b", "c"]);
}

fn from_control<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    commit_with(&mut p, FACTS, &["b"]);
    settled(c, FACTS, 4);
    assert_eq!(texts(&drain_reader(&mut reader(c, FACTS, 1))), ["b"]);
}

fn anew<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a", "b"]);
    settled(c, FACTS, 3);
    let mut reader = reader(c, FACTS, 0);
    assert_eq!(texts(&drain_reader(&mut reader)), ["a", "b"]);
    reader.assign(&Offsets::from([(FACTS, 0)])).expect("assigned");
    assert_eq!((reader.done(), reader.position(FACTS)), (false, 0));
    assert_eq!(texts(&drain_reader(&mut reader)), ["a", "b"]);
}

fn several<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a", "b"]);
    commit_with(&mut p, BESIDE, &["c", "d"]);
    settled(c, FACTS, 3);
    settled(c, BESIDE, 3);
    let mut reader = c.log().reader(Pace::Eager).expect("a reader");
    reader.assign(&Offsets::from([(FACTS, 0), (BESIDE, 0)])).expect("assigned");
    let all = drain_reader(&mut reader);
    for (at, values) in [(FACTS, ["a", "b"]), (BESIDE, ["c", "d"])] {
        let of: Vec<_> = all.iter().filter(|record| record.topic_partition() == at).cloned().collect();
        assert_eq!(texts(&of), values);
    }
}

fn below_start<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a", "b", "c"]);
    settled(c, FACTS, 4);
    c.cut(FACTS, 2);
    let mut reader = reader(c, FACTS, 0);
    assert_eq!(reader.position(FACTS), 2);
    assert_eq!(texts(&drain_reader(&mut reader)), ["c"]);
}

fn cut_bounds<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a", "b"]);
    settled(c, FACTS, 3);
    c.cut(FACTS, 1);
    assert_eq!(bounds(c, FACTS), (1, 3));
}

fn beyond_end<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    settled(c, FACTS, 2);
    let mut reader = reader(c, FACTS, 100);
    let told = eventually(c, "an error", || match reader.poll(SHORT) {
        Ok(None) => None,
        other => Some(kind(other)),
    });
    assert_eq!(told, "fatal");
}

fn absent_bounds<C: Cluster>(c: &C) {
    let mut reader = c.log().reader(Pace::Eager).expect("a reader");
    assert_eq!(kind(reader.bounds(TopicPartition::new(FACTS.topic, 7))), "fatal");
}

fn cluster<C: Cluster>(c: &C) {
    let id = c.log().cluster_id().expect("an id");
    assert!(!id.is_empty());
    assert_eq!(c.log().clone().cluster_id().expect("an id"), id);
}
