//! What one transaction holds: records out, inputs passed over, offsets in.

use super::trace::Traced;
use crate::log::{Offsets, Stamp, Transactional};
use crate::record::TopicPartition;
use crate::{LogError, Outgoing, Record};
use prost::Message as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_decider::Millis;
use weir_decider::plant::planted;
use weir_proto::log::v1::{Envelope, Ignored, IgnoredInput, IgnoredReason, Meta, StageFact, stage_fact::Fact};
use weir_proto::topics::Topic;

/// An open transaction, as the worker keeps its books.
pub(super) struct Open<F> {
    /// Inputs that changed nothing, by partition.
    pub(super) ignored: BTreeMap<i32, Passed>,
    /// Partitions that own facts were written for, or inputs taken from.
    pub(super) touched: BTreeMap<i32, i64>,
    /// For the effects, after the commit.
    pub(super) said: Vec<Said<F>>,
    pub(super) inputs: usize,
    /// Deadlines that were decided, by a clock that the acknowledgements have yet to confirm.
    pub(super) deadlines: usize,
    pub(super) began: Millis,
    /// Spans end with the transaction.
    pub(super) spans: Vec<Traced>,
}

/// Inputs of one partition that changed nothing, and the time of the last of them.
#[derive(Default)]
pub(super) struct Passed {
    inputs: Vec<IgnoredInput>,
    at: Millis,
}

impl Passed {
    pub(super) fn nothing(at: Millis) -> Passed {
        Passed { inputs: Vec::new(), at }
    }
}

/// A fact that was said in this transaction.
pub(super) struct Said<F> {
    pub(super) partition: i32,
    pub(super) key: Arc<str>,
    pub(super) fact: F,
    pub(super) traceparent: Option<String>,
}

impl<F> Open<F> {
    pub(super) fn new(began: Millis) -> Open<F> {
        Open {
            ignored: BTreeMap::new(),
            touched: BTreeMap::new(),
            said: Vec::new(),
            inputs: 0,
            deadlines: 0,
            began,
            spans: Vec::new(),
        }
    }

    pub(super) fn touch(&mut self, partition: i32, owner: i64) {
        self.touched.insert(partition, owner);
    }

    pub(super) fn ignore(&mut self, record: &Record, reason: IgnoredReason) {
        let (position, key) = (Some(record.position()), record.key.clone());
        self.pass(record, IgnoredInput { position, reason: reason.into(), key, copy_of: None });
    }

    /// The record's entry among what changed nothing.
    pub(super) fn pass(&mut self, record: &Record, input: IgnoredInput) {
        let passed = self.ignored.entry(record.partition).or_default();
        passed.at = passed.at.max(record.time);
        passed.inputs.push(input);
    }
}

/// Where a decision stands: its cause, its time, its owner, and the count of its records.
pub(super) struct Cause<'a> {
    pub(super) partition: i32,
    pub(super) owner: i64,
    pub(super) at: Millis,
    pub(super) reference: i64,
    /// Position of the input; a deadline has none.
    pub(super) input: Option<&'a Record>,
    /// Of the input.
    pub(super) meta: Option<&'a Meta>,
    pub(super) tenant: &'a str,
    pub(super) key: &'a str,
    pub(super) traceparent: Option<String>,
    pub(super) step: u32,
}

impl<'a> Cause<'a> {
    /// An input's, without the meta that it may carry.
    pub(super) fn of(record: &'a Record, owner: i64, reference: i64) -> Cause<'a> {
        Cause {
            partition: record.partition,
            owner,
            at: record.time,
            reference,
            input: Some(record),
            meta: None,
            tenant: "",
            key: &record.key,
            traceparent: None,
            step: 0,
        }
    }

    /// With the meta of the input.
    pub(super) fn read(self, meta: &'a Meta) -> Cause<'a> {
        Cause { meta: Some(meta), tenant: &meta.tenant, ..self }
    }
}

impl Cause<'_> {
    /// Meta of the next record of this decision.
    pub(super) fn next_meta(&mut self, version: u64) -> Meta {
        let step = self.step;
        self.step += 1;
        Meta {
            tenant: self.tenant.to_owned(),
            key: self.key.to_owned(),
            version,
            cause: self.input.map(Record::position),
            owner: self.owner,
            at_ms: self.at.0,
            command_id: self.meta.map(|m| m.command_id.clone()).unwrap_or_default(),
            actor: self.meta.and_then(|m| m.actor.clone()),
            reference: self.reference,
            step,
            body_hash: Vec::new(),
            seen_version: 0,
        }
    }

    /// The id of the command that this decision sends with this step: the same whenever it is decided again. `version` is that of
    /// the aggregate after it.
    pub(super) fn command_id(&self, step: u32, version: u64) -> Vec<u8> {
        let id = match self.input {
            Some(input) => weir_proto::ids::derived_command(input.topic.name(), input.partition, input.offset, step),
            None => {
                let version = i64::try_from(version).unwrap_or(i64::MAX);
                weir_proto::ids::derived_command(self.key, self.partition, version, step)
            }
        };
        id.as_bytes().to_vec()
    }

    /// The id of the record with this step: the same whenever it is decided again.
    pub(super) fn record_id(&self, stage: &str, step: u32, version: u64) -> String {
        match self.input {
            Some(input) => format!("{stage}:{}/{}/{}/{step}", input.topic, input.partition, input.offset),
            None => format!("{stage}:{}/{version}/{step}", self.key),
        }
    }
}

/// A stage's fact as a record of the fact topic.
pub(super) fn stage_record(topic: Topic, meta: Meta, fact: Fact) -> Outgoing {
    let event_type = match &fact {
        Fact::Took(_) => "weir.log.v1.Took",
        Fact::Ignored(_) => "weir.log.v1.Ignored",
        Fact::Blocked(_) => "weir.log.v1.Blocked",
        Fact::Resumed(_) => "weir.log.v1.Resumed",
        Fact::Unblocked(_) => "weir.log.v1.Unblocked",
        Fact::Closed(_) => "weir.log.v1.Closed",
        Fact::Answered(_) => "weir.log.v1.Answered",
    };
    let key = meta.key.clone();
    let envelope = Envelope { meta: Some(meta), stage: Some(StageFact { fact: Some(fact) }) };
    Outgoing { topic, key, event_type, value: envelope.encode_to_vec() }
}

/// Writes the one `Ignored` of each partition.
pub(super) fn write_ignored<P, X: Transactional<P>>(
    producer: &mut X,
    facts: Topic,
    stage: &str,
    open: &mut Open<impl Sized>,
) -> Result<(), LogError> {
    if planted("ignored-not-recorded") {
        return Ok(());
    }
    for (partition, Passed { inputs, at }) in std::mem::take(&mut open.ignored) {
        let owner = open.touched.get(&partition).copied().unwrap_or(-1);
        let cause = inputs.last().and_then(|input| input.position.clone());
        let id = match &cause {
            Some(cause) => format!("{stage}:{}/{}/{}/ignored", cause.topic, cause.partition, cause.offset),
            None => format!("{stage}:{partition}/{}/nothing", at.0),
        };
        let meta = Meta { key: stage.to_owned(), owner, at_ms: at.0, cause, ..Meta::default() };
        let record = stage_record(facts, meta, Fact::Ignored(Ignored { inputs }));
        producer.send(record, &Stamp { partition: Some(partition), id: &id, time: at, traceparent: None })?;
    }
    Ok(())
}

/// The offsets of a transaction: for every partition touched, the next offset of each input, unchanged if need be.
pub(super) fn offsets<'a>(touched: impl Iterator<Item = (i32, &'a BTreeMap<Topic, i64>)>) -> Offsets {
    let mut offsets = Offsets::new();
    for (partition, next) in touched {
        for (topic, offset) in next {
            offsets.insert(TopicPartition::new(*topic, partition), *offset);
        }
    }
    offsets
}
