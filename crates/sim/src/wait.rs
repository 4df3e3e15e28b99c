//! Waiting, and requests: an actor of a world stops and lets others have their turn; anybody else moves the clock on.
//!
//! Nobody holds the broker's lock while it waits.

use crate::Sim;
use crate::broker::{Broker, Code};
use crate::current::{self, Place};
use crate::settings::{MILLI, Micros};

/// How soon a poll that finds nothing may come again: a loop that never waits still gets on in time.
pub(crate) const POLL_COST: Micros = 10;
/// `retry.backoff.ms`.
pub(crate) const BACKOFF: Micros = 200 * MILLI;
/// Pause before asking again a coordinator that is busy with the transaction before.
const BUSY: Micros = 20 * MILLI;
/// Pause before asking a coordinator or leader that had to be found first.
const MOVED: Micros = 500 * MILLI;
/// An answer takes its time by itself once in so many requests, so that whoever asks can die between the deed and the answer.
const ANSWERS: u64 = 8;
/// An actor with records before it stops once in so many, so that others come between them.
const STOPS: u64 = 64;
const STOP_US: (Micros, Micros) = (10, 500);

impl Sim {
    pub(crate) fn now(&self) -> Micros {
        self.lock().now()
    }

    /// Lets so much time pass; false where there is none to pass.
    pub(crate) fn wait(&self, length: Micros) -> bool {
        match current::place() {
            Place::Outside => {
                let mut broker = self.lock();
                let passes = broker.settings.waiting_passes_time;
                if passes {
                    broker.pass(length);
                }
                passes
            }
            Place::Actor(_) => {
                let until = self.now().saturating_add(length);
                current::park(until, false);
                true
            }
            Place::Unwinding => false,
        }
    }

    /// Waits for news of a watch, for the deadline or for something of its owner's own; false where the deadline has come.
    pub(crate) fn wait_for_news(&self, watch: usize, deadline: Micros, own: Option<Micros>) -> bool {
        let mut broker = self.lock();
        if broker.now() >= deadline {
            return false;
        }
        match current::place() {
            Place::Unwinding => false,
            Place::Actor(actor) => {
                let until = own.unwrap_or(deadline).clamp(broker.now() + 1, deadline);
                broker.watches.sleep(watch, actor);
                drop(broker);
                current::park(until, true);
                true
            }
            Place::Outside if !broker.settings.waiting_passes_time => false,
            Place::Outside => {
                let soonest = [broker.next_event(), own].into_iter().flatten().min().unwrap_or(deadline);
                let until = soonest.clamp(broker.now() + 1, deadline);
                let length = until - broker.now();
                broker.pass(length);
                true
            }
        }
    }

    /// Now and then an actor that has enough to do stops for others.
    pub(crate) fn stop_now_and_then(&self) {
        if let Place::Actor(_) = current::place() {
            let mut broker = self.lock();
            if broker.random.one_in(STOPS) {
                let length = broker.random.within(STOP_US);
                drop(broker);
                self.wait(length);
            }
        }
    }

    /// One request: its way takes time, and nobody may be there.
    pub(crate) fn ask<T>(&self, call: impl FnOnce(&mut Broker) -> Result<T, Code>) -> Result<T, Code> {
        let mut broker = self.lock();
        match current::place() {
            Place::Unwinding => Err(Code::Unreachable),
            Place::Outside => {
                if broker.settings.waiting_passes_time {
                    let latency = broker.latency();
                    broker.pass(latency);
                }
                broker.answers()?;
                call(&mut broker)
            }
            Place::Actor(_) => {
                let arrives = broker.now() + broker.latency();
                drop(broker);
                current::park(arrives, false);
                let mut broker = self.lock();
                let outcome = broker.answers().and_then(|()| call(&mut broker));
                if broker.random.one_in(ANSWERS) {
                    let back = broker.now() + broker.latency();
                    drop(broker);
                    current::park(back, false);
                }
                outcome
            }
        }
    }

    /// Repeats what may be repeated, as the client does inside.
    pub(crate) fn patiently<T>(
        &self,
        patience: Micros,
        mut call: impl FnMut(&mut Broker) -> Result<T, Code>,
    ) -> Result<T, Code> {
        self.repeatedly(patience, pause, &mut call)
    }

    /// Repeats what there is a pause for, as long as patience lasts.
    pub(crate) fn repeatedly<T>(
        &self,
        patience: Micros,
        pause: impl Fn(Code) -> Option<Micros>,
        mut call: impl FnMut(&mut Broker) -> Result<T, Code>,
    ) -> Result<T, Code> {
        let deadline = self.now() + patience;
        loop {
            let outcome = self.ask(&mut call);
            let Some(pause) = outcome.as_ref().err().and_then(|code| pause(*code)) else { return outcome };
            if self.now() + pause > deadline || !self.wait(pause) {
                return outcome;
            }
        }
    }
}

/// How long the client waits before it asks again; none where it does not.
fn pause(code: Code) -> Option<Micros> {
    match code {
        Code::ConcurrentTransactions => Some(BUSY),
        Code::Unreachable | Code::LeaderNotAvailable => Some(BACKOFF),
        Code::NotCoordinator => Some(MOVED),
        _ => None,
    }
}
