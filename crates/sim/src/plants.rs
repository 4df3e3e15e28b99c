//! The planted bugs, and the hunt for each: seeds with one bug in force, until a check says so.
//!
//! A find counts only where the same seed is clean without the bug. What can't be found is a gap in the checks, not in the list.

mod list;

pub use list::{ALL, Plant};

use crate::house::{Plan, Watch, run};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use weir_decider::plant;

/// How to hunt.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    /// The first seed.
    pub from: u64,
    pub orders: usize,
    /// How long one bug is looked for at most.
    pub patience: Duration,
}

/// What came of one hunt.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub plant: &'static Plant,
    pub find: Option<Find>,
    /// Seeds that were run with the bug in force.
    pub seeds: u64,
    /// Seeds that broke without the bug as well: no finds.
    pub unsound: Vec<u64>,
    pub lasted: Duration,
}

/// A seed on which the bug shows.
#[derive(Clone, Debug)]
pub struct Find {
    pub seed: u64,
    /// The invariants and checks that broke, each once.
    pub by: Vec<String>,
    /// The first break, in words.
    pub first: String,
}

impl Hunt {
    /// Looks for one bug.
    pub fn one(&self, plant: &'static Plant) -> Outcome {
        let began = Instant::now();
        let mut outcome = Outcome { plant, find: None, seeds: 0, unsound: Vec::new(), lasted: Duration::ZERO };
        for seed in self.from.. {
            outcome.seeds += 1;
            let plan = || plant.plan(seed, self.orders);
            if let Some((by, first)) = breaks(Some(plant), plan()) {
                if breaks(None, plan()).is_none() {
                    outcome.find = Some(Find { seed, by, first });
                    break;
                }
                outcome.unsound.push(seed);
            }
            if began.elapsed() >= self.patience {
                break;
            }
        }
        outcome.lasted = began.elapsed();
        outcome
    }
}

/// What breaks on a seed's plan: the names of what broke, and the first of it. A run that ends by itself is broken too.
pub fn breaks(plant: Option<&'static Plant>, plan: Plan) -> Option<(Vec<String>, String)> {
    match plant {
        Some(plant) => plant::sow(plant.name),
        None => plant::lift(),
    }
    let ran = catch_unwind(AssertUnwindSafe(|| run(plan, &Watch::default())));
    plant::lift();
    let Ok(verdict) = ran else {
        return Some((vec!["panic".to_owned()], "a debug assertion ended the run".to_owned()));
    };
    let first = verdict.breaches.first()?.to_string();
    let by: BTreeSet<String> = verdict.breaches.into_iter().map(|breach| breach.invariant).collect();
    Some((by.into_iter().collect(), first))
}
