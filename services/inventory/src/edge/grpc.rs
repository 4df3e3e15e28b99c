//! InventoryService: availability from Redis, receipts and adjustments through the log.

use super::problem::{away, invalid, missing, status, too_many};
use crate::projection::availability::{answer, hash, unknown};
use crate::wire;
use futures::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tonic::{Request, Response, Status};
use weir_pipeline::gateway::Gateway;
use weir_pipeline::projection::redis::CounterReader;
use weir_proto::ids::pool_key;
use weir_proto::inventory::v1 as wire_v1;
use weir_proto::inventory::v1::inventory_service_server::InventoryService;
use weir_proto::limits;
use weir_proto::log::v1::{CommandHead, CommandReceipt};

/// How long a caller without a deadline of its own waits for an answer.
const WAIT: Duration = Duration::from_secs(5);
/// Commands of one ReceiveMany that are under way at once.
const IN_FLIGHT: usize = 256;
/// Entries of one call.
const ENTRIES_MAX: usize = 10_000;

/// The service. Its parts come up by themselves; until then it answers that they are away.
#[derive(Clone, Default)]
pub struct Inventory {
    /// Set once the log is reached.
    pub gateway: Arc<OnceCell<Gateway>>,
    /// Set once Redis is reached.
    pub counters: Arc<OnceCell<CounterReader>>,
}

impl Inventory {
    async fn receive(&self, request: wire_v1::ReceiveRequest, wait: Duration) -> Result<CommandReceipt, Status> {
        let head = head(request.head, &request.pool)?;
        let receive = request.receive.ok_or_else(|| missing("receive"))?;
        id("receive.sku", &receive.sku)?;
        id("receive.warehouse", &receive.warehouse)?;
        id("receive.document", &receive.document)?;
        let gateway = self.gateway.get().ok_or_else(|| away("The log"))?;
        let key = pool_key(&head.tenant, &request.pool);
        let encode = |meta| wire::receive(meta, receive.clone());
        gateway.ask(&head, &key, "weir.stock.v1.Receive", wait, encode).await.map_err(status)
    }

    async fn adjust(&self, request: wire_v1::AdjustRequest, wait: Duration) -> Result<CommandReceipt, Status> {
        let head = head(request.head, &request.pool)?;
        let adjust = request.adjust.ok_or_else(|| missing("adjust"))?;
        id("adjust.sku", &adjust.sku)?;
        id("adjust.warehouse", &adjust.warehouse)?;
        id("adjust.document", &adjust.document)?;
        limits::free(&adjust.reason).map_err(|why| invalid("adjust.reason", &why))?;
        let gateway = self.gateway.get().ok_or_else(|| away("The log"))?;
        let key = pool_key(&head.tenant, &request.pool);
        let encode = |meta| wire::adjust(meta, adjust.clone());
        gateway.ask(&head, &key, "weir.stock.v1.Adjust", wait, encode).await.map_err(status)
    }

    /// Absent counters, and a Redis that is away, make every SKU unknown; never a number that may be wrong.
    async fn availability(&self, key: &str, skus: &[String]) -> Vec<wire_v1::SkuAvailability> {
        let hashes: Vec<String> = skus.iter().map(|sku| hash(key, sku)).collect();
        let read = match self.counters.get() {
            Some(reader) => reader.read(&hashes).await,
            None => Ok(None),
        };
        match read {
            Ok(Some(found)) => skus.iter().zip(&found).map(|(sku, fields)| answer(sku, fields)).collect(),
            Ok(None) => skus.iter().map(|sku| unknown(sku)).collect(),
            Err(error) => {
                tracing::warn!(error = %error, "availability not read");
                skus.iter().map(|sku| unknown(sku)).collect()
            }
        }
    }
}

#[tonic::async_trait]
impl InventoryService for Inventory {
    async fn get_availability(
        &self,
        request: Request<wire_v1::GetAvailabilityRequest>,
    ) -> Result<Response<wire_v1::GetAvailabilityResponse>, Status> {
        let request = request.into_inner();
        if request.tenant.is_empty() {
            return Err(missing("tenant"));
        }
        if request.pool.is_empty() {
            return Err(missing("pool"));
        }
        if request.skus.len() > ENTRIES_MAX {
            return Err(too_many("skus", ENTRIES_MAX));
        }
        id("tenant", &request.tenant)?;
        id("pool", &request.pool)?;
        request.skus.iter().enumerate().try_for_each(|(index, sku)| id(&format!("skus[{index}]"), sku))?;
        let key = pool_key(&request.tenant, &request.pool);
        let skus = self.availability(&key, &request.skus).await;
        Ok(Response::new(wire_v1::GetAvailabilityResponse { skus }))
    }

    async fn receive(
        &self,
        request: Request<wire_v1::ReceiveRequest>,
    ) -> Result<Response<wire_v1::ReceiveResponse>, Status> {
        let wait = patience(&request);
        let receipt = Some(self.receive(request.into_inner(), wait).await?);
        Ok(Response::new(wire_v1::ReceiveResponse { receipt }))
    }

    async fn receive_many(
        &self,
        request: Request<wire_v1::ReceiveManyRequest>,
    ) -> Result<Response<wire_v1::ReceiveManyResponse>, Status> {
        let wait = patience(&request);
        let requests = request.into_inner().requests;
        if requests.len() > ENTRIES_MAX {
            return Err(too_many("requests", ENTRIES_MAX));
        }
        let asked = futures::stream::iter(requests).map(|one| self.receive(one, wait)).buffered(IN_FLIGHT);
        let receipts: Vec<Result<CommandReceipt, Status>> = asked.collect().await;
        let mut responses = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            responses.push(wire_v1::ReceiveResponse { receipt: Some(receipt?) });
        }
        Ok(Response::new(wire_v1::ReceiveManyResponse { responses }))
    }

    async fn adjust(
        &self,
        request: Request<wire_v1::AdjustRequest>,
    ) -> Result<Response<wire_v1::AdjustResponse>, Status> {
        let wait = patience(&request);
        let receipt = Some(self.adjust(request.into_inner(), wait).await?);
        Ok(Response::new(wire_v1::AdjustResponse { receipt }))
    }
}

fn head(head: Option<CommandHead>, pool: &str) -> Result<CommandHead, Status> {
    let head = head.ok_or_else(|| missing("head"))?;
    if head.tenant.is_empty() {
        return Err(missing("head.tenant"));
    }
    if pool.is_empty() {
        return Err(missing("pool"));
    }
    limits::head(&head).map_err(|(field, why)| invalid(field, &why))?;
    id("pool", pool)?;
    Ok(head)
}

/// What goes into tables and indexes; whether it must be there, the decision says.
fn id(field: &str, text: &str) -> Result<(), Status> {
    limits::id(text).map_err(|why| invalid(field, &why))
}

/// The caller's own deadline, less what the answer needs to travel; else ours.
fn patience<T>(request: &Request<T>) -> Duration {
    let header = request.metadata().get("grpc-timeout").and_then(|value| value.to_str().ok());
    let given = header.and_then(grpc_timeout).unwrap_or(WAIT);
    given.saturating_sub(Duration::from_millis(20)).max(Duration::from_millis(1))
}

/// "100m" is 100 ms: the gRPC protocol over HTTP/2, "Timeout".
fn grpc_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count.checked_mul(3600)?)),
        "M" => Some(Duration::from_secs(count.checked_mul(60)?)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;
    use weir_proto::stock::v1::{Adjust, Receive};

    fn asked(tenant: &str) -> Option<CommandHead> {
        Some(CommandHead { tenant: tenant.to_owned(), ..CommandHead::default() })
    }

    /// The answer to a request that can't be used names the field.
    #[track_caller]
    fn names<T: std::fmt::Debug>(answer: Result<T, Status>, field: &str) {
        let status = answer.expect_err("it should be refused");
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert!(status.message().contains(&format!(": {field}: ")), "{status:?}");
    }

    #[tokio::test]
    async fn texts_that_no_table_can_hold_are_refused() {
        let edge = Inventory::default();
        let receive = |tenant: &str, pool: &str, sku: &str, document: &str| {
            let receive = Receive { sku: sku.into(), warehouse: "W1".into(), quantity: 1, document: document.into() };
            wire_v1::ReceiveRequest { head: asked(tenant), pool: pool.into(), receive: Some(receive) }
        };
        let long = "x".repeat(256);
        let cases = [
            (receive("de\0mo", "main", "TEA", ""), "head.tenant"),
            (receive("demo", "ma\0in", "TEA", ""), "pool"),
            (receive("demo", "main", "TEA\0", ""), "receive.sku"),
            (receive("demo", "main", &long, ""), "receive.sku"),
            (receive("demo", "main", "TEA", "asn\0"), "receive.document"),
        ];
        for (request, named) in cases {
            let answer = InventoryService::receive(&edge, Request::new(request.clone())).await;
            names(answer, named);
            let many = wire_v1::ReceiveManyRequest { requests: vec![request] };
            names(edge.receive_many(Request::new(many)).await, named);
        }
        let adjust = Adjust { sku: "TEA".into(), warehouse: "W\0".into(), delta: 1, ..Adjust::default() };
        let request = wire_v1::AdjustRequest { head: asked("demo"), pool: "main".into(), adjust: Some(adjust) };
        names(InventoryService::adjust(&edge, Request::new(request)).await, "adjust.warehouse");
        let (tenant, pool) = ("demo".to_owned(), "main".to_owned());
        let request = wire_v1::GetAvailabilityRequest { tenant, pool, skus: vec!["TEA".into(), "TEA\0".into()] };
        names(edge.get_availability(Request::new(request)).await, "skus[1]");
    }

    #[test]
    fn a_deadline_is_read_as_grpc_writes_it() {
        assert_eq!(grpc_timeout("100m"), Some(Duration::from_millis(100)));
        assert_eq!(grpc_timeout("2S"), Some(Duration::from_secs(2)));
        assert_eq!(grpc_timeout("S"), None);
        assert_eq!(grpc_timeout("1ü"), None);
        assert_eq!(grpc_timeout(""), None);
    }
}
