//! A stage whose orders have deadlines: "in 500" asks to be told in half a second, anything else is said once.

use prost::Message as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use weir_decider::{Decider, Decision, Fault, Ignored, Millis, Moment};
use weir_pipeline::{Incoming, Outgoing, Record, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::{NoteChanged, OrderEvent, order_event};
use weir_proto::routing::v1::{RouteEvent, ShippingNoted, route_event};
use weir_proto::topics::Topic;

/// Begins the fact of a deadline that has passed; its moment follows.
pub const PASSED: &str = "passed ";

/// What an order has said, and when it is due.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    said: BTreeSet<String>,
    due: Option<i64>,
}

impl Decider for Order {
    type Input = String;
    type Fact = String;
    type Message = ();
    type World = ();

    fn decide(&self, moment: Moment<'_, ()>, remark: &String) -> Decision<String, ()> {
        if let Some(after) = remark.strip_prefix("at ").and_then(|ms| ms.parse::<i64>().ok()) {
            return Decision::say(vec![format!("due {}", after.max(moment.at.0))]);
        }
        if self.said.contains(remark) {
            return Decision::ignore(Ignored::Duplicate);
        }
        Decision::say(vec![remark.clone()])
    }

    fn evolve(&mut self, _: Millis, fact: &String) {
        if let Some(due) = fact.strip_prefix("due ") {
            self.due = due.parse().ok();
        } else if fact.starts_with(PASSED) {
            self.due = None;
        } else {
            self.said.insert(fact.clone());
        }
    }

    fn deadline(&self) -> Option<Millis> {
        self.due.map(Millis)
    }

    fn expire(&self, _: Moment<'_, ()>) -> Decision<String, ()> {
        match self.due {
            Some(due) => Decision::say(vec![format!("{PASSED}{due}")]),
            None => Decision::ignore(Ignored::Unchanged),
        }
    }
}

/// Orders and commands in, routes out. Nothing is ever written to its second input.
pub struct Due;

impl Topology for Due {
    type State = Order;
    type World = ();

    fn name(&self) -> &'static str {
        "due"
    }

    fn inputs(&self) -> &'static [Topic] {
        &[Topic::Orders, Topic::RoutingCommands]
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
        said(&record.value).ok_or_else(|| Fault::field("field-missing", "event", ""))
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
pub fn said(value: &[u8]) -> Option<String> {
    match RouteEvent::decode(value).ok()?.event? {
        route_event::Event::ShippingNoted(noted) => Some(noted.outcome),
        _ => None,
    }
}
