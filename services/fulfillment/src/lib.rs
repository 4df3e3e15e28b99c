//! The fulfillment service: from a released and allocated plan to parcels on their way.
//!
//! One stage decides ([`domain`], [`wire`]), one projection lists the work ([`projection`]), one edge takes commands and
//! queries ([`edge`]). The stage needs Kafka alone; Postgres may come later, or go.

pub mod domain;
pub mod edge;
mod parts;
pub mod projection;
pub mod settings;
mod stuck;
pub mod wire;

use edge::grpc::Edge;
use settings::Settings;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use weir_host::process::BoxError;
use weir_host::{Boot, Parts};
use weir_proto::fulfillment::v1::fulfillment_service_server::FulfillmentServiceServer;

/// Runs the service until it is told to end.
pub fn run() -> ExitCode {
    weir_host::run("fulfillment", Settings::read, start)
}

/// Waits for nothing: what needs the log starts once that is reached.
async fn start(boot: Boot, settings: Settings) -> Result<Parts, BoxError> {
    stuck::begin();
    let pool = settings.pool();
    let gateway = Arc::new(OnceLock::new());
    let edge = Edge::new(gateway.clone(), pool.clone(), settings.command_wait);
    let ready = boot.readiness.condition("stage fulfillment");
    boot.task("fulfillment", parts::work(boot.clone(), settings.log, pool, gateway, ready));
    let service = FulfillmentServiceServer::new(edge);
    Ok(Parts::new().grpc(service).descriptors(weir_proto::DESCRIPTORS))
}
