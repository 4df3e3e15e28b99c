//! Harm: what is done to whom, when.

mod books;
mod broker;
mod felt;
mod outer;

pub(super) use books::Books;

use super::outside::Trouble;
use super::plan::{Fault, Stage};
use super::store::Damage;
use super::{House, Task};
use crate::Coordination;
use crate::world::World;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Moments of several places.
const BEYOND: &str = "frozen beyond its session";
const REBALANCED: &str = "rebalanced with an open transaction";
const AWAY: &str = "broker away with an open transaction";

/// Processes of one stage at most.
const PROCESSES_MAX: usize = 3;

fn ms(length: u64) -> Duration {
    Duration::from_millis(length)
}

impl House {
    /// A time around the mean.
    pub(super) fn spread(&mut self, mean: Duration) -> Duration {
        let mean = u64::try_from(mean.as_millis()).unwrap_or(u64::MAX);
        ms(self.random.within((mean * 3 / 10, mean * 17 / 10)))
    }

    /// Does harm of this kind, and puts down when to do it again.
    pub(super) fn harm_again(&mut self, fault: Fault) {
        let Some(gap) = self.plan.faults.get(&fault).copied().flatten().filter(|_| !self.healed) else { return };
        let next = self.world.now() + self.spread(gap);
        self.agenda.put(next, Task::Harm(fault));
        match fault {
            Fault::Kill => self.kill_one(),
            Fault::Freeze => self.freeze_one(),
            Fault::Members => self.change_members(),
            Fault::EndTxn => self.harm_end(),
            Fault::Coordinator => self.move_coordinator(),
            Fault::Produce => self.harm_produce(),
            Fault::Outage => self.outage(),
            Fault::Offsets => self.lose_offsets(),
            Fault::Clock => self.shift_clock(),
            Fault::Postgres => self.trouble_postgres(),
            Fault::Redis => self.trouble_redis(),
            Fault::Poison => self.poison(),
            Fault::Snapshots | Fault::Inputs | Fault::Http | Fault::Disk | Fault::Burst => {}
        }
    }

    /// Everything that was ordered is taken back, and nothing new is done.
    pub(super) fn heal(&mut self) {
        self.note_books();
        self.note_felt();
        self.healed = true;
        self.books.disarm();
        self.deliver_late_ends();
        {
            let mut broker = self.sim.lock();
            broker.faults.ends.clear();
            broker.faults.produces.clear();
            broker.faults.moved.clear();
            broker.faults.moved_producers.clear();
        }
        self.mend_broker();
        self.books.forget_orders();
        self.control.start();
        self.right_clocks();
        self.shop.store.damage(Damage::default());
        self.outside.trouble = Trouble::default();
        self.sinks.heal();
        self.tell(|| "the faults stop".to_owned());
    }

    /// One of the processes that run and are not standing still.
    fn somebody(&mut self) -> Option<usize> {
        let now = self.world.now();
        let awake = |number: &usize| self.processes[*number].frozen_until.is_none_or(|until| until <= now);
        let awake: Vec<usize> = (0..self.processes.len()).filter(awake).collect();
        (!awake.is_empty()).then(|| awake[self.random.below(awake.len())])
    }

    fn kill_one(&mut self) {
        if self.plan.projectors && self.random.below(5) == 0 {
            return self.kill_projector();
        }
        let Some(number) = self.somebody() else { return };
        if self.random.below(2) == 0 {
            return self.kill_within_a_call(number);
        }
        let pause = self.pause();
        self.kill(number, pause);
    }

    /// How long a process that was killed stays away.
    pub(super) fn pause(&mut self) -> Duration {
        ms(match self.random.below(10) {
            0..=5 => self.random.within((5, 500)),
            6..=7 => self.random.within((500, 5_500)),
            // Longer than a session: whoever is left takes its partitions over.
            _ => self.random.within((6_500, 10_000)),
        })
    }

    /// Kills a process the next time that it waits in a certain call of the log, or once it has been through it.
    fn kill_within_a_call(&mut self, number: usize) {
        let call = books::CALLS[self.random.below(books::CALLS.len())];
        let past = self.random.below(3) == 0;
        let process = &self.processes[number];
        let (worker, strike) = (process.worker, self.books.strike(process, call, past));
        if past {
            self.world.when_past(worker, call, strike);
        } else {
            self.world.when_in(worker, call, strike);
        }
    }

    /// Kills a process, which starts again after the pause.
    pub(super) fn kill(&mut self, number: usize, pause: Duration) {
        let process = self.processes.remove(number);
        self.note_kill(&process);
        self.counts.kills += 1;
        self.tell(|| format!("kill {} for {} ms", process.seat, pause.as_millis()));
        process.kill(&mut self.world);
        let at = self.world.now() + pause;
        self.agenda.put(at, Task::Start(process.stage, process.instance));
    }

    pub(super) fn kill_named(&mut self, instance: &str) {
        let found = self.processes.iter().position(|process| process.instance == instance);
        if let Some(number) = found.filter(|_| !self.healed) {
            let pause = ms(self.random.within((1, 300)));
            self.kill(number, pause);
        }
    }

    pub(super) fn restart(&mut self, stage: Stage, instance: &str) {
        if self.processes.iter().any(|process| process.instance == instance) {
            return;
        }
        self.tell(|| format!("start {instance}"));
        self.counts.restarts += 1;
        self.books.started(&format!("{}.{instance}.0", stage.name()));
        self.start(stage, instance);
        // Some die while they take over.
        if self.plan.has(Fault::Kill) && !self.healed && self.random.below(4) == 0 {
            if self.random.below(2) == 0 {
                return self.kill_in_take_over();
            }
            let at = self.world.now() + Duration::from_micros(self.random.within((200, 20_000)));
            self.agenda.put(at, Task::Kill(instance.to_owned()));
        }
    }

    /// The process that was started last dies in one of the calls that every take-over goes through.
    fn kill_in_take_over(&mut self) {
        let call = self.books.aim(self.plan.seed);
        let Some(process) = self.processes.last() else { return };
        let (worker, strike) = (process.worker, self.books.strike(process, call, false));
        self.world.when_in(worker, call, strike);
    }

    fn freeze_one(&mut self) {
        if self.plan.projectors && self.random.below(4) == 0 {
            return self.freeze_projector();
        }
        let Some(number) = self.somebody() else { return };
        let session = self.plan.settings.session_timeout_ms;
        let length = match self.random.below(4) {
            0 => self.random.within((100, session - 500)),
            _ => self.random.within((session + 1_000, session * 2)),
        };
        self.counts.freezes += 1;
        if self.random.below(3) == 0 {
            return self.freeze_before_writing(number, ms(length));
        }
        self.note_freeze(number, ms(length));
        let process = &mut self.processes[number];
        process.freeze(&mut self.world, ms(length));
        let (stage, instance) = (process.stage, process.instance.clone());
        self.tell(|| format!("freeze {instance} for {length} ms"));
        // Whoever looks after processes may believe it dead, and start another under its name.
        if self.random.below(3) == 0 {
            let mut zombie = self.processes.remove(number);
            zombie.doubled = true;
            self.zombies.push(zombie);
            let at = self.world.now() + ms(self.random.within((50, length)));
            self.agenda.put(at, Task::Start(stage, instance));
        }
    }

    /// A process stands still when its facts are decided and the broker has heard of none: no transaction of its times out meanwhile.
    fn freeze_before_writing(&mut self, number: usize, length: Duration) {
        let process = &self.processes[number];
        let name = process.name.clone();
        self.tell(|| format!("freeze {name} for {} ms in its next drain", length.as_millis()));
        let what = if self.is_beyond_session(length) { BEYOND } else { "frozen within its session" };
        let (disarmed, note) = (self.books.disarmed(), self.books.note_later(process.stage, what));
        self.world.when_in(process.worker, "drain", move |world, _| {
            if !disarmed.load(Ordering::Relaxed) {
                world.freeze_process(&name, length);
                note();
            }
        });
    }

    /// Does this the next time that the process is between its facts and their commit: what is noted is so if a transaction is open.
    fn in_mid_transaction(&mut self, number: usize, what: &'static str, harm: impl FnOnce(&mut World) + 'static) {
        let process = &self.processes[number];
        let (seat, disarmed) = (process.seat.clone(), self.books.disarmed());
        let note = self.books.note_later(process.stage, what);
        self.world.when_in(process.worker, "offsets", move |world, _| {
            if disarmed.load(Ordering::Relaxed) {
                return;
            }
            if matches!(world.control().coordination(&seat), Some((Coordination::Ongoing, _))) {
                note();
            }
            harm(world);
        });
    }

    fn change_members(&mut self) {
        let stage = Stage::ALL[self.random.below(Stage::ALL.len())];
        self.counts.rebalances += 1;
        let theirs: Vec<usize> = (0..self.processes.len()).filter(|n| self.processes[*n].stage == stage).collect();
        let stays = |n: &usize| !self.processes[*n].is_to_stop();
        match self.random.below(3) {
            0 => self.rebalance(stage),
            // Nobody starts again what was asked to stop, so one must be left.
            1 if theirs.iter().filter(|n| stays(n)).count() > 1 => {
                let process = &self.processes[theirs[self.random.below(theirs.len())]];
                self.tell(|| format!("stop {}", process.instance));
                process.ask_to_stop();
            }
            _ if theirs.len() < PROCESSES_MAX => {
                let taken = |number: &usize| {
                    let name = format!("{}-{number}", stage.name());
                    let runs = self.processes.iter().chain(&self.zombies).any(|process| process.instance == name);
                    runs || self.agenda.holds(|task| matches!(task, Task::Start(_, instance) if *instance == name))
                };
                let number = (0..).find(|number| !taken(number)).unwrap_or(0);
                let instance = format!("{}-{number}", stage.name());
                self.restart(stage, &instance);
                self.books.add_member(instance);
            }
            _ => self.rebalance(stage),
        }
    }

    /// At once, or where it does the most harm.
    fn rebalance(&mut self, stage: Stage) {
        let theirs = self.processes.iter().position(|process| process.stage == stage);
        if let Some(number) = theirs.filter(|_| self.random.below(2) == 0) {
            self.tell(|| format!("rebalance {} in mid-transaction", stage.name()));
            return self.in_mid_transaction(number, REBALANCED, move |world| world.control().rebalance(stage.name()));
        }
        self.tell(|| format!("rebalance {}", stage.name()));
        self.note_rebalance(stage);
        self.control.rebalance(stage.name());
    }

    /// A stage is away for so long that its offsets are forgotten.
    fn lose_offsets(&mut self) {
        self.cut_inputs();
        let stage = Stage::ALL[self.random.below(Stage::ALL.len())];
        let away = ms(self.random.within((1_200, 4_000)));
        while let Some(number) = self.processes.iter().position(|process| process.stage == stage) {
            self.kill(number, away);
        }
        let at = self.world.now() + ms(1_000);
        self.agenda.put(at, Task::ForgetOffsets(stage));
    }

    pub(super) fn forget_offsets(&mut self, stage: Stage) {
        if self.processes.iter().chain(&self.zombies).any(|process| process.stage == stage) {
            return;
        }
        self.tell(|| format!("the offsets of {} are forgotten", stage.name()));
        self.cut_inputs();
        self.coverage.hit_at(stage, "offsets forgotten");
        self.control.expire_offsets(stage.name());
    }

    fn shift_clock(&mut self) {
        let far = self.random.below(2) == 0;
        let by = self.random.within(if far { (2_500, 300_000) } else { (100, 1_900) });
        let by = i64::try_from(by).unwrap_or(0);
        let ahead = self.random.below(2) == 0;
        self.tell(|| format!("the clocks are {by} ms {}", if ahead { "ahead" } else { "behind" }));
        self.books.feelings.clocks_set();
        let by = if ahead { by } else { -by };
        let one = self.random.below(2) == 0;
        match self.somebody().filter(|_| one) {
            Some(number) => self.world.skew_process(&self.processes[number].name, by),
            None => self.control.skew(by),
        }
        let at = self.world.now() + ms(self.random.within((500, 6_000)));
        self.agenda.put(at, Task::ClockRight);
    }

    /// Everybody's clock is right again.
    pub(super) fn right_clocks(&mut self) {
        self.control.skew(0);
        // Of those too that are down now and start again later.
        self.sim.lock().faults.skews.clear();
    }
}
