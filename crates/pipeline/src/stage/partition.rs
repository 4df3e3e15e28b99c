//! One partition's memory: its aggregates, what is closed, what was answered, and its clock.

use super::commands::CommandMemory;
use crate::Topology;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use weir_decider::{Decider, Millis};
use weir_proto::topics::Topic;

/// The fold of one partition of a stage's facts.
pub struct Partition<T: Topology> {
    pub number: i32,
    pub(super) aggregates: HashMap<Arc<str>, Aggregate<T::State>>,
    pub(super) closed: HashMap<u64, ClosedAggregate>,
    pub(super) commands: CommandMemory,
    /// What is due when: a deadline of the aggregate's rules, or its rest.
    pub(super) timers: BTreeSet<(Millis, Arc<str>)>,
    pub(super) clock: Millis,
    /// Offset of the `Took` in force.
    pub(super) owner: i64,
    /// Next offset of the fact partition that is not folded.
    pub(super) next_fact: i64,
    /// Tenants seen, so that aggregates share the name.
    pub(super) tenants: BTreeSet<Arc<str>>,
    /// Highest input offset that caused a fact, for each input.
    pub(super) causes: BTreeMap<Topic, i64>,
    /// Next offset of each input.
    pub(super) next_input: BTreeMap<Topic, i64>,
}

/// One aggregate and what the loop keeps beside it.
pub struct Aggregate<S> {
    pub state: S,
    pub version: u64,
    /// Whose it is; a deadline's facts and messages need it.
    pub(super) tenant: Arc<str>,
    pub(super) timer: Option<Millis>,
    pub(super) blocked: bool,
}

/// What is left of an aggregate at rest: with its fingerprint 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct ClosedAggregate {
    pub(super) version: u32,
    pub(super) end_state: u32,
    pub(super) at: i64,
}

impl<S: Default> Default for Aggregate<S> {
    fn default() -> Self {
        Aggregate { state: S::default(), version: 0, tenant: Arc::from(""), timer: None, blocked: false }
    }
}

impl<T: Topology> Partition<T> {
    /// Nothing folded yet.
    pub fn new(number: i32) -> Partition<T> {
        Partition {
            number,
            aggregates: HashMap::new(),
            closed: HashMap::new(),
            commands: CommandMemory::default(),
            timers: BTreeSet::new(),
            clock: Millis(0),
            owner: -1,
            next_fact: 0,
            tenants: BTreeSet::new(),
            causes: BTreeMap::new(),
            next_input: BTreeMap::new(),
        }
    }

    /// The aggregates, in the order of their keys.
    pub fn states(&self) -> Vec<(&str, &T::State)> {
        let mut all: Vec<_> = self.aggregates.iter().map(|(key, a)| (&**key, &a.state)).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }

    /// Next offset of the fact partition that is not folded.
    pub fn next_fact(&self) -> i64 {
        self.next_fact
    }

    /// How many aggregates are live.
    pub fn live(&self) -> usize {
        self.aggregates.len()
    }

    pub(super) fn advance_clock(&mut self, to: Millis) {
        self.clock = self.clock.max(to);
    }

    /// Puts the aggregate's timer where its state wants it.
    pub(super) fn set_timer(&mut self, key: &Arc<str>) {
        let Some(aggregate) = self.aggregates.get_mut(key) else { return };
        let deadline = aggregate.state.deadline();
        let rest = aggregate.state.rest().map(|rest| rest.from);
        let wanted = match (deadline, rest) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        };
        if wanted == aggregate.timer {
            return;
        }
        if let Some(old) = std::mem::replace(&mut aggregate.timer, wanted) {
            self.timers.remove(&(old, key.clone()));
        }
        if let Some(new) = wanted {
            self.timers.insert((new, key.clone()));
        }
    }

    /// Reduces an aggregate to its digest.
    pub(super) fn close(&mut self, key: &str, fingerprint: u64, digest: ClosedAggregate) {
        if let Some((key, aggregate)) = self.aggregates.remove_entry(key)
            && let Some(timer) = aggregate.timer
        {
            self.timers.remove(&(timer, key));
        }
        self.closed.insert(fingerprint, digest);
    }
}

/// First 8 bytes of the SHA-256 of the key: what a closed aggregate is known by.
pub(super) fn fingerprint(key: &str) -> u64 {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(key.as_bytes());
    let mut first = [0u8; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}
