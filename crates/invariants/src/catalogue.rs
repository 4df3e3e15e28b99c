//! The catalogue: each invariant with its sentence, what is checked of it where, and what is not. `docs/invariants.md` is its table.

mod entries;

use entries::ENTRIES;
use std::fmt;
use std::fmt::Write as _;

/// An invariant by its number in DESIGN.md §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id {
    I1,
    I2,
    I3,
    I4,
    I5,
    I6,
    I7,
    I8,
    I9,
    I10,
    I11,
    I12,
    I13,
    I14,
    I15,
    I16,
    I17,
}

impl Id {
    pub const COUNT: usize = 17;

    /// All, in their order.
    pub const ALL: [Id; Id::COUNT] = [
        Id::I1,
        Id::I2,
        Id::I3,
        Id::I4,
        Id::I5,
        Id::I6,
        Id::I7,
        Id::I8,
        Id::I9,
        Id::I10,
        Id::I11,
        Id::I12,
        Id::I13,
        Id::I14,
        Id::I15,
        Id::I16,
        Id::I17,
    ];

    /// "I1".
    pub fn name(self) -> &'static str {
        ENTRIES[self as usize].name
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One invariant. An empty text: nowhere.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    pub id: Id,
    pub name: &'static str,
    /// As the design has it.
    pub sentence: &'static str,
    /// For a line of a report.
    pub short: &'static str,
    /// What the checkers look at, record by record: in `weir verify` and at the end of each simulated run.
    pub on_the_log: &'static str,
    /// What else checks it: Postgres and Redis, a simulated run, a test.
    pub beside: &'static str,
    /// What the running code asserts, or stops at.
    pub in_the_code: &'static str,
    /// The metric that moves when it is in danger.
    pub metric: &'static str,
    /// What of the sentence nothing checks on a log.
    pub unchecked: &'static str,
}

impl Invariant {
    /// Whether `weir verify` checks it.
    pub fn is_on_the_log(&self) -> bool {
        !self.on_the_log.is_empty()
    }
}

/// The invariants, in their order.
pub struct Catalogue;

impl Catalogue {
    pub fn all() -> &'static [Invariant] {
        &ENTRIES
    }

    /// The tables of `docs/invariants.md`.
    pub fn tables() -> String {
        let mut text = String::new();
        let mut put = |line: fmt::Arguments<'_>| writeln!(text, "{line}").expect("a String takes any text");
        put(format_args!("| id | what holds | what is checked of it on the log |"));
        put(format_args!("| --- | --- | --- |"));
        for invariant in Catalogue::all() {
            put(format_args!("| {} | {} | {} |", invariant.name, invariant.sentence, or_dash(invariant.on_the_log)));
        }
        put(format_args!(""));
        put(format_args!("| id | checked beside the log | in the code as it runs | metric | not checked |"));
        put(format_args!("| --- | --- | --- | --- | --- |"));
        for i in Catalogue::all() {
            let cells = [i.beside, i.in_the_code, i.metric, i.unchecked].map(or_dash);
            put(format_args!("| {} | {} |", i.name, cells.join(" | ")));
        }
        text
    }
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_at_its_number() {
        assert_eq!(Catalogue::all().len(), Id::COUNT);
        for (at, invariant) in Catalogue::all().iter().enumerate() {
            assert_eq!((invariant.id, invariant.name), (Id::ALL[at], format!("I{}", at + 1).as_str()));
            assert_eq!(invariant.id as usize, at);
            assert!(!invariant.sentence.is_empty() && !invariant.short.is_empty(), "{}", invariant.name);
            assert!(!format!("{invariant:?}").contains(['|', '\n']), "{} breaks its table", invariant.name);
        }
    }
}
