//! The command itself, as a person runs it, on a real Kafka: one binary, because each links the whole Kafka client.

mod corner;
mod counts;
mod old;
mod redrive;
