//! Harm that has been ordered and not done yet.

use super::markers::{Marker, Target};
use super::transactions::Identity;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use weir_pipeline::TopicPartition;

/// What becomes of an EndTxn on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndFault {
    /// It never arrives; the client asks again.
    LoseRequest,
    /// It is done, and the client does not hear of it.
    LoseAnswer,
    /// It arrives when it is let go; the client asks again meanwhile.
    Delay,
}

/// What becomes of a produce request on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProduceFault {
    /// It is refused.
    Refuse,
    /// It is done, and the client does not hear of it: it comes again, and is known by its sequence number.
    LoseAnswer,
    /// It is done, and the client gives it up.
    TimeOut,
}

/// An EndTxn that is still under way (KAFKA-17754).
#[derive(Clone, Debug)]
pub struct LateEnd {
    pub name: String,
    pub by: Identity,
    pub commit: bool,
}

pub struct Faults {
    /// Nobody answers.
    pub down: bool,
    /// How far the wall clock of the processes is ahead of the broker's.
    pub skew_ms: i64,
    /// How far that of one process is ahead, beside.
    pub skews: BTreeMap<u32, i64>,
    /// Every request takes this many times as long.
    pub slowness: u64,
    /// Larger records are refused by the broker.
    pub record_bytes_max: usize,
    pub ends: BTreeMap<String, VecDeque<EndFault>>,
    pub late: Vec<LateEnd>,
    pub produces: BTreeMap<TopicPartition, VecDeque<ProduceFault>>,
    pub held: BTreeSet<Target>,
    pub parked: Vec<Marker>,
    /// Groups whose coordinator has moved and not been found yet.
    pub moved: BTreeSet<String>,
    /// Transactional ids whose coordinator has moved and not been found yet.
    pub moved_producers: BTreeSet<String>,
    /// Actors that read a wall clock which is apart from the broker's, each with whether it was ahead.
    pub misled: BTreeSet<(u32, bool)>,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults {
            down: false,
            skew_ms: 0,
            skews: BTreeMap::new(),
            slowness: 1,
            record_bytes_max: usize::MAX,
            ends: BTreeMap::new(),
            late: Vec::new(),
            produces: BTreeMap::new(),
            held: BTreeSet::new(),
            parked: Vec::new(),
            moved: BTreeSet::new(),
            moved_producers: BTreeSet::new(),
            misled: BTreeSet::new(),
        }
    }
}

impl Faults {
    pub fn skew_of(&self, process: Option<u32>) -> i64 {
        let own = process.and_then(|process| self.skews.get(&process));
        self.skew_ms + own.copied().unwrap_or(0)
    }

    /// Puts down who reads a wall clock that is off.
    pub fn note_reading(&mut self, actor: Option<u32>, process: Option<u32>) {
        let skew = self.skew_of(process);
        if skew != 0
            && let Some(actor) = actor
        {
            self.misled.insert((actor, skew > 0));
        }
    }

    pub fn take_end(&mut self, name: &str) -> Option<EndFault> {
        self.ends.get_mut(name)?.pop_front()
    }

    pub fn take_produce(&mut self, at: TopicPartition) -> Option<ProduceFault> {
        self.produces.get_mut(&at)?.pop_front()
    }
}
