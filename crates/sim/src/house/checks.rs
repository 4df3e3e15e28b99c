//! What must hold at the end of a seed.
//!
//! The catalogue's own checks over every committed record; and what only a simulation can see: that nothing was left unread, that a
//! snapshot and its tail are the fold, that whatever the world outside acted on had been committed before.

use super::House;
use super::plan::Stage;
use super::tail::{Records, Tail, topics};
use crate::broker::Entry;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hasher as _};
use weir_invariants::{Committed, check_partitions};
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::stage::{Folded, Partition, restore_snapshot};
use weir_pipeline::{Record, TopicPartition, Topology};
use weir_proto::notice::v1::{NoticeEvent, notice_event};
use weir_proto::quarantine::v1::{QuarantineEvent, quarantine_event::Event};
use weir_proto::topics::Topic;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// "I9", or "house" for what no invariant names.
    pub invariant: String,
    /// The order, the pool, the process.
    pub key: String,
    pub detail: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.invariant, self.key, self.detail)
    }
}

impl House {
    /// The checks at the end of a seed.
    pub(super) fn check(&mut self) {
        // What was written since the last look is there too.
        self.tail.look(&self.sim).into_iter().for_each(|record| self.seen.push(record));
        let records = std::mem::take(&mut self.seen);
        self.counts.records = records.all().count() as u64;
        self.check_unread();
        let (clerk, routing, inventory) =
            (self.shop.clerk.clone(), self.shop.routing.clone(), self.shop.inventory.clone());
        let (fulfillment, notification) = (self.shop.fulfillment.clone(), self.shop.notification.clone());
        self.check_fold(&*clerk, &records);
        self.check_fold(&*routing, &records);
        let pools = self.check_fold(&*inventory, &records);
        self.check_fold(&*fulfillment, &records);
        self.check_fold(&*notification, &records);
        self.check_notices(&records);
        self.check_times(&records);
        self.check_deadlines(&records);
        self.check_queues(&pools, &records);
        for breach in self.load.check(&records) {
            self.breach(&breach.invariant, &breach.key, breach.detail);
        }
        self.check_poisoned(&records);
        self.check_sinks(&records);
        self.check_catalogue(records);
        self.count_aborts();
    }

    /// I3, I14: nothing that was sent lies unread.
    fn check_unread(&mut self) {
        let (committed, mut unread) = (self.committed(), Vec::new());
        {
            let broker = self.sim.lock();
            for stage in Stage::ALL {
                for topic in stage.entry().inputs {
                    for number in 0..broker.partition_count(*topic) {
                        let at = TopicPartition::new(*topic, number);
                        let next = committed.get(&(stage.name(), at)).copied().unwrap_or(0);
                        let left = broker.partition(at).ok().and_then(|partition| partition.next_committed(next).ok());
                        if let Some((offset, record, _)) = left {
                            let name = stage.name();
                            let detail = format!("{name} has not read {topic}/{number}@{offset}, committed is {next}");
                            unread.push((record.key.clone(), detail));
                        }
                    }
                }
            }
        }
        for (key, detail) in unread {
            self.breach("I3", &key, detail);
        }
    }

    /// I9: the facts fold, and a snapshot with its tail is the fold. Returns the folds.
    fn check_fold<T: Topology>(&mut self, topology: &T, records: &Records) -> Vec<Partition<T>>
    where
        T::State: Serialize,
    {
        let (snapshots, mut folds) = (Snapshots::on(self.shop.store.clone()), Vec::new());
        for number in 0..self.plan.settings.partitions {
            let facts = records.at(topology.facts(), number);
            let mut whole: Partition<T> = Partition::new(number);
            for record in facts {
                match whole.fold(topology, record) {
                    Ok(Folded::Gap) => self.breach("I5", &record.key, format!("a gap at {}", place(record))),
                    Ok(_) => {}
                    Err(broken) => {
                        self.breach(broken.invariant, &record.key, broken.why);
                        break;
                    }
                }
            }
            let restored = restore_snapshot(topology, &self.shop.log, &snapshots, number);
            let Ok(Some(mut short)) = restored else {
                folds.push(whole);
                continue;
            };
            let from = short.next_fact();
            let mut tail = facts.iter().filter(|record| record.offset >= from);
            let folded = tail.try_for_each(|record| short.fold(topology, record).map(drop));
            let alike = folded.is_ok() && image(&short) == image(&whole);
            folds.push(whole);
            self.coverage.hit("a snapshot and its tail were compared with the fold");
            if !alike {
                let name = format!("{}/{number}", topology.name());
                self.breach(
                    "I9",
                    &name,
                    format!("the snapshot up to {from} and its tail are not the fold: {folded:?}"),
                );
            }
        }
        folds
    }

    /// I7, I12: what was acted on outside had been committed as due, and what is said to be sent was acted on.
    fn check_notices(&mut self, records: &Records) {
        let mut due: BTreeMap<String, u32> = BTreeMap::new();
        let (mut sent, mut settled) = (Vec::new(), BTreeMap::new());
        for record in records.of(Topic::Notices).filter(|record| may_be(record, &TOLD_OF_NOTICES)) {
            let Ok(NoticeEvent { event: Some(event), .. }) = record.decode() else { continue };
            match event {
                notice_event::Event::NoticeDue(told) => *due.entry(told.notice_id).or_insert(0) += 1,
                notice_event::Event::NoticeSent(told) => {
                    sent.push(told.notice_id.clone());
                    *settled.entry(told.notice_id).or_insert(0) += 1;
                }
                notice_event::Event::NoticeFailed(told) => *settled.entry(told.notice_id).or_insert(0) += 1,
                _ => {}
            }
        }
        let mut broken = Vec::new();
        broken.extend(due.iter().filter(|(_, times)| **times > 1).map(|(id, _)| (id.clone(), "was due twice")));
        broken.extend(settled.iter().filter(|(_, times)| **times > 1).map(|(id, _)| (id.clone(), "was settled twice")));
        broken.extend(due.keys().filter(|id| !settled.contains_key(*id)).map(|id| (id.clone(), "was never settled")));
        let acted = self.outside.acted();
        broken.extend(acted.keys().filter(|id| !due.contains_key(*id)).map(|id| (id.clone(), "came from nowhere")));
        let unsent = sent.into_iter().filter(|id| !acted.contains_key(id));
        broken.extend(unsent.map(|id| (id, "is said to be sent and was not")));
        for (id, what) in broken {
            let named = if what == "was never settled" { "I4" } else { "I7" };
            self.breach(named, &id, format!("this notice {what}"));
        }
    }

    /// I14: what nobody could read lies in quarantine.
    fn check_poisoned(&mut self, records: &Records) {
        let mut kept = BTreeSet::new();
        for record in records.of(Topic::Quarantine) {
            let Ok(QuarantineEvent { event: Some(Event::Quarantined(told)), .. }) = record.decode() else { continue };
            let theirs = told.position.filter(|position| position.topic == Topic::NoticeCommands.name());
            kept.extend(theirs.map(|position| (position.partition, position.offset)));
        }
        for (partition, offset) in std::mem::take(&mut self.poisoned) {
            if !kept.contains(&(partition, offset)) {
                let detail = format!("notice-commands/{partition}@{offset} can't be read and is not in quarantine");
                self.breach("I14", "poison", detail);
            }
        }
    }

    /// Every invariant of the catalogue, over every committed record.
    fn check_catalogue(&mut self, records: Records) {
        let committed = self.committed();
        let partitions = self.plan.settings.partitions;
        let (report, _) = check_partitions(partitions, records.by_partition(), &committed, false);
        let mut keys = BTreeSet::new();
        for (id, checked) in report.broken() {
            if keys.is_empty() {
                let orders = Tail::of(&self.sim, &[Topic::Orders]).look(&self.sim);
                keys.extend(orders.into_iter().map(|record| record.key));
            }
            for shown in &checked.shown {
                let printed = keys.iter().find(|key| shown.contains(&print(key)));
                let key = order_in(shown).or_else(|| printed.map(String::as_str)).unwrap_or("log").to_owned();
                self.breach(id.name(), &key, shown.clone());
            }
        }
    }

    /// Next input offsets that the stages have committed.
    fn committed(&self) -> Committed {
        let broker = self.sim.lock();
        let mut committed = Committed::new();
        for stage in Stage::ALL {
            let inputs = stage.entry().inputs.iter();
            let count = |topic: &Topic| broker.partition_count(*topic);
            let all = inputs.flat_map(|topic| (0..count(topic)).map(|number| TopicPartition::new(*topic, number)));
            let all: Vec<TopicPartition> = all.collect();
            // Nothing is open at the end; what is, says so by its absence.
            let offsets = broker.committed(stage.name(), &all).unwrap_or_default();
            committed.extend(offsets.into_iter().map(|(at, next)| ((stage.name(), at), next)));
        }
        committed
    }

    /// Markers of aborted transactions lie in the facts of the stage that aborted.
    fn count_aborts(&mut self) {
        let mut aborts = Vec::new();
        {
            let broker = self.sim.lock();
            for stage in Stage::ALL {
                for number in 0..self.plan.settings.partitions {
                    let Ok(partition) = broker.partition(TopicPartition::new(stage.entry().facts, number)) else {
                        continue;
                    };
                    let entries = (partition.start()..partition.end()).filter_map(|offset| partition.entry(offset));
                    let markers = entries.filter(|entry| matches!(entry, Entry::Control { commit: false, .. }));
                    aborts.push((stage, markers.count() as u64));
                }
            }
        }
        for (stage, count) in aborts {
            self.counts.aborts += count;
            self.coverage.add(&format!("a transaction was aborted: {}", stage.name()), count);
        }
    }

    /// Every committed record of an order, one a line.
    pub(super) fn story(&self, order: &str) -> Vec<String> {
        let mut theirs = self.cut_away.clone();
        theirs.extend(Tail::of(&self.sim, &topics()).look(&self.sim));
        theirs.retain(|record| record.key == order);
        theirs.sort_by_key(|record| (record.time, record.topic, record.offset));
        theirs.iter().map(|record| self.line(record)).collect()
    }

    fn line(&self, record: &Record) -> String {
        let after = (record.time.0 - self.plan.settings.begins_ms) as f64 / 1_000.0;
        let name = record.headers.event_type.as_deref().unwrap_or("written from outside");
        let meta = record.envelope().map(|(meta, _)| meta).unwrap_or_default();
        let cause = meta.cause.map(|cause| format!(" caused by {}/{}@{}", cause.topic, cause.partition, cause.offset));
        let version = meta.version;
        format!("{after:>10.3} s {:<28} {name} v{version}{}", place(record), cause.unwrap_or_default())
    }
}

/// How the catalogue's checks name an order that they remember by its fingerprint alone.
fn print(key: &str) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(key.as_bytes());
    format!("{:016x}", hasher.finish())
}

/// The first order that a text names: 36 characters of a UUID.
fn order_in(text: &str) -> Option<&str> {
    let is_id = |word: &&str| word.len() == 36 && word.bytes().filter(|byte| *byte == b'-').count() == 4;
    text.split(|c: char| !c.is_ascii_hexdigit() && c != '-').find(is_id)
}

/// Facts that say what became of a notice.
const TOLD_OF_NOTICES: [&str; 3] =
    ["weir.notice.v1.NoticeDue", "weir.notice.v1.NoticeSent", "weir.notice.v1.NoticeFailed"];

/// Whether a record may be one of these: one whose header names another need not be decoded to know.
pub(super) fn may_be(record: &Record, names: &[&str]) -> bool {
    record.headers.event_type.as_deref().is_none_or(|name| names.contains(&name))
}

fn place(record: &Record) -> String {
    format!("{}/{}@{}", record.topic, record.partition, record.offset)
}

/// All that a fold says of its aggregates.
fn image<T: Topology>(partition: &Partition<T>) -> Option<(i64, usize, Vec<u8>)>
where
    T::State: Serialize,
{
    let states = postcard::to_stdvec(&partition.states()).ok()?;
    Some((partition.next_fact(), partition.closed(), states))
}
