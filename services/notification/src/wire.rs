//! Bytes to the notices' rule book and back: which records tell what, and under which id a notice is known.

mod facts;
mod inputs;
mod names;

pub use names::{notice_id, subject_of};

use crate::domain::{Fact, Input, Message, Notices};
use weir_decider::Fault;
use weir_pipeline::log::Pace;
use weir_pipeline::{Incoming, Outgoing, Record, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::topics::Topic;

/// The stage "notification". It reads no reference data: addresses are found when a notice is sent.
#[derive(Clone, Copy, Debug)]
pub struct Notification;

impl Topology for Notification {
    type State = Notices;
    type World = ();

    fn name(&self) -> &'static str {
        "notification"
    }

    fn inputs(&self) -> &'static [Topic] {
        &[Topic::Orders, Topic::Routes, Topic::Shipments, Topic::NoticeCommands]
    }

    fn facts(&self) -> Topic {
        Topic::Notices
    }

    fn outputs(&self) -> &'static [Topic] {
        &[]
    }

    /// A message may be a quarter of a second later.
    fn pace(&self) -> Pace {
        Pace::Batched
    }

    fn shape(&self) -> u32 {
        1
    }

    fn read(&self, record: &Record) -> Result<Incoming<Input>, Fault> {
        let (meta, input) = match record.topic {
            Topic::Orders => inputs::order(record)?,
            Topic::Routes => inputs::route(record)?,
            Topic::Shipments => inputs::shipment(record)?,
            Topic::NoticeCommands => inputs::command(record)?,
            other => {
                return Err(Fault::whole("unknown-topic", format!("notification does not read {other}")));
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

    fn write_message(&self, _: Meta, message: &Message) -> Outgoing {
        match *message {}
    }
}

#[cfg(test)]
mod tests;
