//! The workload as the house sees it, and the outcomes of notices on their way back into the log.

use super::checks::Breach;
use super::coverage::Coverage;
use super::plan::{Fault, Plan};
use super::tail::Records;
use crate::workload::{Action, Facts, Outcome, Shape, What, Workload};
use prost::Message as _;
use std::collections::VecDeque;
use std::time::Duration;
use weir_decider::Millis;
use weir_notification::effects::job::Ended;
use weir_notification::effects::outcome::command;
use weir_pipeline::{Outgoing, Record};
use weir_privacy::TenantKey;
use weir_proto::notice::v1::NoticeCommand;
use weir_proto::reference::v1::ReferenceEvent;

/// Orders told within this are a crowd where they are [`CROWD`] and three times as many as usual.
const CLOSE: Duration = Duration::from_millis(25);
const CROWD: usize = 8;

/// A seed's workload.
pub(super) struct Load {
    workload: Workload,
    /// When orders were told of late, where the seed has bursts.
    told: Option<VecDeque<Duration>>,
    /// How many orders make a crowd.
    crowd: usize,
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
        let usual = shape.orders_per_second as f64 * CLOSE.as_secs_f64();
        let crowd = CROWD.max((usual * 3.0) as usize);
        let told = (shape.bursts > 0).then(VecDeque::new);
        Load { workload: Workload::new(plan.seed, shape), told, crowd }
    }

    /// Whether so many orders have just been told that it is a burst.
    pub(super) fn is_crowded(&self, now: Duration) -> bool {
        let Some(told) = &self.told else { return false };
        told.len() == self.crowd && told.front().is_some_and(|first| now <= *first + CLOSE)
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
        let (_, action) = self.workload.next()?;
        if let Some(told) = &mut self.told
            && action.what == What::Placed
        {
            if told.len() == self.crowd {
                told.pop_front();
            }
            told.push_back(now);
        }
        Some(action)
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
