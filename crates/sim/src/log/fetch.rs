//! Where a consumer stands in its partitions, and the next record it is given.

use super::record;
use crate::Sim;
use crate::broker::{Broker, Code, Slot};
use std::collections::BTreeMap;
use weir_pipeline::log::{Offsets, Pace};
use weir_pipeline::{Record, TopicPartition};

/// A consumer's place in one partition.
#[derive(Clone, Debug)]
struct Place {
    slot: Slot,
    next: i64,
    paused: bool,
}

/// A consumer's places.
pub(super) struct Fetch {
    sim: Sim,
    places: BTreeMap<TopicPartition, Place>,
    watch: usize,
}

impl Fetch {
    pub(super) fn new(sim: Sim, pace: Pace) -> Fetch {
        let watch = {
            let mut broker = sim.lock();
            let fetch_us = match pace {
                Pace::Eager => broker.settings.eager_us,
                Pace::Prompt => broker.settings.prompt_us,
                Pace::Batched => broker.settings.batched_us,
            };
            broker.watches.open(fetch_us)
        };
        Fetch { sim, places: BTreeMap::new(), watch }
    }

    pub(super) fn watch(&self) -> usize {
        self.watch
    }

    pub(super) fn assign(&mut self, from: &Offsets, paused: bool) -> Result<(), Code> {
        let mut broker = self.sim.lock();
        for place in self.places.values() {
            broker.watches.ignore(self.watch, place.slot);
        }
        self.places.clear();
        for (at, next) in from {
            let slot = broker.slot(*at)?;
            self.places.insert(*at, Place { slot, next: *next, paused });
            if !paused {
                broker.watches.want(self.watch, slot);
            }
        }
        Ok(())
    }

    pub(super) fn pause(&mut self, partitions: &[TopicPartition], paused: bool) {
        let mut broker = self.sim.lock();
        for at in partitions {
            let Some(place) = self.places.get_mut(at) else { continue };
            place.paused = paused;
            if paused {
                broker.watches.ignore(self.watch, place.slot);
            } else {
                broker.watches.want(self.watch, place.slot);
            }
        }
    }

    pub(super) fn next(&self, at: TopicPartition) -> Option<i64> {
        self.places.get(&at).map(|place| place.next)
    }

    pub(super) fn partitions(&self) -> impl Iterator<Item = TopicPartition> {
        self.places.keys().copied()
    }

    /// The next record of any partition; which of them is as chance will have it.
    pub(super) fn take(&mut self, broker: &mut Broker) -> Result<Option<Record>, Code> {
        if broker.faults.down {
            return Ok(None);
        }
        let mut without = 0;
        loop {
            // Partitions without a leader are moved to the end, and left there.
            let count = broker.watches.ready(self.watch).len() - without;
            let index = match count {
                0 => return Ok(None),
                1 => 0,
                _ => broker.random.below(count),
            };
            let slot = broker.watches.ready(self.watch)[index];
            let (at, partition) = broker.at(slot);
            if partition.offline {
                without += 1;
                broker.watches.put_last(self.watch, index, without);
                continue;
            }
            let Some(place) = self.places.get_mut(&at) else {
                broker.watches.exhausted(self.watch, index, without);
                continue;
            };
            if place.next < partition.start() || place.next > partition.end() {
                return Err(Code::OffsetOutOfRange);
            }
            match partition.next_committed(place.next) {
                Ok((offset, stored, time)) => {
                    place.next = offset + 1;
                    let (found, last) = (record(at, offset, stored, time), place.next >= partition.stable());
                    if last {
                        broker.watches.exhausted(self.watch, index, without);
                    }
                    return Ok(Some(found));
                }
                // Control records and aborted ones are passed over without a word.
                Err(passed) => {
                    place.next = passed;
                    broker.watches.exhausted(self.watch, index, without);
                }
            }
        }
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        let slots = self.places.values().map(|place| place.slot);
        self.sim.lock().watches.close(self.watch, slots);
    }
}
