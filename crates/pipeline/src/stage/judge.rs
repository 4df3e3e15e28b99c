//! One input, or one deadline: decide, say, tell.

use super::commands::{Known, sixteen};
use super::partition::fingerprint;
use super::trace::Traced;
use super::transaction::{Cause, Said, stage_record};
use super::worker::Active;
use crate::log::{Log, Stamp, Transactional as _};
use crate::{Effects, Incoming, LogError, Record, Topology};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use weir_decider::{Decider, Decision, Fault, Ignored, Moment, Outcome};
use weir_proto::delivery::v1::Header;
use weir_proto::log::v1::{Answered, Blocked, Closed, IgnoredReason, Meta, Refusal, Unblocked, stage_fact::Fact};
use weir_proto::quarantine::v1::{QuarantineEvent, Quarantined, quarantine_event};
use weir_proto::topics::{Retention, Topic};

type DecisionOf<T> = Decision<<<T as Topology>::State as Decider>::Fact, <<T as Topology>::State as Decider>::Message>;

impl<T: Topology, L: Log, E: Effects<T>> Active<T, L, E> {
    /// Takes one input in.
    pub(super) fn judge(&mut self, record: &Record) -> Result<(), LogError> {
        let number = record.partition;
        let Some(partition) = self.partitions.get(&number) else { return Ok(()) };
        if partition.next_input.get(&record.topic).is_some_and(|next| record.offset < *next) {
            return Ok(());
        }
        let topology = self.parts.topology.clone();
        let read = catch_unwind(AssertUnwindSafe(|| topology.read(record)));
        if let Ok(Ok(incoming)) = &read {
            self.await_reference(incoming.meta.reference)?;
        }
        self.begin()?;
        // Only now: what was open may just have been committed, and this record is not part of it.
        let partition = self.partition_mut(number)?;
        partition.next_input.insert(record.topic, record.offset + 1);
        partition.advance_clock(record.time);
        let owner = partition.owner;
        if let Some(open) = &mut self.open {
            open.touch(number, owner);
            open.inputs += 1;
        }
        self.judge_read(record, read)?;
        if record.headers.unblock && self.is_for_us(record) {
            self.unblock(record)?;
        }
        Ok(())
    }

    fn judge_read(
        &mut self,
        record: &Record,
        read: std::thread::Result<Result<Incoming<<T::State as Decider>::Input>, Fault>>,
    ) -> Result<(), LogError> {
        let number = record.partition;
        if record.headers.redriven.is_some() && !self.is_for_us(record) {
            self.ignore(record, IgnoredReason::Irrelevant);
            return Ok(());
        }
        let incoming = match read {
            Ok(Ok(incoming)) if incoming.meta.key == record.key => incoming,
            Ok(Ok(incoming)) => {
                let detail = format!("the meta says {:?}, the record {:?}", incoming.meta.key, record.key);
                return self.quarantine(record, &Fault::field("wrong-key", "meta.key", detail), false);
            }
            Ok(Err(fault)) => return self.cannot_read(record, &fault),
            Err(_) => return self.cannot_read(record, &Fault::whole("panic", "reading the record panicked")),
        };
        if self.parked(record)? {
            return Ok(());
        }
        if let Some(answer) = self.known_command(record, &incoming.meta) {
            return self.answer_again(record, &incoming.meta, answer);
        }
        if self.partitions[&number].closed.contains_key(&fingerprint(&record.key)) {
            self.ignore(record, IgnoredReason::Closed);
            return Ok(());
        }
        let decision = {
            let partition = &self.partitions[&number];
            let fresh = T::State::default();
            let state = partition.aggregates.get(record.key.as_str()).map_or(&fresh, |a| &a.state);
            let moment = Moment { key: &record.key, at: record.time, world: &self.world };
            catch_unwind(AssertUnwindSafe(|| state.decide(moment, &incoming.input)))
        };
        match decision {
            Ok(decision) => self.carry_out(record, &incoming.meta, decision),
            Err(_) => self.cannot_read(record, &Fault::whole("panic", "deciding the record panicked")),
        }
    }

    /// A record that was written back is for the stage that could not read it; the others have had it.
    fn is_for_us(&self, record: &Record) -> bool {
        let stage = record.headers.redriven.as_deref().and_then(|place| place.split_once(':')).map(|(stage, _)| stage);
        stage == Some(self.stage())
    }

    /// The last redriven record lifts the block, whatever came of it.
    fn unblock(&mut self, record: &Record) -> Result<(), LogError> {
        let blocked = self.partitions[&record.partition].aggregates.get(record.key.as_str()).is_some_and(|a| a.blocked);
        if !blocked {
            return Ok(());
        }
        let mut cause = Cause {
            partition: record.partition,
            owner: self.partitions[&record.partition].owner,
            at: record.time,
            reference: self.reference_next,
            input: Some(record),
            meta: None,
            tenant: "",
            key: &record.key,
            traceparent: None,
            // Behind whatever the record itself caused.
            step: 1_000,
        };
        self.say_stage(&mut cause, Fact::Unblocked(Unblocked {}))
    }

    fn carry_out(&mut self, record: &Record, meta: &Meta, decision: DecisionOf<T>) -> Result<(), LogError> {
        let span = Traced::begin(self.stage(), record);
        let traceparent = span.as_ref().map(Traced::traceparent).or_else(|| record.headers.traceparent.clone());
        let partition = &self.partitions[&record.partition];
        let mut cause = Cause {
            partition: record.partition,
            owner: partition.owner,
            at: record.time,
            reference: self.reference_next,
            input: Some(record),
            meta: Some(meta),
            tenant: &meta.tenant,
            key: &record.key,
            traceparent,
            step: 0,
        };
        let silent = decision.facts.is_empty();
        let outcome = decision.outcome.clone();
        self.say(&mut cause, decision)?;
        let answered = self.answer(&mut cause, &outcome)?;
        match outcome {
            Outcome::Ignored(reason) => self.ignore(record, reason_of(reason)),
            Outcome::Refused(_) if silent && !answered => self.ignore(record, IgnoredReason::Refused),
            Outcome::Unreadable(fault) => self.quarantine(record, &fault, false)?,
            Outcome::Accepted if silent && !answered => self.ignore(record, IgnoredReason::Unchanged),
            Outcome::Accepted | Outcome::Refused(_) => {}
        }
        if let (Some(open), Some(span)) = (&mut self.open, span) {
            open.spans.push(span);
        }
        Ok(())
    }

    /// A deadline, or the rest of an aggregate, has come.
    pub(super) fn judge_due(&mut self, number: i32, key: &Arc<str>) -> Result<(), LogError> {
        self.begin()?;
        let partition = &self.partitions[&number];
        let Some(aggregate) = partition.aggregates.get(key) else { return Ok(()) };
        let (at, owner, version) = (partition.clock, partition.owner, aggregate.version);
        if let Some(open) = &mut self.open {
            open.touch(number, owner);
        }
        let tenant = aggregate.tenant.clone();
        let mut cause = Cause {
            partition: number,
            owner,
            at,
            reference: self.reference_next,
            input: None,
            meta: None,
            tenant: &tenant,
            key,
            traceparent: None,
            step: 0,
        };
        let aggregate = &self.partitions[&number].aggregates[key];
        if let Some(rest) = aggregate.state.rest().filter(|rest| rest.from <= at) {
            let closed = Closed { fingerprint: fingerprint(key), version, end_state: rest.end_state };
            return self.say_stage(&mut cause, Fact::Closed(closed));
        }
        let moment = Moment { key, at, world: &self.world };
        match catch_unwind(AssertUnwindSafe(|| aggregate.state.expire(moment))) {
            Ok(decision) => self.say(&mut cause, decision),
            Err(_) => Err(LogError::Fatal(format!("the deadline of {key} panicked"))),
        }
    }

    /// Writes a decision's facts and messages, and takes the facts into memory.
    fn say(&mut self, cause: &mut Cause<'_>, decision: DecisionOf<T>) -> Result<(), LogError> {
        let topology = self.parts.topology.clone();
        for fact in decision.facts {
            let version = self.version_of(cause.partition, cause.key) + 1;
            let meta = cause.next_meta(version);
            let step = meta.step;
            let record = topology.write_fact(meta.clone(), &fact);
            self.write(cause, record, Some(cause.partition), step, version)?;
            let partition = self.partition_mut(cause.partition)?;
            partition
                .evolve(cause.at, &meta, &fact)
                .map_err(|why| LogError::Fatal(format!("own fact does not fit: {why}")))?;
            let key = partition.intern(cause.key);
            let traceparent = cause.traceparent.clone();
            if let Some(open) = &mut self.open {
                open.said.push(Said { partition: cause.partition, key, fact, traceparent });
            }
        }
        for message in &decision.messages {
            let mut meta = cause.next_meta(0);
            meta.owner = 0;
            meta.command_id = match cause.input {
                Some(input) => {
                    weir_proto::ids::derived_command(input.topic.name(), input.partition, input.offset, meta.step)
                }
                None => {
                    let version = i64::try_from(self.version_of(cause.partition, cause.key)).unwrap_or(i64::MAX);
                    weir_proto::ids::derived_command(cause.key, cause.partition, version, meta.step)
                }
            }
            .as_bytes()
            .to_vec();
            let step = meta.step;
            let record = topology.write_message(meta, message);
            let version = self.version_of(cause.partition, cause.key);
            self.write(cause, record, None, step, version)?;
        }
        Ok(())
    }

    /// Answers a caller's command; false where the input was none.
    fn answer(&mut self, cause: &mut Cause<'_>, outcome: &Outcome) -> Result<bool, LogError> {
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

    fn known_command(&self, record: &Record, meta: &Meta) -> Option<Answered> {
        let (id, hash) = (sixteen(&meta.command_id)?, sixteen(&meta.body_hash)?);
        match self.partitions[&record.partition].commands.look_up(id, hash, record.time) {
            Known::New => None,
            Known::Answer(answer) => Some(answer),
        }
    }

    fn answer_again(&mut self, record: &Record, meta: &Meta, answer: Answered) -> Result<(), LogError> {
        let reason = if answer.repeated { IgnoredReason::Duplicate } else { IgnoredReason::Refused };
        let owner = self.partitions[&record.partition].owner;
        let mut cause = Cause {
            partition: record.partition,
            owner,
            at: record.time,
            reference: self.reference_next,
            input: Some(record),
            meta: Some(meta),
            tenant: &meta.tenant,
            key: &record.key,
            traceparent: record.headers.traceparent.clone(),
            step: 0,
        };
        self.say_stage(&mut cause, Fact::Answered(answer))?;
        self.ignore(record, reason);
        Ok(())
    }

    /// Parks a record whose aggregate is blocked; true where it did.
    fn parked(&mut self, record: &Record) -> Result<bool, LogError> {
        let blocked = self.partitions[&record.partition].aggregates.get(record.key.as_str()).is_some_and(|a| a.blocked);
        if !blocked || record.headers.redriven.is_some() {
            return Ok(false);
        }
        self.quarantine(record, &Fault::whole("parked", "waits behind its blocked aggregate"), true)?;
        Ok(true)
    }

    /// A record that can't be read. A fact of another stage that is missing would make every later one wrong: its aggregate
    /// is blocked. A delivery or a command stands alone.
    fn cannot_read(&mut self, record: &Record, fault: &Fault) -> Result<(), LogError> {
        self.quarantine(record, fault, false)?;
        if record.topic.entry().retention != Retention::Endless {
            return Ok(());
        }
        let owner = self.partitions[&record.partition].owner;
        let mut cause = Cause {
            partition: record.partition,
            owner,
            at: record.time,
            reference: self.reference_next,
            input: Some(record),
            meta: None,
            tenant: "",
            key: &record.key,
            traceparent: None,
            step: 0,
        };
        self.say_stage(&mut cause, Fact::Blocked(Blocked { reason: fault.reason.to_owned() }))
    }

    /// Keeps the bytes of a record under its own key, and notes that it was passed over.
    fn quarantine(&mut self, record: &Record, fault: &Fault, parked: bool) -> Result<(), LogError> {
        tracing::warn!(
            stage = self.stage(),
            topic = record.topic.name(),
            partition = record.partition,
            offset = record.offset,
            reason = fault.reason,
            field = fault.field,
            "record put into quarantine"
        );
        self.metrics.quarantined();
        let meta =
            Meta { key: record.key.clone(), cause: Some(record.position()), at_ms: record.time.0, ..Meta::default() };
        let header = |name: &str, value: &Option<String>| {
            value.as_ref().map(|v| Header { name: name.to_owned(), value: v.clone() })
        };
        let headers = [
            header(weir_proto::headers::TRACEPARENT, &record.headers.traceparent),
            header(weir_proto::headers::CE_TYPE, &record.headers.event_type),
        ];
        let quarantined = Quarantined {
            stage: self.stage().to_owned(),
            position: Some(record.position()),
            reason: fault.reason.to_owned(),
            detail: fault.detail.clone(),
            field: fault.field.clone(),
            key: record.key.clone().into_bytes().into(),
            value: record.value.clone(),
            headers: headers.into_iter().flatten().collect(),
            parked,
        };
        let event =
            QuarantineEvent { meta: Some(meta), event: Some(quarantine_event::Event::Quarantined(quarantined)) };
        let outgoing = crate::Outgoing {
            topic: Topic::Quarantine,
            key: record.key.clone(),
            event_type: "weir.quarantine.v1.Quarantined",
            value: prost::Message::encode_to_vec(&event),
        };
        let id = format!("{}:{}/{}/{}/quarantined", self.stage(), record.topic, record.partition, record.offset);
        let traceparent = record.headers.traceparent.as_deref();
        let stamp = Stamp { partition: None, id: &id, time: record.time, traceparent };
        self.producer()?.send(outgoing, &stamp)?;
        let reason = if parked { IgnoredReason::Parked } else { IgnoredReason::Quarantined };
        self.ignore(record, reason);
        Ok(())
    }

    fn say_stage(&mut self, cause: &mut Cause<'_>, fact: Fact) -> Result<(), LogError> {
        let meta = cause.next_meta(0);
        let step = meta.step;
        let record = stage_record(self.parts.topology.facts(), meta, fact.clone());
        self.write(cause, record, Some(cause.partition), step, 0)?;
        let (at, key) = (cause.at, cause.key);
        self.partition_mut(cause.partition)?.evolve_stage(at, key, fact);
        Ok(())
    }

    fn write(
        &mut self,
        cause: &Cause<'_>,
        record: crate::Outgoing,
        partition: Option<i32>,
        step: u32,
        version: u64,
    ) -> Result<(), LogError> {
        let id = cause.record_id(self.stage(), step, version);
        let traceparent = cause.traceparent.as_deref();
        let stamp = Stamp { partition, id: &id, time: cause.at, traceparent };
        self.producer()?.send(record, &stamp)
    }

    fn ignore(&mut self, record: &Record, reason: IgnoredReason) {
        if let Some(open) = &mut self.open {
            open.ignore(record, reason);
        }
    }

    fn version_of(&self, partition: i32, key: &str) -> u64 {
        self.partitions.get(&partition).and_then(|p| p.aggregates.get(key)).map_or(0, |a| a.version)
    }
}

/// A caller's command has a UUIDv7 and a body hash; what a stage tells has a derived id.
fn is_callers(meta: &Meta) -> bool {
    meta.body_hash.len() == 16 && sixteen(&meta.command_id).is_some()
}

fn reason_of(reason: Ignored) -> IgnoredReason {
    match reason {
        Ignored::Duplicate => IgnoredReason::Duplicate,
        Ignored::Stale => IgnoredReason::Stale,
        Ignored::Unchanged => IgnoredReason::Unchanged,
        Ignored::Irrelevant => IgnoredReason::Irrelevant,
    }
}
