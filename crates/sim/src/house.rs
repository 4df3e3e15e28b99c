//! The house under simulation: the five services' stages as they run in production, in one world, with harm done to them.
//!
//! [`run`] is one seed from its first record to its verdict: reference data, processes, load and faults, then a time in which the
//! faults stop and everything must come to rest, then the checks. The same seed gives the same log, to the byte.

mod agenda;
mod checks;
mod coverage;
mod deadlines;
mod door;
mod faults;
mod kept;
mod load;
mod outside;
mod plan;
mod post;
mod process;
mod projectors;
mod queues;
mod sinks;
mod store;
mod swarm;
mod tail;
mod times;
mod watch;

pub use checks::Breach;
pub use coverage::Coverage;
pub use plan::{Fault, Plan, Stage};
pub use swarm::{Done, Swarm, Total};
pub use watch::Watch;

use crate::random::Random;
use crate::workload::Action;
use crate::world::World;
use crate::{Control, Sim, Target};
use agenda::Agenda;
use load::Load;
use outside::{Outside, Trouble};
use post::SharedPost;
use process::{Process, Shop};
use projectors::{Projector, Sight, Sinks};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use store::{Damage, Store};
use tail::Tail;
use weir_pipeline::{Record, TopicPartition};
use weir_proto::topics::Topic;

/// How often the world outside looks at what was committed.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long nothing may happen before the house is at rest: longer than the longest payment deadline.
const REST: Duration = Duration::from_secs(25);
/// Within this it must come to rest once the faults have stopped.
const BOUND: Duration = Duration::from_secs(240);
/// How long a process may take to end in good order.
const STOPPING: Duration = Duration::from_secs(30);

/// What one seed came to.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub plan: Plan,
    pub breaches: Vec<Breach>,
    pub coverage: Coverage,
    pub counts: Counts,
    pub log_hash: String,
    /// One order's records.
    pub story: Vec<String>,
}

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub orders: u64,
    pub deliveries: u64,
    pub records: u64,
    pub kills: u64,
    pub freezes: u64,
    pub aborts: u64,
    pub takeovers: u64,
    pub rebalances: u64,
    pub outages: u64,
    pub restarts: u64,
    pub quarantined: u64,
    /// Simulated time.
    pub lasted_ms: u64,
}

/// Something that the house will do.
#[derive(Debug)]
enum Task {
    Look,
    Load,
    Write(Action),
    Harm(Fault),
    Start(Stage, String),
    Kill(String),
    ForgetOffsets(Stage),
    Release(Target),
    Online(TopicPartition),
    BrokerQuick,
    Project(Sight, usize),
    PostgresBack,
    RedisBack,
    Replicate,
    LateEnds,
    ClockRight,
}

/// One seed's house.
struct House {
    plan: Plan,
    sim: Sim,
    control: Control,
    world: World,
    shop: Shop,
    load: Load,
    outside: Outside,
    tail: Tail,
    /// Every record that was looked at.
    seen: tail::Records,
    processes: Vec<Process>,
    /// Stood still while another took their names.
    zombies: Vec<Process>,
    projectors: Vec<Projector>,
    sinks: Sinks,
    agenda: Agenda<Task>,
    random: Random,
    coverage: Coverage,
    counts: Counts,
    breaches: Vec<Breach>,
    books: faults::Books,
    moments: watch::Moments,
    healed: bool,
    offline: Vec<TopicPartition>,
    /// Ids of deliveries and commands that were acknowledged.
    acknowledged: BTreeSet<String>,
    /// How often an action was held back, by its serial number.
    held_back: BTreeMap<u64, u32>,
    /// One that was placed.
    known_order: Option<String>,
    /// Where the house itself wrote what can't be read.
    poisoned: Vec<(i32, i64)>,
    /// What retention took, where somebody may want to see it.
    cut_away: Vec<Record>,
    /// When something was last seen to be said.
    stirred: Duration,
    watch: Watch,
}

/// Runs one seed to its verdict.
pub fn run(plan: Plan, watch: &Watch) -> Verdict {
    let mut house = House::open(plan, watch.clone());
    house.publish();
    house.begin();
    house.rest();
    house.close();
    // The checks fold with the right code, whatever is planted.
    weir_decider::plant::lift();
    house.verdict()
}

impl House {
    fn open(plan: Plan, watch: Watch) -> House {
        let world = World::new(plan.settings.clone());
        let sim = world.sim().clone();
        let load = Load::new(&plan);
        let key = Arc::new(load.key());
        let shop = Shop::new(sim.log(), key, Store::new(plan.seed));
        House {
            control: sim.control(),
            load,
            outside: Outside::new(plan.seed),
            tail: Tail::of(&sim, &tail::topics()),
            seen: tail::Records::default(),
            processes: Vec::new(),
            zombies: Vec::new(),
            projectors: Vec::new(),
            sinks: Sinks::new(plan.seed),
            agenda: Agenda::default(),
            random: Random::new(plan.seed ^ 0x686f_7573),
            coverage: Coverage::default(),
            counts: Counts::default(),
            breaches: Vec::new(),
            books: faults::Books::default(),
            moments: watch::Moments::default(),
            healed: false,
            offline: Vec::new(),
            acknowledged: BTreeSet::new(),
            held_back: BTreeMap::new(),
            known_order: None,
            poisoned: Vec::new(),
            cut_away: Vec::new(),
            stirred: Duration::ZERO,
            sim,
            world,
            shop,
            plan,
            watch,
        }
    }

    fn breach(&mut self, invariant: &str, key: &str, detail: impl Into<String>) {
        let breach = Breach { invariant: invariant.to_owned(), key: key.to_owned(), detail: detail.into() };
        if self.watch.trace {
            eprintln!("{:>10.3} s BREACH {breach}", self.world.now().as_secs_f64());
        }
        self.breaches.push(breach);
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        if self.watch.trace {
            eprintln!("{:>10.3} s {}", self.world.now().as_secs_f64(), what());
        }
    }

    /// Reference data first, as an operator does.
    fn publish(&mut self) {
        let (log, entries) = (self.shop.log.clone(), self.load.reference(&self.load.key()));
        let failed = Arc::new(std::sync::Mutex::new(None));
        let told = failed.clone();
        let publisher = self.world.spawn("reference", "reference", move || {
            if let Err(error) = weir_pipeline::reference::Publisher::new(log).publish(entries) {
                *told.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error.to_string());
            }
        });
        let until = self.world.now() + Duration::from_secs(30);
        while !self.world.is_over(publisher) && self.world.now() < until {
            let next = self.world.now() + LOOK_EVERY;
            self.world.run_until(next);
        }
        let whole = TopicPartition::new(Topic::Reference, 0);
        // As an edge's table has it: behind the last record, and not behind the control record.
        let mut read = 0;
        self.control.visit(whole, 0, |record| read = record.offset + 1);
        self.load.reference_read(read);
        let failed = failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(why) = failed {
            self.breach("house", "reference", why);
        }
    }

    /// Processes, load and harm, until the last write of the plan is done.
    fn begin(&mut self) {
        let processes = self.plan.processes.clone();
        for (stage, count) in processes {
            for number in 0..count {
                self.start(stage, &format!("{}-{number}", stage.name()));
            }
        }
        let begins = self.world.now();
        if self.plan.projectors {
            self.start_projectors();
            self.agenda.put(begins, Task::Replicate);
        }
        self.agenda.put(begins, Task::Look);
        self.agenda.put(begins, Task::Load);
        if self.plan.has(Fault::Http) {
            self.outside.trouble = Trouble::draw(&mut self.random);
        }
        let load = if self.plan.has(Fault::Snapshots) { 50 } else { 0 };
        let save = if self.plan.has(Fault::Disk) { 40 } else { 0 };
        self.shop.store.damage(Damage { load, save });
        let faults: Vec<_> = self.plan.faults.iter().filter_map(|(fault, gap)| Some((*fault, (*gap)?))).collect();
        for (fault, gap) in faults {
            let at = begins + self.spread(gap);
            self.agenda.put(at, Task::Harm(fault));
        }
        while !self.load.is_over() {
            let next = self.world.now() + Duration::from_millis(500);
            self.go_on(next);
        }
        // Harm goes on for a while after the last word from outside.
        let next = self.world.now() + Duration::from_secs(3);
        self.go_on(next);
    }

    fn start(&mut self, stage: Stage, instance: &str) {
        let process = Process::start(&mut self.world, &self.shop, &self.plan, stage, instance);
        self.processes.push(process);
    }

    /// The faults stop; everything must come to rest within the bound.
    fn rest(&mut self) {
        self.heal();
        let bound = self.world.now() + BOUND;
        self.stirred = self.world.now();
        while self.world.now() < bound {
            let next = self.world.now() + Duration::from_millis(500);
            self.go_on(next);
            if self.is_at_rest() {
                return;
            }
        }
        self.breach("I4", "house", format!("{} s after the faults stopped it is not at rest", BOUND.as_secs()));
    }

    fn is_at_rest(&self) -> bool {
        // A stage whose clock was found to be off looks again after half a minute.
        let rest = if self.plan.has(Fault::Clock) { REST * 2 } else { REST };
        let quiet = self.world.now() >= self.stirred + rest;
        let posts = self.processes.iter().chain(&self.zombies).filter_map(|process| process.post.as_ref());
        quiet
            && !self.agenda.holds(|task| matches!(task, Task::Write(_) | Task::Start(..) | Task::Project(..)))
            && posts.into_iter().all(|post| post::lock(post).is_empty())
    }

    /// Everybody ends in good order; the projectors last, for some partitions are taken over once more when others leave.
    fn close(&mut self) {
        for process in self.processes.iter().chain(&self.zombies) {
            process.ask_to_stop();
        }
        self.go_on_while(|house| {
            house.processes.iter().chain(&house.zombies).any(|process| !process.is_over(&house.world))
        });
        let next = self.world.now() + Duration::from_secs(3);
        self.go_on(next);
        self.projectors.iter().for_each(Projector::ask_to_stop);
        self.go_on_while(|house| house.projectors.iter().any(|projector| !house.world.is_over(projector.worker)));
        self.look_after();
        self.look_after_projectors();
        let late = self.processes.iter().chain(&self.zombies).map(|process| process.name.clone());
        let late: Vec<String> = late.chain(self.projectors.iter().map(|projector| projector.name.clone())).collect();
        for name in late {
            self.breach("house", &name, format!("did not end within {} s", STOPPING.as_secs()));
        }
        // What was written last is looked at too.
        self.look();
    }

    fn go_on_while(&mut self, holds: impl Fn(&House) -> bool) {
        let until = self.world.now() + STOPPING;
        while self.world.now() < until && holds(self) {
            let next = self.world.now() + Duration::from_millis(100);
            self.go_on(next);
        }
    }

    /// Lets the world run, and does what is on the agenda, until then.
    fn go_on(&mut self, until: Duration) {
        loop {
            let next = self.agenda.next().map_or(until, |at| at.min(until)).max(self.world.now());
            self.world.run_until(next);
            let now = self.world.now();
            while let Some(task) = self.agenda.take(now) {
                self.perform(task);
            }
            if now >= until {
                return;
            }
        }
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Look => {
                self.look();
                self.look_after();
                self.look_after_projectors();
                self.note_books();
                self.note_felt();
                let now = self.world.now();
                let quiet = now > self.stirred + Duration::from_millis(500);
                self.agenda.put(now + if quiet { LOOK_EVERY * 5 } else { LOOK_EVERY }, Task::Look);
            }
            Task::Load => self.go_on_loading(),
            Task::Write(action) => self.act(action),
            Task::Harm(fault) => self.harm_again(fault),
            Task::Start(stage, instance) => self.restart(stage, &instance),
            Task::Kill(instance) => self.kill_named(&instance),
            Task::ForgetOffsets(stage) => self.forget_offsets(stage),
            Task::Project(sight, number) => self.start_projector(sight, number),
            Task::PostgresBack => self.sinks.postgres.lock().service.away = false,
            Task::RedisBack => self.sinks.redis.lock().service.away = false,
            Task::Replicate => {
                self.sinks.redis.lock().replicate();
                let next = self.world.now() + Duration::from_millis(self.random.within((200, 1_000)));
                self.agenda.put(next, Task::Replicate);
            }
            Task::Release(target) => {
                self.note_felt();
                self.control.release_markers(&target);
            }
            Task::Online(at) => self.control.bring_online(at),
            Task::BrokerQuick => self.control.slow(1),
            Task::LateEnds => self.deliver_late_ends(),
            Task::ClockRight => self.right_clocks(),
        }
    }

    /// What has been committed: people and platforms react to it, and notices are sent.
    fn look(&mut self) {
        let (now, clock) = (self.world.now(), self.sim.lock().clock());
        for record in self.tail.look(&self.sim) {
            self.stirred = now;
            self.note_record(&record);
            for (delay, action) in self.load.react(&record, clock) {
                self.agenda.put(now + delay, Task::Write(action));
            }
            self.seen.push(record);
        }
        // One that stood still, and whose successor of its name has gone meanwhile, takes its seat again and works on.
        let awake = |process: &&Process| process.frozen_until.is_none_or(|until| until <= now);
        let awake = self.processes.iter().chain(&self.zombies).filter(awake);
        let posts: Vec<_> = awake.filter_map(|process| process.post.clone()).collect();
        posts.iter().for_each(|post| self.attend(post, now));
    }

    fn attend(&mut self, post: &SharedPost, now: Duration) {
        post::lock(post).step(now, &mut self.outside, &mut self.coverage);
        let ended = post::lock(post).take_ended();
        if ended.is_empty() {
            return;
        }
        if self.sim.lock().faults.down {
            return post::lock(post).give_back(ended);
        }
        for ended in ended {
            let now = self.sim.lock().clock();
            self.append(&load::outcome(ended, now));
        }
    }

    /// The checks, and what there is to tell.
    fn verdict(mut self) -> Verdict {
        self.check();
        self.counts.deliveries = self.load.count(&mut self.coverage);
        let takes_over = |who| !self.world.name(who).ends_with(process::MAKER);
        self.coverage.merge(&self.shop.store.seen(takes_over));
        self.counts.lasted_ms = u64::try_from(self.world.now().as_millis()).unwrap_or(u64::MAX);
        let log_hash = if self.watch.no_hash { String::new() } else { format!("{:016x}", self.world.log_hash()) };
        let named = self.breaches.first().map(|breach| breach.key.clone());
        let order = self.watch.order.clone().or_else(|| named.filter(|_| self.watch.trace));
        Verdict {
            log_hash,
            story: order.map(|order| self.story(&order)).unwrap_or_default(),
            plan: self.plan,
            breaches: self.breaches,
            coverage: self.coverage,
            counts: self.counts,
        }
    }
}
