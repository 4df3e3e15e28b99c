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
    /// How many of them are beyond those that were asked for, and what they were run to see.
    pub further: u64,
    pub sought: Vec<String>,
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
        let mut total = Total::default();
        self.run_on(self.seeds, Instant::now(), &mut total, &mut progress);
        total
    }

    /// As [`Swarm::run`]. Where nothing broke and a moment or two did not come by, more seeds are run until they do: a tenth more at
    /// most. What is that rare is no reason to say that nobody looked for it.
    pub fn run_until_seen(&self, mut progress: impl FnMut(&Done, &Total)) -> Total {
        let (started, mut total) = (Instant::now(), Total::default());
        self.run_on(self.seeds, started, &mut total, &mut progress);
        total.sought = total.coverage.missing();
        let most = self.seeds / 10;
        while total.sound() && total.further < most && !total.coverage.missing().is_empty() {
            // As many as run at once.
            let more = (self.jobs.max(1) as u64).min(most - total.further);
            total.further += more;
            self.run_on(more, started, &mut total, &mut progress);
        }
        total
    }

    /// Runs the next so many seeds.
    fn run_on(&self, seeds: u64, started: Instant, total: &mut Total, progress: &mut impl FnMut(&Done, &Total)) {
        let (next, first) = (AtomicU64::new(0), self.from + total.seeds);
        let (tell, told) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                let (tell, next) = (tell.clone(), &next);
                scope.spawn(move || {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        // Nobody listens any more where the other side has gone.
                        if number >= seeds || tell.send(self.one(first + number)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(tell);
            for done in told {
                total.add(&done);
                total.lasted = started.elapsed();
                progress(&done, total);
            }
        });
        total.broken.sort_by_key(|verdict| verdict.plan.seed);
        total.fallen.sort();
        total.lasted = started.elapsed();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(run: impl Fn(&Swarm, &mut Vec<u64>) -> Total) -> (Total, Vec<u64>) {
        let mut told = Vec::new();
        let swarm = Swarm { from: 40, seeds: 20, orders: 1, jobs: 2, calm: true };
        let total = run(&swarm, &mut told);
        told.sort_unstable();
        (total, told)
    }

    #[test]
    fn what_was_not_seen_is_looked_for_on_a_tenth_more_seeds() {
        // A calm house of one order never sees a fault: the further seeds are all run, and in vain.
        let (total, told) = seeds(|swarm, told| swarm.run_until_seen(|done, _| told.push(done.seed)));
        assert!(total.sound(), "{:?} {:?}", total.broken, total.fallen);
        assert_eq!((total.seeds, total.further), (22, 2));
        assert_eq!(told, (40..62).collect::<Vec<_>>(), "each seed once");
        assert!(total.sought.iter().any(|what| what == "rerouted") && !total.coverage.missing().is_empty());

        let (total, told) = seeds(|swarm, told| swarm.run(|done, _| told.push(done.seed)));
        assert_eq!((total.seeds, total.further, told.len()), (20, 0, 20));
    }
}
