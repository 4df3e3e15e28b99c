//! What was ordered to go wrong and has not yet, and whether harm met anybody in a moment that matters.

use super::felt::Feelings;
use super::{AWAY, BEYOND, REBALANCED};
use crate::Coordination;
use crate::house::House;
use crate::house::plan::Stage;
use crate::house::process::Process;
use crate::settings::Protocol;
use crate::world::{ActorId, World};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_pipeline::TopicPartition;

/// Orders that wait for their moment, and what the last look saw.
#[derive(Default)]
pub(in crate::house) struct Books {
    ends: BTreeMap<String, (Stage, &'static str)>,
    produces: BTreeMap<TopicPartition, (Stage, &'static str)>,
    moves: Vec<Stage>,
    producers_moved: BTreeMap<String, Stage>,
    /// Whose EndTxn was under way at the last look, too late.
    late: BTreeSet<String>,
    /// The producer's epoch of each seat, since its process began.
    epochs: BTreeMap<String, i16>,
    /// Seats whose process left an open transaction behind, or stands still in one until then.
    left_open: BTreeMap<String, (Stage, Duration)>,
    /// Who was killed within a call, and where.
    struck: Arc<Mutex<BTreeMap<String, Struck>>>,
    /// What was set for a call, and has come to pass there since the last look.
    sprung: Arc<Mutex<Vec<(Stage, &'static str)>>>,
    disarmed: Arc<AtomicBool>,
    /// Starts that were aimed at.
    aimed: u64,
    /// Members that were added and have not begun to work.
    added: BTreeSet<String>,
    pub(super) feelings: Feelings,
}

/// How a process was caught within a call.
struct Struck {
    call: &'static str,
    open: bool,
}

/// The calls that a worker can be killed in.
pub(super) const CALLS: [&str; 9] =
    ["commit", "offsets", "drain", "init", "committed", "read", "commit", "offsets", "bounds"];

/// Those that every take-over goes through.
const TAKE_OVER: [&str; 4] = ["init", "committed", "bounds", "read"];

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

    /// The call in which the next start is met: in turn, and from seed to seed another first, so that few seeds see them all.
    pub(super) fn aim(&mut self, seed: u64) -> &'static str {
        self.aimed += 1;
        TAKE_OVER[usize::try_from(seed.wrapping_add(self.aimed) % TAKE_OVER.len() as u64).unwrap_or(0)]
    }

    /// For what comes to pass within a call, where nobody else looks: it is noted with the next look.
    pub(super) fn note_later(&self, stage: Stage, what: &'static str) -> impl FnOnce() + 'static {
        let sprung = self.sprung.clone();
        move || sprung.lock().unwrap_or_else(PoisonError::into_inner).push((stage, what))
    }

    pub(super) fn add_member(&mut self, instance: String) {
        self.added.insert(instance);
    }

    pub(super) fn forget_orders(&mut self) {
        self.ends.clear();
        self.produces.clear();
        self.moves.clear();
        self.producers_moved.clear();
        self.feelings.held.clear();
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

    pub(super) fn order_producer_move(&mut self, stage: Stage, seat: String) {
        self.producers_moved.insert(seat, stage);
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
            self.books.left_open.insert(process.seat.clone(), (stage, Duration::MAX));
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
        if !process.said().ready {
            self.coverage.hit_at(process.stage, "killed while it took over");
        }
        if !call.is_empty() {
            self.coverage.hit_at(process.stage, &format!("killed in {call}"));
        }
        if open {
            self.coverage.hit_at(process.stage, "killed with an open transaction");
            self.books.left_open.insert(process.seat.clone(), (process.stage, Duration::MAX));
        }
        self.drop_orders(process);
    }

    fn drop_orders(&mut self, process: &Process) {
        self.books.ends.remove(&process.seat);
        self.sim.lock().faults.ends.remove(&process.seat);
    }

    /// A process stands still from now on.
    pub(super) fn note_freeze(&mut self, number: usize, length: Duration) {
        let (stage, seat) = (self.processes[number].stage, self.processes[number].seat.clone());
        if self.is_beyond_session(length) && self.processes[number].said().ready {
            self.coverage.hit_at(stage, BEYOND);
        }
        if self.is_open(&seat) {
            self.books.left_open.insert(seat, (stage, self.world.now() + length));
        }
    }

    pub(super) fn is_beyond_session(&self, length: Duration) -> bool {
        length > Duration::from_millis(self.plan.settings.session_timeout_ms)
    }

    /// A group is asked to join anew, now.
    pub(super) fn note_rebalance(&mut self, stage: Stage) {
        let theirs = self.processes.iter().filter(|process| process.stage == stage);
        if theirs.into_iter().any(|process| self.is_open(&process.seat)) {
            self.coverage.hit_at(stage, REBALANCED);
        }
    }

    pub(super) fn note_outage(&mut self) {
        let open: Vec<Stage> =
            self.processes.iter().filter(|process| self.is_open(&process.seat)).map(|process| process.stage).collect();
        for stage in open {
            self.coverage.hit_at(stage, AWAY);
        }
    }

    /// What was ordered and has come to pass since the last look.
    pub(in crate::house) fn note_books(&mut self) {
        let (mut done, sim) = (Vec::new(), self.sim.clone());
        done.append(&mut self.books.sprung.lock().unwrap_or_else(PoisonError::into_inner));
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
            self.books.producers_moved.retain(|seat, stage| {
                let waits = broker.faults.moved_producers.contains(seat);
                if !waits {
                    done.push((*stage, "producer's coordinator moved"));
                }
                waits
            });
            let late: BTreeSet<String> = broker.faults.late.iter().map(|end| end.name.clone()).collect();
            let arrived = std::mem::replace(&mut self.books.late, late);
            let arrived = arrived.difference(&self.books.late).filter_map(|seat| stage_of(seat));
            done.extend(arrived.map(|stage| (stage, "EndTxn late")));
        }
        for (stage, what) in done {
            self.coverage.hit_at(stage, what);
        }
        self.note_time_outs();
        self.note_epochs();
        self.note_members();
    }

    /// Members that were added are there once they work.
    fn note_members(&mut self) {
        for process in &self.processes {
            if self.books.added.contains(&process.instance) && process.said().ready {
                self.books.added.remove(&process.instance);
                self.coverage.hit_at(process.stage, "a member joined");
            }
        }
    }

    fn note_time_outs(&mut self) {
        // Whoever goes on ends its transaction by itself.
        let now = self.world.now();
        self.books.left_open.retain(|_, (_, until)| *until >= now);
        let over = |seat: &String| {
            let state = self.control.coordination(seat).map(|(state, _)| state);
            matches!(state, Some(Coordination::Complete { commit: false } | Coordination::Prepared { commit: false }))
        };
        let over: Vec<String> = self.books.left_open.keys().filter(|seat| over(seat)).cloned().collect();
        for seat in over {
            if let Some((stage, _)) = self.books.left_open.remove(&seat) {
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

/// Whose seat it is: "routing.routing-1.0".
fn stage_of(seat: &str) -> Option<Stage> {
    Stage::named(seat.split('.').next()?)
}
