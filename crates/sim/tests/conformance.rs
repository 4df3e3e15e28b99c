//! One suite of cases, on the simulated broker and on real Kafka, with the same result in each.
//!
//! Where the two differ the model is wrong. `docs/conformance.md` lists the cases; `WEIR_ACCEPT=1` writes the table anew.
//! `WEIR_CASE` picks the cases whose name contains it.

#[path = "conformance/cases.rs"]
mod cases;
#[path = "conformance/cluster.rs"]
mod cluster;
#[path = "conformance/document.rs"]
mod document;
#[path = "conformance/on_kafka.rs"]
mod on_kafka;
#[path = "conformance/on_sim.rs"]
mod on_sim;
#[path = "conformance/scene.rs"]
mod scene;
#[path = "conformance/seats.rs"]
mod seats;
