//! A stage small enough to see through: it says each remark of an order once.

use prost::Message as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use weir_decider::{Decider, Decision, Fault, Ignored, Millis, Moment};
use weir_pipeline::{Incoming, Outgoing, Record, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::{NoteChanged, OrderEvent, order_event};
use weir_proto::routing::v1::{RouteEvent, ShippingNoted, route_event};
use weir_proto::topics::Topic;

/// What an order has said.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Remarks(BTreeSet<String>);

impl Decider for Remarks {
    type Input = String;
    type Fact = String;
    type Message = ();
    type World = ();

    fn decide(&self, _: Moment<'_, ()>, remark: &String) -> Decision<String, ()> {
        if self.0.contains(remark) { Decision::ignore(Ignored::Duplicate) } else { Decision::say(vec![remark.clone()]) }
    }

    fn evolve(&mut self, _: Millis, fact: &String) {
        self.0.insert(fact.clone());
    }
}

/// Orders in, routes out.
pub struct Echo;

impl Topology for Echo {
    type State = Remarks;
    type World = ();

    fn name(&self) -> &'static str {
        "echo"
    }

    fn inputs(&self) -> &'static [Topic] {
        &[Topic::Orders]
    }

    fn facts(&self) -> Topic {
        Topic::Routes
    }

    fn outputs(&self) -> &'static [Topic] {
        &[]
    }

    fn shape(&self) -> u32 {
        1
    }

    fn read(&self, record: &Record) -> Result<Incoming<String>, Fault> {
        let event: OrderEvent = record.decode()?;
        let meta = event.meta.ok_or_else(|| Fault::field("field-missing", "meta", ""))?;
        match event.event {
            Some(order_event::Event::NoteChanged(note)) => Ok(Incoming { meta, input: note.buyer_remark }),
            _ => Err(Fault::field("field-missing", "event", "")),
        }
    }

    fn write_fact(&self, meta: Meta, fact: &String) -> Outgoing {
        let key = meta.key.clone();
        let event = route_event::Event::ShippingNoted(ShippingNoted { outcome: fact.clone() });
        let value = RouteEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
        Outgoing { topic: Topic::Routes, key, event_type: "weir.routing.v1.ShippingNoted", value }
    }

    fn read_fact(&self, record: &Record) -> Result<String, Fault> {
        remark(record).ok_or_else(|| Fault::field("field-missing", "event", ""))
    }

    fn write_message(&self, meta: Meta, (): &()) -> Outgoing {
        Outgoing { topic: Topic::Routes, key: meta.key, event_type: "", value: Vec::new() }
    }
}

/// An input, encoded.
pub fn input(key: &str, remark: &str) -> Vec<u8> {
    let note = NoteChanged { buyer_remark: remark.to_owned(), ..NoteChanged::default() };
    let meta = Meta { tenant: "demo".to_owned(), key: key.to_owned(), ..Meta::default() };
    OrderEvent { meta: Some(meta), event: Some(order_event::Event::NoteChanged(note)) }.encode_to_vec()
}

/// What a fact says, where it is not one of the loop's own.
pub fn remark(record: &Record) -> Option<String> {
    match RouteEvent::decode(record.value.clone()).ok()?.event? {
        route_event::Event::ShippingNoted(noted) => Some(noted.outcome),
        _ => None,
    }
}
