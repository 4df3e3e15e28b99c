//! A seat in a simulated group: joins, hears of rebalances by its heartbeats, and delivers records.

use super::fetch::Fetch;
use super::plain_error;
use crate::Sim;
use crate::broker::{Broker, Claim, Code};
use crate::current;
use crate::settings::{MILLI, Micros, SECOND, micros};
use crate::wait::POLL_COST;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use weir_decider::Millis;
use weir_decider::plant::planted;
use weir_pipeline::log::{Member, Offsets, Pace};
use weir_pipeline::{LogError, Polled, TopicPartition};
use weir_proto::topics::Topic;

/// How long `committed` keeps asking before it gives up.
const COMMITTED_PATIENCE: Micros = 10 * SECOND;
/// Pause before `committed` asks again.
const COMMITTED_PAUSE: Micros = 20 * MILLI;
/// How often statistics say what has been read to its end; they speak of half a second ago.
const STATISTICS: Micros = SECOND / 2;

/// What a transaction's offsets are checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat(pub(crate) Claim);

impl Seat {
    /// What a client without an instance says that is in no generation: the broker believes it unseen.
    pub fn emptied(&self) -> Seat {
        Seat(Claim { group: self.0.group.clone(), generation: -1, member: String::new(), instance: None })
    }
}

/// Where a member is with its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Not in the group: it joins at the next opportunity.
    Outside,
    /// Has joined, and waits for the generation.
    Joining,
    Seated,
    /// Has been told to give its partitions back, and has not yet.
    Revoking,
    Left,
}

/// A consumer group member on the simulated cluster.
pub struct SimMember {
    sim: Sim,
    group: String,
    instance: String,
    topics: Vec<Topic>,
    member: String,
    generation: i32,
    standing: Standing,
    notes: VecDeque<Polled>,
    fenced: Option<String>,
    fetch: Fetch,
    heartbeat: Micros,
    polled: Micros,
    statistics: Micros,
    ends: BTreeMap<TopicPartition, Millis>,
}

impl SimMember {
    pub(super) fn subscribe(sim: Sim, group: &str, instance: &str, topics: &[Topic], pace: Pace) -> SimMember {
        let now = sim.now();
        SimMember {
            fetch: Fetch::new(sim.clone(), pace),
            sim,
            group: group.to_owned(),
            instance: instance.to_owned(),
            topics: topics.to_vec(),
            member: String::new(),
            generation: -1,
            standing: Standing::Outside,
            notes: VecDeque::new(),
            fenced: None,
            heartbeat: now,
            polled: now,
            statistics: now,
            ends: BTreeMap::new(),
        }
    }

    /// What librdkafka's background thread would do by now.
    fn keep_seat(&mut self, broker: &mut Broker) {
        if broker.faults.down {
            return;
        }
        let outcome = match self.standing {
            Standing::Outside => self.join(broker),
            Standing::Joining => self.sync(broker),
            Standing::Seated if broker.now() >= self.heartbeat => self.beat(broker),
            Standing::Seated | Standing::Revoking | Standing::Left => Ok(()),
        };
        match outcome {
            Ok(()) => {}
            Err(Code::FencedInstanceId) => self.fenced = Some(Code::FencedInstanceId.to_string()),
            Err(Code::RebalanceInProgress) => self.revoke(false),
            Err(Code::UnknownMemberId) => {
                self.member.clear();
                self.revoke(true);
            }
            Err(Code::IllegalGeneration) => {
                self.generation = -1;
                self.revoke(true);
            }
            Err(_) => {}
        }
    }

    fn join(&mut self, broker: &mut Broker) -> Result<(), Code> {
        self.member = broker.join(&self.group, &self.instance, &self.member, &self.topics)?;
        self.standing = Standing::Joining;
        self.sync(broker)
    }

    fn sync(&mut self, broker: &mut Broker) -> Result<(), Code> {
        let Some(seated) = broker.sync(&self.group, &self.member, &self.instance)? else { return Ok(()) };
        self.generation = seated.generation;
        self.standing = Standing::Seated;
        self.heartbeat = broker.now() + broker.settings.heartbeat_interval_ms * MILLI;
        self.notes.push_back(Polled::Assigned(seated.partitions));
        Ok(())
    }

    fn beat(&mut self, broker: &mut Broker) -> Result<(), Code> {
        self.heartbeat = broker.now() + broker.settings.heartbeat_interval_ms * MILLI;
        broker.heartbeat(&self.group, &self.member, &self.instance, self.generation)
    }

    fn revoke(&mut self, lost: bool) {
        if self.standing == Standing::Seated {
            self.standing = Standing::Revoking;
            self.notes.push_back(Polled::Revoked { lost });
        } else {
            self.standing = Standing::Outside;
        }
    }

    /// A loop that has not polled for too long has lost its seat, whatever the group says.
    fn note_poll(&mut self, broker: &mut Broker) {
        let since = broker.now() - self.polled;
        if since == 0 {
            return;
        }
        self.polled = broker.now();
        if since > broker.settings.max_poll_interval_ms * MILLI && self.standing == Standing::Seated {
            self.member.clear();
            self.revoke(true);
        }
        broker.polled(&self.group, &self.member);
    }

    fn note_ends(&mut self, broker: &Broker) {
        if broker.now() < self.statistics {
            return;
        }
        self.statistics = broker.now() + STATISTICS;
        self.ends.clear();
        if broker.faults.down {
            return;
        }
        let as_of = Millis(broker.wall(current::process()).0 - 500);
        for at in self.fetch.partitions() {
            let stable = broker.partition(at).map(|p| p.stable()).unwrap_or(i64::MAX);
            if self.fetch.next(at).is_some_and(|next| next >= stable) {
                self.ends.insert(at, as_of);
            }
        }
    }

    /// One look at everything that may have happened.
    fn look(&mut self, broker: &mut Broker) -> Result<Option<Polled>, LogError> {
        self.keep_seat(broker);
        if let Some(why) = &self.fenced {
            return Err(LogError::Fenced(why.clone()));
        }
        if let Some(note) = self.notes.pop_front() {
            return Ok(Some(note));
        }
        let record = self.fetch.take(broker).map_err(plain_error)?;
        self.note_ends(broker);
        Ok(record.map(Polled::Record))
    }

    /// When there is something to do that the broker does not know of.
    fn next_own(&self, broker: &Broker) -> Option<Micros> {
        match self.standing {
            // Nobody is there to hear a heartbeat.
            Standing::Seated if broker.faults.down => Some(self.statistics),
            Standing::Seated => Some(self.heartbeat.min(self.statistics)),
            Standing::Outside | Standing::Joining => Some(broker.now() + 10 * MILLI),
            Standing::Revoking | Standing::Left => None,
        }
    }
}

impl Member for SimMember {
    type Proof = Seat;

    fn poll(&mut self, wait: Duration) -> Result<Polled, LogError> {
        current::begin("poll");
        self.sim.stop_now_and_then();
        let sim = self.sim.clone();
        let mut broker = sim.lock();
        self.note_poll(&mut broker);
        let deadline = broker.now() + micros(wait).max(POLL_COST);
        loop {
            if let Some(found) = self.look(&mut broker)? {
                return Ok(found);
            }
            let own = self.next_own(&broker);
            drop(broker);
            if !sim.wait_for_news(self.fetch.watch(), deadline, own) {
                return Ok(Polled::Nothing);
            }
            broker = sim.lock();
        }
    }

    fn proof(&self) -> Result<Seat, LogError> {
        Ok(Seat(Claim {
            group: self.group.clone(),
            generation: self.generation,
            member: self.member.clone(),
            instance: Some(self.instance.clone()),
        }))
    }

    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Offsets, LogError> {
        current::begin("committed");
        let again = |_| Some(COMMITTED_PAUSE);
        let ask = |broker: &mut Broker| match broker.committed(&self.group, partitions) {
            Err(Code::UnstableOffsetCommit) if planted("undecided-offset-is-none") => {
                Ok(partitions.iter().map(|at| (*at, 0)).collect())
            }
            known => known,
        };
        self.sim.repeatedly(COMMITTED_PATIENCE, again, ask).map_err(plain_error)
    }

    fn accept(&mut self, from: &Offsets) -> Result<(), LogError> {
        self.ends.clear();
        if planted("rewind-to-position") && !from.is_empty() && from.keys().all(|at| self.fetch.next(*at).is_some()) {
            return Ok(());
        }
        self.fetch.assign(from, true).map_err(plain_error)
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.ends.clear();
        self.fetch.pause(partitions, false);
        Ok(())
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.fetch.pause(partitions, true);
        Ok(())
    }

    fn release(&mut self) -> Result<(), LogError> {
        self.fetch.assign(&Offsets::new(), false).map_err(plain_error)?;
        if self.standing == Standing::Revoking {
            self.standing = Standing::Outside;
        }
        Ok(())
    }

    fn read_to_end(&self, partition: TopicPartition) -> Option<Millis> {
        self.ends.get(&partition).copied()
    }

    fn leave(&mut self) {
        self.sim.lock().leave(&self.group, &self.member);
        self.member.clear();
        self.notes.clear();
        // Nothing is wanted: this can't fail.
        let _ = self.fetch.assign(&Offsets::new(), false);
        self.standing = Standing::Left;
    }
}

impl Drop for SimMember {
    /// A static member that goes without leaving keeps its seat for a session.
    fn drop(&mut self) {
        self.sim.lock().silence(&self.group, &self.member);
    }
}
