//! What a decision writes: its facts, its messages, its answer.

use super::commands::{Known, is_callers, sixteen};
use super::fold::Unfit;
use super::judge::DecisionOf;
use super::transaction::{Cause, Said, stage_record};
use super::worker::Active;
use crate::log::{Log, Stamp, Transactional as _};
use crate::{Effects, LogError, Outgoing, Record, Topology};
use weir_decider::plant::planted;
use weir_decider::{Decider, Fault, Outcome};
use weir_proto::log::v1::{Answered, IgnoredReason, Meta, Refusal, stage_fact::Fact};

/// Largest record that a decision may write. A topic takes 2 MiB; what is left is for headers, and for the quarantine's own
/// words around a record of this size.
const RECORD_BYTES_MAX: usize = 1_900_000;

/// A record of a decision, encoded and not yet sent.
pub(super) struct Rendered<F> {
    record: Outgoing,
    step: u32,
    version: u64,
    /// The fact that it is; a message is none.
    fact: Option<(Meta, F)>,
}

impl<T: Topology, L: Log, E: Effects<T>> Active<T, L, E> {
    /// What an input causes, before its meta is known.
    pub(super) fn cause_of<'a>(&self, record: &'a Record) -> Cause<'a> {
        let owner = self.partitions.get(&record.partition).map_or(-1, |partition| partition.owner);
        Cause::of(record, owner, self.reference_seen)
    }

    /// Encodes a decision. All of it comes before the first record is sent, so that one that no topic takes leaves nothing half
    /// said; sizes are known here, so nothing has to be tried.
    pub(super) fn render(
        &self,
        cause: &mut Cause<'_>,
        decision: DecisionOf<T>,
    ) -> Result<Vec<Rendered<<T::State as Decider>::Fact>>, Fault> {
        let topology = &self.parts.topology;
        let mut version = self.version_of(cause.partition, cause.key);
        let mut rendered = Vec::with_capacity(decision.facts.len() + decision.messages.len());
        for fact in decision.facts {
            version += 1;
            let meta = cause.next_meta(version);
            let (record, step) = (topology.write_fact(meta.clone(), &fact), meta.step);
            rendered.push(Rendered { record, step, version, fact: Some((meta, fact)) });
        }
        for message in &decision.messages {
            let mut meta = cause.next_meta(0);
            meta.owner = 0;
            meta.command_id = cause.command_id(meta.step, version);
            let step = meta.step;
            rendered.push(Rendered { record: topology.write_message(meta, message), step, version, fact: None });
        }
        match rendered.iter().map(|r| &r.record).find(|record| record.value.len() > RECORD_BYTES_MAX) {
            None => Ok(rendered),
            Some(Outgoing { event_type, value, .. }) => {
                let detail =
                    format!("{event_type} would have {} bytes; a record has {RECORD_BYTES_MAX} at most", value.len());
                Err(Fault::whole("oversize", detail))
            }
        }
    }

    /// Writes a decision's facts and messages, and takes the facts into memory.
    pub(super) fn say(
        &mut self,
        cause: &Cause<'_>,
        rendered: Vec<Rendered<<T::State as Decider>::Fact>>,
    ) -> Result<(), LogError> {
        for Rendered { record, step, version, fact } in rendered {
            let home = fact.is_some().then_some(cause.partition);
            self.write(cause, record, home, step, version)?;
            let Some((meta, fact)) = fact else { continue };
            let partition = self.partition_mut(cause.partition)?;
            match partition.evolve(cause.at, &meta, &fact) {
                Ok(()) => {}
                Err(Unfit::Gap(why)) => return Err(LogError::Fatal(format!("own fact does not fit: {why}"))),
                Err(Unfit::Broken(broken)) => {
                    self.stop_partition(cause.partition, broken);
                    return Err(LogError::Abort(format!("partition {} is stopped", cause.partition)));
                }
            }
            let key = partition.intern(cause.key);
            let traceparent = cause.traceparent.clone();
            if planted("effect-before-commit")
                && let Some(aggregate) = self.partitions.get(&cause.partition).and_then(|p| p.aggregates.get(&key))
            {
                self.parts.effects.committed(cause.partition, &key, &aggregate.state, &fact, traceparent.as_deref());
            }
            if let Some(open) = &mut self.open {
                open.said.push(Said { partition: cause.partition, key, fact, traceparent });
            }
        }
        Ok(())
    }

    pub(super) fn say_stage(&mut self, cause: &mut Cause<'_>, fact: Fact) -> Result<(), LogError> {
        let meta = cause.next_meta(0);
        let step = meta.step;
        let record = stage_record(self.parts.topology.facts(), meta, fact.clone());
        self.write(cause, record, Some(cause.partition), step, 0)?;
        let (at, key, input) = (cause.at, cause.key, cause.input.map(Record::position));
        self.partition_mut(cause.partition)?.evolve_stage(at, key, input.as_ref(), &fact);
        Ok(())
    }

    /// Answers a caller's command; false where the input was none.
    pub(super) fn answer(&mut self, cause: &mut Cause<'_>, outcome: &Outcome) -> Result<bool, LogError> {
        let Some(meta) = cause.meta else { return Ok(false) };
        if !is_callers(meta) {
            return Ok(false);
        }
        let refusal = match outcome {
            Outcome::Accepted | Outcome::Ignored(_) => None,
            Outcome::Refused(refusal) => {
                Some(Refusal { code: refusal.code.to_owned(), detail: refusal.detail.clone() })
            }
            Outcome::Unreadable(fault) => {
                Some(Refusal { code: fault.reason.to_owned(), detail: format!("{}: {}", fault.field, fault.detail) })
            }
        };
        let answered = Answered {
            command_id: meta.command_id.clone(),
            body_hash: meta.body_hash.clone(),
            version: self.version_of(cause.partition, cause.key),
            refusal,
            repeated: false,
        };
        self.say_stage(cause, Fact::Answered(answered))?;
        Ok(true)
    }

    pub(super) fn known_command(&self, record: &Record, meta: &Meta) -> Option<Answered> {
        let (id, hash) = (sixteen(&meta.command_id)?, sixteen(&meta.body_hash)?);
        match self.partitions[&record.partition].commands.look_up(id, hash, &record.key, record.time) {
            Known::New => None,
            Known::Answer(answer) => Some(answer),
        }
    }

    pub(super) fn answer_again(&mut self, record: &Record, meta: &Meta, answer: Answered) -> Result<(), LogError> {
        let reason = if answer.repeated { IgnoredReason::Duplicate } else { IgnoredReason::Refused };
        let traceparent = record.headers.traceparent.clone();
        let mut cause = Cause { traceparent, ..self.cause_of(record).read(meta) };
        self.say_stage(&mut cause, Fact::Answered(answer))?;
        self.ignore(record, reason);
        Ok(())
    }

    pub(super) fn ignore(&mut self, record: &Record, reason: IgnoredReason) {
        if let Some(open) = &mut self.open {
            open.ignore(record, reason);
        }
    }

    pub(super) fn version_of(&self, partition: i32, key: &str) -> u64 {
        self.partitions.get(&partition).and_then(|p| p.aggregates.get(key)).map_or(0, |a| a.version)
    }

    fn write(
        &mut self,
        cause: &Cause<'_>,
        record: Outgoing,
        partition: Option<i32>,
        step: u32,
        version: u64,
    ) -> Result<(), LogError> {
        let id = cause.record_id(self.stage(), step, version);
        let traceparent = cause.traceparent.as_deref();
        let stamp = Stamp { partition, id: &id, time: cause.at, traceparent };
        self.producer()?.send(record, &stamp)
    }
}
