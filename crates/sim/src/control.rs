//! The handle by which a test does harm, and sees what no client can.

use crate::Sim;
use crate::broker::{Coordination, EndFault, Entry, ProduceFault, Stored, Target};
use crate::log::record;
use crate::settings::micros;
use std::collections::VecDeque;
use std::time::Duration;
use weir_decider::Millis;
use weir_pipeline::{Headers, Record, TopicPartition};

/// Power over a simulated cluster. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    sim: Sim,
}

impl Control {
    pub(crate) fn new(sim: Sim) -> Control {
        Control { sim }
    }

    /// Lets time pass for everybody.
    pub fn pass(&self, length: Duration) {
        self.sim.lock().pass(micros(length));
    }

    /// Every request and every fetch takes this many times as long, from now on.
    pub fn slow(&self, times: u64) {
        self.sim.lock().faults.slowness = times.max(1);
    }

    /// The partition has no leader: nobody writes to it or reads from it, until [`Control::bring_online`].
    pub fn take_offline(&self, at: TopicPartition) {
        let _ = self.sim.lock().change(at, |partition| partition.offline = true);
    }

    pub fn bring_online(&self, at: TopicPartition) {
        let _ = self.sim.lock().change(at, |partition| partition.offline = false);
    }

    /// The broker refuses larger records; key and value count.
    pub fn refuse_above(&self, bytes: usize) {
        self.sim.lock().faults.record_bytes_max = bytes;
    }

    /// Sets the processes' wall clock apart from the broker's.
    pub fn skew(&self, ahead_ms: i64) {
        self.sim.lock().faults.skew_ms = ahead_ms;
    }

    /// The next EndTxn of this id never arrives; the client asks again.
    pub fn lose_end_request(&self, transactional_id: &str) {
        self.harm_end(transactional_id, EndFault::LoseRequest);
    }

    /// The next EndTxn of this id is done, and its answer lost; the client asks again.
    pub fn lose_end_answer(&self, transactional_id: &str) {
        self.harm_end(transactional_id, EndFault::LoseAnswer);
    }

    /// The next EndTxn of this id stays under way until [`Control::deliver_late_ends`]; the client asks again (KAFKA-17754).
    pub fn delay_end(&self, transactional_id: &str) {
        self.harm_end(transactional_id, EndFault::Delay);
    }

    /// Lets every delayed EndTxn arrive; says how many were obeyed.
    pub fn deliver_late_ends(&self) -> usize {
        let mut broker = self.sim.lock();
        let late = std::mem::take(&mut broker.faults.late);
        late.into_iter().filter(|end| broker.end_transaction(&end.name, end.by, end.commit).is_ok()).count()
    }

    /// How many of the faults that were asked for at the end of a transaction or a produce request have not struck yet.
    pub fn unspent(&self) -> usize {
        let broker = self.sim.lock();
        let (ends, produces) = (&broker.faults.ends, &broker.faults.produces);
        ends.values().map(VecDeque::len).sum::<usize>() + produces.values().map(VecDeque::len).sum::<usize>()
    }

    /// The next produce request to this partition is refused.
    pub fn fail_produce(&self, at: TopicPartition) {
        self.harm_produce(at, ProduceFault::Refuse);
    }

    /// The next produce request to this partition is done, and its answer lost; the client asks again, and it is done once.
    pub fn lose_produce_answer(&self, at: TopicPartition) {
        self.harm_produce(at, ProduceFault::LoseAnswer);
    }

    /// The next produce request to this partition is done, and the client gives it up.
    pub fn time_out_produce(&self, at: TopicPartition) {
        self.harm_produce(at, ProduceFault::TimeOut);
    }

    /// A leader that was behind takes over: what was acknowledged from this offset on is gone.
    pub fn lose_tail(&self, at: TopicPartition, from: i64) {
        let _ = self.sim.lock().change(at, |partition| partition.lose_tail(from));
    }

    /// Markers to this target wait until [`Control::release_markers`].
    pub fn hold_markers(&self, target: Target) {
        self.sim.lock().faults.held.insert(target);
    }

    pub fn release_markers(&self, target: &Target) {
        self.sim.lock().release_markers(target);
    }

    /// The group's coordinator moves: the next offsets find the old one first.
    pub fn move_group(&self, group: &str) {
        self.sim.lock().faults.moved.insert(group.to_owned());
    }

    /// The transactional id's coordinator moves: its next request there finds the old one first.
    pub fn move_producer(&self, transactional_id: &str) {
        self.sim.lock().faults.moved_producers.insert(transactional_id.to_owned());
    }

    /// Every member is asked to join anew.
    pub fn rebalance(&self, group: &str) {
        self.sim.lock().rebalance(group);
    }

    /// The process of this instance stands still: its heartbeats stop.
    pub fn freeze(&self, group: &str, instance: &str) {
        self.sim.lock().silence_instance(group, instance);
    }

    pub fn expire_offsets(&self, group: &str) {
        self.sim.lock().expire_offsets(group);
    }

    /// Whatever the group has committed is 0 from now on.
    pub fn reset_offsets(&self, group: &str) {
        self.sim.lock().reset_offsets(group);
    }

    /// Retention takes everything below this offset.
    pub fn cut(&self, at: TopicPartition, before: i64) {
        let _ = self.sim.lock().change(at, |partition| partition.cut(before));
    }

    /// The broker goes away, for good or until [`Control::start`].
    pub fn stop(&self) {
        self.sim.lock().faults.down = true;
    }

    /// The broker goes away and comes back after this.
    pub fn stop_for(&self, length: Duration) {
        self.sim.lock().stop_for(micros(length));
    }

    pub fn start(&self) {
        self.sim.lock().start();
    }

    /// Writes outside any transaction, as an edge does.
    pub fn write(&self, at: TopicPartition, key: &str, value: &[u8]) -> i64 {
        let mut broker = self.sim.lock();
        let time = broker.clock();
        let record = Stored { key: key.to_owned(), value: value.to_vec().into(), headers: Headers::default() };
        broker.change(at, |partition| partition.append(time, record)).unwrap_or(-1)
    }

    /// Shows every committed record of a partition from this offset on, without any wait; says where the next visit goes on.
    pub fn visit(&self, at: TopicPartition, from: i64, mut see: impl FnMut(&Record)) -> i64 {
        let mut next = from;
        loop {
            let found = {
                let broker = self.sim.lock();
                let Ok(partition) = broker.partition(at) else { return next };
                let found = partition.next_committed(next);
                found.map(|(offset, stored, time)| record(at, offset, stored, time))
            };
            match found {
                Ok(record) => {
                    next = record.offset + 1;
                    see(&record);
                }
                Err(end) => return end,
            }
        }
    }

    /// First offset that is kept, the last stable offset, and the end.
    pub fn bounds(&self, at: TopicPartition) -> (i64, i64, i64) {
        let broker = self.sim.lock();
        broker.partition(at).map_or((0, 0, 0), |partition| (partition.start(), partition.stable(), partition.end()))
    }

    /// What a group has committed of a partition; what a transaction has not decided yet does not count.
    pub fn committed(&self, group: &str, at: TopicPartition) -> Option<i64> {
        self.sim.lock().committed_of(group, at)
    }

    /// What the transaction of this id is at, and its producer's epoch.
    pub fn coordination(&self, transactional_id: &str) -> Option<(Coordination, i16)> {
        self.sim.lock().coordination(transactional_id).map(|(state, identity)| (state, identity.epoch))
    }

    /// Every entry of a partition, one a line: what two runs of one seed are compared by.
    pub fn dump(&self, at: TopicPartition) -> Vec<String> {
        let broker = self.sim.lock();
        let Ok(partition) = broker.partition(at) else { return Vec::new() };
        let line = |offset: i64| match partition.entry(offset)? {
            Entry::Record { time: Millis(time), record, aborted, producer } => {
                Some(format!("{offset} {time} {producer:?} {aborted} {} {:?}", record.key, record.value))
            }
            Entry::Control { time: Millis(time), producer, commit } => {
                Some(format!("{offset} {time} {producer} commit={commit}"))
            }
        };
        (partition.start()..partition.end()).filter_map(line).collect()
    }

    fn harm_produce(&self, at: TopicPartition, fault: ProduceFault) {
        self.sim.lock().faults.produces.entry(at).or_default().push_back(fault);
    }

    fn harm_end(&self, transactional_id: &str, fault: EndFault) {
        self.sim.lock().faults.ends.entry(transactional_id.to_owned()).or_default().push_back(fault);
    }
}
