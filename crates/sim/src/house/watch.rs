//! What is seen while it runs: records that say which moments there were, and processes that end.

use super::plan::Stage;
use super::{House, Task};
use crate::world::Outcome;
use std::collections::BTreeMap;
use weir_decider::Millis;
use weir_pipeline::Record;
use weir_proto::log::v1::{IgnoredReason, stage_fact::Fact};
use weir_proto::quarantine::v1::{QuarantineEvent, quarantine_event};

/// A payment that comes so soon before or after its deadline races it.
const RACE_MS: i64 = 1_000;

/// What a person wants to see of a run.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// On standard error, what is done to whom.
    pub trace: bool,
    /// Every committed record of this order. Without one, of the first that a break names.
    pub order: Option<String>,
    /// Not the log's number, for which every byte of it is looked at once more.
    pub no_hash: bool,
}

/// When orders were paid, and when their payment deadline passed.
#[derive(Default)]
pub(super) struct Moments {
    paid: BTreeMap<String, Millis>,
    timed_out: BTreeMap<String, Millis>,
}

impl House {
    /// Which moments a committed record tells of.
    pub(super) fn note_record(&mut self, record: &Record) {
        let event_type = record.headers.event_type.as_deref().unwrap_or_default();
        let what = match event_type {
            "weir.log.v1.Took" => return self.counts.takeovers += 1,
            "weir.log.v1.Ignored" => return self.note_ignored(record),
            "weir.log.v1.Answered" => return self.note_answered(record),
            "weir.quarantine.v1.Quarantined" => return self.note_quarantined(record),
            "weir.order.v1.PaymentReceived" => return self.note_payment(record),
            "weir.routing.v1.PaymentTimedOut" => return self.note_time_out(record),
            "weir.stock.v1.Queued" => "backordered",
            "weir.stock.v1.QueueServed" => "backorder served",
            "weir.stock.v1.Declined" => "oversell averted",
            "weir.stock.v1.SoftReserved" => "soft reservation",
            "weir.stock.v1.Deallocated" => "deallocated",
            "weir.stock.v1.Restocked" => "restocked",
            "weir.shipment.v1.ShortPicked" => "short pick",
            "weir.shipment.v1.CancelAccepted" => "cancelled after release",
            "weir.shipment.v1.CancelRefused" => "cancel refused",
            "weir.shipment.v1.ShippedAfterCancel" => "shipped after cancel",
            "weir.shipment.v1.Stuck" => "stuck",
            "weir.routing.v1.Rerouted" => "rerouted",
            "weir.routing.v1.Held" => "held",
            "weir.routing.v1.HoldResolved" => "hold resolved",
            "weir.routing.v1.ShippedOutside" => "shipped by others",
            "weir.routing.v1.RouteCancelled" => "cancelled before release",
            "weir.order.v1.OrderPlaced" => {
                self.known_order = Some(record.key.clone());
                return self.counts.orders += 1;
            }
            _ => return,
        };
        self.coverage.hit(what);
    }

    fn note_ignored(&mut self, record: &Record) {
        let Ok((_, Some(Fact::Ignored(ignored)))) = record.envelope() else { return };
        for input in &ignored.inputs {
            match input.reason() {
                IgnoredReason::Duplicate => self.coverage.hit("duplicate ignored"),
                IgnoredReason::Stale => self.coverage.hit("stale ignored"),
                _ => {}
            }
        }
    }

    fn note_answered(&mut self, record: &Record) {
        let Ok((_, Some(Fact::Answered(answered)))) = record.envelope() else { return };
        if answered.repeated {
            self.coverage.hit("command repeated");
        }
        if answered.refusal.is_some() {
            self.coverage.hit("command refused");
        }
    }

    fn note_quarantined(&mut self, record: &Record) {
        let event = record.decode::<QuarantineEvent>().ok().and_then(|event| event.event);
        if let Some(quarantine_event::Event::Quarantined(told)) = event {
            self.counts.quarantined += 1;
            if let Some(stage) = Stage::named(&told.stage) {
                self.coverage.hit_at(stage, "a record in quarantine");
            }
        }
    }

    fn note_payment(&mut self, record: &Record) {
        if let Some(passed) = self.moments.timed_out.get(&record.key) {
            self.coverage.hit("paid after the deadline");
            if record.time.0 - passed.0 <= RACE_MS {
                self.coverage.hit("payment deadline raced its payment");
            }
        }
        self.moments.paid.insert(record.key.clone(), record.time);
    }

    fn note_time_out(&mut self, record: &Record) {
        self.coverage.hit("payment deadline passed");
        if self.moments.paid.get(&record.key).is_some_and(|paid| record.time.0 - paid.0 <= RACE_MS) {
            self.coverage.hit("payment deadline raced its payment");
        }
        self.moments.timed_out.insert(record.key.clone(), record.time);
    }

    /// Processes that have ended: those that were asked to are gone, those that were fenced by another of their name too; any other
    /// end is a break, and its process starts again.
    pub(super) fn look_after(&mut self) {
        let now = self.world.now();
        for process in &mut self.processes {
            process.rivalled |= self.zombies.iter().any(|zombie| zombie.instance == process.instance);
        }
        let mut ended = Vec::new();
        for (doubled, list) in [(false, &mut self.processes), (true, &mut self.zombies)] {
            let mut number = 0;
            while number < list.len() {
                if list[number].is_over(&self.world) { ended.push((doubled, list.remove(number))) } else { number += 1 }
            }
        }
        for (doubled, process) in ended {
            let stopped = std::mem::take(&mut process.said().stopped);
            for why in stopped {
                self.breach(invariant_of(&why), &process.instance, &why);
            }
            let outcome = self.world.outcome(process.worker);
            self.tell(|| format!("{} ended: {outcome:?}", process.name));
            match outcome {
                Outcome::Returned if process.asked() => {
                    if !self.healed {
                        self.coverage.hit_at(process.stage, "a member left in good order");
                    }
                    continue;
                }
                // Of two under one name the later to join fences the other, whichever it is.
                Outcome::Failed(why) if why.contains("fenced") && (doubled || process.rivalled) => {
                    self.coverage.hit_at(process.stage, "a zombie was fenced");
                }
                Outcome::Killed => self.struck(&process),
                Outcome::Failed(why) => self.breach("house", &process.instance, format!("its worker ended: {why}")),
                Outcome::Panicked(why) => {
                    self.breach("house", &process.instance, format!("its worker panicked: {why}"))
                }
                Outcome::Returned | Outcome::Running => {
                    self.breach("house", &process.instance, "its worker ended by itself");
                }
            }
            if !doubled {
                let pause = self.pause();
                self.agenda.put(now + pause, Task::Start(process.stage, process.instance));
            }
        }
        self.look_at_stopped();
    }

    /// A stopped partition is a break as soon as it is told.
    fn look_at_stopped(&mut self) {
        let mut told = Vec::new();
        for process in self.processes.iter().chain(&self.zombies) {
            let stopped = std::mem::take(&mut process.said().stopped);
            told.extend(stopped.into_iter().map(|why| (process.instance.clone(), why)));
        }
        for (instance, why) in told {
            self.breach(invariant_of(&why), &instance, &why);
        }
    }
}

/// The id of the invariant that the first stopped partition names.
fn invariant_of(why: &str) -> &str {
    let named = why.split_once("is stopped: ").and_then(|(_, reason)| reason.split_once(": "));
    named.map_or("house", |(id, _)| id)
}
