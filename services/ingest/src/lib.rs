//! Ingest: the door takes deliveries and makes them durable, the clerk turns them into facts about orders.

pub mod domain;
pub mod edge;
pub mod fetch;
pub mod journal;
pub mod pull;
pub mod remembered;
mod run;
pub mod settings;
pub mod wire;

pub use run::run;
