//! What notification's process holds in hand: notices that are due, each tried until there is an outcome.
//!
//! It stands for the service's dispatcher, which needs tokio: the same job, the same back-off, one outcome for each notice in hand,
//! and what has not begun is dropped when its partition is lost. It has no breaker. A kill loses it, as it loses a process's memory.

use super::coverage::Coverage;
use super::outside::Outside;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use weir_notification::domain::{Fact, Notices, Ready, Subject};
use weir_notification::effects::backoff::Backoff;
use weir_notification::effects::job::{Ended, Job, Verdict};
use weir_notification::wire::notice_id;
use weir_pipeline::{Effects, Topology};

/// Quick, so that a run stays short; attempts as many as a person would set at least.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(200), attempts_max: 5 };

/// A notice in hand.
struct InHand {
    job: Arc<Job>,
    attempts: u32,
    phase: Phase,
    /// False once the partition was lost: what runs is finished, and nothing more is begun.
    ours: bool,
}

enum Phase {
    Waiting,
    Running(Verdict),
    Reported,
}

/// Notices in hand, by id, and when the next thing is to be done about each.
#[derive(Default)]
pub struct Post {
    notices: BTreeMap<String, InHand>,
    due: BTreeSet<(Duration, String)>,
    /// Outcomes to be written; kept until the log has them.
    ended: Vec<Ended>,
}

/// A process's post, shared by its stage and the world.
pub type SharedPost = Arc<Mutex<Post>>;

pub fn lock(post: &SharedPost) -> MutexGuard<'_, Post> {
    post.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Post {
    fn offer(&mut self, job: Job) {
        if let Some(known) = self.notices.get_mut(&job.notice_id) {
            known.ours = true;
            return;
        }
        self.due.insert((Duration::ZERO, job.notice_id.clone()));
        let hand = InHand { job: Arc::new(job), attempts: 0, phase: Phase::Waiting, ours: true };
        self.notices.insert(hand.job.notice_id.clone(), hand);
    }

    fn settled(&mut self, id: &str) {
        match self.notices.get_mut(id) {
            Some(InHand { phase: Phase::Running(_), ours, .. }) => *ours = false,
            _ => drop(self.notices.remove(id)),
        }
    }

    fn lost(&mut self, partition: i32) {
        self.notices.retain(|_, hand| {
            if hand.job.partition != partition {
                return true;
            }
            hand.ours = false;
            matches!(hand.phase, Phase::Running(_))
        });
    }

    /// Whether there is anything to be done.
    pub fn is_empty(&self) -> bool {
        self.notices.is_empty() && self.ended.is_empty()
    }

    /// Does what is due by now.
    pub fn step(&mut self, now: Duration, outside: &mut Outside, seen: &mut Coverage) {
        while let Some((at, id)) = self.due.first().cloned().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, id.clone()));
            let Some(hand) = self.notices.get_mut(&id) else { continue };
            match std::mem::replace(&mut hand.phase, Phase::Reported) {
                Phase::Waiting => {
                    let (takes, verdict) = outside.call(&id, now, seen);
                    hand.phase = Phase::Running(verdict);
                    self.due.insert((now + takes, id));
                }
                Phase::Running(verdict) => self.back(now, id, verdict, seen),
                Phase::Reported => {}
            }
        }
    }

    /// An attempt is back.
    fn back(&mut self, now: Duration, id: String, verdict: Verdict, seen: &mut Coverage) {
        let Some(hand) = self.notices.get_mut(&id) else { return };
        hand.attempts += 1;
        let (job, attempts, ours) = (hand.job.clone(), hand.attempts, hand.ours);
        let (sent, detail) = match verdict {
            Verdict::Sent { answer } => (true, answer),
            Verdict::GiveUp { reason } | Verdict::Unsendable { reason } => (false, reason),
            Verdict::Retry { .. } if !ours => return drop(self.notices.remove(&id)),
            Verdict::Retry { reason, after } => match BACKOFF.after(attempts, &id, after) {
                Some(wait) => {
                    hand.phase = Phase::Waiting;
                    self.due.insert((now + wait, id));
                    return;
                }
                None => (false, format!("attempts-used-up: {reason}")),
            },
        };
        if !sent {
            seen.hit("notice given up");
        }
        if !ours {
            self.notices.remove(&id);
        }
        self.ended.push(Ended { job, sent, attempts, detail });
    }

    /// The outcomes that are to be written now.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    /// Outcomes that the log did not take.
    pub fn give_back(&mut self, ended: Vec<Ended>) {
        self.ended.extend(ended);
    }
}

/// The stage's end of a post.
pub struct Desk(pub SharedPost);

impl Desk {
    fn offer_ready(&self, partition: i32, key: &str, state: &Notices, wanted: impl Fn(Subject) -> bool) {
        let mut post = lock(&self.0);
        for ready in state.ready().filter(|ready| wanted(ready.subject)) {
            post.offer(job(partition, key, ready));
        }
    }
}

fn job(partition: i32, key: &str, ready: Ready<'_>) -> Job {
    Job {
        notice_id: notice_id(key, ready.subject),
        order_id: key.to_owned(),
        worker: 0,
        partition,
        subject: ready.subject,
        since: ready.since,
        recipient: ready.recipient.clone(),
        parameters: ready.parameters.clone(),
        traceparent: None,
    }
}

impl<T: Topology<State = Notices>> Effects<T> for Desk {
    fn taken(&mut self, partition: i32, states: &mut dyn Iterator<Item = (&str, &Notices)>) {
        for (key, state) in states {
            self.offer_ready(partition, key, state, |_| true);
        }
    }

    fn committed(&mut self, partition: i32, key: &str, state: &Notices, fact: &Fact, _: Option<&str>) {
        match fact {
            Fact::RecipientNoted(_) => self.offer_ready(partition, key, state, |_| true),
            Fact::Due { subject, .. } => self.offer_ready(partition, key, state, |ready| ready == *subject),
            Fact::Sent { subject, .. } | Fact::Failed { subject, .. } => {
                lock(&self.0).settled(&notice_id(key, *subject));
            }
        }
    }

    fn lost(&mut self, partition: i32) {
        lock(&self.0).lost(partition);
    }
}
