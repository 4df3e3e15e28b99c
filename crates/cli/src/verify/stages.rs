//! What holds for every stage, whatever its domain: I5 (versions), I8, I9, I11 (offsets), I12, I14 (and so I3).

use super::commands::Answers;
use super::offsets::Accounted;
use super::report::Report;
use super::scan;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::collections::HashMap;
use std::time::Duration;
use weir_pipeline::Record;
use weir_pipeline::kafka::KafkaLog;
use weir_proto::log::v1::{IgnoredReason, Meta, stage_fact::Fact};
use weir_proto::topics::{STAGES, StageEntry, Topic};

/// Checks every stage.
pub fn check(log: &KafkaLog, report: &mut Report) -> anyhow::Result<()> {
    for stage in STAGES {
        let committed = Committed::of(log, stage)?;
        for partition in 0..stage.facts.partitions(log.config().partitions) {
            let accounted = check_facts(log, stage, partition, report)?;
            for input in stage.inputs {
                check_input(log, *input, partition, &accounted, committed.next(*input, partition), report)?;
            }
        }
    }
    Ok(())
}

/// Walks a fact partition as a take-over would, and collects which inputs it accounts for.
fn check_facts(log: &KafkaLog, stage: &StageEntry, partition: i32, report: &mut Report) -> anyhow::Result<Accounted> {
    let mut walk =
        Walk { owner: -1, versions: HashMap::new(), accounted: Accounted::default(), answers: Answers::default() };
    let count = scan::partition(log, stage.facts, partition, |record| walk.step(record, report))?;
    report.summary.records += count;
    Ok(walk.accounted)
}

struct Walk {
    owner: i64,
    /// Version of each aggregate, by the hash of its key.
    versions: HashMap<u64, u64>,
    accounted: Accounted,
    answers: Answers,
}

impl Walk {
    fn step(&mut self, record: &Record, report: &mut Report) {
        if record.headers.redriven.is_some() {
            return;
        }
        let place = || format!("{}/{}@{}", record.topic, record.partition, record.offset);
        let (meta, fact) = match record.envelope() {
            Ok(parts) => parts,
            Err(fault) => {
                return report.check("I9", false, || format!("{}: {}", place(), fault.detail));
            }
        };
        report.check("I9", true, String::new);
        if let Some(Fact::Took(_)) = &fact {
            self.owner = record.offset;
            report.summary.take_overs += 1;
            return;
        }
        let owner = self.owner;
        report.check("I12", meta.owner == owner, || {
            format!("{}: written by owner {} behind the fence {owner}", place(), meta.owner)
        });
        if let Some(cause) = &meta.cause {
            self.accounted.insert(cause);
        }
        match fact {
            None => self.version(record, &meta, report),
            Some(Fact::Ignored(ignored)) => {
                for input in &ignored.inputs {
                    let reason = IgnoredReason::try_from(input.reason).unwrap_or_default();
                    let name = reason.as_str_name().trim_start_matches("IGNORED_REASON_").to_ascii_lowercase();
                    *report.summary.ignored.entry(name).or_insert(0) += 1;
                    if let Some(position) = &input.position {
                        self.accounted.insert(position);
                    }
                }
            }
            Some(Fact::Answered(answer)) => self.answers.note(&answer, &place, report),
            Some(_) => {}
        }
    }

    fn version(&mut self, record: &Record, meta: &Meta, report: &mut Report) {
        let version = self.versions.entry(hash(&meta.key)).or_insert(0);
        let expected = *version + 1;
        *version = meta.version;
        report.check("I5", meta.version == expected && meta.key == record.key, || {
            format!(
                "{}/{}@{}: {} has version {}, expected {expected}",
                record.topic, record.partition, record.offset, meta.key, meta.version
            )
        });
    }
}

/// Every input record below the committed offset is a cause, or ignored; and no cause lies at or above it.
fn check_input(
    log: &KafkaLog,
    input: Topic,
    partition: i32,
    accounted: &Accounted,
    committed: Option<i64>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let set = accounted.by_topic.get(input.name());
    let highest = set.and_then(super::offsets::OffsetSet::highest).unwrap_or(-1);
    let next = committed.unwrap_or(0);
    report.check("I11", highest < next, || {
        format!("{input}/{partition}: facts were caused by {highest}, but offsets are committed up to {next} only")
    });
    if next == 0 {
        return Ok(());
    }
    let mut counted = 0;
    scan::partition(log, input, partition, |record| {
        if record.offset >= next {
            return;
        }
        counted += 1;
        let there = set.is_some_and(|set| set.contains(record.offset));
        let id = if input == Topic::Deliveries { "I3" } else { "I14" };
        report.check(id, there, || {
            format!("{input}/{partition}@{} was taken in and nobody accounts for it", record.offset)
        });
        if id == "I3" {
            report.check("I14", there, || format!("{input}/{partition}@{} is missing in the sum", record.offset));
        }
    })?;
    Ok(())
}

/// The stage's committed input offsets.
struct Committed {
    offsets: HashMap<(String, i32), i64>,
    prefix: String,
}

impl Committed {
    fn of(log: &KafkaLog, stage: &StageEntry) -> anyhow::Result<Committed> {
        let config = log.config();
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &config.brokers)
            .set("group.id", format!("{}.{}", config.prefix, stage.name))
            .set("isolation.level", "read_committed")
            .create()?;
        let mut list = TopicPartitionList::new();
        for input in stage.inputs {
            for partition in 0..input.partitions(config.partitions) {
                list.add_partition(&input.full_name(&config.prefix), partition);
            }
        }
        let answer = consumer.committed_offsets(list, Duration::from_secs(20))?;
        let mut offsets = HashMap::new();
        for element in answer.elements() {
            element.error()?;
            if let Offset::Offset(offset) = element.offset() {
                offsets.insert((element.topic().to_owned(), element.partition()), offset);
            }
        }
        Ok(Committed { offsets, prefix: config.prefix.clone() })
    }

    fn next(&self, topic: Topic, partition: i32) -> Option<i64> {
        self.offsets.get(&(topic.full_name(&self.prefix), partition)).copied()
    }
}

/// A 64-bit hash of a key; two keys of one partition that share it would show as a break, never hide one.
fn hash(key: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
