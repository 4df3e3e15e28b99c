//! What was checked, how often, and what broke.

use crate::catalogue::{Catalogue, Id};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// Breaks shown for each invariant; all are counted.
const SHOWN_MAX: usize = 10;

/// The outcome of a verification.
#[derive(Clone, Debug)]
pub struct Report {
    checked: [Checked; Id::COUNT],
    pub summary: Summary,
}

/// One invariant.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Checked {
    /// How many times it was tried.
    pub checks: u64,
    pub breaks: u64,
    pub shown: Vec<String>,
}

/// What the log holds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Facts.
    pub records: u64,
    /// Records of every topic, and the bytes of their keys and values.
    pub read: u64,
    pub bytes: u64,
    pub orders: u64,
    pub shipped: u64,
    pub cancelled: u64,
    /// By others, as their platform says.
    pub shipped_outside: u64,
    /// Orders that wait, by what they wait for.
    pub waiting: BTreeMap<String, u64>,
    pub quarantined: u64,
    pub ignored: BTreeMap<String, u64>,
    pub take_overs: u64,
    /// What could be neither right nor wrong (I10), and why.
    pub left_out: Vec<String>,
    /// How long the verification took, as whoever ran it measured.
    pub seconds: f64,
    /// What it took of a processor, what that comes to, and the most memory that the process had; 0 where nobody measured.
    pub cpu_seconds: f64,
    pub records_per_cpu_second: f64,
    pub peak_memory_bytes: u64,
}

impl Default for Report {
    fn default() -> Report {
        Report::new()
    }
}

impl Report {
    pub fn new() -> Report {
        Report { checked: std::array::from_fn(|_| Checked::default()), summary: Summary::default() }
    }

    /// Notes one check of an invariant; `broken` says what is wrong, where it is.
    pub fn check(&mut self, id: Id, holds: bool, broken: impl FnOnce() -> String) {
        let entry = &mut self.checked[id as usize];
        entry.checks += 1;
        if !holds {
            entry.breaks += 1;
            if entry.shown.len() < SHOWN_MAX {
                entry.shown.push(broken());
            }
        }
    }

    /// How one invariant fared.
    pub fn of(&self, id: Id) -> &Checked {
        &self.checked[id as usize]
    }

    pub fn breaks(&self, id: Id) -> u64 {
        self.of(id).breaks
    }

    /// Those that broke, with what is wrong.
    pub fn broken(&self) -> impl Iterator<Item = (Id, &Checked)> {
        Id::ALL.into_iter().map(|id| (id, self.of(id))).filter(|(_, checked)| checked.breaks > 0)
    }

    pub fn clean(&self) -> bool {
        self.broken().next().is_none()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Whole<'a> {
            invariants: BTreeMap<&'static str, &'a Checked>,
            summary: &'a Summary,
        }
        let shown = Catalogue::all().iter().filter(|invariant| invariant.is_on_the_log());
        let invariants = shown.map(|invariant| (invariant.id.name(), self.of(invariant.id))).collect();
        Whole { invariants, summary: &self.summary }.serialize(to)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for invariant in Catalogue::all() {
            let checked = self.of(invariant.id);
            // What no log can show is said only where somebody has checked it.
            if !invariant.is_on_the_log() && checked.checks == 0 {
                continue;
            }
            let verdict = match (checked.checks, checked.breaks) {
                (0, _) => "not checked".to_owned(),
                (n, 0) => format!("holds ({n} checks)"),
                (n, broken) => format!("BROKEN {broken} times in {n} checks"),
            };
            writeln!(f, "{:>4}  {verdict:<34} {}", invariant.id.name(), invariant.short)?;
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
        if s.cpu_seconds > 0.0 {
            writeln!(
                f,
                "{} records of all topics, {:.1} MB: {:.2} s of one core, {:.0} records/s; at most {:.0} MB of memory",
                s.read,
                s.bytes as f64 / 1e6,
                s.cpu_seconds,
                s.records_per_cpu_second,
                s.peak_memory_bytes as f64 / 1e6
            )?;
        }
        for (wait, count) in &s.waiting {
            writeln!(f, "      {count} wait: {wait}")?;
        }
        for line in &s.left_out {
            writeln!(f, "left out of I10: {line}")?;
        }
        write!(f, "verdict: {}", if self.clean() { "clean" } else { "BROKEN" })
    }
}
