//! Sometimes-properties: what a run must have seen at least once, or it has shown nothing about it.
//!
//! A fault that was drawn and never hit anything is no test. So each is noted where it took effect, by the stage that it hit; a
//! whole run whose list has a gap fails.

use super::load::deeds;
use super::plan::Stage;
use std::collections::BTreeMap;

/// How often each thing was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(BTreeMap<String, u64>);

/// Moments that each stage must have been in.
const BY_STAGE: &[&str] = &[
    "killed with an open transaction",
    "killed within a call of the log",
    "killed while it took over",
    "a snapshot was read",
    "a bad snapshot was read",
    "a snapshot was not saved",
    "a snapshot was saved by halves",
    "killed in init",
    "killed in committed",
    "killed in bounds",
    "killed in read",
    "killed in drain",
    "killed in offsets",
    "killed in commit",
    "frozen beyond its session",
    "a zombie was fenced",
    "rebalanced with an open transaction",
    "a member joined",
    "a member left in good order",
    "EndTxn lost",
    "EndTxn's answer lost",
    "EndTxn late",
    "coordinator moved",
    "producer's coordinator moved",
    "a marker was held back",
    "a write waited for a leader",
    "a call of a slow broker",
    "a transaction was aborted",
    "a transaction timed out",
    "producer replaced without a restart",
    "produce refused",
    "produce's answer lost",
    "produce timed out",
    "broker away with an open transaction",
    "offsets forgotten",
    "its inputs were cut behind it",
    "a clock ahead was read",
    "a clock behind was read",
    "more than a transaction takes after a burst",
    "a record in quarantine",
];

/// Moments of the whole house.
const ONCE: &[&str] = &[
    "orders came in a burst",
    "payment deadline passed",
    "paid after the deadline",
    "payment deadline raced its payment",
    "backordered",
    "backorder served",
    "oversell averted",
    "soft reservation",
    "short pick",
    "rerouted",
    "held",
    "hold resolved",
    "cancelled before release",
    "shipped by others",
    "cancelled after release",
    "cancel refused",
    "shipped after cancel",
    "duplicate ignored",
    "stale ignored",
    "command repeated",
    "command refused",
    "notice sent again under its id",
    "notice acted, then timed out",
    "notice given up",
    "an endpoint failed",
    "an endpoint was busy",
    "an endpoint never answered",
    "an endpoint was gone",
    "postgres away: console.orders",
    "postgres away: inventory.levels",
    "postgres refused: console.orders",
    "postgres refused: inventory.levels",
    "postgres did it and did not say so: console.orders",
    "postgres did it and did not say so: inventory.levels",
    "a projection was dropped: console.orders",
    "a projection was dropped: inventory.levels",
    "redis away: inventory.availability",
    "redis refused: inventory.availability",
    "redis did it and did not say so: inventory.availability",
    "redis emptied",
    "redis fell back to a replica that was behind",
    "a projector was killed: console.orders",
    "a projector was killed: inventory.levels",
    "a projector was killed: inventory.availability",
    "a projector was frozen: console.orders",
    "a projector was frozen: inventory.levels",
    "a projector was frozen: inventory.availability",
];

impl Coverage {
    pub fn hit(&mut self, what: &str) {
        self.add(what, 1);
    }

    pub fn hit_at(&mut self, stage: Stage, what: &str) {
        self.add_at(stage, what, 1);
    }

    pub fn add_at(&mut self, stage: Stage, what: &str, times: u64) {
        self.add(&format!("{what}: {}", stage.name()), times);
    }

    pub fn add(&mut self, what: &str, times: u64) {
        if times == 0 {
            return;
        }
        match self.0.get_mut(what) {
            Some(count) => *count += times,
            None => drop(self.0.insert(what.to_owned(), times)),
        }
    }

    pub fn merge(&mut self, other: &Coverage) {
        for (what, times) in &other.0 {
            self.add(what, *times);
        }
    }

    pub fn count(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Everything that was seen, and how often.
    pub fn seen(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(what, times)| (&**what, *times))
    }

    /// What a run must see, and how often this one has.
    pub fn wanted(&self) -> Vec<(String, u64)> {
        let by_stage = BY_STAGE.iter().flat_map(|what| Stage::ALL.map(|stage| format!("{what}: {}", stage.name())));
        let once = ONCE.iter().map(|what| (*what).to_owned());
        by_stage.chain(once).chain(deeds().map(str::to_owned)).map(|what| (what.clone(), self.count(&what))).collect()
    }

    /// What was never seen.
    pub fn missing(&self) -> Vec<String> {
        self.wanted().into_iter().filter(|(_, times)| *times == 0).map(|(what, _)| what).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_seen_is_missing() {
        let mut coverage = Coverage::default();
        let all = coverage.missing();
        assert_eq!(all.len(), BY_STAGE.len() * 5 + ONCE.len() + deeds().count());
        coverage.hit_at(Stage::Routing, "EndTxn late");
        let mut other = Coverage::default();
        other.hit("rerouted");
        coverage.merge(&other);
        let missing = coverage.missing();
        assert_eq!(missing.len(), all.len() - 2);
        assert!(!missing.contains(&"EndTxn late: routing".to_owned()) && !missing.contains(&"rerouted".to_owned()));
    }
}
