//! Feeds the checkers from Kafka: every topic is read once, and each record decoded once.
//!
//! First what needs no order among topics, a topic at a time; then the orders' topics of one partition together, so that an order is
//! left behind once it has ended.

use super::committed;
use super::scan::Scan;
use std::time::{Duration, Instant};
use weir_invariants::{Audit, Committed, Ending, Held, Id, Levels, Merge, Next, Report};
use weir_pipeline::kafka::KafkaLog;
use weir_proto::topics::{CATALOGUE, Topic};

/// Checks the whole log, and says what is where by its fold.
pub fn check(log: &KafkaLog, running: bool, report: &mut Report) -> anyhow::Result<Levels> {
    // Before any fact is read: what lies below these must be accounted for.
    let before = committed::of_all(log)?;
    let partitions = log.config().partitions;
    let mut audits: Vec<Audit> = (0..partitions).map(Audit::new).collect();
    for topic in CATALOGUE.iter().map(|entry| entry.topic).filter(|topic| is_apart(*topic)) {
        let mut scan = Scan::open(log, topic)?;
        scan.begin(0..topic.partitions(partitions).min(partitions))?;
        while let Some(record) = scan.read()? {
            if let Some(audit) = usize::try_from(record.partition).ok().and_then(|number| audits.get_mut(number)) {
                audit.take(&record, report);
            }
        }
    }
    let held = Held::of(&audits);
    let mut scans =
        Merge::topics().into_iter().map(|topic| Scan::open(log, topic)).collect::<anyhow::Result<Vec<_>>>()?;
    let (mut levels, mut patience) = (Levels::new(), SETTLED_WITHIN);
    for (partition, mut audit) in (0..).zip(audits) {
        merge(&mut scans, partition, running, &mut audit, report)?;
        // Behind every fact that was read: no cause may lie at or above these.
        let after = if running { settled(log, &audit, &mut patience)? } else { before.clone() };
        let ending = Ending { committed: &before, committed_after: &after, running, held: &held };
        levels.extend(audit.end(&ending, report));
    }
    Ok(levels)
}

/// For how long the offsets may come after the facts of their transaction. Those of a torn one never come.
const SETTLED_WITHIN: Duration = Duration::from_secs(5);

/// The offsets that are committed, once those of all that was read are; or as they are when that takes too long.
/// `patience` is what is left of it for all partitions.
fn settled(log: &KafkaLog, audit: &Audit, patience: &mut Duration) -> anyhow::Result<Committed> {
    let began = Instant::now();
    loop {
        let committed = committed::of_all(log)?;
        if audit.is_committed(&committed) {
            return Ok(committed);
        }
        if began.elapsed() > *patience {
            *patience = Duration::ZERO;
            return Ok(committed);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Whether a topic is checked, and is none of the orders'.
fn is_apart(topic: Topic) -> bool {
    !Merge::topics().contains(&topic) && !matches!(topic, Topic::Reference | Topic::ReferenceHistory)
}

fn merge(
    scans: &mut [Scan<KafkaLog>],
    partition: i32,
    running: bool,
    audit: &mut Audit,
    report: &mut Report,
) -> anyhow::Result<()> {
    scans.iter_mut().try_for_each(|scan| scan.begin(partition..partition + 1))?;
    let mut merge = Merge::new(running);
    loop {
        match merge.step() {
            Next::Take(record) => audit.take(&record, report),
            Next::Need(topic) => match scans.iter_mut().find(|scan| scan.topic() == topic) {
                Some(scan) => match scan.read()? {
                    Some(record) => merge.offer(record),
                    None => merge.finish(topic),
                },
                None => merge.finish(topic),
            },
            Next::End => break,
        }
    }
    for orphan in merge.orphans() {
        report.check(Id::I11, false, || orphan.clone());
    }
    Ok(())
}
