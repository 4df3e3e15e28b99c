//! What becomes of a record that can't be decided: its bytes are kept, and the partition goes on (STAGE.md §5).

use super::partition::Standing;
use super::worker::Active;
use crate::log::{Log, Stamp, Transactional as _};
use crate::{Effects, LogError, Outgoing, Record, Topology};
use weir_decider::Fault;
use weir_proto::delivery::v1::Header;
use weir_proto::log::v1::{Blocked, IgnoredReason, Meta, stage_fact::Fact};
use weir_proto::quarantine::v1::{QuarantineEvent, Quarantined, quarantine_event};
use weir_proto::topics::{Retention, Topic};

/// Steps of a block, behind whatever else the record has caused.
const STEP_BLOCKED: u32 = 1_001;

impl<T: Topology, L: Log, E: Effects<T>> Active<T, L, E> {
    /// Parks a record whose aggregate stands still; true where it did. What is written back passes a block, never a gap.
    pub(super) fn parked(&mut self, record: &Record) -> Result<bool, LogError> {
        let fault = match self.partitions[&record.partition].standing(&record.key) {
            Standing::Open => return Ok(false),
            Standing::Blocked if record.headers.redriven.is_some() => return Ok(false),
            Standing::Blocked => Fault::whole("parked", "waits behind its blocked aggregate"),
            Standing::Torn => Fault::whole("torn", "its aggregate's facts have a gap: see weir verify"),
        };
        self.quarantine(record, &fault, true)?;
        Ok(true)
    }

    /// A record that can't be read. A fact of another stage that is missing would make every later one wrong: its aggregate
    /// is blocked. A delivery or a command stands alone.
    pub(super) fn cannot_read(&mut self, record: &Record, fault: &Fault) -> Result<(), LogError> {
        self.quarantine(record, fault, false)?;
        if record.topic.entry().retention != Retention::Endless {
            return Ok(());
        }
        let mut cause = super::transaction::Cause { step: STEP_BLOCKED, ..self.cause_of(record) };
        self.say_stage(&mut cause, Fact::Blocked(Blocked { reason: fault.reason.to_owned() }))
    }

    /// Keeps the bytes of a record under its own key, and notes that it was passed over.
    pub(super) fn quarantine(&mut self, record: &Record, fault: &Fault, parked: bool) -> Result<(), LogError> {
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
        let quarantined = quarantined(self.stage(), record, fault, parked);
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
        let reason = if parked { IgnoredReason::Parked } else { IgnoredReason::Quarantined };
        self.ignore(record, reason);
        Ok(())
    }
}

fn quarantined(stage: &str, record: &Record, fault: &Fault, parked: bool) -> Quarantined {
    let header =
        |name: &str, value: &Option<String>| value.as_ref().map(|v| Header { name: name.to_owned(), value: v.clone() });
    let headers = [
        header(weir_proto::headers::TRACEPARENT, &record.headers.traceparent),
        header(weir_proto::headers::CE_TYPE, &record.headers.event_type),
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
        parked,
    }
}
