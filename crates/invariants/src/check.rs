//! A log that is at hand, checked whole: the simulator's, or a copy.

use crate::audit::{Audit, Committed, Ending, Held};
use crate::catalogue::Id;
use crate::merge::{Merge, Next};
use crate::pools::Levels;
use crate::report::Report;
use std::collections::BTreeMap;
use weir_pipeline::{Record, TopicPartition};

/// Checks committed records, given in any order, against what stages have committed of their inputs. `partitions`: how many the
/// installation has.
pub fn check_log(
    partitions: i32,
    records: impl IntoIterator<Item = Record>,
    committed: &Committed,
    running: bool,
) -> (Report, Levels) {
    let mut log: BTreeMap<TopicPartition, Vec<Record>> = BTreeMap::new();
    for record in records {
        log.entry(record.topic_partition()).or_default().push(record);
    }
    check_partitions(partitions, log, committed, running)
}

/// As [`check_log`], where each partition's records are at hand by themselves.
pub fn check_partitions(
    partitions: i32,
    mut log: BTreeMap<TopicPartition, Vec<Record>>,
    committed: &Committed,
    running: bool,
) -> (Report, Levels) {
    log.values_mut().for_each(|records| records.sort_by_key(|record| record.offset));
    let mut report = Report::new();
    let mut audits: Vec<Audit> = (0..partitions).map(Audit::new).collect();
    for (audit, partition) in audits.iter_mut().zip(0..) {
        let apart = |at: &&TopicPartition| at.partition == partition && !Merge::topics().contains(&at.topic);
        let apart: Vec<TopicPartition> = log.keys().filter(apart).copied().collect();
        for record in apart.iter().flat_map(|at| &log[at]) {
            audit.take(record, &mut report);
        }
        merged(partition, &mut log, audit, running, &mut report);
    }
    let held = Held::of(&audits);
    let ending = Ending { committed, committed_after: committed, running, held: &held };
    let mut levels = Levels::new();
    for audit in audits {
        levels.extend(audit.end(&ending, &mut report));
    }
    (report, levels)
}

fn merged(
    partition: i32,
    log: &mut BTreeMap<TopicPartition, Vec<Record>>,
    audit: &mut Audit,
    running: bool,
    report: &mut Report,
) {
    let mut merge = Merge::new(running);
    let mut lanes: BTreeMap<_, _> = Merge::topics()
        .into_iter()
        .map(|topic| (topic, log.remove(&TopicPartition::new(topic, partition)).unwrap_or_default().into_iter()))
        .collect();
    loop {
        match merge.step() {
            Next::Take(record) => audit.take(&record, report),
            Next::Need(topic) => match lanes.get_mut(&topic).and_then(Iterator::next) {
                Some(record) => merge.offer(record),
                None => merge.finish(topic),
            },
            Next::End => break,
        }
    }
    for orphan in merge.orphans() {
        report.check(Id::I11, false, || orphan.clone());
    }
}
