//! Sending: from committed facts only, under one id, until there is an outcome; the outcome comes back as a command.
//!
//! The stage's thread hands jobs over and returns at once. The [`dispatcher`] holds whatever waits. That is never more than the
//! stage itself holds as due, so nothing needs to be turned away, and nothing can be lost but by a crash, after which the
//! next owner finds it due and sends it again under the same id. What is bounded is what runs: attempts at a time, in all
//! and for each target.

pub mod address;
pub mod backoff;
pub mod breaker;
pub mod dispatcher;
pub mod endpoints;
pub mod job;
pub mod mail;
pub mod outcome;
pub mod relay;
pub mod relay_url;
pub mod retry_after;
pub mod sender;
pub mod webhook;

use crate::domain::{Fact, Notices, Ready, Subject};
use crate::wire::{self, Notification};
use dispatcher::Handle;
use job::Job;
use weir_pipeline::Effects;

/// One worker's way to the dispatcher.
pub struct Desk {
    worker: usize,
    dispatcher: Handle,
}

impl Desk {
    pub fn new(worker: usize, dispatcher: Handle) -> Desk {
        Desk { worker, dispatcher }
    }

    fn offer(&self, partition: i32, key: &str, ready: Ready<'_>, traceparent: Option<&str>) {
        self.dispatcher.offer(Job {
            notice_id: wire::notice_id(key, ready.subject),
            order_id: key.to_owned(),
            worker: self.worker,
            partition,
            subject: ready.subject,
            since: ready.since,
            recipient: ready.recipient.clone(),
            parameters: ready.parameters.clone(),
            traceparent: traceparent.map(str::to_owned),
        });
    }

    fn offer_ready(
        &self,
        (partition, key): (i32, &str),
        state: &Notices,
        traceparent: Option<&str>,
        wanted: impl Fn(Subject) -> bool,
    ) {
        for ready in state.ready().filter(|ready| wanted(ready.subject)) {
            self.offer(partition, key, ready, traceparent);
        }
    }
}

impl Effects<Notification> for Desk {
    fn taken(&mut self, partition: i32, states: &mut dyn Iterator<Item = (&str, &Notices)>) {
        for (key, state) in states {
            self.offer_ready((partition, key), state, None, |_| true);
        }
    }

    fn committed(&mut self, partition: i32, key: &str, state: &Notices, fact: &Fact, traceparent: Option<&str>) {
        let place = (partition, key);
        match fact {
            // What waited for the recipient is ready now. What is offered twice is taken once.
            Fact::RecipientNoted(_) => self.offer_ready(place, state, traceparent, |_| true),
            Fact::Due { subject, .. } => self.offer_ready(place, state, traceparent, |ready| ready == *subject),
            Fact::Sent { subject, .. } | Fact::Failed { subject, .. } => {
                self.dispatcher.settled(wire::notice_id(key, *subject));
            }
        }
    }

    fn lost(&mut self, partition: i32) {
        self.dispatcher.lost(self.worker, partition);
    }
}

#[cfg(test)]
mod tests;
