//! One input, or one deadline: what is to be done with it.

use super::commands::is_callers;
use super::partition::fingerprint;
use super::trace::Traced;
use super::transaction::Cause;
use super::waiting::Turn;
use super::worker::Active;
use crate::log::Log;
use crate::{Effects, Incoming, LogError, Record, Topology};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use weir_decider::plant::planted;
use weir_decider::{Decider, Decision, Fault, Ignored, Moment, Outcome};
use weir_proto::log::v1::{Closed, IgnoredReason, Meta, stage_fact::Fact};

pub(super) type DecisionOf<T> =
    Decision<<<T as Topology>::State as Decider>::Fact, <<T as Topology>::State as Decider>::Message>;

/// What came of reading an input; reading may panic.
type Read<T> = std::thread::Result<Result<Incoming<<<T as Topology>::State as Decider>::Input>, Fault>>;

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
        let next = record.offset + i64::from(!planted("offset-without-plus-one"));
        partition.next_input.insert(record.topic, next);
        partition.advance_clock(record.time);
        let owner = partition.owner;
        if let Some(open) = &mut self.open {
            open.touch(number, owner);
            open.inputs += 1;
        }
        if record.headers.redriven.is_some() && !self.is_for_us(record) {
            self.ignore(record, IgnoredReason::Irrelevant);
            return Ok(());
        }
        match self.turn(record) {
            Turn::Free => self.judge_read(record, read),
            Turn::First => {
                self.judge_read(record, read)?;
                self.settle(record)
            }
            Turn::Waits => self.park(record),
            Turn::Never => self.park_torn(record),
        }
    }

    fn judge_read(&mut self, record: &Record, read: Read<T>) -> Result<(), LogError> {
        let incoming = match read {
            Ok(Ok(incoming)) if incoming.meta.key == record.key => incoming,
            Ok(Ok(incoming)) => {
                let detail = format!("the meta says {:?}, the record {:?}", incoming.meta.key, record.key);
                return self.leave_out(record, &Fault::field("wrong-key", "meta.key", detail));
            }
            Ok(Err(fault)) => return self.cannot_read(record, &fault),
            Err(_) => return self.cannot_read(record, &Fault::whole("panic", "reading the record panicked")),
        };
        if let Some(answer) = self.known_command(record, &incoming.meta) {
            return self.answer_again(record, &incoming.meta, answer);
        }
        if let Some(refusal) = self.out_of_turn(record, &incoming.meta) {
            return self.carry_out(record, &incoming.meta, refusal);
        }
        if self.partitions[&record.partition].is_closed(&record.key) {
            self.ignore(record, IgnoredReason::Closed);
            return Ok(());
        }
        let decision = {
            let partition = &self.partitions[&record.partition];
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

    /// A caller's command that the rules need not see: its aggregate is another tenant's, is closed, or is not as the caller saw it.
    /// It is answered.
    fn out_of_turn(&self, record: &Record, meta: &Meta) -> Option<DecisionOf<T>> {
        if !is_callers(meta) {
            return None;
        }
        let partition = &self.partitions[&record.partition];
        let owner = partition.aggregates.get(record.key.as_str()).map_or("", |aggregate| &aggregate.tenant);
        if !owner.is_empty() && owner != meta.tenant {
            return Some(Decision::refuse("not-found", "this tenant has nothing of that name"));
        }
        if partition.is_closed(&record.key) {
            return Some(Decision::refuse("closed", "it came to its end long ago, and only its digest is left"));
        }
        let (seen, version) = (meta.seen_version, self.version_of(record.partition, &record.key));
        let moved_on = || format!("the caller saw version {seen}, it has version {version} now");
        (seen != 0 && seen != version).then(|| Decision::refuse("version-conflict", moved_on()))
    }

    fn carry_out(&mut self, record: &Record, meta: &Meta, decision: DecisionOf<T>) -> Result<(), LogError> {
        let span = Traced::begin(self.stage(), record);
        let traceparent = span.as_ref().map(Traced::traceparent).or_else(|| record.headers.traceparent.clone());
        let mut cause = Cause { traceparent, ..self.cause_of(record).read(meta) };
        let silent = decision.facts.is_empty();
        let outcome = decision.outcome.clone();
        let rendered = match self.render(&mut cause, decision) {
            Ok(rendered) => rendered,
            Err(oversize) => {
                self.answer(&mut cause, &Outcome::Unreadable(oversize.clone()))?;
                return self.cannot_read(record, &oversize);
            }
        };
        self.say(&cause, rendered)?;
        let answered = self.answer(&mut cause, &outcome)?;
        match outcome {
            Outcome::Ignored(reason) => self.ignore(record, reason_of(reason)),
            Outcome::Refused(_) if silent && !answered => self.ignore(record, IgnoredReason::Refused),
            Outcome::Unreadable(fault) => self.leave_out(record, &fault)?,
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
            open.deadlines += 1;
        }
        let tenant = aggregate.tenant.clone();
        let mut cause = Cause {
            partition: number,
            owner,
            at,
            reference: self.reference_seen,
            input: None,
            meta: None,
            tenant: &tenant,
            key,
            traceparent: None,
            step: 0,
        };
        if let Some(rest) = aggregate.state.rest().filter(|rest| rest.from <= at) {
            let closed = Closed { fingerprint: fingerprint(key), version, end_state: rest.end_state };
            return self.say_stage(&mut cause, Fact::Closed(closed));
        }
        let moment = Moment { key, at, world: &self.world };
        let decided = catch_unwind(AssertUnwindSafe(|| aggregate.state.expire(moment)))
            .unwrap_or_else(|_| Decision::unreadable(Fault::whole("panic", "deciding the deadline panicked")));
        let fault = match decided.outcome.clone() {
            Outcome::Unreadable(fault) => Some(fault),
            _ => match self.render(&mut cause, decided) {
                Ok(rendered) => return self.say(&cause, rendered),
                Err(oversize) => Some(oversize),
            },
        };
        if let Some(Fault { reason, detail, .. }) = fault {
            // It has no bytes that could be kept. The aggregate goes on with its inputs, its neighbours with their deadlines.
            tracing::error!(
                stage = self.stage(),
                key = &**key,
                reason,
                detail,
                "a deadline can't be decided: left out"
            );
            self.metrics.left_out();
            self.partition_mut(number)?.defuse(key);
        }
        Ok(())
    }
}

fn reason_of(reason: Ignored) -> IgnoredReason {
    match reason {
        Ignored::Duplicate => IgnoredReason::Duplicate,
        Ignored::Stale => IgnoredReason::Stale,
        Ignored::Unchanged => IgnoredReason::Unchanged,
        Ignored::Irrelevant => IgnoredReason::Irrelevant,
    }
}
