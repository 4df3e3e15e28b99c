//! What the quarantine topic holds, read to its end, and read on from there.

use prost::Message as _;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use weir_pipeline::kafka::{KafkaLog, KafkaReader};
use weir_pipeline::log::{Log as _, Offsets, Pace, Reader as _};
use weir_pipeline::{Record, TopicPartition};
use weir_proto::quarantine::v1::{QuarantineEvent, Quarantined, quarantine_event::Event};
use weir_proto::topics::Topic;

/// An open transaction ends within 4 s, whatever becomes of its writer.
const STABLE_PATIENCE: Duration = Duration::from_secs(10);

/// One quarantined record and where it lies.
pub(super) struct Entry {
    pub place: Record,
    pub what: Quarantined,
    pub redriven: bool,
}

impl Entry {
    /// "quarantine/2@14".
    pub fn at(&self) -> String {
        format!("quarantine/{}@{}", self.place.partition, self.place.offset)
    }

    /// What its copies carry: the stage that they are for, and its place.
    pub fn mark(&self) -> String {
        format!("{}:quarantine/{}/{}", self.what.stage, self.place.partition, self.place.offset)
    }

    /// The [`Entry::mark`] of the entry that it is a copy of, where it was written back before.
    pub fn copied(&self) -> Option<&str> {
        let header = self.what.headers.iter().find(|header| header.name == weir_proto::headers::REDRIVEN);
        header.map(|header| header.value.as_str())
    }

    /// It was not looked at: it waits behind its blocked aggregate.
    pub fn only_waits(&self) -> bool {
        self.what.parked && self.what.reason == "parked"
    }

    pub fn from(&self) -> Option<Topic> {
        Topic::parse(&self.what.position.as_ref()?.topic)
    }
}

/// The quarantine as of the last look; entries of one partition in their order.
pub(super) struct Kept {
    log: KafkaLog,
    reader: KafkaReader,
    next: Offsets,
    pub entries: Vec<Entry>,
    by_place: HashMap<(i32, i64), usize>,
}

impl Kept {
    pub fn read(log: &KafkaLog) -> anyhow::Result<Kept> {
        let all = (0..log.partitions(Topic::Quarantine)).map(|p| (TopicPartition::new(Topic::Quarantine, p), 0));
        let mut kept = Kept {
            log: log.clone(),
            reader: log.reader(Pace::Eager)?,
            next: all.collect(),
            entries: Vec::new(),
            by_place: HashMap::new(),
        };
        kept.read_on()?;
        Ok(kept)
    }

    /// Reads on behind all that has been written by now, committed or not: offsets of a transaction can be seen before its
    /// records (STAGE.md §2).
    pub fn read_all_written(&mut self) -> anyhow::Result<()> {
        let config = self.log.config();
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &config.brokers)
            .set("isolation.level", "read_uncommitted")
            .create()?;
        let name = self.log.full_name(Topic::Quarantine);
        let started = Instant::now();
        let partitions: Vec<TopicPartition> = self.next.keys().copied().collect();
        for at in partitions {
            let (_, written) = consumer.fetch_watermarks(&name, at.partition, Duration::from_secs(10))?;
            while self.reader.bounds(at)?.1 < written {
                anyhow::ensure!(started.elapsed() < STABLE_PATIENCE, "a transaction on {name} does not end");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        self.read_on()
    }

    fn read_on(&mut self) -> anyhow::Result<()> {
        self.reader.assign(&self.next)?;
        while !self.reader.done() {
            if let Some(record) = self.reader.poll(Duration::from_millis(100))? {
                self.take(record);
            }
        }
        for (at, next) in &mut self.next {
            *next = self.reader.position(*at);
        }
        Ok(())
    }

    fn take(&mut self, record: Record) {
        match QuarantineEvent::decode(record.value.clone()).map(|event| event.event) {
            Ok(Some(Event::Quarantined(what))) => {
                self.by_place.insert((record.partition, record.offset), self.entries.len());
                self.entries.push(Entry { place: record, what, redriven: false });
            }
            // A mark lies in its record's own partition, behind it.
            Ok(Some(Event::Redriven(redriven))) => {
                let entry = redriven.position.and_then(|at| self.by_place.get(&(at.partition, at.offset)));
                if let Some(entry) = entry.and_then(|entry| self.entries.get_mut(*entry)) {
                    entry.redriven = true;
                }
            }
            Ok(None) | Err(_) => eprintln!("quarantine/{}@{} can't be read itself", record.partition, record.offset),
        }
    }
}
