//! All tests of the service in one binary, because each binary links the whole Kafka client.

#[path = "it/assignment.rs"]
mod assignment;
#[path = "it/backorders.rs"]
mod backorders;
#[path = "it/bounds.rs"]
mod bounds;
#[path = "it/catalogue.rs"]
mod catalogue;
#[path = "it/corners.rs"]
mod corners;
#[path = "it/decisions.rs"]
mod decisions;
#[path = "it/leaving.rs"]
mod leaving;
#[path = "it/lining_up.rs"]
mod lining_up;
#[path = "it/live.rs"]
mod live;
#[path = "it/making.rs"]
mod making;
#[path = "it/moving.rs"]
mod moving;
#[path = "it/parts.rs"]
mod parts;
#[path = "it/projections.rs"]
mod projections;
#[path = "it/random.rs"]
mod random;
#[path = "it/refusals.rs"]
mod refusals;
#[path = "it/starting.rs"]
mod starting;
#[path = "it/wire.rs"]
mod wire;
