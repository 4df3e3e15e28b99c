//! A reader outside any group: places, bounds, and whether everything of the beginning has been read.

use super::fetch::Fetch;
use super::{POLL_COST, plain_error, wait_until};
use crate::Sim;
use crate::broker::{Broker, Code};
use crate::settings::{SECOND, micros};
use std::collections::BTreeMap;
use std::time::Duration;
use weir_pipeline::log::{Offsets, Reader};
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
    pub(super) fn new(sim: Sim) -> SimReader {
        SimReader { sim, fetch: Fetch::default(), progress: BTreeMap::new() }
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
        for (at, offset) in from {
            let (first, stable) = self.bounds(*at)?;
            let next = (*offset).max(first);
            self.progress.insert(*at, Progress { next, stable });
            starts.insert(*at, next);
        }
        self.fetch.assign(&starts, false);
        Ok(())
    }

    fn poll(&mut self, wait: Duration) -> Result<Option<Record>, LogError> {
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
            // A partition's end is news that ends the wait.
            if before != self.done() || !wait_until(&mut broker, deadline, None) {
                return Ok(None);
            }
        }
    }

    fn bounds(&mut self, partition: TopicPartition) -> Result<(i64, i64), LogError> {
        let mut broker = self.sim.lock();
        let deadline = broker.now() + BOUNDS_PATIENCE;
        loop {
            match broker.request() {
                Ok(()) => break,
                Err(Code::Unreachable) if broker.now() < deadline => broker.pass(SECOND / 20),
                Err(code) => return Err(plain_error(code)),
            }
        }
        let found = broker.partition(partition).map_err(plain_error)?;
        Ok((found.start(), found.stable()))
    }

    fn position(&self, partition: TopicPartition) -> i64 {
        self.progress.get(&partition).map_or(0, |progress| progress.next)
    }

    fn done(&self) -> bool {
        self.progress.values().all(|progress| progress.next >= progress.stable)
    }
}
