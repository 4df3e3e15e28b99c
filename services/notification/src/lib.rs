//! The notification service: tells buyers, shops and the review desk what happened to an order, each thing once.
//!
//! One stage decides what is due ([`domain`], [`wire`]); the effects send it and bring the outcome back ([`effects`]).

mod config;
mod run;

pub mod domain;
pub mod effects;
pub mod templates;
pub mod wire;

pub use run::run;
