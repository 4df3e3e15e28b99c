//! Harm that is done at the broker.

use super::felt::{LEADERLESS, SLOW};
use super::{AWAY, ms};
use crate::Target;
use crate::house::plan::Stage;
use crate::house::{House, Task};
use crate::settings::Protocol;
use std::sync::atomic::Ordering;
use std::time::Duration;
use weir_pipeline::TopicPartition;
use weir_proto::topics::{Retention, Topic};

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
                // It is late once it arrives.
                "EndTxn delayed"
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
                self.books.order_producer_move(stage, seat);
            }
            _ => {
                let target = match self.random.below(2) {
                    0 => Target::Offsets(stage.name().to_owned()),
                    _ => Target::Partition(self.some_partition(stage.entry().facts)),
                };
                self.tell(|| format!("markers for {target:?} are held back"));
                self.books.feelings.held.insert(target.clone());
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
                self.lose_leader(stage, at, length);
            }
            1 => {
                self.control.slow(self.random.within((5, 200)));
                self.books.feelings.anew(SLOW);
                self.agenda.put(until, Task::BrokerQuick);
            }
            _ => match self.somebody().filter(|_| self.random.below(2) == 0) {
                Some(number) => {
                    let seat = self.processes[number].seat.clone();
                    self.tell(|| {
                        format!("the broker is away for {} ms in {seat}'s next transaction", length.as_millis())
                    });
                    self.in_mid_transaction(number, AWAY, move |world| world.control().stop_for(length));
                }
                None => {
                    self.tell(|| format!("the broker is away for {} ms", length.as_millis()));
                    self.note_outage();
                    self.control.stop_for(length);
                }
            },
        }
    }

    /// Nobody leads a partition of facts: from now on, or from when the stage is about to write.
    fn lose_leader(&mut self, stage: Stage, at: TopicPartition, length: Duration) {
        self.tell(|| format!("{}/{} has no leader for {} ms", at.topic, at.partition, length.as_millis()));
        self.books.feelings.anew(LEADERLESS);
        self.offline.push(at);
        let theirs = self.processes.iter().find(|process| process.stage == stage).map(|process| process.worker);
        let Some(worker) = theirs.filter(|_| self.random.below(2) == 0) else {
            self.control.take_offline(at);
            return self.agenda.put(self.world.now() + length, Task::Online(at));
        };
        let disarmed = self.books.disarmed();
        self.world.when_in(worker, "drain", move |world, _| {
            if !disarmed.load(Ordering::Relaxed) {
                world.control().take_offline(at);
                world.at(length, move |world| world.control().bring_online(at));
            }
        });
    }

    /// Retention takes what the stages have behind them: of deliveries and commands, for facts are kept for ever. The last record
    /// that was read stays, for what is deleted are whole segments, and never the one that is written to.
    pub(in crate::house) fn cut_inputs(&mut self) {
        // Records are looked at before they are gone.
        self.look();
        for stage in Stage::ALL {
            let passing =
                stage.entry().inputs.iter().filter(|topic| matches!(topic.entry().retention, Retention::Days(_)));
            let partitions = self.plan.settings.partitions;
            for at in passing.flat_map(|topic| (0..partitions).map(|number| TopicPartition::new(*topic, number))) {
                self.cut_input(stage, at);
            }
        }
    }

    fn cut_input(&mut self, stage: Stage, at: TopicPartition) {
        let behind = self.control.committed(stage.name(), at).unwrap_or(0).min(self.tail.reached(at));
        let theirs = self.seen.at(at.topic, at.partition);
        let Some(last) = theirs.iter().map(|record| record.offset).rfind(|offset| *offset < behind) else { return };
        let start = self.control.bounds(at).0;
        if last <= start {
            return;
        }
        if self.watch.trace || self.watch.order.is_some() {
            let gone = theirs.iter().filter(|record| (start..last).contains(&record.offset));
            self.cut_away.extend(gone.cloned());
        }
        self.control.cut(at, last);
        self.coverage.hit_at(stage, "its inputs were cut behind it");
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
