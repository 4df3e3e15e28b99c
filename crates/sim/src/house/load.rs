//! The workload as the house sees it, and the outcomes of notices on their way back into the log.

use super::checks::Breach;
use super::coverage::Coverage;
use super::plan::{Fault, Plan};
use super::tail::Records;
use crate::workload::{Action, Facts, Outcome, Shape, What, Workload};
use prost::Message as _;
use std::time::Duration;
use weir_decider::Millis;
use weir_notification::effects::job::Ended;
use weir_notification::effects::outcome::command;
use weir_pipeline::{Outgoing, Record};
use weir_privacy::TenantKey;
use weir_proto::notice::v1::NoticeCommand;
use weir_proto::reference::v1::ReferenceEvent;

/// A seed's workload.
pub(super) struct Load {
    workload: Workload,
}

impl Load {
    pub(super) fn new(plan: &Plan) -> Load {
        let orders = u32::try_from(plan.orders).unwrap_or(u32::MAX);
        let mut shape = Shape { begins_ms: plan.settings.begins_ms, ..Shape::drawn(plan.seed, orders) };
        if !plan.has(Fault::Inputs) {
            let none = Shape::plain(orders);
            shape.duplicates = none.duplicates;
            shape.reorder = none.reorder;
            shape.late_copies = none.late_copies;
            shape.other_bodies = none.other_bodies;
            shape.repeats = none.repeats;
            shape.conflicts = none.conflicts;
            shape.stale = none.stale;
        }
        if !plan.has(Fault::Poison) {
            (shape.poison, shape.oversize) = (0, false);
        }
        if !plan.has(Fault::Burst) {
            shape.bursts = 0;
        }
        Load { workload: Workload::new(plan.seed, shape) }
    }

    pub(super) fn key(&self) -> TenantKey {
        self.workload.key()
    }

    pub(super) fn reference(&self, key: &TenantKey) -> Vec<(String, ReferenceEvent)> {
        self.workload.reference(key)
    }

    pub(super) fn reference_read(&mut self, next: i64) {
        self.workload.reference_read(next);
    }

    pub(super) fn is_over(&self) -> bool {
        self.workload.is_over()
    }

    pub(super) fn next_due(&mut self) -> Option<Duration> {
        self.workload.next_due()
    }

    /// The next action, if it is due by then.
    pub(super) fn take(&mut self, now: Duration) -> Option<Action> {
        self.workload.next_due().filter(|due| *due <= now)?;
        self.workload.next().map(|(_, action)| action)
    }

    pub(super) fn react(&mut self, record: &Record, now: Millis) -> Vec<(Duration, Action)> {
        self.workload.react(record, now)
    }

    pub(super) fn settled(&mut self, action: Action, outcome: Outcome) -> Option<(Duration, Action)> {
        self.workload.settled(action, outcome)
    }

    /// What was acknowledged, and how often.
    pub(super) fn count(&self, coverage: &mut Coverage) -> u64 {
        let counts = self.workload.counts();
        counts.iter().for_each(|(what, times)| coverage.add(what, *times));
        counts.values().sum()
    }

    /// Every promise that the outside was given, against what was said.
    pub(super) fn check(&self, records: &Records) -> Vec<Breach> {
        let mut facts = Facts::new();
        records.all().for_each(|record| facts.take(record));
        self.workload.books().check(&facts).into_iter().map(breach).collect()
    }
}

/// Names of everything that a workload can do.
pub(super) fn deeds() -> impl Iterator<Item = &'static str> {
    What::ALL.iter().map(|what| what.name())
}

/// A sentence of the books: "order 1f…: …" is about that order.
fn breach(detail: String) -> Breach {
    let key = detail.strip_prefix("order ").and_then(|rest| rest.split(':').next()).unwrap_or("books");
    Breach { invariant: "books".to_owned(), key: key.to_owned(), detail }
}

/// The record that the service's own effects write, at the world's time.
pub(super) fn outcome(ended: Ended, now: Millis) -> Outgoing {
    let mut record = command(ended);
    if let Ok(mut told) = NoticeCommand::decode(record.value.as_slice()) {
        if let Some(meta) = &mut told.meta {
            meta.at_ms = now.0;
        }
        record.value = told.encode_to_vec();
    }
    record
}
