//! What a service brings to the loop.

use crate::log::Pace;
use crate::{Outgoing, Record};
use std::sync::Arc;
use weir_decider::{Decider, Fault};
use weir_proto::log::v1::{Meta, stage_fact};
use weir_proto::reference::v1::ReferenceEvent;
use weir_proto::topics::Topic;

/// A stage's topics, and the way between bytes and its decider. One implementation for each stage, in the service's `wire.rs`.
pub trait Topology: Send + Sync + 'static {
    /// One aggregate's rule book and state; serde makes its snapshot.
    type State: Decider<World = Self::World> + Send + serde::Serialize + serde::de::DeserializeOwned;
    /// Reference data, read to its end before anything is decided.
    type World: Default + Send;

    /// "routing": names the consumer group and the transactional ids.
    fn name(&self) -> &'static str;

    /// Co-partitioned inputs: same key, same partition count.
    fn inputs(&self) -> &'static [Topic];

    /// The stage's own fact topic, which its state is the fold of. Never one of the inputs.
    fn facts(&self) -> Topic;

    /// Topics that [`Topology::write_message`] may write to.
    fn outputs(&self) -> &'static [Topic];

    /// How its inputs are fetched, and how far apart its transactions are: a stage that no other waits for leaves the broker in
    /// peace.
    fn pace(&self) -> Pace {
        Pace::Prompt
    }

    /// Raised whenever the state's shape changes, so that older snapshots are ignored.
    fn shape(&self) -> u32;

    /// What a gap in an aggregate's versions stops: the aggregate alone, or, where one aggregate stands for many orders, its
    /// whole partition (STAGE.md §1).
    fn gap_stops_partition(&self) -> bool {
        false
    }

    /// Whether the stage looks things up in the `reference` topic.
    fn reads_reference(&self) -> bool {
        false
    }

    /// Reads an input.
    ///
    /// # Errors
    /// A fault sends the record to quarantine, with its bytes.
    fn read(&self, record: &Record) -> Result<Incoming<<Self::State as Decider>::Input>, Fault>;

    /// Encodes a fact: the fact topic's message with `meta` and the fact's arm; `Outgoing::key` is `meta.key`.
    fn write_fact(&self, meta: Meta, fact: &<Self::State as Decider>::Fact) -> Outgoing;

    /// Reads back one of the stage's own domain facts (never a stage fact; the loop keeps those).
    ///
    /// # Errors
    /// A fault stops the partition: the stage's own facts can't be skipped.
    fn read_fact(&self, record: &Record) -> Result<<Self::State as Decider>::Fact, Fault>;

    /// Reads a record of the fact topic whole, as a fold needs it. Whoever folds the same records again and again in one process
    /// may keep what was read.
    ///
    /// # Errors
    /// As [`Topology::read_fact`], and where the record has no meta.
    fn read_told(&self, record: &Record) -> Result<Arc<Told<<Self::State as Decider>::Fact>>, Fault> {
        let (meta, stage) = record.envelope()?;
        let said = match stage {
            Some(fact) => Said::Stage(fact),
            None => Said::Domain(self.read_fact(record)?),
        };
        Ok(Arc::new(Told { meta, said }))
    }

    /// Encodes a message to others. `meta.key` is the sender's aggregate: set the receiver's key where it is another.
    /// `meta.command_id` is filled with an id derived from the cause and the step.
    fn write_message(&self, meta: Meta, message: &<Self::State as Decider>::Message) -> Outgoing;

    /// Takes in one record of the `reference` topic; `None` is a tombstone.
    fn learn(&self, _world: &mut Self::World, _key: &str, _event: Option<ReferenceEvent>) {}
}

/// A record of a fact topic that was read.
#[derive(Clone, Debug)]
pub struct Told<F> {
    pub meta: Meta,
    pub said: Said<F>,
}

/// Of what a fact speaks.
#[derive(Clone, Debug)]
pub enum Said<F> {
    /// Of the stage's own work.
    Stage(stage_fact::Fact),
    /// Of an aggregate.
    Domain(F),
}

/// An input that was read.
#[derive(Clone, Debug)]
pub struct Incoming<I> {
    pub meta: Meta,
    pub input: I,
}
