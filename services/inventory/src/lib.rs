//! The inventory service: it owns what is promised of every pool, and never promises a unit twice.
//!
//! One stage decides ([`domain`], [`wire`]); two projections show what it decided ([`projection`]); the edge asks and answers
//! ([`edge`]). The decision path needs Kafka alone: Postgres and Redis are waited for beside it.

mod database;
mod run;
mod settings;

pub mod domain;
pub mod edge;
pub mod projection;
pub mod wire;

pub use database::try_migrate;
pub use run::run;
