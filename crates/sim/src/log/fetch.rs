//! Where a consumer stands in its partitions, and the next record it is given.

use super::record;
use crate::broker::{Broker, Code};
use std::collections::BTreeMap;
use weir_pipeline::log::Offsets;
use weir_pipeline::{Record, TopicPartition};

/// A consumer's place in one partition.
#[derive(Clone, Debug)]
struct Place {
    next: i64,
    paused: bool,
}

/// A consumer's places.
#[derive(Clone, Debug, Default)]
pub(super) struct Fetch {
    places: BTreeMap<TopicPartition, Place>,
}

impl Fetch {
    pub(super) fn assign(&mut self, from: &Offsets, paused: bool) {
        self.places = from.iter().map(|(at, next)| (*at, Place { next: *next, paused })).collect();
    }

    pub(super) fn pause(&mut self, partitions: &[TopicPartition], paused: bool) {
        for at in partitions {
            if let Some(place) = self.places.get_mut(at) {
                place.paused = paused;
            }
        }
    }

    pub(super) fn next(&self, at: TopicPartition) -> Option<i64> {
        self.places.get(&at).map(|place| place.next)
    }

    pub(super) fn partitions(&self) -> Vec<TopicPartition> {
        self.places.keys().copied().collect()
    }

    /// The next record of any partition; which of them is as chance will have it.
    pub(super) fn take(&mut self, broker: &mut Broker) -> Result<Option<Record>, Code> {
        if broker.faults.down {
            return Ok(None);
        }
        let mut ready = Vec::new();
        for (at, place) in self.places.iter_mut().filter(|(_, place)| !place.paused) {
            let partition = broker.partition(*at)?;
            if place.next < partition.start() || place.next > partition.end() {
                return Err(Code::OffsetOutOfRange);
            }
            match partition.next_committed(place.next) {
                Ok((offset, _, _)) => ready.push((*at, offset)),
                // Control records and aborted ones are passed over without a word.
                Err(passed) => place.next = passed,
            }
        }
        if ready.is_empty() {
            return Ok(None);
        }
        let (at, offset) = ready[broker.random.below(ready.len())];
        if let Some(place) = self.places.get_mut(&at) {
            place.next = offset + 1;
        }
        let found = broker.partition(at)?.next_committed(offset);
        Ok(found.ok().map(|(offset, stored, time)| record(at, offset, stored, time)))
    }
}
