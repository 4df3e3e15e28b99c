//! A reader outside any group: places, bounds, and whether everything of the beginning has been read.

use super::fetch::Fetch;
use super::plain_error;
use crate::Sim;
use crate::broker::{Broker, Code};
use crate::current;
use crate::settings::{MILLI, SECOND, micros};
use crate::wait::POLL_COST;
use std::collections::BTreeMap;
use std::time::Duration;
use weir_pipeline::log::{Offsets, Pace, Reader};
use weir_pipeline::{LogError, Record, TopicPartition};

/// How long the broker may take to say where a partition begins and ends.
const BOUNDS_PATIENCE: u64 = 10 * SECOND;

/// A reader on the simulated cluster.
pub struct SimReader {
    sim: Sim,
    fetch: Fetch,
    progress: BTreeMap<TopicPartition, Progress>,
}

struct Progress {
    next: i64,
    /// The last stable offset as of `assign`.
    stable: i64,
}

impl SimReader {
    pub(super) fn new(sim: Sim, pace: Pace) -> SimReader {
        SimReader { fetch: Fetch::new(sim.clone(), pace), sim, progress: BTreeMap::new() }
    }

    /// Where partitions begin and end, asked for in one go.
    fn ask_bounds(&self, partitions: &[TopicPartition]) -> Result<Vec<(i64, i64)>, LogError> {
        current::begin("bounds");
        let again = |code| matches!(code, Code::Unreachable | Code::LeaderNotAvailable).then_some(50 * MILLI);
        let ask = |broker: &mut Broker| {
            let of = |at: &TopicPartition| match broker.partition(*at)? {
                partition if partition.offline => Err(Code::LeaderNotAvailable),
                partition => Ok((partition.start(), partition.stable())),
            };
            partitions.iter().map(of).collect()
        };
        self.sim.repeatedly(BOUNDS_PATIENCE, again, ask).map_err(plain_error)
    }

    /// Whoever has come to a partition's end has read what was stable at `assign`.
    fn note_ends(&mut self, broker: &Broker) {
        for (at, progress) in &mut self.progress {
            let end = broker.partition(*at).map(|p| p.stable()).unwrap_or(i64::MAX);
            if self.fetch.next(*at).is_some_and(|next| next >= end) {
                progress.next = progress.next.max(progress.stable);
            }
        }
    }
}

impl Reader for SimReader {
    fn assign(&mut self, from: &Offsets) -> Result<(), LogError> {
        self.progress.clear();
        let mut starts = Offsets::new();
        let partitions: Vec<TopicPartition> = from.keys().copied().collect();
        let bounds = self.ask_bounds(&partitions)?;
        for ((at, offset), (first, stable)) in from.iter().zip(bounds) {
            let next = (*offset).max(first);
            self.progress.insert(*at, Progress { next, stable });
            starts.insert(*at, next);
        }
        self.fetch.assign(&starts, false).map_err(plain_error)
    }

    fn poll(&mut self, wait: Duration) -> Result<Option<Record>, LogError> {
        current::begin("read");
        self.sim.stop_now_and_then();
        let sim = self.sim.clone();
        let mut broker = sim.lock();
        let deadline = broker.now() + micros(wait).max(POLL_COST);
        loop {
            if let Some(record) = self.fetch.take(&mut broker).map_err(plain_error)? {
                if let Some(progress) = self.progress.get_mut(&record.topic_partition()) {
                    progress.next = record.offset + 1;
                }
                return Ok(Some(record));
            }
            let before = self.done();
            if !broker.faults.down {
                self.note_ends(&broker);
            }
            drop(broker);
            // A partition's end is news that ends the wait.
            if before != self.done() || !sim.wait_for_news(self.fetch.watch(), deadline, None) {
                return Ok(None);
            }
            broker = sim.lock();
        }
    }

    fn bounds(&mut self, partition: TopicPartition) -> Result<(i64, i64), LogError> {
        let found = self.ask_bounds(&[partition])?;
        found.first().copied().ok_or_else(|| LogError::Unknown("bounds of no partition".to_owned()))
    }

    fn position(&self, partition: TopicPartition) -> i64 {
        self.progress.get(&partition).map_or(0, |progress| progress.next)
    }

    fn done(&self) -> bool {
        self.progress.values().all(|progress| progress.next >= progress.stable)
    }
}
