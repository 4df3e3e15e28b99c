//! All tests of the service in one binary, because each binary links the whole Kafka client.

#[path = "it/assignment.rs"]
mod assignment;
#[path = "it/backorders.rs"]
mod backorders;
#[path = "it/decisions.rs"]
mod decisions;
#[path = "it/leaving.rs"]
mod leaving;
#[path = "it/live.rs"]
mod live;
#[path = "it/making.rs"]
mod making;
#[path = "it/projections.rs"]
mod projections;
#[path = "it/random.rs"]
mod random;
#[path = "it/refusals.rs"]
mod refusals;
#[path = "it/wire.rs"]
mod wire;
