//! A log on paper: what a worker commits, by topic, in one partition; and the little of a log that deciding needs.

use crate::log::{Drained, Log, LogError, Member, Offsets, Pace, Polled, Reader, Stamp, Transactional};
use crate::{Headers, Outgoing, Record, TopicPartition};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use weir_decider::Millis;
use weir_proto::topics::Topic;

#[derive(Default)]
pub(super) struct Sheet {
    pub(super) topics: BTreeMap<Topic, Vec<Record>>,
    /// As of the last commit.
    pub(super) committed: Offsets,
}

impl Sheet {
    pub(super) fn append(&mut self, record: Outgoing, headers: Headers) {
        let Outgoing { topic, key, value, .. } = record;
        let all = self.topics.entry(topic).or_default();
        let offset = i64::try_from(all.len()).expect("few");
        all.push(Record {
            topic,
            partition: 0,
            offset,
            time: Millis(1_000 + offset),
            key,
            value: value.into(),
            headers,
        });
    }
}

#[derive(Clone, Default)]
pub(super) struct Paper(Arc<Mutex<Sheet>>);

impl Paper {
    pub(super) fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pen(&self) -> Pen {
        Pen { paper: self.clone(), written: Vec::new(), offsets: Offsets::new() }
    }
}

pub(super) struct Pen {
    paper: Paper,
    written: Vec<Outgoing>,
    offsets: Offsets,
}

impl Transactional<()> for Pen {
    fn begin(&mut self) -> Result<(), LogError> {
        self.written.clear();
        Ok(())
    }

    fn send(&mut self, record: Outgoing, _: &Stamp<'_>) -> Result<(), LogError> {
        self.written.push(record);
        Ok(())
    }

    fn drain(&mut self) -> Result<Drained, LogError> {
        Ok(Drained::default())
    }

    fn send_offsets(&mut self, offsets: &Offsets, (): &()) -> Result<bool, LogError> {
        self.offsets = offsets.clone();
        Ok(true)
    }

    fn commit(&mut self) -> Result<bool, LogError> {
        let mut sheet = self.paper.sheet();
        self.written.drain(..).for_each(|record| sheet.append(record, Headers::default()));
        sheet.committed = std::mem::take(&mut self.offsets);
        Ok(true)
    }

    fn abort(&mut self) -> Result<(), LogError> {
        self.written.clear();
        Ok(())
    }
}

/// Neither a seat nor a reader is asked for anything here.
pub(super) struct Nobody;

fn not_asked<R>() -> Result<R, LogError> {
    Err(LogError::Fatal("not on paper".to_owned()))
}

impl Member for Nobody {
    type Proof = ();

    fn poll(&mut self, _: Duration) -> Result<Polled, LogError> {
        not_asked()
    }

    fn proof(&self) -> Result<(), LogError> {
        not_asked()
    }

    fn committed(&mut self, _: &[TopicPartition]) -> Result<Offsets, LogError> {
        not_asked()
    }

    fn accept(&mut self, _: &Offsets) -> Result<(), LogError> {
        not_asked()
    }

    fn resume(&mut self, _: &[TopicPartition]) -> Result<(), LogError> {
        not_asked()
    }

    fn pause(&mut self, _: &[TopicPartition]) -> Result<(), LogError> {
        not_asked()
    }

    fn release(&mut self) -> Result<(), LogError> {
        not_asked()
    }

    fn read_to_end(&self, _: TopicPartition) -> Option<Millis> {
        None
    }

    fn leave(&mut self) {}
}

impl Reader for Nobody {
    fn assign(&mut self, _: &Offsets) -> Result<(), LogError> {
        not_asked()
    }

    fn poll(&mut self, _: Duration) -> Result<Option<Record>, LogError> {
        not_asked()
    }

    fn bounds(&mut self, _: TopicPartition) -> Result<(i64, i64), LogError> {
        not_asked()
    }

    fn position(&self, _: TopicPartition) -> i64 {
        0
    }

    fn done(&self) -> bool {
        true
    }
}

impl Log for Paper {
    type Proof = ();
    type Member = Nobody;
    type Producer = Pen;
    type Reader = Nobody;

    fn member(&self, _: &str, _: &str, _: &[Topic], _: Pace) -> Result<Nobody, LogError> {
        not_asked()
    }

    fn producer(&self, _: &str) -> Result<Pen, LogError> {
        Ok(self.pen())
    }

    fn reader(&self, _: Pace) -> Result<Nobody, LogError> {
        not_asked()
    }

    fn cluster_id(&self) -> Result<String, LogError> {
        not_asked()
    }

    fn full_name(&self, topic: Topic) -> String {
        topic.name().to_owned()
    }

    fn partitions(&self, _: Topic) -> i32 {
        1
    }

    fn now(&self) -> Millis {
        Millis(1_000)
    }

    fn uptime(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}

    fn nonce(&self) -> [u8; 16] {
        [0; 16]
    }
}
