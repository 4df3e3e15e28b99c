//! Routing as an older version would be that can't read some orders: what is mended when the new one is deployed.

use weir_decider::{Decider, Fault};
use weir_pipeline::{Incoming, Outgoing, Record, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::{OrderEvent, order_event::Event};
use weir_proto::reference::v1::ReferenceEvent;
use weir_proto::topics::Topic;
use weir_routing::wire::RoutingTopology;

pub const REASON: &str = "not-read-yet";

/// Reads all but the `OrderPlaced` of these orders.
pub struct OldRouting {
    pub blind_to: Vec<String>,
}

type State = <RoutingTopology as Topology>::State;

impl Topology for OldRouting {
    type State = State;
    type World = <RoutingTopology as Topology>::World;

    fn name(&self) -> &'static str {
        RoutingTopology.name()
    }

    fn inputs(&self) -> &'static [Topic] {
        RoutingTopology.inputs()
    }

    fn facts(&self) -> Topic {
        RoutingTopology.facts()
    }

    fn outputs(&self) -> &'static [Topic] {
        RoutingTopology.outputs()
    }

    fn shape(&self) -> u32 {
        RoutingTopology.shape()
    }

    fn reads_reference(&self) -> bool {
        RoutingTopology.reads_reference()
    }

    fn read(&self, record: &Record) -> Result<Incoming<<State as Decider>::Input>, Fault> {
        if record.topic == Topic::Orders && self.blind_to.contains(&record.key) {
            let event: OrderEvent = record.decode()?;
            if let Some(Event::OrderPlaced(_)) = event.event {
                return Err(Fault::field(REASON, "order_placed", "this version does not read it"));
            }
        }
        RoutingTopology.read(record)
    }

    fn write_fact(&self, meta: Meta, fact: &<State as Decider>::Fact) -> Outgoing {
        RoutingTopology.write_fact(meta, fact)
    }

    fn read_fact(&self, record: &Record) -> Result<<State as Decider>::Fact, Fault> {
        RoutingTopology.read_fact(record)
    }

    fn write_message(&self, meta: Meta, message: &<State as Decider>::Message) -> Outgoing {
        RoutingTopology.write_message(meta, message)
    }

    fn learn(&self, world: &mut Self::World, key: &str, event: Option<ReferenceEvent>) {
        RoutingTopology.learn(world, key, event);
    }
}
