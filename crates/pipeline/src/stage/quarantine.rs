//! What becomes of a record that can't be decided: its bytes are kept, and the partition goes on (STAGE.md §5).

use super::partition::Standing;
use super::waiting::Turn;
use super::worker::Active;
use crate::log::{Log, Stamp, Transactional as _};
use crate::{Effects, LogError, Outgoing, Record, Topology};
use weir_decider::Fault;
use weir_proto::delivery::v1::Header;
use weir_proto::log::v1::{Blocked, IgnoredInput, IgnoredReason, Meta, Position, Resumed, Unblocked, stage_fact::Fact};
use weir_proto::quarantine::v1::{QuarantineEvent, Quarantined, quarantine_event};
use weir_proto::topics::{Retention, Topic};

/// Steps of what follows upon a record, behind whatever else it has caused.
const STEP_UNBLOCKED: u32 = 1_000;
const STEP_BLOCKED: u32 = 1_001;
const STEP_RESUMED: u32 = 1_002;

impl<T: Topology, L: Log, E: Effects<T>> Active<T, L, E> {
    /// Whether a record is to be decided now. One that was written back for another stage is no copy to us.
    pub(super) fn turn(&self, record: &Record) -> Turn {
        self.partitions[&record.partition].turn(&record.key, self.copy_of(record))
    }

    /// Parks a record that waits, unread: what it says is looked at when its turn comes.
    pub(super) fn park(&mut self, record: &Record) -> Result<(), LogError> {
        self.keep(record, &Fault::whole("parked", "waits behind its blocked aggregate"), IgnoredReason::Parked)
    }

    /// Keeps a record of an aggregate that stands still for good: nothing that is written back mends a gap.
    pub(super) fn park_torn(&mut self, record: &Record) -> Result<(), LogError> {
        self.keep(
            record,
            &Fault::whole("torn", "its aggregate's facts have a gap: see weir verify"),
            IgnoredReason::Parked,
        )
    }

    /// A record that can't be read. A fact of another stage that is missing would make every later one wrong: its aggregate is
    /// blocked, or stays so. A delivery or a command stands alone.
    pub(super) fn cannot_read(&mut self, record: &Record, fault: &Fault) -> Result<(), LogError> {
        if record.topic.entry().retention != Retention::Endless {
            return self.leave_out(record, fault);
        }
        self.keep(record, fault, IgnoredReason::Quarantined)?;
        if self.partitions[&record.partition].standing(&record.key) == Standing::Blocked {
            return Ok(());
        }
        let blocked = Fact::Blocked(Blocked { reason: fault.reason.to_owned() });
        self.say_of(record, STEP_BLOCKED, blocked)
    }

    /// Keeps a record that holds up nobody.
    pub(super) fn leave_out(&mut self, record: &Record, fault: &Fault) -> Result<(), LogError> {
        // First, so that it takes no place in the list again.
        self.resume(record)?;
        self.keep(record, fault, IgnoredReason::Quarantined)
    }

    /// A copy of the first that waits has been dealt with: the next is the first, or nothing waits any more.
    pub(super) fn settle(&mut self, record: &Record) -> Result<(), LogError> {
        self.resume(record)?;
        let partition = &self.partitions[&record.partition];
        if partition.standing(&record.key) == Standing::Blocked && partition.nothing_waits(&record.key) {
            self.say_of(record, STEP_UNBLOCKED, Fact::Unblocked(Unblocked {}))?;
        }
        Ok(())
    }

    /// Takes what the record is a copy of from the list, if it is the first there. One that was kept again is not: its own
    /// position has that place.
    fn resume(&mut self, record: &Record) -> Result<(), LogError> {
        let Some(position) = self.copy_of(record).cloned() else { return Ok(()) };
        let partition = &self.partitions[&record.partition];
        if !partition.waits(&record.key, &position) || partition.turn(&record.key, Some(&position)) != Turn::First {
            return Ok(());
        }
        self.say_of(record, STEP_RESUMED, Fact::Resumed(Resumed { position: Some(position) }))
    }

    fn say_of(&mut self, record: &Record, step: u32, fact: Fact) -> Result<(), LogError> {
        let mut cause = super::transaction::Cause { step, ..self.cause_of(record) };
        self.say_stage(&mut cause, fact)
    }

    /// A record that was written back is for the stage that could not take it in; the others have had it.
    pub(super) fn is_for_us(&self, record: &Record) -> bool {
        let stage = record.headers.redriven.as_deref().and_then(|place| place.split_once(':')).map(|(stage, _)| stage);
        stage == Some(self.stage())
    }

    fn copy_of<'a>(&self, record: &'a Record) -> Option<&'a Position> {
        record.headers.copy_of.as_ref().filter(|_| self.is_for_us(record))
    }

    /// Keeps the bytes of a record under its own key, and notes that it was passed over.
    fn keep(&mut self, record: &Record, fault: &Fault, reason: IgnoredReason) -> Result<(), LogError> {
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
        let partition = &self.partitions[&record.partition];
        let takes_place_of = self.copy_of(record).filter(|of| partition.waits(&record.key, of)).cloned();
        let input = IgnoredInput {
            position: Some(record.position()),
            reason: reason.into(),
            key: record.key.clone(),
            copy_of: takes_place_of.clone(),
        };
        let parked = reason == IgnoredReason::Parked;
        let quarantined = Quarantined { copy_of: takes_place_of, parked, ..quarantined(self.stage(), record, fault) };
        let meta =
            Meta { key: record.key.clone(), cause: Some(record.position()), at_ms: record.time.0, ..Meta::default() };
        let event =
            QuarantineEvent { meta: Some(meta), event: Some(quarantine_event::Event::Quarantined(quarantined)) };
        let outgoing = Outgoing {
            topic: Topic::Quarantine,
            key: record.key.clone(),
            event_type: "weir.quarantine.v1.Quarantined",
            value: prost::Message::encode_to_vec(&event),
        };
        let id = format!("{}:{}/{}/{}/quarantined", self.stage(), record.topic, record.partition, record.offset);
        let traceparent = record.headers.traceparent.as_deref();
        let stamp = Stamp { partition: None, id: &id, time: record.time, traceparent };
        self.producer()?.send(outgoing, &stamp)?;
        self.partition_mut(record.partition)?.note_ignored(&input);
        if let Some(open) = &mut self.open {
            open.pass(record, input);
        }
        Ok(())
    }
}

fn quarantined(stage: &str, record: &Record, fault: &Fault) -> Quarantined {
    let header =
        |name: &str, value: Option<&str>| value.map(|value| Header { name: name.to_owned(), value: value.to_owned() });
    let headers = [
        header(weir_proto::headers::TRACEPARENT, record.headers.traceparent.as_deref()),
        header(weir_proto::headers::CE_TYPE, record.headers.event_type.as_deref()),
        // By this one whoever wrote it back knows what came of it.
        header(weir_proto::headers::REDRIVEN, record.headers.redriven.as_deref()),
    ];
    Quarantined {
        stage: stage.to_owned(),
        position: Some(record.position()),
        reason: fault.reason.to_owned(),
        detail: fault.detail.clone(),
        field: fault.field.clone(),
        key: record.key.clone().into_bytes().into(),
        value: record.value.clone(),
        headers: headers.into_iter().flatten().collect(),
        parked: false,
        copy_of: None,
    }
}
