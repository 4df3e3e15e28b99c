//! The cases on the simulated broker: several seeds, both protocols.

use crate::cases;
use crate::cluster::{Cluster, PARTITIONS};
use std::time::Duration;
use weir_pipeline::TopicPartition;
use weir_sim::{Control, Protocol, Settings, Sim, SimLog};

/// Seeds that each case is run with.
const SEEDS: u64 = 20;

pub struct Simulated {
    log: SimLog,
    control: Control,
}

impl Simulated {
    pub fn new(seed: u64, protocol: Protocol) -> Simulated {
        let sim = Sim::new(Settings { partitions: PARTITIONS, protocol, ..Settings::new(seed) });
        Simulated { log: sim.log(), control: sim.control() }
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

    fn pass(&self, length: Duration) {
        self.control.pass(length);
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
