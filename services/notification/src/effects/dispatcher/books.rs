//! The dispatcher's books: what is in hand, what waits for whom, what wakes when. No I/O, and the time comes from outside.

use super::Limits;
use super::lane::Lane;
use crate::effects::breaker::Admission;
use crate::effects::job::{Ended, Job, Target, Verdict};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// All notices in hand.
pub(super) struct Books {
    limits: Limits,
    notices: HashMap<String, Entry>,
    lanes: BTreeMap<Target, Lane>,
    /// Lanes that may have something to start, each once.
    row: VecDeque<Target>,
    timers: BTreeMap<(Instant, u64), Wake>,
    timers_made: u64,
    running: usize,
}

struct Entry {
    job: Arc<Job>,
    attempts: u32,
    taken_at: Instant,
    phase: Phase,
    /// False once the partition was lost: what runs is finished, and nothing more is begun.
    ours: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// In its lane.
    Waiting,
    /// Until a timer puts it into its lane.
    BackedOff,
    Running,
    /// Its outcome is written, or is being written; the fact is awaited.
    Reported,
}

enum Wake {
    Notice(String),
    Lane(Target),
}

impl Books {
    pub(super) fn new(limits: Limits) -> Books {
        Books {
            limits,
            notices: HashMap::new(),
            lanes: BTreeMap::new(),
            row: VecDeque::new(),
            timers: BTreeMap::new(),
            timers_made: 0,
            running: 0,
        }
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes a notice in hand, once.
    pub(super) fn offer(&mut self, job: Job) {
        if let Some(known) = self.notices.get_mut(&job.notice_id) {
            known.ours = true;
            let known_job = Arc::make_mut(&mut known.job);
            (known_job.worker, known_job.partition) = (job.worker, job.partition);
            return;
        }
        let (notice_id, target) = (job.notice_id.clone(), job.target());
        let entry =
            Entry { job: Arc::new(job), attempts: 0, taken_at: Instant::now(), phase: Phase::Waiting, ours: true };
        self.notices.insert(notice_id.clone(), entry);
        self.queue(target, notice_id);
    }

    /// The outcome is a fact: nothing is left to be done. An attempt under way finds nobody when it is back.
    pub(super) fn forget(&mut self, notice_id: &str) {
        if let Some(entry) = self.notices.get_mut(notice_id) {
            match entry.phase {
                // Another owner's outcome; the attempt must still be counted out of its lane.
                Phase::Running => entry.ours = false,
                _ => drop(self.notices.remove(notice_id)),
            }
        }
    }

    /// Drops what has not begun, if this worker handed it over.
    pub(super) fn lost(&mut self, worker: usize, partition: i32) {
        self.notices.retain(|_, entry| {
            if (entry.job.worker, entry.job.partition) != (worker, partition) {
                return true;
            }
            entry.ours = false;
            entry.phase == Phase::Running
        });
    }

    /// An outcome was written. The fact that follows lets go of the notice, unless it belongs to another by now. It may be the outcome
    /// of an attempt before a loss, and the notice be tried again since then: what runs must be counted out of its lane.
    pub(super) fn written(&mut self, notice_id: &str) {
        if self.notices.get(notice_id).is_some_and(|entry| !entry.ours && entry.phase == Phase::Reported) {
            self.notices.remove(notice_id);
        }
    }

    /// An attempt is back. An end is to be written down.
    pub(super) fn attempted(&mut self, notice_id: &str, verdict: Verdict, now: Instant) -> Option<Ended> {
        let entry = self.notices.get_mut(notice_id)?;
        self.running -= 1;
        entry.attempts += 1;
        let (attempts, job) = (entry.attempts, entry.job.clone());
        let target = job.target();
        if let Some(lane) = self.lanes.get_mut(&target) {
            lane.running -= 1;
            match &verdict {
                Verdict::Retry { after, .. } => lane.breaker.failed(now, *after),
                Verdict::Sent { .. } | Verdict::GiveUp { .. } => lane.breaker.answered(),
                Verdict::Unsendable { .. } => lane.breaker.not_asked(now),
            }
        }
        self.put_in_row(target);
        let (sent, detail) = match verdict {
            Verdict::Sent { answer } => (true, answer),
            Verdict::GiveUp { reason } | Verdict::Unsendable { reason } => (false, reason),
            Verdict::Retry { reason, after } => match self.again(notice_id, after, now) {
                Ok(()) => return None,
                Err(why) => (false, format!("{why}: {reason}")),
            },
        };
        let entry = self.notices.get_mut(notice_id)?;
        entry.phase = Phase::Reported;
        Some(Ended { job, sent, attempts, detail })
    }

    /// Sets the next attempt, or says why there is none.
    fn again(&mut self, notice_id: &str, after: Option<Duration>, now: Instant) -> Result<(), &'static str> {
        let Some(entry) = self.notices.get_mut(notice_id) else {
            return Ok(());
        };
        if !entry.ours {
            self.notices.remove(notice_id);
            return Ok(());
        }
        if now.duration_since(entry.taken_at) >= self.limits.give_up_after {
            return Err("too-long");
        }
        let wait = self.limits.backoff.after(entry.attempts, notice_id, after).ok_or("attempts-used-up")?;
        entry.phase = Phase::BackedOff;
        self.set_timer(now + wait, Wake::Notice(notice_id.to_owned()));
        Ok(())
    }

    /// Fires every timer that is due.
    pub(super) fn wake(&mut self, now: Instant) {
        while let Some(first) = self.timers.first_entry().filter(|first| first.key().0 <= now) {
            match first.remove() {
                Wake::Lane(target) => self.put_in_row(target),
                Wake::Notice(notice_id) => {
                    let entry = self.notices.get_mut(&notice_id).filter(|entry| entry.phase == Phase::BackedOff);
                    if let Some(entry) = entry {
                        entry.phase = Phase::Waiting;
                        let target = entry.job.target();
                        self.queue(target, notice_id);
                    }
                }
            }
        }
    }

    /// The next attempt that may start now, and its number. It counts as running from here on.
    pub(super) fn start_next(&mut self, now: Instant) -> Option<(Arc<Job>, u32)> {
        while self.running < self.limits.running_max {
            let target = self.row.pop_front()?;
            let Some(lane) = self.lanes.get_mut(&target) else {
                continue;
            };
            lane.in_row = false;
            let Some(notice_id) = next_waiting(lane, &self.notices) else {
                if lane.is_idle() {
                    self.lanes.remove(&target);
                }
                continue;
            };
            match lane.admit(now, self.limits.per_target_max) {
                Admission::Now => return self.begin(target, &notice_id),
                Admission::Later => lane.waiting.push_front(notice_id),
                Admission::NotBefore(at) => {
                    lane.waiting.push_front(notice_id);
                    if lane.alarm.replace(at) != Some(at) {
                        self.set_timer(at, Wake::Lane(target));
                    }
                }
            }
        }
        None
    }

    fn begin(&mut self, target: Target, notice_id: &str) -> Option<(Arc<Job>, u32)> {
        self.running += 1;
        if let Some(lane) = self.lanes.get_mut(&target) {
            lane.running += 1;
        }
        // To the end of the row: targets take turns.
        self.put_in_row(target);
        let entry = self.notices.get_mut(notice_id)?;
        entry.phase = Phase::Running;
        Some((entry.job.clone(), entry.attempts + 1))
    }

    fn queue(&mut self, target: Target, notice_id: String) {
        let cooling = self.limits.backoff.first;
        let lane = self.lanes.entry(target.clone()).or_insert_with(|| Lane::new(cooling));
        lane.waiting.push_back(notice_id);
        self.put_in_row(target);
    }

    fn put_in_row(&mut self, target: Target) {
        if let Some(lane) = self.lanes.get_mut(&target).filter(|lane| !lane.in_row) {
            lane.in_row = true;
            self.row.push_back(target);
        }
    }

    fn set_timer(&mut self, at: Instant, wake: Wake) {
        self.timers_made += 1;
        self.timers.insert((at, self.timers_made), wake);
    }
}

/// The first that still waits; what was dropped meanwhile is passed over.
fn next_waiting(lane: &mut Lane, notices: &HashMap<String, Entry>) -> Option<String> {
    let waits = |id: &String| notices.get(id).is_some_and(|entry| entry.phase == Phase::Waiting);
    std::iter::from_fn(|| lane.waiting.pop_front()).find(waits)
}

#[cfg(test)]
mod tests;
