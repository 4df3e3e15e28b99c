//! Many seeds, on a few threads, and what they came to together.

use super::{Counts, Coverage, Plan, Verdict, Watch, run};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Which seeds to run, and how.
#[derive(Clone, Copy, Debug)]
pub struct Swarm {
    pub from: u64,
    pub seeds: u64,
    /// Of each seed.
    pub orders: usize,
    pub jobs: usize,
    /// No faults.
    pub calm: bool,
}

/// What the seeds came to.
#[derive(Clone, Debug, Default)]
pub struct Total {
    pub seeds: u64,
    pub counts: Counts,
    pub coverage: Coverage,
    /// Seeds on which something broke.
    pub broken: Vec<Verdict>,
    /// Seeds that could not be run to their end, each with what was said.
    pub fallen: Vec<(u64, String)>,
    pub lasted: Duration,
    /// What the seeds took, each on its own core.
    pub worked: Duration,
}

/// One seed's end.
pub struct Done {
    pub seed: u64,
    pub verdict: Result<Verdict, String>,
    pub worked: Duration,
}

impl Swarm {
    /// Runs them all; `progress` hears of each.
    pub fn run(&self, mut progress: impl FnMut(&Done, &Total)) -> Total {
        let started = Instant::now();
        let (next, mut total) = (AtomicU64::new(0), Total::default());
        let (tell, told) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                let (tell, next) = (tell.clone(), &next);
                scope.spawn(move || {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        // Nobody listens any more where the other side has gone.
                        if number >= self.seeds || tell.send(self.one(self.from + number)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(tell);
            for done in told {
                total.add(&done);
                total.lasted = started.elapsed();
                progress(&done, &total);
            }
        });
        total.broken.sort_by_key(|verdict| verdict.plan.seed);
        total.fallen.sort();
        total.lasted = started.elapsed();
        total
    }

    fn one(&self, seed: u64) -> Done {
        let began = Instant::now();
        let plan = Plan::draw(seed, self.orders, self.calm);
        let watch = Watch { no_hash: true, ..Watch::default() };
        let verdict = catch_unwind(AssertUnwindSafe(|| run(plan, &watch))).map_err(|panic| said(&*panic));
        Done { seed, verdict, worked: began.elapsed() }
    }
}

/// What a panic says.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

impl Total {
    fn add(&mut self, done: &Done) {
        self.seeds += 1;
        self.worked += done.worked;
        match &done.verdict {
            Err(why) => self.fallen.push((done.seed, why.clone())),
            Ok(verdict) => {
                self.counts.add(&verdict.counts);
                self.coverage.merge(&verdict.coverage);
                if !verdict.breaches.is_empty() {
                    self.broken.push(verdict.clone());
                }
            }
        }
    }

    /// Nothing broke.
    pub fn sound(&self) -> bool {
        self.broken.is_empty() && self.fallen.is_empty()
    }

    pub fn orders_per_second_and_core(&self) -> f64 {
        self.counts.orders as f64 / self.worked.as_secs_f64().max(0.001)
    }
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.orders += other.orders;
        self.deliveries += other.deliveries;
        self.records += other.records;
        self.kills += other.kills;
        self.freezes += other.freezes;
        self.aborts += other.aborts;
        self.takeovers += other.takeovers;
        self.rebalances += other.rebalances;
        self.outages += other.outages;
        self.restarts += other.restarts;
        self.quarantined += other.quarantined;
        self.lasted_ms += other.lasted_ms;
    }

    /// Each number under its name.
    pub fn named(&self) -> [(&'static str, u64); 12] {
        [
            ("orders placed", self.orders),
            ("deliveries and commands", self.deliveries),
            ("committed records", self.records),
            ("kills", self.kills),
            ("freezes", self.freezes),
            ("aborted transactions", self.aborts),
            ("take-overs", self.takeovers),
            ("rebalances", self.rebalances),
            ("broker outages", self.outages),
            ("restarts", self.restarts),
            ("records in quarantine", self.quarantined),
            ("simulated seconds", self.lasted_ms / 1_000),
        ]
    }
}
