//! Who is tried when: one task that holds every notice in hand, starts attempts within the limits, and sees to their end.
//!
//! It owns all of its books, so there are no locks. A notice that waits for its next attempt, or for a target that is down,
//! takes no place of those that could be sent.

mod books;
mod lane;

use super::backoff::Backoff;
use super::job::{Attempts, Ended, Job, Outcomes, Verdict};
use books::Books;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// Limits of what runs.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub backoff: Backoff,
    /// Attempts at a time.
    pub running_max: usize,
    /// Attempts at a time at one target.
    pub per_target_max: usize,
    /// A notice that has been in hand for this long is given up at its next failure, however few the attempts were.
    pub give_up_after: Duration,
}

/// The stage's end. Never blocks; cheap to clone.
#[derive(Clone)]
pub struct Handle(mpsc::UnboundedSender<Event>);

enum Event {
    Offered(Job),
    Settled(String),
    Lost { worker: usize, partition: i32 },
    Attempted { notice_id: String, verdict: Verdict },
    Written { notice_id: String },
}

/// The task's own parts.
struct Dispatcher {
    books: Books,
    attempts: Arc<dyn Attempts>,
    outcomes: Arc<dyn Outcomes>,
    back: mpsc::UnboundedSender<Event>,
    /// Outcomes on their way into the log.
    writing: usize,
}

/// Starts the dispatcher on the current runtime. It ends when `drain` turns true and what runs has been written down; what
/// only waits is left to the next owner.
pub fn start(
    limits: Limits,
    attempts: Arc<dyn Attempts>,
    outcomes: Arc<dyn Outcomes>,
    mut drain: watch::Receiver<bool>,
) -> (Handle, tokio::task::JoinHandle<()>) {
    let (back, mut events) = mpsc::unbounded_channel();
    let handle = Handle(back.clone());
    let mut dispatcher = Dispatcher { books: Books::new(limits), attempts, outcomes, back, writing: 0 };
    let task = tokio::spawn(async move {
        let mut draining = *drain.borrow();
        while !(draining && dispatcher.is_idle()) {
            let wake = dispatcher.books.next_wake().filter(|_| !draining);
            tokio::select! {
                Some(event) = events.recv() => dispatcher.take(event),
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => dispatcher.books.wake(Instant::now()),
                changed = drain.changed(), if !draining => draining = changed.is_err() || *drain.borrow(),
            }
            if !draining {
                dispatcher.start_what_can();
            }
        }
    });
    (handle, task)
}

impl Handle {
    /// Hands a notice over. One that is in hand already stays as it is.
    pub fn offer(&self, job: Job) {
        self.tell(Event::Offered(job));
    }

    /// The notice's outcome is a fact.
    pub fn settled(&self, notice_id: String) {
        self.tell(Event::Settled(notice_id));
    }

    /// The partition belongs to another.
    pub fn lost(&self, worker: usize, partition: i32) {
        self.tell(Event::Lost { worker, partition });
    }

    fn tell(&self, event: Event) {
        // Nobody listens once the process drains; the next owner finds in its state what is due.
        let _ = self.0.send(event);
    }
}

impl Dispatcher {
    fn is_idle(&self) -> bool {
        self.books.running() == 0 && self.writing == 0
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Offered(job) => self.books.offer(job),
            Event::Settled(notice_id) => self.books.forget(&notice_id),
            Event::Lost { worker, partition } => self.books.lost(worker, partition),
            Event::Attempted { notice_id, verdict } => {
                if let Some(ended) = self.books.attempted(&notice_id, verdict, Instant::now()) {
                    self.write(ended);
                }
            }
            Event::Written { notice_id } => {
                self.writing -= 1;
                self.books.written(&notice_id);
            }
        }
    }

    fn start_what_can(&mut self) {
        while let Some((job, number)) = self.books.start_next(Instant::now()) {
            let (back, notice_id) = (self.back.clone(), job.notice_id.clone());
            let attempt = tokio::spawn(self.attempts.attempt(job, number));
            tokio::spawn(async move {
                let verdict = attempt.await.unwrap_or_else(|_| Verdict::retry("panicked: see the log"));
                let _ = back.send(Event::Attempted { notice_id, verdict });
            });
        }
    }

    fn write(&mut self, ended: Ended) {
        let Ended { job, sent, attempts, detail } = &ended;
        let (notice_id, order_id) = (job.notice_id.as_str(), job.order_id.as_str());
        match sent {
            true => tracing::debug!(notice_id, order_id, attempts, "notice sent"),
            false => tracing::warn!(notice_id, order_id, attempts, reason = detail, "notice given up"),
        }
        self.writing += 1;
        let (back, notice_id) = (self.back.clone(), job.notice_id.clone());
        let write = self.outcomes.record(ended);
        tokio::spawn(async move {
            write.await;
            let _ = back.send(Event::Written { notice_id });
        });
    }
}
