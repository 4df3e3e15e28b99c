//! Real Kafka, Postgres and Redis for tests, and small stand-ins for the world outside.
//!
//! A test says what it needs and gets its own corner of it: topics under its own prefix, a schema of
//! its own, a Redis prefix of its own. So tests run side by side on one set of servers, which is
//! started by the first test that asks and needs nobody's preparation.

mod database;
mod private;
mod program;
mod scripts;
mod servers;
pub mod sinks;
mod starting;
mod topics;
mod wait;
mod wire;
mod wiring;

pub use database::Schema;
pub use private::{PrivateServers, Server};
pub use program::Program;
pub use servers::Servers;
pub use starting::{WrongTopic, refuses_a_topic, serves_while_kafka_is_away};
pub use topics::{create_topics, create_topics_with, unique_prefix};
pub use wait::{wait_for, wait_for_async};
pub use wire::{Cut, Request, Wire};
pub use wiring::Wiring;
