//! I8: one decision for each command id; the same id with another body is a conflict.
//!
//! An answer is 16 bytes: the id's fingerprint, half of the body's, the version and whether it was refused. A stage remembers answers
//! for 7 days of partition time and refuses older ids by their own timestamp, so what is older than that is forgotten here too, a little
//! later: there are two generations of 8 days.

use crate::catalogue::Id;
use crate::ids::{ByPrint, print};
use crate::report::Report;
use weir_proto::log::v1::Answered;

/// How long a generation lasts, in ms of partition time.
const GENERATION_MS: i64 = 8 * 24 * 3_600_000;
/// Set in a version where the command was refused.
const REFUSED: u32 = 1 << 31;

/// First answers of one partition.
#[derive(Default)]
pub(crate) struct Answers {
    young: ByPrint<First>,
    old: ByPrint<First>,
    since: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct First {
    /// Of the body's hash, which is evenly spread already, and of the aggregate: the same body for another is another command.
    body: u32,
    /// Of the aggregate, with [`REFUSED`].
    outcome: u32,
}

impl Answers {
    /// Takes an answer in that was given at this partition time.
    pub(crate) fn note(
        &mut self,
        at: i64,
        key: &str,
        answer: &Answered,
        place: &dyn Fn() -> String,
        report: &mut Report,
    ) {
        self.age(at);
        let about_id =
            answer.refusal.as_ref().is_some_and(|r| r.code == "command-conflict" || r.code == "command-too-old");
        let id = print(&answer.command_id);
        let given = First::of(key, answer);
        match self.young.get(&id).or_else(|| self.old.get(&id)) {
            None => {
                report
                    .check(Id::I8, !answer.repeated, || format!("{}: repeats an answer that was never given", place()));
                if !about_id {
                    self.young.insert(id, given);
                }
            }
            Some(first) if first.body != given.body => {
                report.check(Id::I8, about_id, || {
                    format!("{}: another body under the same id was not a conflict", place())
                });
            }
            Some(first) => {
                let same = answer.repeated && *first == given;
                report.check(Id::I8, same, || format!("{}: the same command was decided twice", place()));
            }
        }
    }

    fn age(&mut self, at: i64) {
        if at.saturating_sub(self.since) > GENERATION_MS {
            self.since = at;
            self.old = std::mem::take(&mut self.young);
        }
    }
}

impl First {
    fn of(key: &str, answer: &Answered) -> First {
        let mixed = print(&answer.body_hash) ^ print(key.as_bytes());
        let body = u32::try_from(mixed >> 32).unwrap_or_default();
        let version = u32::try_from(answer.version).unwrap_or(u32::MAX) & !REFUSED;
        First { body, outcome: if answer.refusal.is_some() { version | REFUSED } else { version } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::log::v1::Refusal;

    fn answer(id: u8, body: u8) -> Answered {
        Answered { command_id: vec![id; 16], body_hash: vec![body; 16], version: 3, refusal: None, repeated: false }
    }

    fn breaks(answers: &[Answered]) -> u64 {
        let (mut memory, mut report) = (Answers::default(), Report::new());
        answers.iter().for_each(|answer| memory.note(5, "order-1", answer, &|| "here".to_owned(), &mut report));
        report.breaks(Id::I8)
    }

    #[test]
    fn a_repeat_says_the_same_and_another_body_is_a_conflict() {
        let again = Answered { repeated: true, ..answer(1, 1) };
        let refusal = Some(Refusal { code: "command-conflict".to_owned(), detail: String::new() });
        let conflict = Answered { refusal, version: 0, ..answer(1, 2) };
        assert_eq!(breaks(&[answer(1, 1), again.clone(), conflict, again.clone(), answer(2, 1)]), 0);
        assert_eq!(breaks(&[answer(1, 1), answer(1, 1)]), 1, "decided twice");
        assert_eq!(breaks(&[answer(1, 1), answer(1, 2)]), 1, "another body");
        assert_eq!(breaks(&[again]), 1, "never given");
        assert_eq!(
            breaks(&[answer(1, 1), Answered { version: 4, repeated: true, ..answer(1, 1) }]),
            1,
            "another answer"
        );
    }

    #[test]
    fn the_same_id_and_body_for_another_aggregate_must_be_a_conflict() {
        let refusal = Some(Refusal { code: "command-conflict".to_owned(), detail: String::new() });
        let conflict = Answered { refusal, version: 0, ..answer(1, 1) };
        let breaks = |second: &Answered| {
            let (mut memory, mut report) = (Answers::default(), Report::new());
            memory.note(5, "order-1", &answer(1, 1), &String::new, &mut report);
            memory.note(6, "order-2", second, &String::new, &mut report);
            report.breaks(Id::I8)
        };
        assert_eq!((breaks(&conflict), breaks(&answer(1, 1))), (0, 1));
    }

    #[test]
    fn what_the_stage_has_forgotten_is_forgotten() {
        let (mut memory, mut report) = (Answers::default(), Report::new());
        for day in 0..40 {
            memory.note(
                day * 24 * 3_600_000,
                "order-1",
                &answer(u8::try_from(day).expect("small"), 1),
                &String::new,
                &mut report,
            );
        }
        assert!(memory.young.len() + memory.old.len() <= 18, "{} are kept", memory.young.len() + memory.old.len());
        assert!(report.clean());
    }
}
