//! Bytes of a fact topic → the event they are; its name, its JSON, and what it means for an order's story.

mod name;
mod orders;
mod work;

pub use name::ignored_name;
pub use orders::payment_name;

use crate::domain::Story;
use prost::{DecodeError, Message as _};
use serde_json::Value;
use weir_proto::allocation::v1::AllocationEvent;
use weir_proto::log::v1::Meta;
use weir_proto::notice::v1::NoticeEvent;
use weir_proto::order::v1::OrderEvent;
use weir_proto::quarantine::v1::QuarantineEvent;
use weir_proto::routing::v1::RouteEvent;
use weir_proto::shipment::v1::ShipmentEvent;
use weir_proto::topics::Topic;

/// What console reads, in the order in which an order flows through it.
pub const TOPICS: &[Topic] =
    &[Topic::Orders, Topic::Routes, Topic::Allocations, Topic::Shipments, Topic::Notices, Topic::Quarantine];

/// A record of any of [`TOPICS`].
#[derive(Clone, Debug)]
pub enum Event {
    Order(Box<OrderEvent>),
    Route(Box<RouteEvent>),
    Allocation(AllocationEvent),
    Shipment(Box<ShipmentEvent>),
    Notice(NoticeEvent),
    Quarantine(QuarantineEvent),
}

impl Event {
    /// `None` where the topic is not one of [`TOPICS`].
    ///
    /// # Errors
    /// Where the bytes are no such message.
    pub fn decode(topic: Topic, bytes: &[u8]) -> Result<Option<Event>, DecodeError> {
        let event = match topic {
            Topic::Orders => Event::Order(OrderEvent::decode(bytes)?.into()),
            Topic::Routes => Event::Route(RouteEvent::decode(bytes)?.into()),
            Topic::Allocations => Event::Allocation(AllocationEvent::decode(bytes)?),
            Topic::Shipments => Event::Shipment(ShipmentEvent::decode(bytes)?.into()),
            Topic::Notices => Event::Notice(NoticeEvent::decode(bytes)?),
            Topic::Quarantine => Event::Quarantine(QuarantineEvent::decode(bytes)?),
            _ => return Ok(None),
        };
        Ok(Some(event))
    }

    pub fn meta(&self) -> Option<&Meta> {
        match self {
            Event::Order(event) => event.meta.as_ref(),
            Event::Route(event) => event.meta.as_ref(),
            Event::Allocation(event) => event.meta.as_ref(),
            Event::Shipment(event) => event.meta.as_ref(),
            Event::Notice(event) => event.meta.as_ref(),
            Event::Quarantine(event) => event.meta.as_ref(),
        }
    }

    /// The event in protobuf's JSON.
    ///
    /// # Errors
    /// Where an enum holds a number that this build does not know.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        match self {
            Event::Order(event) => serde_json::to_value(event),
            Event::Route(event) => serde_json::to_value(event),
            Event::Allocation(event) => serde_json::to_value(event),
            Event::Shipment(event) => serde_json::to_value(event),
            Event::Notice(event) => serde_json::to_value(event),
            Event::Quarantine(event) => serde_json::to_value(event),
        }
    }

    /// Takes the event into the story: into the view of its own topic, and no other.
    pub fn tell(&self, story: &mut Story) {
        let at_ms = self.meta().map_or(0, |meta| meta.at_ms);
        match self {
            Event::Order(event) => orders::tell(event, &mut story.placed),
            Event::Route(event) => work::tell_route(event, at_ms, &mut story.route),
            Event::Allocation(event) => work::tell_stock(event, &mut story.stock),
            Event::Shipment(event) => work::tell_work(event, at_ms, &mut story.work),
            Event::Notice(_) | Event::Quarantine(_) => {}
        }
    }
}
