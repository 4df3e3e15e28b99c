//! What was ordered to go wrong and has not yet, and whether harm met anybody in a moment that matters.

use crate::Coordination;
use crate::house::House;
use crate::house::plan::Stage;
use crate::house::process::Process;
use crate::settings::Protocol;
use crate::world::{ActorId, World};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use weir_pipeline::TopicPartition;

/// Orders that wait for their moment, and what the last look saw.
#[derive(Default)]
pub(in crate::house) struct Books {
    ends: BTreeMap<String, (Stage, &'static str)>,
    produces: BTreeMap<TopicPartition, (Stage, &'static str)>,
    moves: Vec<Stage>,
    /// The producer's epoch of each seat, since its process began.
    epochs: BTreeMap<String, i16>,
    /// Seats whose process left an open transaction behind, or stands still in one.
    left_open: BTreeMap<String, Stage>,
    /// Who was killed within a call, and where.
    struck: Arc<Mutex<BTreeMap<String, Struck>>>,
    disarmed: Arc<AtomicBool>,
}

/// How a process was caught within a call.
struct Struck {
    call: &'static str,
    open: bool,
}

/// The calls that a worker can be killed in.
pub(super) const CALLS: [&str; 9] =
    ["commit", "offsets", "drain", "init", "committed", "read", "commit", "offsets", "bounds"];

impl Books {
    pub(in crate::house) fn started(&mut self, seat: &str) {
        self.epochs.remove(seat);
        self.left_open.remove(seat);
    }

    /// What was set and has not sprung never will.
    pub(super) fn disarm(&mut self) {
        self.disarmed.store(true, Ordering::Relaxed);
    }

    /// Set once nothing more may be done.
    pub(super) fn disarmed(&self) -> Arc<AtomicBool> {
        self.disarmed.clone()
    }

    /// What kills this process when it is in the call.
    pub(super) fn strike(
        &self,
        process: &Process,
        call: &'static str,
        past: bool,
    ) -> impl FnOnce(&mut World, ActorId) + 'static {
        let (struck, disarmed) = (self.struck.clone(), self.disarmed.clone());
        let (name, seat) = (process.name.clone(), process.seat.clone());
        move |world, _| {
            if disarmed.load(Ordering::Relaxed) {
                return;
            }
            let open = matches!(world.control().coordination(&seat), Some((Coordination::Ongoing, _)));
            let call = if past { "" } else { call };
            struck.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), Struck { call, open });
            world.kill_process(&name);
        }
    }

    pub(super) fn forget_orders(&mut self) {
        self.ends.clear();
        self.produces.clear();
        self.moves.clear();
    }

    pub(super) fn awaits_end(&self, seat: &str) -> bool {
        self.ends.contains_key(seat)
    }

    pub(super) fn order_end(&mut self, stage: Stage, seat: String, what: &'static str) {
        self.ends.insert(seat, (stage, what));
    }

    pub(super) fn awaits_produce(&self, at: TopicPartition) -> bool {
        self.produces.contains_key(&at)
    }

    pub(super) fn order_produce(&mut self, stage: Stage, at: TopicPartition, what: &'static str) {
        self.produces.insert(at, (stage, what));
    }

    pub(super) fn order_move(&mut self, stage: Stage) {
        if !self.moves.contains(&stage) {
            self.moves.push(stage);
        }
    }
}

impl House {
    fn is_open(&self, seat: &str) -> bool {
        matches!(self.control.coordination(seat), Some((Coordination::Ongoing, _)))
    }

    pub(super) fn note_kill(&mut self, process: &Process) {
        let stage = process.stage;
        if self.is_open(&process.seat) {
            self.coverage.hit_at(stage, "killed with an open transaction");
            self.books.left_open.insert(process.seat.clone(), stage);
        }
        if !process.said().ready {
            self.coverage.hit_at(stage, "killed while it took over");
        }
        self.drop_orders(process);
    }

    /// A process was found killed within a call.
    pub(in crate::house) fn struck(&mut self, process: &Process) {
        let found = self.books.struck.lock().unwrap_or_else(PoisonError::into_inner).remove(&process.name);
        let Some(Struck { call, open }) = found else { return };
        self.counts.kills += 1;
        self.tell(|| format!("{} was killed in {call:?}", process.name));
        self.coverage.hit_at(process.stage, "killed within a call of the log");
        if !call.is_empty() {
            self.coverage.hit_at(process.stage, &format!("killed in {call}"));
        }
        if open {
            self.coverage.hit_at(process.stage, "killed with an open transaction");
            self.books.left_open.insert(process.seat.clone(), process.stage);
        }
        self.drop_orders(process);
    }

    fn drop_orders(&mut self, process: &Process) {
        self.books.ends.remove(&process.seat);
        self.sim.lock().faults.ends.remove(&process.seat);
    }

    pub(super) fn note_freeze(&mut self, number: usize, beyond: bool) {
        let (stage, seat) = (self.processes[number].stage, self.processes[number].seat.clone());
        if beyond && self.processes[number].said().ready {
            self.coverage.hit_at(stage, "frozen beyond its session");
        }
        if self.is_open(&seat) {
            self.books.left_open.insert(seat, stage);
        }
    }

    pub(super) fn note_rebalance(&mut self, stage: Stage) {
        let theirs = self.processes.iter().filter(|process| process.stage == stage);
        if theirs.into_iter().any(|process| self.is_open(&process.seat)) {
            self.coverage.hit_at(stage, "rebalanced with an open transaction");
        }
    }

    pub(super) fn note_outage(&mut self) {
        let open: Vec<Stage> =
            self.processes.iter().filter(|process| self.is_open(&process.seat)).map(|process| process.stage).collect();
        for stage in open {
            self.coverage.hit_at(stage, "broker away with an open transaction");
        }
    }

    /// What was ordered and has come to pass since the last look.
    pub(in crate::house) fn note_books(&mut self) {
        let (mut done, sim) = (Vec::new(), self.sim.clone());
        {
            let broker = sim.lock();
            self.books.ends.retain(|seat, order| {
                let waits = broker.faults.ends.get(seat).is_some_and(|queue| !queue.is_empty());
                if !waits {
                    done.push(*order);
                }
                waits
            });
            self.books.produces.retain(|at, order| {
                let waits = broker.faults.produces.get(at).is_some_and(|queue| !queue.is_empty());
                if !waits {
                    done.push(*order);
                }
                waits
            });
            self.books.moves.retain(|stage| {
                let waits = broker.faults.moved.contains(stage.name());
                if !waits {
                    done.push((*stage, "coordinator moved"));
                }
                waits
            });
        }
        for (stage, what) in done {
            self.coverage.hit_at(stage, what);
        }
        self.note_time_outs();
        self.note_epochs();
    }

    fn note_time_outs(&mut self) {
        let over = |seat: &String| {
            let state = self.control.coordination(seat).map(|(state, _)| state);
            matches!(state, Some(Coordination::Complete { commit: false } | Coordination::Prepared { commit: false }))
        };
        let over: Vec<String> = self.books.left_open.keys().filter(|seat| over(seat)).cloned().collect();
        for seat in over {
            if let Some(stage) = self.books.left_open.remove(&seat) {
                self.coverage.hit_at(stage, "a transaction timed out");
            }
        }
    }

    /// A producer that is new where its process is not. Under v2 every transaction has a new epoch.
    fn note_epochs(&mut self) {
        if self.plan.settings.protocol == Protocol::V2 {
            return;
        }
        for process in &self.processes {
            let Some((_, epoch)) = self.control.coordination(&process.seat) else { continue };
            match self.books.epochs.insert(process.seat.clone(), epoch) {
                Some(before) if before != epoch => {
                    self.coverage.hit_at(process.stage, "producer replaced without a restart");
                }
                _ => {}
            }
        }
    }
}
