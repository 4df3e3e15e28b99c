//! One partition's log: records and control records, each with an offset; what is open, stable, aborted and still kept.

use super::Code;
use super::transactions::Identity;
use bytes::Bytes;
use std::collections::BTreeMap;
use weir_decider::Millis;
use weir_pipeline::Headers;

/// A record as the broker keeps it.
#[derive(Clone, Debug)]
pub struct Stored {
    pub key: String,
    pub value: Bytes,
    pub headers: Headers,
}

/// What lies at an offset.
#[derive(Clone, Debug)]
pub enum Entry {
    Record {
        time: Millis,
        record: Stored,
        /// Its transaction was aborted: who reads committed records only passes it over.
        aborted: bool,
        producer: Option<u64>,
    },
    /// The end of a transaction.
    Control { time: Millis, producer: u64, commit: bool },
}

/// The log of a partition.
#[derive(Default)]
pub struct PartitionLog {
    start: i64,
    entries: Vec<Entry>,
    /// First offset of each producer's open transaction.
    open: BTreeMap<u64, i64>,
    /// Newest epoch heard of, for each producer.
    epochs: BTreeMap<u64, i16>,
    /// Kept beside the others, because everybody asks for it all the time.
    stable: i64,
    /// It has no leader: nobody writes to it or reads from it.
    pub(crate) offline: bool,
}

impl PartitionLog {
    /// First offset that is kept.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Next offset to be written.
    pub fn end(&self) -> i64 {
        self.start + self.entries.len() as i64
    }

    /// The last stable offset: nothing below it is undecided.
    pub fn stable(&self) -> i64 {
        self.stable
    }

    fn settle(&mut self) {
        self.stable = self.open.values().copied().min().unwrap_or_else(|| self.end()).max(self.start);
    }

    pub fn entry(&self, offset: i64) -> Option<&Entry> {
        self.entries.get(usize::try_from(offset - self.start).ok()?)
    }

    /// First committed record at or after `from` and below the last stable offset; else where the search ended.
    pub fn next_committed(&self, from: i64) -> Result<(i64, &Stored, Millis), i64> {
        let stable = self.stable();
        let mut offset = from.max(self.start);
        while offset < stable {
            match self.entry(offset) {
                Some(Entry::Record { time, record, aborted: false, .. }) => return Ok((offset, record, *time)),
                _ => offset += 1,
            }
        }
        Err(offset)
    }

    /// Appends outside any transaction.
    pub fn append(&mut self, time: Millis, record: Stored) -> i64 {
        let offset = self.end();
        self.entries.push(Entry::Record { time, record, aborted: false, producer: None });
        if self.open.is_empty() {
            self.stable = offset + 1;
        }
        offset
    }

    /// Appends within the producer's transaction; an older epoch than one heard of is refused. Returns the last offset.
    pub fn append_in(&mut self, by: Identity, time: Millis, records: Vec<Stored>) -> Result<i64, Code> {
        self.hear(by)?;
        if !records.is_empty() {
            self.open.entry(by.id).or_insert(self.start + self.entries.len() as i64);
        }
        let producer = Some(by.id);
        self.entries.extend(records.into_iter().map(|record| Entry::Record { time, record, aborted: false, producer }));
        Ok(self.end() - 1)
    }

    /// Writes the marker that ends the producer's transaction here.
    pub fn mark(&mut self, by: Identity, time: Millis, commit: bool) -> Result<(), Code> {
        self.hear(by)?;
        if let Some(first) = self.open.remove(&by.id)
            && !commit
        {
            self.abort_from(by.id, first);
        }
        self.entries.push(Entry::Control { time, producer: by.id, commit });
        self.settle();
        Ok(())
    }

    /// Retention, or an operator: everything below `before` is gone.
    pub fn cut(&mut self, before: i64) {
        let before = before.clamp(self.start, self.stable());
        self.entries.drain(..usize::try_from(before - self.start).unwrap_or(0));
        self.start = before;
        self.settle();
    }

    /// An unclean leader: everything from this offset on is gone.
    pub fn lose_tail(&mut self, from: i64) {
        let kept = usize::try_from(from.clamp(self.start, self.end()) - self.start).unwrap_or(0);
        self.entries.truncate(kept);
        self.open.retain(|_, first| *first < from);
        self.settle();
    }

    fn hear(&mut self, by: Identity) -> Result<(), Code> {
        let newest = self.epochs.entry(by.id).or_insert(by.epoch);
        if by.epoch < *newest {
            return Err(Code::InvalidProducerEpoch);
        }
        *newest = by.epoch;
        Ok(())
    }

    fn abort_from(&mut self, id: u64, first: i64) {
        let index = usize::try_from(first - self.start).unwrap_or(0);
        for entry in &mut self.entries[index..] {
            if let Entry::Record { aborted, producer, .. } = entry
                && *producer == Some(id)
            {
                *aborted = true;
            }
        }
    }
}
