//! A small house: two processes of the echo stage, and orders with remarks that each must be decided once.

use crate::echo::{self, Echo, input};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_pipeline::stage::{Partition, Seat};
use weir_pipeline::{Config, NoEffects, Signals, TopicPartition};
use weir_proto::partition::partition_of;
use weir_proto::topics::Topic;
use weir_sim::{ActorId, Outcome, Settings, World};

pub const GROUP: &str = "echo";
pub const PROCESSES: [&str; 2] = ["a", "b"];

pub fn facts(partition: i32) -> TopicPartition {
    TopicPartition::new(Topic::Routes, partition)
}

/// The name of a process's producer and seat.
pub fn instance(process: &str) -> String {
    format!("echo.{process}.0")
}

pub struct House {
    pub world: World,
    pub partitions: i32,
    pub orders: usize,
    said: usize,
}

impl House {
    /// With these processes at work.
    pub fn new(settings: Settings, orders: usize, processes: &[&str]) -> House {
        let partitions = settings.partitions;
        let mut house = House { world: World::new(settings), partitions, orders, said: 0 };
        for process in processes {
            start(&mut house.world, process);
        }
        house
    }

    /// Every order gets one more remark, now.
    pub fn say(&mut self) {
        say(&self.world, self.partitions, self.orders, self.said);
        self.said += 1;
    }

    /// Remarks to be decided in all.
    pub fn wanted(&self) -> usize {
        self.orders * self.said
    }

    /// What each order has said, in order.
    pub fn remarks(&self) -> BTreeMap<String, Vec<String>> {
        remarks(&self.world, self.partitions)
    }

    /// Runs until everything has been decided.
    pub fn settle(&mut self, limit: Duration) {
        let (wanted, partitions) = (self.wanted(), self.partitions);
        let settled = self.world.run_while(limit, |world| {
            let said: usize = remarks(world, partitions).values().map(Vec::len).sum();
            said < wanted
        });
        assert!(settled, "{wanted} remarks were wanted: {:?}", self.remarks());
    }

    /// Each order has said each remark once, in order, and the facts of each partition fit together.
    pub fn check(&self) {
        let wanted: Vec<String> = (0..self.said).map(|remark| format!("remark {remark}")).collect();
        let said = self.remarks();
        assert_eq!(said.len(), self.orders);
        for (order, remarks) in said {
            assert_eq!(remarks, wanted, "{order}");
        }
        for number in 0..self.partitions {
            let mut partition: Partition<Echo> = Partition::new(number);
            self.world.control().visit(facts(number), 0, |record| {
                partition.fold(&Echo, record).expect("the facts fit together");
            });
        }
    }
}

/// What a worker says of its readiness.
#[derive(Clone, Debug, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    /// Whether it has ever said something that holds all of this.
    pub fn says(&self, words: &[&str]) -> bool {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter().any(|why| words.iter().all(|word| why.contains(word)))
    }

    pub fn newest(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last().cloned().unwrap_or_default()
    }
}

/// Begins the worker of a process.
pub fn start(world: &mut World, process: &str) -> ActorId {
    start_heard(world, process).0
}

/// Begins the worker of a process, and listens to it.
pub fn start_heard(world: &mut World, process: &str) -> (ActorId, Heard) {
    let heard = Heard::default();
    let hears = heard.clone();
    let signals = Signals::new(Arc::new(AtomicBool::new(false)), move |ready, why| {
        let why = if ready && why.is_empty() { "ready" } else { why };
        hears.0.lock().unwrap_or_else(PoisonError::into_inner).push(why.to_owned());
    });
    let seat = Seat::new(Arc::new(Echo), world.log(), &Config::new("", process), 0, None, signals);
    (world.spawn(process, "stage", move || seat.run_here(NoEffects)), heard)
}

/// Begins the worker of a process anew where it has ended, whatever the reason; a panic is none.
pub fn restart(world: &mut World, process: &str, id: ActorId) -> ActorId {
    match world.outcome(id) {
        Outcome::Running => id,
        Outcome::Panicked(why) => panic!("{process} panicked: {why}"),
        Outcome::Returned | Outcome::Failed(_) | Outcome::Killed => start(world, process),
    }
}

fn say(world: &World, partitions: i32, orders: usize, remark: usize) {
    for order in 0..orders {
        let key = format!("order-{order}");
        let at = TopicPartition::new(Topic::Orders, partition_of(key.as_bytes(), partitions));
        world.control().write(at, &key, &input(&key, &format!("remark {remark}")));
    }
}

fn remarks(world: &World, partitions: i32) -> BTreeMap<String, Vec<String>> {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for number in 0..partitions {
        world.control().visit(facts(number), 0, |record| {
            if let Some(remark) = echo::remark(record) {
                said.entry(record.key.clone()).or_default().push(remark);
            }
        });
    }
    said
}
