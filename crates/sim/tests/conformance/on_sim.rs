//! The cases on the simulated broker: several seeds, both protocols.

use crate::cases;
use crate::cluster::{Cluster, PARTITIONS};
use std::time::Duration;
use weir_pipeline::{Log as _, TopicPartition};
use weir_sim::{Control, Outcome, Protocol, Settings, Sim, SimLog, World};

/// Seeds that each case is run with.
const SEEDS: u64 = 20;

pub struct Simulated {
    log: SimLog,
    control: Control,
    /// In an actor of a world, time passes by sleeping.
    in_world: bool,
}

impl Simulated {
    pub fn new(seed: u64, protocol: Protocol) -> Simulated {
        let sim = Sim::new(Settings { partitions: PARTITIONS, protocol, ..Settings::new(seed) });
        Simulated { log: sim.log(), control: sim.control(), in_world: false }
    }
}

impl Cluster for Simulated {
    type Log = SimLog;

    fn log(&self) -> &SimLog {
        &self.log
    }

    fn write(&self, at: TopicPartition, value: &str) {
        self.control.write(at, value, value.as_bytes());
    }

    fn cut(&self, at: TopicPartition, before: i64) {
        self.control.cut(at, before);
    }

    fn forget_offsets(&self, group: &str) {
        self.control.expire_offsets(group);
    }

    fn lose_end_request(&self, producer: &str) {
        self.control.lose_end_request(producer);
    }

    fn lose_end_answer(&self, producer: &str) {
        self.control.lose_end_answer(producer);
    }

    fn delay_end(&self, producer: &str) {
        self.control.delay_end(producer);
    }

    fn deliver_late_ends(&self, _: &str) -> usize {
        self.control.deliver_late_ends()
    }

    fn lose_produce_answer(&self, _: &str, at: TopicPartition) {
        self.control.lose_produce_answer(at);
    }

    fn unspent(&self, _: &str) -> usize {
        self.control.unspent()
    }

    fn pass(&self, length: Duration) {
        if self.in_world {
            self.log.sleep(length);
        } else {
            self.control.pass(length);
        }
    }
}

#[test]
fn every_case_holds_on_the_simulated_broker() {
    for case in cases::chosen::<Simulated>() {
        for protocol in [Protocol::V1, Protocol::V2] {
            for seed in 0..SEEDS {
                let ran = std::panic::catch_unwind(|| (case.run)(&Simulated::new(seed, protocol)));
                assert!(ran.is_ok(), "{}: seed {seed}, {protocol:?}", case.name);
            }
        }
    }
}

/// Where an actor waits, others could have their turn: what it sees must be the same.
#[test]
fn every_case_holds_for_an_actor_of_a_world() {
    for case in cases::chosen::<Simulated>() {
        for (seed, protocol) in (0..SEEDS).zip([Protocol::V1, Protocol::V2].into_iter().cycle()) {
            let mut world = World::new(Settings { partitions: PARTITIONS, protocol, ..Settings::new(seed) });
            let cluster = Simulated { log: world.log(), control: world.control(), in_world: true };
            let run = case.run;
            let actor = world.spawn("case", case.name, move || run(&cluster));
            world.run_while(Duration::from_secs(600), |world| !world.is_over(actor));
            assert_eq!(world.outcome(actor), Outcome::Returned, "{}: seed {seed}, {protocol:?}", case.name);
        }
    }
}
