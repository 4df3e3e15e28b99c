//! Bytes to the fulfillment order's rule book and back.

mod allocations;
pub mod commands;
mod facts;
mod messages;
mod placed;
mod routes;
#[cfg(test)]
mod tests;

use crate::domain::{Fact, Fulfillment, Input, Message};
use weir_decider::Fault;
use weir_pipeline::{Incoming, Outgoing, Record, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::topics::Topic;

/// The stage "fulfillment". It reads no reference data: the plan carries what it needs.
#[derive(Clone, Copy, Debug)]
pub struct Wire;

impl Topology for Wire {
    type State = Fulfillment;
    type World = ();

    fn name(&self) -> &'static str {
        "fulfillment"
    }

    fn inputs(&self) -> &'static [Topic] {
        &[Topic::Routes, Topic::Allocations, Topic::ShipmentCommands]
    }

    fn facts(&self) -> Topic {
        Topic::Shipments
    }

    fn outputs(&self) -> &'static [Topic] {
        &[Topic::StockCommands, Topic::RoutingCommands]
    }

    fn shape(&self) -> u32 {
        3
    }

    fn read(&self, record: &Record) -> Result<Incoming<Input>, Fault> {
        let (meta, input) = match record.topic {
            Topic::Routes => routes::read(record)?,
            Topic::Allocations => allocations::read(record)?,
            Topic::ShipmentCommands => commands::read(record)?,
            other => {
                let detail = format!("fulfillment does not read {other}");
                return Err(Fault::whole("unknown-topic", detail));
            }
        };
        Ok(Incoming { meta, input })
    }

    fn write_fact(&self, meta: Meta, fact: &Fact) -> Outgoing {
        facts::write(meta, fact)
    }

    fn read_fact(&self, record: &Record) -> Result<Fact, Fault> {
        facts::read(record)
    }

    fn write_message(&self, meta: Meta, message: &Message) -> Outgoing {
        messages::write(meta, message)
    }
}

fn missing(field: &str) -> Fault {
    Fault::field("field-missing", field, "the record carries none")
}

fn present(meta: Option<Meta>) -> Result<Meta, Fault> {
    meta.ok_or_else(|| missing("meta"))
}
