//! Between bytes and the clerk: deliveries in, facts out, shops from the reference topic.

mod addresses;
mod deliveries;
mod facts;
mod orders;
mod shops;
mod states;
#[cfg(test)]
mod tests;

pub use deliveries::subject_key;
pub use shops::{Api, Registered, Shops};

use crate::domain::{Delivery, Fact, Order, World};
use std::sync::Arc;
use weir_decider::Fault;
use weir_pipeline::{Incoming, Outgoing, Record, Topology};
use weir_privacy::TenantKey;
use weir_proto::delivery::v1::{DeliveryEvent, delivery_event};
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::OrderEvent;
use weir_proto::reference::v1::ReferenceEvent;
use weir_proto::topics::Topic;

/// The stage "clerk".
#[derive(Clone, Debug)]
pub struct Clerk {
    key: Arc<TenantKey>,
}

impl Clerk {
    /// `key` seals what deliveries tell of persons.
    pub fn new(key: Arc<TenantKey>) -> Clerk {
        Clerk { key }
    }
}

impl Topology for Clerk {
    type State = Order;
    type World = World;

    fn name(&self) -> &'static str {
        "clerk"
    }

    fn inputs(&self) -> &'static [Topic] {
        &[Topic::Deliveries]
    }

    fn facts(&self) -> Topic {
        Topic::Orders
    }

    fn outputs(&self) -> &'static [Topic] {
        &[]
    }

    fn shape(&self) -> u32 {
        3
    }

    fn reads_reference(&self) -> bool {
        true
    }

    fn read(&self, record: &Record) -> Result<Incoming<Delivery>, Fault> {
        let event: DeliveryEvent = record.decode()?;
        let meta = event.meta.ok_or_else(|| Fault::field("field-missing", "meta", "the record carries no meta"))?;
        let input = match event.event {
            Some(delivery_event::Event::Received(received)) => {
                deliveries::read(&self.key, &meta.tenant, &record.key, received)?
            }
            Some(delivery_event::Event::NotFound(told)) => deliveries::not_found(&meta.tenant, &record.key, told)?,
            None => {
                return Err(Fault::whole("unknown-type", "the delivery is of a kind that this version does not know"));
            }
        };
        Ok(Incoming { meta, input })
    }

    fn write_fact(&self, meta: Meta, fact: &Fact) -> Outgoing {
        facts::write(meta, fact)
    }

    fn read_fact(&self, record: &Record) -> Result<Fact, Fault> {
        let event: OrderEvent = record.decode()?;
        let event = event
            .event
            .ok_or_else(|| Fault::whole("unknown-type", "the fact is of a kind that this version does not know"))?;
        facts::read(&self.key, &record.key, event)
    }

    /// The clerk has nothing to tell others.
    fn write_message(&self, meta: Meta, (): &()) -> Outgoing {
        Outgoing { topic: Topic::Orders, key: meta.key, event_type: "", value: Vec::new() }
    }

    fn learn(&self, world: &mut World, key: &str, event: Option<ReferenceEvent>) {
        shops::learn_world(world, key, event);
    }
}
