//! When snapshots are made, and of which partition: a thread beside each worker.

use super::snapshots::{behind, make};
use crate::log::{Log, Pace};
use crate::snapshot::Snapshots;
use crate::{Signals, Topology};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_decider::Millis;
use weir_proto::topics::Topic;

/// When snapshots are made. A partition's is due when so many facts have come since the last one as are worth it.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// How often a maker looks. It keeps one for each look at most, of the partition that is furthest behind.
    pub look_every: Duration,
    /// Facts of a partition that are always worth it.
    pub facts_min: i64,
    /// For how long after one of a partition the next needs so many. A maker that has made none of it yet, or not for so long, takes
    /// fewer.
    pub rest: Duration,
    /// Those fewer: of all partitions of a worker together, as it folds them one after the other when it takes over.
    pub facts_rested: i64,
    /// Facts that a snapshot takes in at most, or half of what is lacking where that is more. So one of a log without any comes nearer
    /// with each look, and a process need not live until the whole of it is folded.
    pub facts_max: i64,
}

impl Default for Keeping {
    /// At some thousand facts a second it is `facts_min` that counts, for a snapshot takes its time from cores that decide. Fewer are
    /// for quiet times and for services that don't live for long, so that a take-over there has little to fold (ADR 5).
    fn default() -> Keeping {
        Keeping {
            look_every: Duration::from_secs(15),
            facts_min: 120_000,
            // Over by the fourth look, whenever within its own the last was kept.
            rest: Duration::from_secs(50),
            facts_rested: 40_000,
            facts_max: 120_000,
        }
    }
}

/// How often a maker sees whether its time has come, or its worker's end.
const WAKE_EVERY: Duration = Duration::from_millis(200);
/// How far apart the makers of neighbours in the catalogue look: about as long as making one takes.
const LOOKS_APART: Duration = Duration::from_secs(2);

/// The partitions that a worker has now: what its maker works on. `None`: the worker has ended.
pub(super) type Owned = Arc<Mutex<Option<BTreeSet<i32>>>>;

/// Makes snapshots of what `owned` names, until its worker ends. Trouble is logged and tried again: nothing waits for a snapshot.
pub(super) fn keep<T: Topology, L: Log>(
    topology: &T,
    log: &L,
    snapshots: &Snapshots,
    owned: &Owned,
    keeping: Keeping,
    signals: &Signals,
) {
    let round = || keeping.round(log.now(), topology.facts());
    let mut looked = round();
    let mut made: BTreeMap<i32, Duration> = BTreeMap::new();
    loop {
        log.sleep(WAKE_EVERY);
        let Some(numbers) = owned.lock().unwrap_or_else(PoisonError::into_inner).clone() else { return };
        // A round that begins while a worker has nothing yet is not lost on it.
        if numbers.is_empty() || round() == looked {
            continue;
        }
        made.retain(|number, _| numbers.contains(number));
        let worth = |number| keeping.worth(made.get(&number).map(|at| log.elapsed(*at)), numbers.len());
        if let Some(number) = look(topology, log, snapshots, &numbers, worth, keeping.facts_max, signals) {
            made.insert(number, log.uptime());
        }
        // A look that took long leaves rounds out, and so the next is in its own time again.
        looked = round();
    }
}

/// Makes one snapshot at most, of the partition that is furthest behind among those that are worth one; says of which.
fn look<T: Topology, L: Log>(
    topology: &T,
    log: &L,
    snapshots: &Snapshots,
    numbers: &BTreeSet<i32>,
    worth: impl Fn(i32) -> i64,
    facts_max: i64,
    signals: &Signals,
) -> Option<i32> {
    let warn = |number: i32, why: String| {
        tracing::warn!(stage = topology.name(), partition = number, why, "no snapshot was made");
    };
    let mut reader = match log.reader(Pace::Eager) {
        Ok(reader) => reader,
        Err(error) => {
            tracing::warn!(stage = topology.name(), %error, "no snapshot is made");
            return None;
        }
    };
    let mut due = Vec::new();
    for number in numbers {
        match behind(topology, log, snapshots, &mut reader, *number, worth(*number)) {
            Ok(behind) => due.extend(behind.map(|behind| (behind, *number))),
            Err(why) => warn(*number, why),
        }
    }
    due.sort_by_key(|(behind, _)| Reverse(*behind));
    for (behind, number) in due {
        match make(topology, log, snapshots, number, facts_max.max(behind / 2), signals) {
            Ok(true) => return Some(number),
            Ok(false) if signals.stopping() => return None,
            Ok(false) => {}
            // One that always fails must not be the only one that is tried.
            Err(why) => warn(number, why),
        }
    }
    None
}

impl Keeping {
    /// Which look this moment is in. Rounds follow the wall clock and not the start of a process, else one that is killed more often
    /// than it looks would never make any.
    fn round(self, now: Millis, facts: Topic) -> i64 {
        let millis = |length: Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        (now.0 - millis(self.phase(facts))).div_euclid(millis(self.look_every).max(1))
    }

    /// When within a round a stage's maker looks. On one machine the makers of all services would work in the same seconds on cores
    /// that decide. The place of a stage's facts in the catalogue is no other stage's, so neither is this: 15 s and steps of 2 s
    /// have no common divisor.
    fn phase(self, facts: Topic) -> Duration {
        let place = facts as u64;
        Duration::from_secs(LOOKS_APART.as_secs() * place % self.look_every.as_secs().max(1))
    }

    /// How many facts are worth a snapshot of one of a worker's partitions, so long after its maker's last of it.
    fn worth(self, since: Option<Duration>, partitions: usize) -> i64 {
        if since.is_some_and(|since| since < self.rest) {
            return self.facts_min;
        }
        let partitions = i64::try_from(partitions.max(1)).unwrap_or(i64::MAX);
        (self.facts_rested / partitions).clamp(1, self.facts_min.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::topics::CATALOGUE;

    #[test]
    fn no_two_stages_make_snapshots_in_the_same_second() {
        let keeping = Keeping::default();
        let phases: BTreeSet<Duration> = CATALOGUE.iter().map(|entry| keeping.phase(entry.topic)).collect();
        assert_eq!(phases.len(), CATALOGUE.len());
        assert!(phases.iter().all(|phase| *phase < keeping.look_every));
        // The stages there are stand further apart, around the end of the round too.
        let stages = [Topic::Orders, Topic::Routes, Topic::Stock, Topic::Shipments, Topic::Notices];
        let stages = stages.map(|facts| keeping.phase(facts));
        assert!(stages.windows(2).all(|pair| pair[0] + LOOKS_APART <= pair[1]), "{stages:?}");
        assert!(stages[4] + LOOKS_APART <= stages[0] + keeping.look_every, "{stages:?}");
    }

    #[test]
    fn a_round_begins_at_the_same_moment_for_whoever_looks() {
        let keeping = Keeping::default();
        let round = |ms| keeping.round(Millis(ms), Topic::Orders);
        let begins: Vec<i64> = (1..60_000).filter(|ms| round(*ms) != round(ms - 1)).collect();
        assert_eq!(begins, [2_000, 17_000, 32_000, 47_000]);
    }

    #[test]
    fn fewer_facts_are_worth_a_snapshot_where_none_was_made_for_a_while() {
        let keeping = Keeping::default();
        assert_eq!(keeping.worth(Some(keeping.rest / 2), 2), keeping.facts_min);
        assert_eq!(keeping.worth(Some(keeping.rest), 2), keeping.facts_rested / 2);
        assert_eq!(keeping.worth(None, 1), keeping.facts_rested, "a maker that has just begun");
        assert_eq!(keeping.worth(None, 12) * 12, keeping.facts_rested / 12 * 12, "all partitions of a worker together");
        assert_eq!(Keeping { facts_rested: 0, ..keeping }.worth(None, 4), 1, "never for nothing");
    }
}
