//! Writes quarantined records back through their input topics, round after round, until nothing more is taken in.
//!
//! The stage itself knows whose turn it is (STAGE.md §5), so that a copy that comes too early only costs a round. Copies and their
//! marks are one transaction under one name: a run that dies in between neither loses nor doubles, and a second run ends the first.

use super::choice::{Done, Whose, Wish, choose, in_order, whose};
use super::kept::{Entry, Kept};
use super::passed::late_stages;
use super::readdress::readdress;
use anyhow::Context as _;
use prost::Message as _;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;
use weir_pipeline::kafka::{KafkaLog, KafkaProducer};
use weir_pipeline::log::{Log as _, Offsets, Stamp, Transactional as _};
use weir_pipeline::{LogError, Outgoing, TopicPartition, WrittenBack};
use weir_proto::log::v1::Meta;
use weir_proto::partition::partition_of;
use weir_proto::quarantine::v1::{QuarantineEvent, Redriven, quarantine_event};
use weir_proto::topics::Topic;

/// A transaction must be over within the broker's 4 s.
const PORTION_RECORDS: usize = 500;
const PORTION_BYTES: usize = 8 * 1024 * 1024;
/// Rounds in a row that nothing was taken in of. Two are in order: one to find that the head is elsewhere, one to reach it.
const IDLE_ROUNDS_MAX: usize = 3;

/// What came of a run.
#[derive(Default)]
pub(super) struct Told {
    pub taken_in: usize,
    /// Came back, and why; by place in `entries`.
    pub refused: Vec<usize>,
    /// Wait behind those.
    pub waiting: usize,
    /// Written back and not read within the time, by stage.
    pub unread: BTreeMap<String, usize>,
    pub entries: Vec<Entry>,
}

impl Told {
    pub fn all_done(&self) -> bool {
        self.refused.is_empty() && self.waiting == 0 && self.unread.is_empty()
    }
}

/// Redrives what is wished for; waits `patience` in each round for the stages that read it.
///
/// # Errors
/// Where the log can't be read or written, and where another run has begun meanwhile.
pub(super) fn redrive(log: &KafkaLog, wish: &Wish, patience: Duration) -> anyhow::Result<Told> {
    // First fence, then read: what an earlier run left open is ended, and nobody can mark what is chosen here.
    let mut producer = log.producer("redrive")?;
    let mut kept = Kept::read(log)?;
    let (mut told, mut done, mut idle) = (Told::default(), Done::default(), 0);
    while idle < IDLE_ROUNDS_MAX {
        let chosen = choose(&kept.entries, wish, &done);
        if chosen.is_empty() {
            break;
        }
        let written = write(log, &mut producer, &kept.entries, &chosen)?;
        done.written.extend(&chosen);
        let late = late_stages(log, &written, patience)?;
        let known = kept.entries.len();
        kept.read_all_written()?;
        let back = came_back(&kept.entries, known, &chosen, &mut done);
        let mut taken_in = 0;
        for entry in chosen.iter().filter(|n| !back.contains(*n)).map(|n| &kept.entries[*n]) {
            if late.contains(&entry.what.stage) {
                *told.unread.entry(entry.what.stage.clone()).or_default() += 1;
            } else {
                taken_in += 1;
            }
        }
        told.taken_in += taken_in;
        idle = if taken_in == 0 { idle + 1 } else { 0 };
        if !late.is_empty() {
            break;
        }
    }
    told.waiting = waiting(&kept.entries, &done);
    told.refused = done.refused.into_iter().filter(|n| !kept.entries[*n].redriven).collect();
    told.refused.sort_unstable();
    told.entries = kept.entries;
    Ok(told)
}

/// Which of the chosen have come back; what would come back again is noted.
fn came_back(entries: &[Entry], known: usize, chosen: &[usize], done: &mut Done) -> HashSet<usize> {
    let marks: HashMap<String, usize> = chosen.iter().map(|n| (entries[*n].mark(), *n)).collect();
    let mut back = HashSet::new();
    for (n, entry) in entries.iter().enumerate().skip(known) {
        if let Some(original) = entry.copied().and_then(|mark| marks.get(mark)) {
            back.insert(*original);
            if !entry.only_waits() {
                done.refused.insert(n);
            }
        }
    }
    back
}

/// How many wait for their turn of those that this run had to do with.
fn waiting(entries: &[Entry], done: &Done) -> usize {
    let touched: HashSet<Whose<'_>> = done.written.iter().map(|n| whose(&entries[*n])).collect();
    let order = in_order(entries);
    let of_touched = order.iter().filter(|(whose, _)| touched.contains(*whose)).flat_map(|(_, slots)| slots);
    of_touched.filter(|n| !entries[**n].redriven && entries[**n].only_waits()).count()
}

/// Writes copies and marks; the next offset behind the copies, for each stage that they are for.
fn write(
    log: &KafkaLog,
    producer: &mut KafkaProducer,
    entries: &[Entry],
    chosen: &[usize],
) -> anyhow::Result<BTreeMap<String, Offsets>> {
    let mut written: BTreeMap<String, Offsets> = BTreeMap::new();
    for portion in portions(entries, chosen) {
        let outcome = write_portion(log, producer, &portion, &mut written);
        if let Err(error) = &outcome {
            // It never becomes visible, whether this abort or the broker ends it.
            drop(producer.abort());
            if matches!(error.downcast_ref(), Some(LogError::ProducerFenced(_) | LogError::Fenced(_))) {
                return outcome.context("another redrive has begun meanwhile").map(|()| written);
            }
        }
        outcome.context("not everything was written back, and nothing twice: redrive again")?;
    }
    Ok(written)
}

fn portions<'a>(entries: &'a [Entry], chosen: &[usize]) -> Vec<Vec<&'a Entry>> {
    let mut portions: Vec<Vec<&Entry>> = Vec::new();
    let mut bytes = 0;
    for entry in chosen.iter().map(|n| &entries[*n]) {
        let size = entry.what.value.len();
        match portions.last_mut() {
            Some(last) if last.len() < PORTION_RECORDS && bytes + size <= PORTION_BYTES => {
                last.push(entry);
                bytes += size;
            }
            _ => {
                portions.push(vec![entry]);
                bytes = size;
            }
        }
    }
    portions
}

fn write_portion(
    log: &KafkaLog,
    producer: &mut KafkaProducer,
    portion: &[&Entry],
    written: &mut BTreeMap<String, Offsets>,
) -> anyhow::Result<()> {
    let mut readers: Vec<(&str, TopicPartition)> = Vec::new();
    producer.begin()?;
    for entry in portion {
        let from = entry.what.position.clone().unwrap_or_default();
        let topic = entry.from().with_context(|| {
            format!("{} came from {:?}, which is no topic of the catalogue", entry.at(), from.topic)
        })?;
        let (key, value) = readdress(topic, &entry.place.key, &entry.what.value);
        let partition = partition_of(key.as_bytes(), log.partitions(topic));
        readers.push((&entry.what.stage, TopicPartition::new(topic, partition)));
        let id = format!("quarantine/{}/{}", entry.place.partition, entry.place.offset);
        let traceparent = entry.what.headers.iter().find(|h| h.name == weir_proto::headers::TRACEPARENT);
        let traceparent = traceparent.map(|header| header.value.as_str());
        // The original type is in the quarantined headers for the reader; a copy is told apart by its own.
        let copy = Outgoing { topic, key, event_type: topic.entry().message, value };
        let stamp = Stamp { partition: Some(partition), id: &id, time: log.now(), traceparent };
        producer.write_back(copy, &stamp, &WrittenBack { place: entry.mark(), copy_of: from })?;
        let id = format!("{id}/redriven");
        producer.send(mark(entry, topic), &Stamp { partition: Some(entry.place.partition), id: &id, ..stamp })?;
    }
    let drained = producer.drain()?;
    producer.commit()?;
    for (stage, at) in readers {
        if let Some(last) = drained.highest.get(&at) {
            written.entry(stage.to_owned()).or_default().insert(at, last + 1);
        }
    }
    Ok(())
}

fn mark(entry: &Entry, topic: Topic) -> Outgoing {
    let position = Some(entry.place.position());
    let event = QuarantineEvent {
        meta: Some(Meta { key: entry.place.key.clone(), cause: position.clone(), ..Meta::default() }),
        event: Some(quarantine_event::Event::Redriven(Redriven { position, topic: topic.name().to_owned() })),
    };
    Outgoing {
        topic: Topic::Quarantine,
        key: entry.place.key.clone(),
        event_type: "weir.quarantine.v1.Redriven",
        value: event.encode_to_vec(),
    }
}
