//! The command itself, as a person runs it, on a real Kafka: one binary, because each links the whole Kafka client.

mod backfill;
mod corner;
mod corruptions;
mod counts;
mod doctor;
mod house;
mod old;
mod platform;
mod projection;
mod reconcile;
mod redrive;
mod replay;
mod shop;
mod whole;
