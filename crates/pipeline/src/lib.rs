//! The only loop in the system: records in, decisions, facts out, in one Kafka transaction each (STAGE.md).
//!
//! A service brings a [`Topology`] (topics, and the way between bytes and its decider) and perhaps [`Effects`]; this crate
//! brings the stage, the projectors, the command path and the log itself behind the [`Log`] trait. It knows no domain.

pub mod config;
pub mod effects;
pub mod gateway;
mod headers;
pub mod kafka;
pub mod log;
pub mod outgoing;
pub mod projection;
pub mod record;
pub mod reference;
pub mod settings;
pub mod signals;
pub mod snapshot;
pub mod stage;
pub mod topology;
pub mod writer;

pub use config::Config;
pub use effects::{Effects, NoEffects};
pub use log::{Log, LogError, Member, Polled, Reader, Transactional};
pub use outgoing::Outgoing;
pub use record::{Headers, Record, TopicPartition, WrittenBack};
pub use signals::Signals;
pub use topology::{Incoming, Said, Told, Topology};
