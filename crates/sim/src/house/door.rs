//! What the outside writes, as far as somebody is there to take it.

use super::plan::Fault;
use super::{House, Task};
use crate::broker::Stored;
use crate::workload::{Action, Outcome, What};
use std::time::Duration;
use weir_pipeline::{Headers, Outgoing, TopicPartition};
use weir_proto::partition::partition_of;

impl House {
    pub(super) fn go_on_loading(&mut self) {
        let now = self.world.now();
        while let Some(action) = self.load.take(now) {
            if self.load.is_crowded(now) {
                self.note_burst();
            }
            self.act(action);
        }
        if let Some(next) = self.load.next_due() {
            self.agenda.put(next.max(now), Task::Load);
        }
    }

    /// Somebody outside writes; while the broker is away the sender tries again, and sometimes nobody knows.
    pub(super) fn act(&mut self, action: Action) {
        if self.comes_too_early(&action) {
            let again = self.world.now() + Duration::from_millis(200);
            return self.agenda.put(again, Task::Write(action));
        }
        let unsure = (self.plan.has(Fault::Outage) || self.plan.has(Fault::Produce)) && !self.healed;
        let outcome = if self.sim.lock().faults.down {
            Outcome::Refused
        } else if unsure && self.random.below(100) == 0 {
            if self.random.below(2) == 0 {
                self.append(&action.record);
            }
            Outcome::Unknown
        } else {
            let (partition, offset) = self.append(&action.record);
            self.acknowledged.insert(action.id.clone());
            Outcome::Written { partition, offset }
        };
        if let Some((pause, action)) = self.load.settled(action, outcome) {
            let again = self.world.now() + pause;
            self.agenda.put(again, Task::Write(action));
        }
    }

    /// Whoever uses a known id for something else comes after the first: else the first would be the conflict, and nobody's work.
    fn comes_too_early(&mut self, action: &Action) -> bool {
        let uses_another = matches!(action.what, What::Conflict | What::OtherBody);
        if !uses_another || self.acknowledged.contains(&action.id) {
            return false;
        }
        let waited = self.held_back.entry(action.serial).or_insert(0);
        *waited += 1;
        // Where the first never comes, this one is the first.
        *waited <= 100
    }

    /// A record of nobody's transaction.
    pub(super) fn append(&mut self, record: &Outgoing) -> (i32, i64) {
        self.stirred = self.world.now();
        let mut broker = self.sim.lock();
        let count = broker.partition_count(record.topic);
        let number = partition_of(record.key.as_bytes(), count);
        let headers = Headers { event_type: Some(record.event_type.into()), ..Headers::default() };
        let stored = Stored { key: record.key.clone(), value: record.value.clone().into(), headers };
        let time = broker.clock();
        let at = TopicPartition::new(record.topic, number);
        (number, broker.change(at, |partition| partition.append(time, stored)).unwrap_or(-1))
    }
}
