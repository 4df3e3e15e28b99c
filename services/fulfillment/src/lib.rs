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
use weir_host::process::BoxError;
use weir_host::{Boot, Parts};
use weir_proto::fulfillment::v1::fulfillment_service_server::FulfillmentServiceServer;

/// Runs the service until it is told to end.
pub fn run() -> ExitCode {
    weir_host::run("fulfillment", Settings::read, start)
}

async fn start(boot: Boot, settings: Settings) -> Result<Parts, BoxError> {
    stuck::begin();
    let (log, gateway) = parts::connect(&settings.log).await?;
    let pool = settings.pool();
    parts::stage(&boot, &settings.log, log.clone(), &pool)?;
    parts::projector(&boot, settings.log.clone(), log, pool.clone());
    let edge = Edge::new(gateway, pool, settings.command_wait);
    let service = FulfillmentServiceServer::new(edge);
    Ok(Parts::new().grpc(service).descriptors(weir_proto::DESCRIPTORS))
}
