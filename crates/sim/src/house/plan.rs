//! What a seed stands for: how large the installation is, how its processes are set, and which harm is done to it how often.
//!
//! Swarm style: each seed turns on a random half of the faults, with rates of its own. A run that had every fault at once would
//! never see what only shows while the others are silent.

use crate::random::Random;
use crate::settings::{Protocol, Settings};
use std::collections::BTreeMap;
use std::time::Duration;
use weir_pipeline::Config;

/// A stage of the house, in the order of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Clerk,
    Routing,
    Inventory,
    Fulfillment,
    Notification,
}

impl Stage {
    pub const ALL: [Stage; 5] =
        [Stage::Clerk, Stage::Routing, Stage::Inventory, Stage::Fulfillment, Stage::Notification];

    /// As the stage's topology names itself: its group too.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    pub fn named(name: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.name() == name)
    }

    pub fn entry(self) -> &'static weir_proto::topics::StageEntry {
        &weir_proto::topics::STAGES[self as usize]
    }
}

/// From so many orders on a load is long: the closest snapshots are further apart in it, for each reads and writes all that lives.
const LONG: usize = 1_000;

/// A kind of harm (RELIABILITY.md §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    Kill,
    Snapshots,
    Freeze,
    Members,
    EndTxn,
    Coordinator,
    Produce,
    Outage,
    Offsets,
    Inputs,
    Poison,
    Clock,
    Postgres,
    Redis,
    Http,
    Disk,
    Burst,
}

impl Fault {
    pub const ALL: [Fault; 17] = [
        Fault::Kill,
        Fault::Snapshots,
        Fault::Freeze,
        Fault::Members,
        Fault::EndTxn,
        Fault::Coordinator,
        Fault::Produce,
        Fault::Outage,
        Fault::Offsets,
        Fault::Inputs,
        Fault::Poison,
        Fault::Clock,
        Fault::Postgres,
        Fault::Redis,
        Fault::Http,
        Fault::Disk,
        Fault::Burst,
    ];

    /// "F1 kill".
    pub fn name(self) -> &'static str {
        match self {
            Fault::Kill => "F1 kill",
            Fault::Snapshots => "F2 snapshots",
            Fault::Freeze => "F3 freeze",
            Fault::Members => "F4 members",
            Fault::EndTxn => "F5 end-txn",
            Fault::Coordinator => "F6 coordinator",
            Fault::Produce => "F7 produce",
            Fault::Outage => "F8 outage",
            Fault::Offsets => "F9 offsets",
            Fault::Inputs => "F10 inputs",
            Fault::Poison => "F11 poison",
            Fault::Clock => "F12 clock",
            Fault::Postgres => "F13 postgres",
            Fault::Redis => "F14 redis",
            Fault::Http => "F15 http",
            Fault::Disk => "F16 disk",
            Fault::Burst => "F17 burst",
        }
    }

    /// Shortest and longest mean time between two of its kind, in milliseconds; none where it is no event, but a state.
    fn gap_ms(self) -> Option<(u64, u64)> {
        match self {
            Fault::Kill => Some((700, 5_000)),
            Fault::Freeze => Some((5_000, 15_000)),
            Fault::Members => Some((3_000, 12_000)),
            Fault::EndTxn | Fault::Produce => Some((200, 2_000)),
            Fault::Coordinator => Some((1_000, 6_000)),
            Fault::Outage => Some((6_000, 20_000)),
            Fault::Offsets => Some((8_000, 20_000)),
            Fault::Clock => Some((5_000, 15_000)),
            Fault::Postgres | Fault::Redis => Some((1_500, 8_000)),
            Fault::Poison => Some((500, 4_000)),
            Fault::Snapshots | Fault::Inputs | Fault::Http | Fault::Disk | Fault::Burst => None,
        }
    }
}

/// All that is drawn from a seed before anything runs.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub orders: usize,
    pub settings: Settings,
    /// Processes of each stage at the beginning.
    pub processes: BTreeMap<Stage, usize>,
    pub commit_interval_ms: u64,
    pub commit_inputs_max: usize,
    /// How often a maker of snapshots looks, and how many facts are worth one.
    pub keeping: (Duration, i64),
    /// Whether the projectors run too: they cost time, and nothing that decides hears of them.
    pub projectors: bool,
    /// Faults that are on, each with its mean gap, where it comes again and again.
    pub faults: BTreeMap<Fault, Option<Duration>>,
}

impl Plan {
    /// The seed's own plan; `calm` leaves every fault out.
    pub fn draw(seed: u64, orders: usize, calm: bool) -> Plan {
        let mut random = Random::new(seed ^ 0x706c_616e);
        let partitions = random.within((2, 4));
        let protocol = if random.below(4) == 0 { Protocol::V2 } else { Protocol::V1 };
        let settings = Settings {
            partitions: i32::try_from(partitions).unwrap_or(2),
            protocol,
            waiting_passes_time: false,
            marker_us: (300, [1_000, 3_000, 30_000][random.below(3)]),
            ..Settings::new(seed)
        };
        let processes = Stage::ALL.map(|stage| (stage, 1 + random.below(2))).into();
        let commit_interval_ms = [20, 50, 100][random.below(3)];
        let commit_inputs_max = [20, 100, 500][random.below(3)];
        // A snapshot folds everything before it once more: in a longer load they are as many, and not more.
        let longer = i64::try_from(orders / 50).unwrap_or(1).max(1);
        let apart = if orders < LONG { [20, 100, 400] } else { [40, 100, 200] };
        let keeping = (Duration::from_millis(random.within((500, 4_000))), apart[random.below(3)] * longer);
        let projectors = random.below(3) == 0;
        let mut faults = BTreeMap::new();
        for fault in Fault::ALL {
            let (on, gap) = (random.below(2) == 0, fault.gap_ms().map(|range| random.within(range)));
            if on && !calm {
                faults.insert(fault, gap.map(Duration::from_millis));
            }
        }
        Plan { seed, orders, settings, processes, commit_interval_ms, commit_inputs_max, keeping, projectors, faults }
    }

    /// The same plan with this fault alone.
    pub fn only(self, fault: Fault) -> Plan {
        let gap = fault.gap_ms().map(|(low, high)| Duration::from_millis((low + high) / 3));
        let projectors = self.projectors || matches!(fault, Fault::Postgres | Fault::Redis);
        Plan { faults: [(fault, gap)].into(), projectors, ..self }
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains_key(&fault)
    }

    /// What a process of this name is told.
    pub fn config(&self, instance: &str) -> Config {
        Config {
            partitions: self.settings.partitions,
            commit_interval_ms: self.commit_interval_ms,
            commit_inputs_max: self.commit_inputs_max,
            ..Config::new("", instance)
        }
    }

    /// The plan in a line.
    pub fn line(&self) -> String {
        let faults: Vec<&str> = self.faults.keys().map(|fault| fault.name()).collect();
        let processes: Vec<String> = self.processes.values().map(usize::to_string).collect();
        format!(
            "{} partitions, processes {}{}, {:?}, a transaction each {} ms or {} inputs; faults: {}",
            self.settings.partitions,
            processes.join("+"),
            if self.projectors { " and projectors" } else { "" },
            self.settings.protocol,
            self.commit_interval_ms,
            self.commit_inputs_max,
            if faults.is_empty() { "none".to_owned() } else { faults.join(", ") },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_those_of_the_catalogue() {
        let named: Vec<&str> = Stage::ALL.iter().map(|stage| stage.name()).collect();
        assert_eq!(named, ["clerk", "routing", "inventory", "fulfillment", "notification"]);
    }

    #[test]
    fn each_fault_is_on_in_about_half_of_the_seeds() {
        for fault in Fault::ALL {
            let on = (0..400).filter(|seed| Plan::draw(*seed, 1, false).has(fault)).count();
            assert!((150..250).contains(&on), "{}: {on} of 400", fault.name());
        }
        assert!(Plan::draw(1, 1, true).faults.is_empty());
    }
}
