//! Between the log's bytes and the rule book, and the stage's topics.

mod message;
mod read;
mod write;

use crate::domain::{Command, Fact, Message, Nothing, Pool};
use weir_decider::Fault;
use weir_pipeline::{Incoming, Outgoing, Record, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::topics::Topic;

pub use read::{command, fact};
pub use write::{Said, adjust, receive};

/// The stage "inventory": stock commands in, the ledger and the orders' allocations out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stage;

impl Topology for Stage {
    type State = Pool;
    type World = Nothing;

    fn name(&self) -> &'static str {
        "inventory"
    }

    fn inputs(&self) -> &'static [Topic] {
        &[Topic::StockCommands]
    }

    fn facts(&self) -> Topic {
        Topic::Stock
    }

    fn outputs(&self) -> &'static [Topic] {
        &[Topic::Allocations]
    }

    fn shape(&self) -> u32 {
        2
    }

    /// A pool with a hole in its books could promise what is not there.
    fn gap_stops_partition(&self) -> bool {
        true
    }

    fn read(&self, record: &Record) -> Result<Incoming<Command>, Fault> {
        read::incoming(record)
    }

    fn write_fact(&self, meta: Meta, fact: &Fact) -> Outgoing {
        write::outgoing(meta, fact)
    }

    fn read_fact(&self, record: &Record) -> Result<Fact, Fault> {
        read::read_fact(record)
    }

    fn write_message(&self, meta: Meta, message: &Message) -> Outgoing {
        message::outgoing(meta, message)
    }
}
