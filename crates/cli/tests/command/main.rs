//! The command itself, as a person runs it, on a real Kafka: one binary, because each links the whole Kafka client.

mod corner;
mod corruptions;
mod counts;
mod old;
mod projection;
mod redrive;
