//! What was checked, how often, and what broke.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

/// Breaks printed for each invariant; all are counted.
const SHOWN_MAX: usize = 10;

/// The invariants that are checked on a log, with a sentence each (docs/invariants.md has the whole text).
pub const CATALOGUE: &[(&str, &str)] = &[
    ("I1", "no oversell: allocated and soft never exceed what is there, at every prefix"),
    ("I2", "quantities are conserved, and reservations sum to what is reserved"),
    ("I3", "every delivery causes a fact, is ignored or quarantined; one OrderPlaced for each order"),
    ("I4", "every order has come to an end, or to a named wait"),
    ("I5", "versions 1..n for each aggregate; legal transitions"),
    ("I6", "each reserved unit ends once"),
    ("I7", "one notice for each subject, kind and recipient"),
    ("I8", "one decision for each command id"),
    ("I9", "the fold has no gap and no foreign fact"),
    ("I10", "Postgres and Redis equal the fold"),
    ("I11", "a decision's facts, messages and offsets are all visible or none"),
    ("I12", "nothing of a fenced owner is behind the fence"),
    ("I13", "lines and money add up; the price snapshot recomputes"),
    ("I14", "inputs = decisions + ignored + quarantined, to the unit"),
    ("I17", "no pick list before allocated and released"),
];

/// The outcome of a verification.
#[derive(Debug, Serialize)]
pub struct Report {
    pub invariants: BTreeMap<&'static str, Checked>,
    pub summary: Summary,
    #[serde(skip)]
    started: Instant,
}

/// One invariant.
#[derive(Debug, Default, Serialize)]
pub struct Checked {
    /// How many times it was tried.
    pub checks: u64,
    pub breaks: u64,
    pub shown: Vec<String>,
}

/// What the log holds.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    pub records: u64,
    pub orders: u64,
    pub shipped: u64,
    pub cancelled: u64,
    /// Orders that wait, by what they wait for.
    pub waiting: BTreeMap<String, u64>,
    pub quarantined: u64,
    pub ignored: BTreeMap<String, u64>,
    pub take_overs: u64,
    pub seconds: f64,
}

impl Report {
    pub fn new() -> Report {
        let invariants = CATALOGUE.iter().map(|(id, _)| (*id, Checked::default())).collect();
        Report { invariants, summary: Summary::default(), started: Instant::now() }
    }

    /// Notes one check of an invariant; `broken` says what is wrong, where it is.
    pub fn check(&mut self, id: &'static str, holds: bool, broken: impl FnOnce() -> String) {
        let entry = self.invariants.entry(id).or_default();
        entry.checks += 1;
        if !holds {
            entry.breaks += 1;
            if entry.shown.len() < SHOWN_MAX {
                entry.shown.push(broken());
            }
        }
        self.summary.seconds = self.started.elapsed().as_secs_f64();
    }

    pub fn clean(&self) -> bool {
        self.invariants.values().all(|checked| checked.breaks == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, sentence) in CATALOGUE {
            let Some(checked) = self.invariants.get(id) else {
                continue;
            };
            let verdict = match (checked.checks, checked.breaks) {
                (0, _) => "not checked".to_owned(),
                (n, 0) => format!("holds ({n} checks)"),
                (n, broken) => format!("BROKEN {broken} times in {n} checks"),
            };
            writeln!(f, "{id:>4}  {verdict:<34} {sentence}")?;
            for line in &checked.shown {
                writeln!(f, "        {line}")?;
            }
        }
        let s = &self.summary;
        writeln!(
            f,
            "{} records, {} orders ({} shipped, {} cancelled), {} quarantined, {} take-overs, {:.1} s",
            s.records, s.orders, s.shipped, s.cancelled, s.quarantined, s.take_overs, s.seconds
        )?;
        for (wait, count) in &s.waiting {
            writeln!(f, "      {count} wait: {wait}")?;
        }
        write!(f, "verdict: {}", if self.clean() { "clean" } else { "BROKEN" })
    }
}
