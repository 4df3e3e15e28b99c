//! What a stage made of its inputs, without what may differ from one run to the next: who owned a partition, since when, the
//! time, and where a record lies. Everything else must be the same whoever decided it, to the byte.

use std::collections::BTreeMap;
use std::fmt::Debug;
use weir_pipeline::{Record, Topology};
use weir_proto::log::v1::{Meta, stage_fact::Fact};
use weir_proto::quarantine::v1::{QuarantineEvent, quarantine_event};
use weir_proto::topics::Topic;

/// An input's place.
type Place = (String, i32, i64);

/// A record that the stage wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    partition: i32,
    pub event_type: Option<String>,
    meta: Meta,
    /// All that follows the meta.
    body: Vec<u8>,
}

/// A run.
#[derive(Debug, Default)]
pub struct Story {
    /// Of each aggregate, in order.
    pub facts: BTreeMap<String, Vec<Told>>,
    /// Of each topic, sender and receiver, in order.
    pub messages: BTreeMap<(Topic, String, String), Vec<Told>>,
    /// Inputs that changed nothing, and why. The transactions that noted them are other ones in each run.
    pub ignored: BTreeMap<Place, Vec<(i32, String)>>,
    /// Inputs in quarantine: why, and their bytes.
    pub kept: BTreeMap<Place, Vec<(String, Vec<u8>)>>,
}

impl Story {
    /// Reads all of a stage's topics.
    pub fn of(stage: &impl Topology, read: impl Fn(Topic) -> Vec<Record>) -> Story {
        let mut story = Story::default();
        for record in read(stage.facts()) {
            story.fact(&record);
        }
        let inputs = stage.inputs().iter().flat_map(|topic| read(*topic));
        let senders: BTreeMap<Place, String> = inputs.map(|input| (place(&input), input.key)).collect();
        for topic in stage.outputs() {
            for record in read(*topic) {
                let told = told(&record);
                let cause = told.meta.cause.as_ref().map(|at| (at.topic.clone(), at.partition, at.offset));
                let sender = cause.and_then(|cause| senders.get(&cause)).cloned().unwrap_or_default();
                story.messages.entry((*topic, sender, record.key.clone())).or_default().push(told);
            }
        }
        for record in read(Topic::Quarantine) {
            let event = record.decode::<QuarantineEvent>().expect("an event").event;
            let Some(quarantine_event::Event::Quarantined(kept)) = event else { panic!("nobody redrives here") };
            let at = kept.position.expect("a position");
            let place = (at.topic, at.partition, at.offset);
            story.kept.entry(place).or_default().push((kept.reason, kept.value.to_vec()));
        }
        story
    }

    fn fact(&mut self, record: &Record) {
        match record.envelope().expect("an envelope").1 {
            Some(Fact::Took(_)) => {}
            Some(Fact::Ignored(ignored)) => {
                for input in ignored.inputs {
                    let at = input.position.expect("a position");
                    let place = (at.topic, at.partition, at.offset);
                    self.ignored.entry(place).or_default().push((input.reason, input.key));
                }
            }
            _ => self.facts.entry(record.key.clone()).or_default().push(told(record)),
        }
    }

    /// Where two runs differ first, in words.
    pub fn difference(&self, other: &Story) -> Option<String> {
        first("facts", &self.facts, &other.facts)
            .or_else(|| first("messages", &self.messages, &other.messages))
            .or_else(|| first("ignored inputs", &self.ignored, &other.ignored))
            .or_else(|| first("inputs in quarantine", &self.kept, &other.kept))
    }
}

fn first<K: Ord + Debug, T: PartialEq + Debug>(
    of: &str,
    these: &BTreeMap<K, Vec<T>>,
    those: &BTreeMap<K, Vec<T>>,
) -> Option<String> {
    let keys = these.keys().chain(those.keys().filter(|key| !these.contains_key(key)));
    keys.into_iter().find_map(|key| {
        let list =
            |map: &BTreeMap<K, Vec<T>>, n: usize| map.get(key).and_then(|all| all.get(n)).map(|t| format!("{t:?}"));
        let count = |map: &BTreeMap<K, Vec<T>>| map.get(key).map_or(0, Vec::len);
        let n = (0..count(these).max(count(those))).find(|n| list(these, *n) != list(those, *n))?;
        Some(format!("{of} of {key:?} differ at {n}: {:?} and {:?}", list(these, n), list(those, n)))
    })
}

fn place(record: &Record) -> Place {
    (record.topic.name().to_owned(), record.partition, record.offset)
}

fn told(record: &Record) -> Told {
    let (meta, _) = record.envelope().expect("an envelope");
    let event_type = record.headers.event_type.as_deref().map(str::to_owned);
    Told {
        partition: record.partition,
        event_type,
        meta: Meta { owner: 0, at_ms: 0, ..meta },
        body: after_meta(&record.value),
    }
}

/// The meta is field 1 of every record, and so its beginning.
fn after_meta(value: &[u8]) -> Vec<u8> {
    let mut rest = value.strip_prefix(&[0x0a]).expect("a record begins with its meta");
    let length = prost::decode_length_delimiter(&mut rest).expect("a length");
    rest[length..].to_vec()
}
