//! Blocked aggregates and what lies in quarantine: between `Blocked` and `Unblocked` nothing is decided but what was written back (I5),
//! and what was passed over as unreadable lies there with its bytes (I14).

use crate::catalogue::Id;
use crate::ids::print;
use crate::report::Report;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use weir_pipeline::Record;
use weir_proto::log::v1::{IgnoredInput, IgnoredReason, Position, stage_fact::Fact};
use weir_proto::topics::{StageEntry, Topic};

/// Quarantine keeps ninety days; what was passed over earlier need not lie there any more.
const KEPT_MS: i64 = 80 * 24 * 3_600_000;

/// Of one stage on one partition. Inputs are named by their place in the stage's list, and their offset.
#[derive(Default)]
pub(crate) struct Blocks {
    blocked: BTreeMap<u64, Block>,
    /// Facts that were said of a blocked aggregate: their cause, and their place.
    said: Vec<(At, String)>,
    /// Inputs that were passed over for quarantine, and when.
    kept: BTreeMap<At, i64>,
}

type At = (usize, i64);

/// Who waits behind a block, in order: first the input that blocked it.
#[derive(Default)]
struct Block {
    waiting: VecDeque<At>,
    /// An older version lifted blocks without a word of each that waited.
    resumed: bool,
}

/// What the whole partition knows of records written back, and of those in quarantine.
#[derive(Default)]
pub(crate) struct Kept {
    /// Copies, by where they lie now.
    pub(crate) copies: BTreeSet<(Topic, i64)>,
    /// By stage: where the record that could not be read lies.
    pub(crate) quarantined: BTreeSet<(String, String, i64)>,
}

impl Blocks {
    /// Takes in a fact of the stage. `position` finds an input by its place in the log.
    pub(crate) fn stage(
        &mut self,
        record: &Record,
        key: &str,
        cause: Option<At>,
        fact: &Fact,
        position: &dyn Fn(&Position) -> Option<At>,
        report: &mut Report,
    ) {
        let place = || format!("{}/{}@{} of {key}", record.topic, record.partition, record.offset);
        match fact {
            Fact::Blocked(_) => {
                let waiting = &mut self.blocked.entry(print(key)).or_default().waiting;
                waiting.extend(cause.filter(|cause| !waiting.contains(cause)));
            }
            Fact::Unblocked(_) => {
                let block = self.blocked.remove(&print(key)).unwrap_or_default();
                let left = if block.resumed { block.waiting.len() } else { 0 };
                report.check(Id::I5, left == 0, || format!("{}: unblocked while {left} wait", place()));
            }
            Fact::Resumed(resumed) => {
                let wanted = resumed.position.as_ref().and_then(position);
                let mut block = self.blocked.get_mut(&print(key));
                let first = block.as_ref().and_then(|block| block.waiting.front().copied());
                report.check(Id::I5, first.is_some() && first == wanted, || {
                    format!("{}: {wanted:?} is resumed and is not the first that waits", place())
                });
                if let Some(block) = &mut block {
                    block.resumed = true;
                    block.waiting.retain(|at| Some(*at) != wanted);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn domain(&mut self, record: &Record, key: &str, cause: Option<(usize, i64)>, report: &mut Report) {
        if self.blocked.is_empty() || !self.blocked.contains_key(&print(key)) {
            return;
        }
        let place = || format!("{}/{}@{} of {key}", record.topic, record.partition, record.offset);
        match cause {
            Some(at) => self.said.push((at, place())),
            None => report.check(Id::I5, false, || format!("{}: a deadline of a blocked aggregate", place())),
        }
    }

    /// An input that was passed over for quarantine. A copy that was kept again takes its original's place among those that wait.
    pub(crate) fn keep(&mut self, at: At, when: i64, passed: &IgnoredInput, copy_of: Option<At>) {
        self.kept.insert(at, when);
        let Some(block) = self.blocked.get_mut(&print(&passed.key)) else { return };
        match block.waiting.iter_mut().find(|waiting| Some(**waiting) == copy_of) {
            Some(place) => *place = at,
            None if passed.reason() == IgnoredReason::Parked => block.waiting.push_back(at),
            None => {}
        }
    }

    /// `next`: up to where each input had been taken in for sure; `at`: the newest time.
    pub(crate) fn end(
        &self,
        stage: &StageEntry,
        next: &dyn Fn(usize) -> i64,
        at: i64,
        kept: &Kept,
        report: &mut Report,
    ) {
        for ((input, offset), place) in &self.said {
            let copy = kept.copies.contains(&(stage.inputs[*input], *offset));
            report.check(Id::I5, copy, || format!("{place}: decided while it is blocked"));
        }
        let name = |input: usize| stage.inputs[input].name();
        for ((input, offset), when) in self.kept.iter().filter(|(_, when)| at - **when < KEPT_MS) {
            let lies = (stage.name.to_owned(), name(*input).to_owned(), *offset);
            report.check(Id::I14, kept.quarantined.contains(&lies), || {
                format!(
                    "{}: {}@{offset} was passed over at {when} and does not lie in quarantine",
                    stage.name,
                    name(*input)
                )
            });
        }
        for (_, topic, offset) in kept.quarantined.iter().filter(|(of, ..)| of == stage.name) {
            let Some(input) = stage.inputs.iter().position(|input| input.name() == topic) else { continue };
            let passed = *offset >= next(input) || self.kept.contains_key(&(input, *offset));
            report.check(Id::I14, passed, || {
                format!("{}: {topic}@{offset} lies in quarantine and was never passed over", stage.name)
            });
        }
    }
}

#[cfg(test)]
mod tests;
