//! Between bytes and the rule book: which topics routing reads and writes, and how each message becomes domain and back.

mod command;
mod demand;
pub mod fact;
mod message;
mod order;
mod reference;

#[cfg(test)]
mod tests;

use crate::domain::{Fact, Input, Message, Routing, World};
use crate::stuck;
use prost::Message as _;
use weir_decider::Fault;
use weir_pipeline::{Incoming, Outgoing, Record, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::OrderEvent;
use weir_proto::reference::v1::ReferenceEvent;
use weir_proto::routing::v1::{RouteEvent, RoutingCommand, route_event};
use weir_proto::topics::Topic;

/// The stage "routing".
#[derive(Clone, Copy, Debug, Default)]
pub struct RoutingTopology;

impl Topology for RoutingTopology {
    type State = Routing;
    type World = World;

    fn name(&self) -> &'static str {
        "routing"
    }

    fn inputs(&self) -> &'static [Topic] {
        &[Topic::Orders, Topic::RoutingCommands]
    }

    fn facts(&self) -> Topic {
        Topic::Routes
    }

    fn outputs(&self) -> &'static [Topic] {
        &[Topic::StockCommands]
    }

    fn shape(&self) -> u32 {
        4
    }

    fn reads_reference(&self) -> bool {
        true
    }

    fn read(&self, record: &Record) -> Result<Incoming<Input>, Fault> {
        if record.topic == Topic::RoutingCommands {
            let command: RoutingCommand = record.decode()?;
            let meta = command.meta.ok_or_else(|| missing("meta"))?;
            let input = command::read(command.command.ok_or_else(|| missing("command"))?);
            return Ok(Incoming { meta, input });
        }
        let event: OrderEvent = record.decode()?;
        let meta = event.meta.ok_or_else(|| missing("meta"))?;
        let input = order::read(&meta, event.event.ok_or_else(|| missing("event"))?)?;
        Ok(Incoming { meta, input })
    }

    fn write_fact(&self, meta: Meta, fact: &Fact) -> Outgoing {
        if let Fact::Stuck { .. } = fact {
            stuck::count(1);
        }
        let (event_type, event) = fact::write(&meta, fact);
        let key = meta.key.clone();
        let value = RouteEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
        Outgoing { topic: Topic::Routes, key, event_type, value }
    }

    fn read_fact(&self, record: &Record) -> Result<Fact, Fault> {
        let event: RouteEvent = record.decode()?;
        let meta = event.meta.ok_or_else(|| missing("meta"))?;
        match event.event.ok_or_else(|| missing("event"))? {
            route_event::Event::Stage(_) => {
                Err(Fault::field("field-invalid", "event", "a stage fact says nothing of an order"))
            }
            event => fact::read(&meta, event),
        }
    }

    fn write_message(&self, meta: Meta, message: &Message) -> Outgoing {
        message::write(meta, message)
    }

    fn learn(&self, world: &mut World, key: &str, event: Option<ReferenceEvent>) {
        reference::learn(world, key, event);
    }
}

fn missing(field: &'static str) -> Fault {
    Fault::field("field-missing", field, "the message does not have it")
}
