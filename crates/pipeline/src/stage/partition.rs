//! One partition's memory: its aggregates, what is closed, what was answered, and its clock.

use super::commands::CommandMemory;
use super::waiting::Waiting;
use crate::Topology;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use weir_decider::plant::planted;
use weir_decider::{Decider, Millis};
use weir_proto::topics::Topic;

/// How long the digest of a closed aggregate is kept, by partition time: the longest of the channels' horizons (STAGE.md §1). What
/// comes for it later is refused by its own date.
const CLOSED_KEPT_MS: i64 = 400 * DAY_MS;
const DAY_MS: i64 = 24 * 3_600_000;

/// The fold of one partition of a stage's facts.
pub struct Partition<T: Topology> {
    pub number: i32,
    pub(super) aggregates: HashMap<Arc<str>, Box<Aggregate<T::State>>>,
    pub(super) closed: HashMap<u64, ClosedAggregate>,
    /// The day up to which what is closed has been looked through.
    pub(super) swept: Option<i64>,
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
    /// Of each blocked aggregate, who waits.
    pub(super) waiting: BTreeMap<Arc<str>, Waiting>,
}

/// One aggregate and what the loop keeps beside it.
pub struct Aggregate<S> {
    pub state: S,
    pub version: u64,
    /// Whose it is; a deadline's facts and messages need it.
    pub(super) tenant: Arc<str>,
    pub(super) timer: Option<Millis>,
    pub(super) standing: Standing,
}

/// Whether an aggregate is open for decisions. Kept in snapshots, by its place in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Standing {
    #[default]
    Open,
    /// By a fact of the stage: its records are parked until they are written back.
    Blocked,
    /// By a gap in its own facts: no record written back mends that.
    Torn,
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
        Aggregate { state: S::default(), version: 0, tenant: Arc::from(""), timer: None, standing: Standing::Open }
    }
}

impl<T: Topology> Partition<T> {
    /// Nothing folded yet.
    pub fn new(number: i32) -> Partition<T> {
        Partition {
            number,
            aggregates: HashMap::new(),
            closed: HashMap::new(),
            swept: None,
            commands: CommandMemory::default(),
            timers: BTreeSet::new(),
            clock: Millis(0),
            owner: -1,
            next_fact: 0,
            tenants: BTreeSet::new(),
            causes: BTreeMap::new(),
            next_input: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// The aggregates, in the order of their keys.
    pub fn states(&self) -> Vec<(&str, &T::State)> {
        self.states_where(|_| true)
    }

    /// Those whose facts have no gap.
    pub(super) fn sound_states(&self) -> Vec<(&str, &T::State)> {
        self.states_where(|aggregate| aggregate.standing != Standing::Torn)
    }

    fn states_where(&self, wanted: impl Fn(&Aggregate<T::State>) -> bool) -> Vec<(&str, &T::State)> {
        let wanted = self.aggregates.iter().filter(|(_, aggregate)| wanted(aggregate));
        let mut all: Vec<_> = wanted.map(|(key, a)| (&**key, &a.state)).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }

    /// With the deadlines that were left out in it again, as after a fold.
    pub(super) fn rearmed(mut self) -> Partition<T> {
        self.timers = self.aggregates.iter().filter_map(|(key, a)| Some((a.timer?, key.clone()))).collect();
        self
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
    pub(super) fn set_timer(&mut self, key: &str) {
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
        let old = std::mem::replace(&mut aggregate.timer, wanted).filter(|_| !planted("deadline-left-armed"));
        let key = self.intern(key);
        if let Some(old) = old {
            self.timers.remove(&(old, key.clone()));
        }
        if let Some(new) = wanted {
            self.timers.insert((new, key));
        }
    }

    /// Leaves out a deadline that can't be decided, until the aggregate wants another or the partition is taken over anew.
    pub(super) fn defuse(&mut self, key: &Arc<str>) {
        if let Some(at) = self.aggregates.get(key).and_then(|aggregate| aggregate.timer) {
            self.timers.remove(&(at, key.clone()));
        }
    }

    /// How the aggregate stands; one of which nothing is known is open.
    pub(super) fn standing(&self, key: &str) -> Standing {
        self.aggregates.get(key).map_or(Standing::Open, |aggregate| aggregate.standing)
    }

    /// Reduces an aggregate to its digest.
    pub(super) fn close(&mut self, key: &str, fingerprint: u64, digest: ClosedAggregate) {
        if let Some((key, aggregate)) = self.aggregates.remove_entry(key)
            && let Some(timer) = aggregate.timer
        {
            self.timers.remove(&(timer, key));
        }
        // By the days of the facts themselves, so that every fold forgets alike, and looks through them once a day.
        let day = digest.at.div_euclid(DAY_MS);
        if self.swept != Some(day) {
            self.swept = Some(day);
            self.closed.retain(|_, old| old.at >= day * DAY_MS - CLOSED_KEPT_MS);
        }
        self.closed.insert(fingerprint, digest);
    }

    /// Whether the aggregate has been reduced to its digest.
    pub(super) fn is_closed(&self, key: &str) -> bool {
        !self.closed.is_empty() && self.closed.contains_key(&fingerprint(key))
    }

    /// How many aggregates are closed and not forgotten.
    pub fn closed(&self) -> usize {
        self.closed.len()
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
