//! Harm that is done at the broker.

use super::ms;
use crate::Target;
use crate::house::plan::Stage;
use crate::house::{House, Task};
use crate::settings::Protocol;
use weir_pipeline::TopicPartition;
use weir_proto::topics::Topic;

impl House {
    pub(super) fn harm_end(&mut self) {
        let Some(number) = self.somebody() else { return };
        let (stage, seat) = (self.processes[number].stage, self.processes[number].seat.clone());
        if self.books.awaits_end(&seat) {
            return;
        }
        // Under v2 a late one fits no later transaction.
        let what = match self.random.below(if self.plan.settings.protocol == Protocol::V1 { 4 } else { 2 }) {
            0 => {
                self.control.lose_end_request(&seat);
                "EndTxn lost"
            }
            1 => {
                self.control.lose_end_answer(&seat);
                "EndTxn's answer lost"
            }
            _ => {
                self.control.delay_end(&seat);
                self.let_end_arrive(number);
                "EndTxn late"
            }
        };
        self.books.order_end(stage, seat, what);
    }

    /// A late EndTxn arrives at some time, or where it does the most harm: in a later transaction, between its facts and its offsets.
    fn let_end_arrive(&mut self, number: usize) {
        if self.random.below(2) == 0 {
            let at = self.world.now() + ms(self.random.within((20, 3_000)));
            return self.agenda.put(at, Task::LateEnds);
        }
        self.world.when_past(self.processes[number].worker, "commit", |world, id| {
            world.when_in(id, "offsets", |world, _| {
                world.control().deliver_late_ends();
            });
        });
    }

    pub(in crate::house) fn deliver_late_ends(&mut self) {
        let obeyed = self.control.deliver_late_ends();
        if obeyed > 0 {
            self.tell(|| format!("{obeyed} late EndTxn obeyed"));
            self.coverage.add("a late EndTxn was obeyed", obeyed as u64);
        }
    }

    /// A coordinator moves, or the markers of its transactions come late to one of their targets.
    pub(super) fn move_coordinator(&mut self) {
        let stage = self.some_stage();
        match self.random.below(3) {
            0 => {
                self.control.move_group(stage.name());
                self.books.order_move(stage);
            }
            1 => {
                let Some(number) = self.somebody() else { return };
                let (stage, seat) = (self.processes[number].stage, self.processes[number].seat.clone());
                self.control.move_producer(&seat);
                self.coverage.hit_at(stage, "producer's coordinator moved");
            }
            _ => {
                let target = match self.random.below(2) {
                    0 => Target::Offsets(stage.name().to_owned()),
                    _ => Target::Partition(self.some_partition(stage.entry().facts)),
                };
                self.tell(|| format!("markers for {target:?} are held back"));
                self.coverage.hit_at(stage, "markers held back");
                self.control.hold_markers(target.clone());
                let at = self.world.now() + ms(self.random.within((50, 3_000)));
                self.agenda.put(at, Task::Release(target));
            }
        }
    }

    fn some_stage(&mut self) -> Stage {
        Stage::ALL[self.random.below(Stage::ALL.len())]
    }

    fn some_partition(&mut self, topic: Topic) -> TopicPartition {
        let count = usize::try_from(self.plan.settings.partitions).unwrap_or(1);
        TopicPartition::new(topic, i32::try_from(self.random.below(count)).unwrap_or(0))
    }

    pub(super) fn harm_produce(&mut self) {
        let stage = self.some_stage();
        let topics: &[Topic] = if stage == Stage::Inventory {
            &[Topic::Stock, Topic::Allocations]
        } else {
            std::slice::from_ref(&stage.entry().facts)
        };
        let topic = topics[self.random.below(topics.len())];
        let at = self.some_partition(topic);
        if self.books.awaits_produce(at) {
            return;
        }
        let what = match self.random.below(3) {
            0 => {
                self.control.fail_produce(at);
                "produce refused"
            }
            1 => {
                self.control.lose_produce_answer(at);
                "produce's answer lost"
            }
            _ => {
                self.control.time_out_produce(at);
                "produce timed out"
            }
        };
        self.books.order_produce(stage, at, what);
    }

    /// The broker goes away, or one partition's leader, or everything takes long.
    pub(super) fn outage(&mut self) {
        let length = ms(self.random.within((100, 5_000)));
        let until = self.world.now() + length;
        self.counts.outages += 1;
        match self.random.below(4) {
            0 => {
                let stage = self.some_stage();
                let at = self.some_partition(stage.entry().facts);
                self.tell(|| format!("{}/{} has no leader for {} ms", at.topic, at.partition, length.as_millis()));
                self.coverage.hit_at(stage, "facts without a leader");
                self.control.take_offline(at);
                self.offline.push(at);
                self.agenda.put(until, Task::Online(at));
            }
            1 => {
                self.control.slow(self.random.within((5, 200)));
                self.coverage.hit("broker slow");
                self.agenda.put(until, Task::BrokerQuick);
            }
            _ => {
                self.tell(|| format!("the broker is away for {} ms", length.as_millis()));
                self.note_outage();
                self.control.stop_for(length);
            }
        }
    }

    /// All of it is there again.
    pub(super) fn mend_broker(&mut self) {
        self.control.start();
        self.control.slow(1);
        for at in std::mem::take(&mut self.offline) {
            self.control.bring_online(at);
        }
        let held: Vec<Target> = self.sim.lock().faults.held.iter().cloned().collect();
        held.iter().for_each(|target| self.control.release_markers(target));
    }
}
