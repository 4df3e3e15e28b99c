//! What holds for every stage, whatever its domain: I5 (versions, blocks), I8, I9, I11 (nothing is decided twice), I12.

use crate::blocks::Blocks;
use crate::catalogue::Id;
use crate::commands::Answers;
use crate::head::{Cause, Head};
use crate::offsets::OffsetSet;
use crate::report::Report;
use std::collections::BTreeMap;
use weir_pipeline::Record;
use weir_proto::log::v1::{Ignored, IgnoredReason, Position, stage_fact::Fact};
use weir_proto::topics::StageEntry;

/// A walk over one fact partition, as a take-over would make it, which collects the inputs that it accounts for.
pub(crate) struct Walk {
    pub(crate) entry: &'static StageEntry,
    owner: i64,
    /// One for each input of the stage, in its order.
    pub(crate) inputs: Vec<Input>,
    answers: Answers,
    pub(crate) blocks: Blocks,
    /// How many inputs were ignored, by the reason's number.
    ignored: BTreeMap<i32, u64>,
    /// The newest time of a fact.
    pub(crate) at: i64,
}

/// What the facts say of one input.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) accounted: OffsetSet,
    /// Next offset behind what was decided, and behind what was ignored.
    decided: i64,
    ignored: i64,
}

impl Input {
    /// Next offset behind all that facts account for.
    pub(crate) fn next(&self) -> i64 {
        self.decided.max(self.ignored)
    }
}

fn place(record: &Record) -> String {
    format!("{}/{}@{}", record.topic, record.partition, record.offset)
}

impl Walk {
    pub(crate) fn new(entry: &'static StageEntry) -> Walk {
        let inputs = entry.inputs.iter().map(|_| Input::default()).collect();
        Walk {
            entry,
            owner: -1,
            inputs,
            answers: Answers::default(),
            blocks: Blocks::default(),
            ignored: BTreeMap::new(),
            at: 0,
        }
    }

    /// Takes in one fact: of the stage itself, or, where there is none, of an aggregate.
    pub(crate) fn step(&mut self, record: &Record, head: &Head<'_>, fact: Option<&Fact>, report: &mut Report) {
        if let Some(Fact::Took(_)) = fact {
            self.owner = record.offset;
            report.summary.take_overs += 1;
            return;
        }
        let owner = self.owner;
        report.check(Id::I12, head.owner == owner, || {
            format!("{}: written by owner {} behind the fence {owner}", place(record), head.owner)
        });
        self.at = self.at.max(head.at_ms);
        if let Some(Fact::Ignored(ignored)) = fact {
            return self.ignore(record, head.at_ms, ignored, report);
        }
        let cause = head.cause.and_then(|cause| self.cause(record, cause, report));
        match fact {
            Some(Fact::Answered(answer)) => {
                self.answers.note(head.at_ms, &record.key, answer, &|| place(record), report)
            }
            Some(fact) => {
                let position = |position: &Position| input_of(self.entry, &position.topic, position.offset);
                self.blocks.stage(record, head.key, cause, fact, &position, report);
            }
            None => self.blocks.domain(record, head.key, cause, report),
        }
    }

    /// Which input it was, and where. Inputs are taken in once each and in order, so causes never go back.
    fn cause(&mut self, record: &Record, cause: Cause<'_>, report: &mut Report) -> Option<(usize, i64)> {
        let at = self.position(record, cause, report)?;
        let input = &mut self.inputs[at.0];
        input.accounted.insert(at.1);
        let forward = at.1 + 1 >= input.decided && at.1 >= input.ignored;
        report.check(Id::I11, forward, || {
            format!("{}: {}@{} is decided again, behind {}", place(record), cause.topic, at.1, input.next() - 1)
        });
        input.decided = input.decided.max(at.1 + 1);
        Some(at)
    }

    fn position(&self, record: &Record, cause: Cause<'_>, report: &mut Report) -> Option<(usize, i64)> {
        let known = input_of(self.entry, cause.topic, cause.offset).filter(|_| cause.partition == record.partition);
        report.check(Id::I11, known.is_some(), || {
            format!("{}: {}/{} is no input of this partition", place(record), cause.topic, cause.partition)
        });
        known
    }

    /// Inputs that changed nothing: each is said once.
    fn ignore(&mut self, record: &Record, at_ms: i64, ignored: &Ignored, report: &mut Report) {
        for passed in &ignored.inputs {
            let reason = IgnoredReason::try_from(passed.reason).unwrap_or_default();
            *self.ignored.entry(reason.into()).or_insert(0) += 1;
            let Some(position) = &passed.position else { continue };
            let Some((input, offset)) = self.position(record, Cause::of(position), report) else { continue };
            if let IgnoredReason::Quarantined | IgnoredReason::Parked = reason {
                let copy_of = passed.copy_of.as_ref().and_then(|of| input_of(self.entry, &of.topic, of.offset));
                self.blocks.keep((input, offset), at_ms, passed, copy_of);
            }
            let known = &mut self.inputs[input];
            known.accounted.insert(offset);
            report.check(Id::I14, offset >= known.ignored, || {
                format!("{}: {}@{offset} is ignored again", place(record), position.topic)
            });
            known.ignored = known.ignored.max(offset + 1);
        }
    }

    /// Adds what was ignored to the whole.
    pub(crate) fn sum_up(&self, report: &mut Report) {
        for (reason, count) in &self.ignored {
            let reason = IgnoredReason::try_from(*reason).unwrap_or_default();
            let name = reason.as_str_name().trim_start_matches("IGNORED_REASON_").to_ascii_lowercase();
            *report.summary.ignored.entry(name).or_insert(0) += count;
        }
    }
}

/// Which input a position is of, and its offset.
fn input_of(stage: &StageEntry, topic: &str, offset: i64) -> Option<(usize, i64)> {
    let input = stage.inputs.iter().position(|input| input.name() == topic)?;
    Some((input, offset))
}
