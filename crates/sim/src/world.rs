//! A world: actors on stacks of their own, one simulated cluster, one clock and one seed.
//!
//! An actor is production code as it is: where it waits for the log it stops, and whoever is due next has its turn. Exactly one
//! runs at a time, on the thread that runs the world, and which one is drawn from the seed. Several worlds run on several threads.

mod actor;
mod agenda;
mod stack;

pub use actor::{ActorId, Outcome, Report};

use crate::broker::Broker;
use crate::random::Random;
use crate::settings::{MILLI, Micros, micros};
use crate::{Control, Settings, Sim, SimLog, current};
use actor::Actor;
use agenda::{Agenda, Due};
use std::collections::BTreeMap;
use std::time::Duration;

/// Something that happens at its time.
type Action = Box<dyn FnOnce(&mut World)>;

/// How often [`World::run_while`] looks whether to go on.
const LOOKS: Micros = 10 * MILLI;

/// One simulated installation with everybody who works on it.
pub struct World {
    sim: Sim,
    random: Random,
    actors: Vec<Actor>,
    processes: Vec<String>,
    agenda: Agenda,
    actions: BTreeMap<u64, Action>,
    woken: Vec<(u32, Micros)>,
    turns: u64,
}

impl World {
    pub fn new(settings: Settings) -> World {
        // The clock is the world's: nobody else moves it on.
        let random = Random::new(settings.seed.rotate_left(17) ^ 0x5eed);
        let sim = Sim::new(Settings { waiting_passes_time: false, ..settings });
        World {
            sim,
            random,
            actors: Vec::new(),
            processes: Vec::new(),
            agenda: Agenda::default(),
            actions: BTreeMap::new(),
            woken: Vec::new(),
            turns: 0,
        }
    }

    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    pub fn log(&self) -> SimLog {
        self.sim.log()
    }

    pub fn control(&self) -> Control {
        self.sim.control()
    }

    /// The same as the log's `uptime`.
    pub fn now(&self) -> Duration {
        Duration::from_micros(self.sim.now())
    }

    /// How often an actor has had its turn.
    pub fn turns(&self) -> u64 {
        self.turns
    }

    /// A number below this, from the seed: for whoever plays the world's malice.
    pub fn draw(&mut self, below: u64) -> u64 {
        self.random.within((0, below.saturating_sub(1)))
    }

    /// Begins an actor of a process; its first turn comes when the world runs on.
    pub fn spawn<R: Report>(
        &mut self,
        process: &str,
        name: &str,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> ActorId {
        let id = ActorId(u32::try_from(self.actors.len()).unwrap_or(u32::MAX));
        let process = self.process(process);
        self.actors.push(Actor::new(process, name, body));
        self.wake_at(id, self.sim.now());
        id
    }

    /// Ends an actor where it stands, with no word to anybody: its seat falls silent, its transaction stays open.
    pub fn kill(&mut self, id: ActorId) {
        if let Some(actor) = self.actors.get_mut(id.index()) {
            actor.kill(id);
        }
    }

    /// Ends all actors of a process at one instant.
    pub fn kill_process(&mut self, process: &str) {
        for id in self.alive(process) {
            self.kill(id);
        }
    }

    /// An actor stands still for so long, and its heartbeats with it; then it goes on as if nothing had been.
    pub fn freeze(&mut self, id: ActorId, length: Duration) {
        let mut broker = self.sim.lock();
        let until = broker.now() + micros(length);
        let Some(actor) = self.actors.get_mut(id.index()) else { return };
        if actor.over() || actor.frozen_until >= until {
            return;
        }
        actor.frozen_until = until;
        broker.silence_actor(id.0);
        drop(broker);
        self.act_at(until, Box::new(move |world| world.thaw(id)));
    }

    /// All actors of a process stand still.
    pub fn freeze_process(&mut self, process: &str, length: Duration) {
        for id in self.alive(process) {
            self.freeze(id, length);
        }
    }

    fn thaw(&mut self, id: ActorId) {
        let mut broker = self.sim.lock();
        if let Some(actor) = self.actors.get(id.index())
            && !actor.over()
            && actor.frozen_until <= broker.now()
        {
            broker.unsilence_actor(id.0);
        }
    }

    /// Sets a process's wall clock apart from the broker's, beside what [`Control::skew`] does to all.
    pub fn skew_process(&mut self, process: &str, ahead_ms: i64) {
        let process = self.process(process);
        self.sim.lock().faults.skews.insert(process, ahead_ms);
    }

    /// The actors of a process that are not over.
    pub fn alive(&self, process: &str) -> Vec<ActorId> {
        let named = |actor: &Actor| self.processes.get(actor.process as usize).is_some_and(|name| name == process);
        let mut found = Vec::new();
        for (number, actor) in self.actors.iter().enumerate() {
            if !actor.over() && named(actor) {
                found.push(ActorId(u32::try_from(number).unwrap_or(u32::MAX)));
            }
        }
        found
    }

    pub fn is_over(&self, id: ActorId) -> bool {
        self.actors.get(id.index()).is_none_or(Actor::over)
    }

    /// How it went with an actor.
    pub fn outcome(&self, id: ActorId) -> Outcome {
        self.actors.get(id.index()).map_or(Outcome::Killed, |actor| actor.outcome.clone())
    }

    /// The call of the log that an actor waits in: "poll", "committed", "read", "bounds", "init", "drain", "offsets", "commit",
    /// "abort" or "sleep"; empty before its first.
    pub fn activity(&self, id: ActorId) -> &'static str {
        self.actors.get(id.index()).map_or("", |actor| actor.doing)
    }

    pub fn name(&self, id: ActorId) -> &str {
        self.actors.get(id.index()).map_or("", |actor| actor.name.as_str())
    }

    /// Does this so long from now.
    pub fn at(&mut self, after: Duration, action: impl FnOnce(&mut World) + 'static) {
        let at = self.sim.now() + micros(after);
        self.act_at(at, Box::new(action));
    }

    /// Does this the next time that the actor waits in this call, before the request has arrived.
    pub fn when_in(&mut self, id: ActorId, call: &'static str, action: impl FnOnce(&mut World, ActorId) + 'static) {
        self.trap(id, call, false, Box::new(action));
    }

    /// Does this once the actor has been through this call and waits in another.
    pub fn when_past(&mut self, id: ActorId, call: &'static str, action: impl FnOnce(&mut World, ActorId) + 'static) {
        self.trap(id, call, true, Box::new(action));
    }

    /// Runs for so long.
    pub fn run_for(&mut self, length: Duration) {
        let until = self.sim.now() + micros(length);
        while self.step(until) {}
    }

    /// Runs until the log's uptime is this.
    pub fn run_until(&mut self, until: Duration) {
        while self.step(micros(until)) {}
    }

    /// Runs while this holds, and no longer than the limit; says whether it stopped because it no longer held.
    pub fn run_while(&mut self, limit: Duration, mut holds: impl FnMut(&mut World) -> bool) -> bool {
        let until = self.sim.now() + micros(limit);
        loop {
            if !holds(self) {
                return true;
            }
            let now = self.sim.now();
            if now >= until {
                return false;
            }
            while self.step(until.min(now + LOOKS)) {}
        }
    }

    /// A number for everything that was written and all that chance and time had a part in: two runs of a seed have the same.
    pub fn log_hash(&self) -> u64 {
        self.sim.lock().digest(&[self.turns, self.random.clone().next()])
    }

    fn process(&mut self, name: &str) -> u32 {
        let known = self.processes.iter().position(|process| process == name);
        let number = known.unwrap_or_else(|| {
            self.processes.push(name.to_owned());
            self.processes.len() - 1
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn act_at(&mut self, at: Micros, action: Action) {
        let key = self.agenda.act(at);
        self.actions.insert(key, action);
    }

    fn wake_at(&mut self, id: ActorId, at: Micros) {
        if let Some(actor) = self.actors.get_mut(id.index()) {
            actor.wake_at(at);
            self.agenda.wake(at, self.random.next(), id.0, actor.sleep);
        }
    }

    fn trap(&mut self, id: ActorId, call: &'static str, past: bool, action: actor::Strike) {
        if let Some(actor) = self.actors.get_mut(id.index()) {
            actor.set_trap(call, past, action);
        }
    }

    /// Lets the next thing happen; false where there is none until then, and it is then.
    fn step(&mut self, until: Micros) -> bool {
        let Some(due) = self.next_due(until) else { return false };
        match due {
            Due::Act(key) => {
                if let Some(action) = self.actions.remove(&key) {
                    action(self);
                }
            }
            Due::Wake { actor, sleep } => self.turn(ActorId(actor), sleep),
        }
        true
    }

    /// Moves the clock on to the next turn or action, and lets happen meanwhile what happens by itself.
    fn next_due(&mut self, until: Micros) -> Option<Due> {
        let World { sim, agenda, actors, woken, random, .. } = self;
        let mut broker = sim.lock();
        loop {
            broker.watches.take_woken(woken);
            for (id, at) in woken.drain(..) {
                let Some(actor) = actors.get_mut(id as usize) else { continue };
                if actor.hears_of_news(at) {
                    agenda.wake(at, random.next(), id, actor.sleep);
                }
            }
            let (next, event) = (agenda.first(), broker.next_event());
            if let Some(event) = event
                && event <= until
                && next.is_none_or(|next| event <= next)
            {
                pass_to(&mut broker, event);
                continue;
            }
            let Some(next) = next.filter(|next| *next <= until) else {
                pass_to(&mut broker, until);
                return None;
            };
            pass_to(&mut broker, next);
            return agenda.pop();
        }
    }

    fn turn(&mut self, id: ActorId, sleep: u32) {
        let now = self.sim.now();
        let Some(actor) = self.actors.get_mut(id.index()) else { return };
        if actor.over() || actor.sleep != sleep {
            // It was woken by something else meanwhile.
            return;
        }
        if actor.frozen_until > now {
            let until = actor.frozen_until;
            self.wake_at(id, until);
            return;
        }
        self.turns += 1;
        if let Some(until) = actor.resume(id) {
            self.wake_at(id, until.max(now));
        }
        for strike in self.actors.get_mut(id.index()).map(Actor::sprung).unwrap_or_default() {
            strike(self, id);
        }
    }
}

fn pass_to(broker: &mut Broker, at: Micros) {
    let length = at.saturating_sub(broker.now());
    broker.pass(length);
}

impl Drop for World {
    /// While a test's failure unwinds, nothing else may: what actors held is left where it is.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            for number in 0..self.actors.len() {
                self.kill(ActorId(u32::try_from(number).unwrap_or(u32::MAX)));
            }
        }
        current::leave();
    }
}
