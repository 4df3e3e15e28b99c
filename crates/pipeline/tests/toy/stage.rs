//! The toy's rule book and topology, and the same where one aggregate stands for many orders.

use prost::Message as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use weir_decider::{Breach, Decider, Decision, Fault, Ignored, Millis, Moment, Rest};
use weir_pipeline::{Incoming, Outgoing, Record, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::{OrderEvent, order_event};
use weir_proto::routing::v1::{RouteEvent, ShippingNoted, route_event};
use weir_proto::stock::v1::{StockCommand, Void, stock_command};
use weir_proto::topics::Topic;

/// What an order has said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    said: BTreeSet<String>,
    due: Option<i64>,
    rest: Option<i64>,
}

/// An hour, in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;

impl Decider for Remarks {
    type Input = String;
    type Fact = String;
    type Message = String;
    type World = ();

    fn decide(&self, moment: Moment<'_, ()>, remark: &String) -> Decision<String, String> {
        let at = moment.at.0;
        match remark.as_str() {
            "deadline" => return Decision::say(vec![format!("due {at}")]),
            "in an hour" => return Decision::say(vec![format!("due {}", at + HOUR_MS)]),
            // Its rule panics when the deadline comes.
            "bomb" => return Decision::say(vec!["bomb".to_owned(), format!("due {at}")]),
            // More than a topic takes.
            "huge" => return Decision::say(vec!["x".repeat(1_950_000)]),
            "rest" => return Decision::say(vec![format!("rests {at}")]),
            _ => {}
        }
        if self.said.contains(remark) {
            return Decision::ignore(Ignored::Duplicate);
        }
        // What is told depends on all that was said before: an owner that folded less, or more, tells another thing.
        let told = format!("{}: {remark}", self.said.len());
        Decision::say(vec![remark.clone()]).tell(vec![told])
    }

    fn evolve(&mut self, _: Millis, fact: &String) {
        self.due = fact.strip_prefix("due ").and_then(|ms| ms.parse().ok());
        self.rest = fact.strip_prefix("rests ").and_then(|ms| ms.parse().ok());
        self.said.insert(fact.clone());
    }

    fn deadline(&self) -> Option<Millis> {
        self.due.map(Millis)
    }

    fn expire(&self, _: Moment<'_, ()>) -> Decision<String, String> {
        assert!(!self.said.contains("bomb"), "the rule that panics");
        Decision::say(vec!["expired".to_owned()])
    }

    fn rest(&self) -> Option<Rest> {
        self.rest.map(|from| Rest { from: Millis(from), end_state: 1 })
    }

    fn broken(&self) -> Option<Breach<'_>> {
        let breach = Breach { invariant: "I1", why: "it calls itself broken" };
        self.said.contains("broken").then_some(breach)
    }
}

/// Orders in, routes out, and a stock command for each remark. Nothing is ever written to its second input.
pub struct Toy;

impl Topology for Toy {
    type State = Remarks;
    type World = ();

    fn name(&self) -> &'static str {
        "toy"
    }

    fn inputs(&self) -> &'static [Topic] {
        &[Topic::Orders, Topic::RoutingCommands]
    }

    fn reads_reference(&self) -> bool {
        true
    }

    fn facts(&self) -> Topic {
        Topic::Routes
    }

    fn outputs(&self) -> &'static [Topic] {
        &[Topic::StockCommands]
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
        match record.decode::<RouteEvent>()?.event {
            Some(route_event::Event::ShippingNoted(noted)) => Ok(noted.outcome),
            _ => Err(Fault::field("field-missing", "event", "")),
        }
    }

    /// To the order's pool, in whatever partition that lies.
    fn write_message(&self, mut meta: Meta, told: &String) -> Outgoing {
        let key = pool_of(&meta.key);
        let order_id = std::mem::replace(&mut meta.key, key.clone());
        let void = Void { order_id, reason: told.clone(), ..Void::default() };
        let command = Some(stock_command::Command::Void(void));
        let value = StockCommand { meta: Some(meta), command }.encode_to_vec();
        Outgoing { topic: Topic::StockCommands, key, event_type: "weir.stock.v1.Void", value }
    }
}

/// The orders whose number ends alike share a pool.
fn pool_of(order: &str) -> String {
    format!("demo/pool-{}", order.chars().last().unwrap_or_default())
}

/// The toy where one aggregate stands for many orders.
pub struct Strict;

impl Topology for Strict {
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

    fn gap_stops_partition(&self) -> bool {
        true
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
        Toy.write_message(meta, told)
    }
}
