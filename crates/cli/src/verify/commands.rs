//! I8: one decision for each command id; the same id with another body is a conflict.

use super::report::Report;
use std::collections::HashMap;
use weir_proto::log::v1::Answered;

/// First answers of one partition.
#[derive(Default)]
pub struct Answers {
    first: HashMap<Vec<u8>, First>,
}

struct First {
    body_hash: Vec<u8>,
    version: u64,
    refused: bool,
}

impl Answers {
    pub fn note(&mut self, answer: &Answered, place: &dyn Fn() -> String, report: &mut Report) {
        let conflict =
            answer.refusal.as_ref().is_some_and(|r| r.code == "command-conflict" || r.code == "command-too-old");
        match self.first.get(&answer.command_id) {
            None => {
                report.check("I8", !answer.repeated, || format!("{}: repeats an answer that was never given", place()));
                if !conflict {
                    let first = First {
                        body_hash: answer.body_hash.clone(),
                        version: answer.version,
                        refused: answer.refusal.is_some(),
                    };
                    self.first.insert(answer.command_id.clone(), first);
                }
            }
            Some(first) if first.body_hash != answer.body_hash => {
                report.check("I8", conflict, || {
                    format!("{}: another body under the same id was not a conflict", place())
                });
            }
            Some(first) => {
                let same =
                    answer.repeated && answer.version == first.version && answer.refusal.is_some() == first.refused;
                report.check("I8", same, || format!("{}: the same command was decided twice", place()));
            }
        }
    }
}
