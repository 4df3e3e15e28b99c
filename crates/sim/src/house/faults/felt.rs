//! Harm that somebody felt: what was done to broker, clocks and load counts only for those stages that met it.

use crate::Target;
use crate::broker::Broker;
use crate::house::House;
use crate::house::plan::Stage;
use std::collections::BTreeSet;
use std::time::Duration;
use weir_pipeline::TopicPartition;
use weir_proto::topics::STAGES;

/// A trouble that lasts, by the moment that those are in who meet it.
pub(super) const SLOW: &str = "a call of a slow broker";
pub(super) const LEADERLESS: &str = "a write waited for a leader";
const PILED_UP: &str = "more than a transaction takes after a burst";
const AHEAD: &str = "a clock ahead was read";
const BEHIND: &str = "a clock behind was read";
const HELD: &str = "a marker was held back";

/// How long a burst may be felt.
const AFTER_A_BURST: Duration = Duration::from_secs(1);
/// Calls that wait for the broker, and for it alone.
const ASKING: [&str; 7] = ["init", "committed", "bounds", "drain", "offsets", "commit", "abort"];

/// Trouble that is there, and who has met it.
#[derive(Default)]
pub(in crate::house) struct Feelings {
    /// Each counts once for a stage, until there is new trouble of its kind.
    felt: BTreeSet<(Stage, &'static str)>,
    /// Where markers are held back and none has come yet.
    pub(super) held: BTreeSet<Target>,
    burst: Option<Duration>,
}

impl Feelings {
    /// There is new trouble of this kind.
    pub(super) fn anew(&mut self, what: &str) {
        self.felt.retain(|(_, felt)| *felt != what);
    }

    pub(super) fn clocks_set(&mut self) {
        self.anew(AHEAD);
        self.anew(BEHIND);
    }

    fn burst(&mut self, now: Duration) -> bool {
        let is_new = self.burst.is_none_or(|last| now > last + AFTER_A_BURST);
        if is_new {
            self.anew(PILED_UP);
        }
        self.burst = Some(now);
        is_new
    }
}

impl House {
    /// More orders are being told than usual.
    pub(in crate::house) fn note_burst(&mut self) {
        if self.books.feelings.burst(self.world.now()) {
            self.coverage.hit("orders came in a burst");
        }
    }

    /// Who has met what is wrong now, or was since the last look.
    pub(in crate::house) fn note_felt(&mut self) {
        let mut felt = self.met_by_processes();
        felt.extend(self.piled_up());
        for (stage, what) in felt {
            if self.books.feelings.felt.insert((stage, what)) {
                self.coverage.hit_at(stage, what);
            }
        }
        let (sim, held) = (self.sim.clone(), &mut self.books.feelings.held);
        let parked: BTreeSet<Target> = sim.lock().faults.parked.iter().map(|marker| marker.target.clone()).collect();
        let met: Vec<Target> = held.intersection(&parked).cloned().collect();
        for target in met {
            held.remove(&target);
            if let Some(stage) = stage_of(&target) {
                self.coverage.hit_at(stage, HELD);
            }
        }
    }

    fn met_by_processes(&self) -> Vec<(Stage, &'static str)> {
        let (now, mut felt) = (self.world.now(), Vec::new());
        let mut broker = self.sim.lock();
        let misled = std::mem::take(&mut broker.faults.misled);
        let is_slow = broker.faults.slowness > 1 && !broker.faults.down;
        for process in self.processes.iter().chain(&self.zombies) {
            let stage = process.stage;
            for (ahead, what) in [(true, AHEAD), (false, BEHIND)] {
                if misled.contains(&(process.worker.0, ahead)) {
                    felt.push((stage, what));
                }
            }
            if process.frozen_until.is_some_and(|until| until > now) {
                continue;
            }
            let doing = self.world.activity(process.worker);
            if is_slow && ASKING.contains(&doing) {
                felt.push((stage, SLOW));
            }
            if doing == "drain" && self.offline.iter().any(|at| waits_for(&mut broker, &process.seat, *at)) {
                felt.push((stage, LEADERLESS));
            }
        }
        felt
    }

    /// Stages before which more lies unread than one of their transactions takes, soon after a burst.
    fn piled_up(&self) -> Vec<(Stage, &'static str)> {
        let feelings = &self.books.feelings;
        if feelings.burst.is_none_or(|last| self.world.now() > last + AFTER_A_BURST) {
            return Vec::new();
        }
        let (broker, most) = (self.sim.lock(), self.plan.commit_inputs_max);
        let is_new = |stage: &Stage| !feelings.felt.contains(&(*stage, PILED_UP));
        let full = |stage: &Stage| unread(&broker, *stage, most) >= most;
        Stage::ALL.into_iter().filter(is_new).filter(full).map(|stage| (stage, PILED_UP)).collect()
    }
}

/// Whose marker it is, where a stage waits for it: of its own facts, of what it says to another, of its offsets.
fn stage_of(target: &Target) -> Option<Stage> {
    match target {
        Target::Offsets(group) => Stage::named(group),
        Target::Partition(at) => {
            let writer = STAGES.iter().find(|entry| entry.facts == at.topic)?;
            Stage::named(writer.name)
        }
    }
}

/// Whether the open transaction of this seat writes where nobody leads.
fn waits_for(broker: &mut Broker, seat: &str, at: TopicPartition) -> bool {
    let leaderless = broker.partition(at).is_ok_and(|partition| partition.offline);
    leaderless && broker.transaction(seat).is_ok_and(|transaction| transaction.targets.contains(&Target::Partition(at)))
}

/// How many records of its inputs a stage has not read and committed; no more than `most` are counted.
fn unread(broker: &Broker, stage: Stage, most: usize) -> usize {
    let mut count = 0;
    for topic in stage.entry().inputs {
        for number in 0..broker.partition_count(*topic) {
            count += unread_of(broker, stage, TopicPartition::new(*topic, number), most - count);
            if count >= most {
                return count;
            }
        }
    }
    count
}

fn unread_of(broker: &Broker, stage: Stage, at: TopicPartition, most: usize) -> usize {
    let Ok(partition) = broker.partition(at) else { return 0 };
    let mut next = broker.committed_of(stage.name(), at).unwrap_or(0);
    let mut count = 0;
    while count < most
        && let Ok((offset, ..)) = partition.next_committed(next)
    {
        (next, count) = (offset + 1, count + 1);
    }
    count
}
