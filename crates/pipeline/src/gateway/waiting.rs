//! Who waits for which answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use weir_proto::log::v1::Answered;

type Id = [u8; 16];

/// What an answer means to one waiter.
#[derive(Debug)]
pub(super) enum Found {
    Answer(Answered),
    /// The id was used for another body.
    Conflict,
}

/// All waiters of a gateway.
pub(super) struct Waiting {
    by_id: Mutex<HashMap<Id, Vec<Waiter>>>,
    serial: AtomicU64,
    /// Somebody has come to wait.
    called: Condvar,
    /// Whether the follower reads. Turned off under the lock of `by_id`, so that nobody comes in between.
    follows: watch::Sender<bool>,
}

impl Default for Waiting {
    fn default() -> Waiting {
        Waiting {
            by_id: Mutex::default(),
            serial: AtomicU64::new(0),
            called: Condvar::new(),
            follows: watch::Sender::new(false),
        }
    }
}

struct Waiter {
    serial: u64,
    body_hash: Id,
    /// The aggregate that the command is for.
    key: String,
    tell: oneshot::Sender<Found>,
}

/// One waiter's end. It stops waiting when this is dropped.
pub(super) struct Answer {
    waiting: Arc<Waiting>,
    id: Id,
    serial: u64,
    told: oneshot::Receiver<Found>,
}

impl Waiting {
    pub(super) fn register(self: &Arc<Self>, id: Id, body_hash: Id, key: &str) -> Answer {
        let (tell, told) = oneshot::channel();
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let mut by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        by_id.entry(id).or_default().push(Waiter { serial, body_hash, key: key.to_owned(), tell });
        drop(by_id);
        self.called.notify_all();
        Answer { waiting: self.clone(), id, serial, told }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Returns once the follower stands behind the facts as they were when it was called.
    pub(super) async fn followed(&self) {
        let mut follows = self.follows.subscribe();
        // An error would mean that the sender is gone: it lives as long as `self`.
        drop(follows.wait_for(|follows| *follows).await);
    }

    /// The follower reads from now on.
    pub(super) fn begin(&self) {
        self.follows.send_replace(true);
    }

    /// Where nobody waits: the follower rests, and true is returned.
    pub(super) fn rest(&self) -> bool {
        let by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        if by_id.is_empty() {
            self.follows.send_replace(false);
        }
        by_id.is_empty()
    }

    /// Sleeps until somebody waits, or the time is over; says whether somebody does.
    pub(super) fn wait_for_call(&self, at_most: Duration) -> bool {
        let by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.called.wait_timeout_while(by_id, at_most, |by_id| by_id.is_empty());
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_empty()
    }

    /// Tells everybody whom this answer, of this aggregate, concerns.
    pub(super) fn tell(&self, key: &str, answered: &Answered) {
        let Ok(id) = Id::try_from(answered.command_id.as_slice()) else { return };
        let mut by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiters) = by_id.remove(&id) else { return };
        let conflict = answered.refusal.as_ref().is_some_and(|refusal| refusal.code == "command-conflict");
        for waiter in waiters {
            // Under one id for two aggregates each gets its own answer.
            if waiter.key != key {
                by_id.entry(id).or_default().push(waiter);
                continue;
            }
            let same_body = waiter.body_hash.as_slice() == answered.body_hash.as_slice();
            let found = match (conflict, same_body) {
                // Another body's conflict says nothing about this one: its own answer is still to come.
                (true, false) => {
                    by_id.entry(id).or_default().push(waiter);
                    continue;
                }
                (false, true) => Found::Answer(answered.clone()),
                (true, true) | (false, false) => Found::Conflict,
            };
            // A waiter that has gone away needs no answer.
            drop(waiter.tell.send(found));
        }
    }
}

impl Answer {
    pub(super) async fn found(mut self) -> Option<Found> {
        (&mut self.told).await.ok()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let mut by_id = self.waiting.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiters) = by_id.get_mut(&self.id) {
            waiters.retain(|w| w.serial != self.serial);
            if waiters.is_empty() {
                by_id.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::log::v1::Refusal;

    const KEY: &str = "order-1";

    fn answered(body: u8, code: Option<&str>) -> Answered {
        let refusal = code.map(|code| Refusal { code: code.to_owned(), detail: String::new() });
        Answered { command_id: vec![7; 16], body_hash: vec![body; 16], version: 3, refusal, repeated: false }
    }

    #[tokio::test]
    async fn two_bodies_under_one_id_get_their_own_answers() {
        let waiting = Arc::new(Waiting::default());
        let first = waiting.register([7; 16], [1; 16], KEY);
        let repeat = waiting.register([7; 16], [1; 16], KEY);
        let other = waiting.register([7; 16], [2; 16], KEY);
        waiting.tell(KEY, &answered(2, Some("command-conflict")));
        assert!(matches!(other.found().await, Some(Found::Conflict)));
        waiting.tell(KEY, &answered(1, None));
        for answer in [first, repeat] {
            assert!(matches!(answer.found().await, Some(Found::Answer(a)) if a.version == 3));
        }
        assert!(waiting.is_empty());
    }

    #[tokio::test]
    async fn an_id_that_was_answered_for_another_body_is_a_conflict() {
        let waiting = Arc::new(Waiting::default());
        let answer = waiting.register([7; 16], [2; 16], KEY);
        waiting.tell(KEY, &answered(1, None));
        assert!(matches!(answer.found().await, Some(Found::Conflict)));
    }

    #[tokio::test]
    async fn one_id_and_body_for_two_aggregates_get_their_own_answers() {
        let waiting = Arc::new(Waiting::default());
        let first = waiting.register([7; 16], [1; 16], KEY);
        let second = waiting.register([7; 16], [1; 16], "order-2");
        waiting.tell(KEY, &answered(1, None));
        assert!(matches!(first.found().await, Some(Found::Answer(_))));
        waiting.tell("order-2", &answered(1, Some("command-conflict")));
        assert!(matches!(second.found().await, Some(Found::Conflict)));
    }

    #[tokio::test]
    async fn the_follower_rests_only_while_nobody_waits() {
        let waiting = Arc::new(Waiting::default());
        waiting.begin();
        let answer = waiting.register([7; 16], [1; 16], KEY);
        assert!(!waiting.rest() && waiting.wait_for_call(Duration::ZERO));
        waiting.followed().await;
        drop(answer);
        assert!(waiting.rest() && !waiting.wait_for_call(Duration::ZERO));
        let (late, other) = (waiting.clone(), waiting.clone());
        let asked = tokio::spawn(async move {
            let _answer = late.register([8; 16], [1; 16], KEY);
            late.followed().await;
        });
        let called = tokio::task::spawn_blocking(move || other.wait_for_call(Duration::from_secs(10)));
        assert!(called.await.expect("no panic"), "whoever comes wakes the follower");
        waiting.begin();
        asked.await.expect("it is followed");
    }

    #[tokio::test]
    async fn who_goes_away_is_forgotten() {
        let waiting = Arc::new(Waiting::default());
        drop(waiting.register([7; 16], [1; 16], KEY));
        assert!(waiting.is_empty());
    }
}
