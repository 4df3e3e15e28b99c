//! The toy with a fault: what it tells depends on what this process has done, which is no fact and moves to no other.

use crate::toy::{Remarks, Toy};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use weir_decider::Fault;
use weir_pipeline::{Incoming, Outgoing, Record, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::topics::Topic;

#[derive(Default)]
pub struct Hoarder {
    told: Mutex<BTreeMap<String, usize>>,
}

impl Topology for Hoarder {
    type State = Remarks;
    type World = ();

    fn name(&self) -> &'static str {
        Toy.name()
    }

    fn inputs(&self) -> &'static [Topic] {
        Toy.inputs()
    }

    fn facts(&self) -> Topic {
        Toy.facts()
    }

    fn outputs(&self) -> &'static [Topic] {
        Toy.outputs()
    }

    fn shape(&self) -> u32 {
        Toy.shape()
    }

    fn read(&self, record: &Record) -> Result<Incoming<String>, Fault> {
        Toy.read(record)
    }

    fn write_fact(&self, meta: Meta, fact: &String) -> Outgoing {
        Toy.write_fact(meta, fact)
    }

    fn read_fact(&self, record: &Record) -> Result<String, Fault> {
        Toy.read_fact(record)
    }

    fn write_message(&self, meta: Meta, told: &String) -> Outgoing {
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(meta.key.clone()).or_default();
        *count += 1;
        Toy.write_message(meta, &format!("{told}, my {count}."))
    }
}
