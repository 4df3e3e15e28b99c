//! One actor: its stack, what it waits for, and how it went with it.

use super::World;
use super::stack::Coroutine;
use crate::current;
use crate::settings::Micros;
use std::any::Any;
use std::error::Error;
use std::sync::{Arc, OnceLock};

/// Names an actor of one world, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub(crate) u32);

impl ActorId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// How it went with an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Running,
    Returned,
    /// Returned an error, with its causes.
    Failed(String),
    /// A finding.
    Panicked(String),
    Killed,
}

/// What an actor's body may return.
pub trait Report {
    /// # Errors
    /// Where it was one, as text.
    fn report(self) -> Result<(), String>;
}

impl Report for () {
    fn report(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: Error> Report for Result<(), E> {
    fn report(self) -> Result<(), String> {
        self.map_err(|error| {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            text
        })
    }
}

/// Something that happens to an actor in a certain call.
pub(super) type Strike = Box<dyn FnOnce(&mut World, ActorId)>;

struct Trap {
    call: &'static str,
    /// Springs only after the call.
    past: bool,
    been: bool,
    strike: Strike,
}

pub(super) struct Actor {
    pub(super) process: u32,
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) doing: &'static str,
    pub(super) frozen_until: Micros,
    /// Counts its sleeps.
    pub(super) sleep: u32,
    until: Micros,
    news: bool,
    stack: Option<Coroutine>,
    failed: Arc<OnceLock<String>>,
    traps: Vec<Trap>,
}

impl Actor {
    pub(super) fn new<R: Report>(process: u32, name: &str, body: impl FnOnce() -> R + Send + 'static) -> Actor {
        let failed = Arc::new(OnceLock::new());
        let says = failed.clone();
        let stack = Coroutine::new(move || {
            if let Err(why) = body().report() {
                // Nobody else writes here.
                let _ = says.set(why);
            }
        });
        Actor {
            process,
            name: name.to_owned(),
            outcome: Outcome::Running,
            doing: "",
            frozen_until: 0,
            sleep: 0,
            until: 0,
            news: false,
            stack: Some(stack),
            failed,
            traps: Vec::new(),
        }
    }

    pub(super) fn over(&self) -> bool {
        self.outcome != Outcome::Running
    }

    /// Another sleep begins, until then.
    pub(super) fn wake_at(&mut self, until: Micros) {
        self.sleep = self.sleep.wrapping_add(1);
        self.until = until;
    }

    /// There is news that it may have at this time; true where that ends its sleep sooner.
    pub(super) fn hears_of_news(&mut self, at: Micros) -> bool {
        let sooner = self.news && !self.over() && at < self.until;
        if sooner {
            self.wake_at(at);
        }
        sooner
    }

    /// Runs until it stops, and says until when; none where it is over.
    pub(super) fn resume(&mut self, id: ActorId) -> Option<Micros> {
        let stack = self.stack.as_mut()?;
        current::enter(id.0, self.process);
        let stopped = stack.resume();
        let turn = current::leave();
        if stopped {
            // Only a wait of the log stops an actor, and leaves its turn behind.
            let turn = turn?;
            (self.doing, self.news) = (turn.doing, turn.news);
            return Some(turn.until);
        }
        self.doing = "";
        let panicked = self.stack.take().and_then(Coroutine::end);
        self.outcome = match (panicked, self.failed.get()) {
            (Some(payload), _) => Outcome::Panicked(message(&*payload)),
            (None, Some(why)) => Outcome::Failed(why.clone()),
            (None, None) => Outcome::Returned,
        };
        None
    }

    pub(super) fn kill(&mut self, id: ActorId) {
        let Some(mut stack) = self.stack.take() else { return };
        current::enter(id.0, self.process);
        stack.cancel();
        current::leave();
        self.doing = "";
        self.traps.clear();
        self.outcome = match stack.end() {
            Some(payload) => Outcome::Panicked(message(&*payload)),
            None => Outcome::Killed,
        };
    }

    pub(super) fn set_trap(&mut self, call: &'static str, past: bool, strike: Strike) {
        self.traps.push(Trap { call, past, been: false, strike });
    }

    /// What the last turn has set off.
    pub(super) fn sprung(&mut self) -> Vec<Strike> {
        let mut sprung = Vec::new();
        if self.traps.is_empty() || self.over() {
            return sprung;
        }
        for mut trap in std::mem::take(&mut self.traps) {
            let inside = self.doing == trap.call;
            let springs = if trap.past { trap.been && !inside } else { inside };
            if springs {
                sprung.push(trap.strike);
            } else {
                trap.been |= inside;
                self.traps.push(trap);
            }
        }
        sprung
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    match (payload.downcast_ref::<String>(), payload.downcast_ref::<generator::Error>()) {
        (Some(text), _) => text.clone(),
        (None, Some(error)) => format!("{error:?} of the actor's stack"),
        (None, None) => "a panic without a message".to_owned(),
    }
}
