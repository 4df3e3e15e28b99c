//! The pipeline's edges on a real Kafka, Postgres and Redis: what writes, asks, follows and projects.

#[path = "edges/corner.rs"]
mod corner;
#[path = "edges/counters.rs"]
mod counters;
#[path = "edges/gateway.rs"]
mod gateway;
#[path = "edges/projector.rs"]
mod projector;
#[path = "edges/projector_compare.rs"]
mod projector_compare;
#[path = "edges/projector_rebuild.rs"]
mod projector_rebuild;
#[path = "edges/rebuild_stand.rs"]
mod rebuild_stand;
#[path = "edges/reference.rs"]
mod reference;
#[path = "edges/settings.rs"]
mod settings;
#[path = "edges/snapshots.rs"]
mod snapshots;
#[path = "edges/writer.rs"]
mod writer;
