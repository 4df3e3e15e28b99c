//! Goods in: what the run needs is received over gRPC before the first order.

use super::calls::{ask, head};
use super::catalogue::Catalogue;
use crate::installation::{Installation, not_answering};
use anyhow::Context as _;
use futures::StreamExt as _;
use weir_proto::inventory::v1::inventory_service_client::InventoryServiceClient;
use weir_proto::inventory::v1::{ReceiveManyRequest, ReceiveRequest};
use weir_proto::stock::v1::Receive;

/// Receipts in one call.
const BATCH: usize = 200;
/// Calls under way at once.
const CALLS: usize = 4;

/// Receives it all; returns how many receipts and units it were.
pub async fn receive(
    installation: &Installation,
    catalogue: &Catalogue,
    demand: &[i64],
) -> anyhow::Result<(usize, i64)> {
    let client = InventoryServiceClient::new(installation.channel("inventory")?);
    let receipts = catalogue.stock(demand);
    let units = receipts.iter().map(|(.., quantity)| quantity).sum();
    let calls = receipts.chunks(BATCH).map(|batch| {
        let requests = batch.iter().map(|receipt| request(catalogue, *receipt)).collect();
        let client = client.clone();
        async move {
            ask(ReceiveManyRequest { requests }, |request| {
                let mut client = client.clone();
                async move { client.receive_many(request).await }
            })
            .await
        }
    });
    // Made before, so that the iterator borrows nothing across the calls.
    let calls: Vec<_> = calls.collect();
    let mut answers = futures::stream::iter(calls).buffer_unordered(CALLS);
    while let Some(answer) = answers.next().await {
        answer.with_context(|| format!("stock can't be received; {}", not_answering("inventory", installation)))?;
    }
    Ok((receipts.len(), units))
}

fn request(catalogue: &Catalogue, (item, warehouse, quantity): (usize, usize, i64)) -> ReceiveRequest {
    let receive = Receive {
        sku: catalogue.items[item].sku.clone(),
        warehouse: catalogue.warehouses[warehouse].clone(),
        quantity,
        document: format!("demo-{}", catalogue.run),
    };
    ReceiveRequest {
        head: Some(head(&catalogue.tenant, "demo-dock", "receiver")),
        pool: catalogue.pool.clone(),
        receive: Some(receive),
    }
}
