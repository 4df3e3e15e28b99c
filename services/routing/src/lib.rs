//! The routing service: decides what stock an order wants from where, holds what a person must see, and releases what is paid.
//!
//! One stage decides ([`domain`], [`wire`]); a projection keeps what queries ask for ([`projection`]); gRPC is the edge.

mod config;
pub mod domain;
pub mod edge;
pub mod projection;
mod run;
mod stuck;
pub mod wire;

pub use run::run;
