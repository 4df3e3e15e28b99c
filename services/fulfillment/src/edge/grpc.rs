//! FulfillmentService: commands go through the log and are answered from it, queries are answered from the projection.

use super::{problem, request};
use crate::projection::{self, PickListRow};
use crate::wire::commands;
use prost::Message as _;
use sqlx::PgPool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tonic::{Request, Response, Status};
use weir_host::{Problem, kind};
use weir_pipeline::gateway::Gateway;
use weir_proto::fulfillment::v1::fulfillment_service_server::FulfillmentService;
use weir_proto::fulfillment::v1::*;
use weir_proto::log::v1::{CommandHead, CommandReceipt};
use weir_proto::shipment::v1::{PickListIssued, shipment_command::Command};

/// The service's gRPC edge. The gateway is set once the log could be reached.
#[derive(Clone)]
pub struct Edge {
    gateway: Arc<OnceLock<Gateway>>,
    pool: PgPool,
    /// How long a caller waits for a command's answer.
    wait: Duration,
}

type Answer<T> = Result<Response<T>, Status>;

impl Edge {
    pub fn new(gateway: Arc<OnceLock<Gateway>>, pool: PgPool, wait: Duration) -> Edge {
        Edge { gateway, pool, wait }
    }

    async fn ask(
        &self,
        head: Option<CommandHead>,
        order_id: &str,
        command: Command,
    ) -> Result<Option<CommandReceipt>, Problem> {
        let head = head.ok_or_else(|| request::missing("head"))?;
        request::head(&head)?;
        let key = request::order_id(order_id)?;
        request::check(&command)?;
        let event_type = commands::event_type(&command);
        let encode = |meta| commands::write(meta, command.clone());
        let gateway = self.gateway.get().ok_or_else(problem::no_log_yet)?;
        let asked = gateway.ask(&head, &key, event_type, self.wait, encode).await;
        asked.map(Some).map_err(problem::of_command)
    }
}

#[tonic::async_trait]
impl FulfillmentService for Edge {
    async fn list_pick_lists(&self, request: Request<ListPickListsRequest>) -> Answer<ListPickListsResponse> {
        let page = request::page(request.into_inner())?;
        let found = projection::list_pick_lists(&self.pool, &page).await;
        let rows = found.map_err(|error| problem::of_query(&error))?;
        // A token comes with every page that has rows, so that a caller can follow what is issued later.
        let next_page_token = rows.last().map_or_else(String::new, |row| row.place.to_string());
        let pick_lists = rows.into_iter().map(open_pick_list).collect::<Result<_, _>>()?;
        Ok(Response::new(ListPickListsResponse { pick_lists, next_page_token }))
    }

    async fn get_fulfillment_order(
        &self,
        request: Request<GetFulfillmentOrderRequest>,
    ) -> Answer<GetFulfillmentOrderResponse> {
        let GetFulfillmentOrderRequest { tenant, order_id } = request.into_inner();
        let order_id = request::order_id(&order_id)?;
        request::tenant(&tenant)?;
        let away = |error: sqlx::Error| problem::of_query(&error);
        let row = projection::order(&self.pool, &tenant, &order_id).await.map_err(away)?;
        let row = row.ok_or_else(|| {
            let detail = format!("No fulfillment order {order_id} of tenant {tenant:?} is known.");
            Problem::new(kind::NOT_FOUND, detail)
        })?;
        let lists = projection::order_pick_lists(&self.pool, &tenant, &order_id).await;
        let lists = lists.map_err(away)?.into_iter().map(open_pick_list);
        Ok(Response::new(GetFulfillmentOrderResponse {
            order_id,
            version: unsigned(row.version),
            status: row.status,
            plan_version: u32::try_from(row.plan).unwrap_or_default(),
            pick_lists: lists.collect::<Result<_, _>>()?,
        }))
    }

    async fn pick(&self, request: Request<PickRequest>) -> Answer<PickResponse> {
        let PickRequest { head, order_id, pick } = request.into_inner();
        let pick = pick.ok_or_else(|| request::missing("pick"))?;
        let receipt = self.ask(head, &order_id, Command::Pick(pick)).await?;
        Ok(Response::new(PickResponse { receipt }))
    }

    async fn short_pick(&self, request: Request<ShortPickRequest>) -> Answer<ShortPickResponse> {
        let ShortPickRequest { head, order_id, short_pick } = request.into_inner();
        let short_pick = short_pick.ok_or_else(|| request::missing("short_pick"))?;
        let receipt = self.ask(head, &order_id, Command::ShortPick(short_pick)).await?;
        Ok(Response::new(ShortPickResponse { receipt }))
    }

    async fn pack(&self, request: Request<PackRequest>) -> Answer<PackResponse> {
        let PackRequest { head, order_id, pack } = request.into_inner();
        let pack = pack.ok_or_else(|| request::missing("pack"))?;
        let receipt = self.ask(head, &order_id, Command::Pack(pack)).await?;
        Ok(Response::new(PackResponse { receipt }))
    }

    async fn ship(&self, request: Request<ShipRequest>) -> Answer<ShipResponse> {
        let ShipRequest { head, order_id, ship } = request.into_inner();
        let ship = ship.ok_or_else(|| request::missing("ship"))?;
        let receipt = self.ask(head, &order_id, Command::Ship(ship)).await?;
        Ok(Response::new(ShipResponse { receipt }))
    }

    async fn cancel(&self, request: Request<CancelRequest>) -> Answer<CancelResponse> {
        let CancelRequest { head, order_id, cancel } = request.into_inner();
        let mut cancel = cancel.ok_or_else(|| request::missing("cancel"))?;
        // A request without a name of its own is known by its command.
        if let (true, Some(head)) = (cancel.request_id.is_empty(), &head) {
            cancel.request_id.clone_from(&head.command_id);
        }
        let receipt = self.ask(head, &order_id, Command::Cancel(cancel)).await?;
        Ok(Response::new(CancelResponse { receipt }))
    }

    async fn record_scan(&self, request: Request<RecordScanRequest>) -> Answer<RecordScanResponse> {
        let RecordScanRequest { head, order_id, scan } = request.into_inner();
        let scan = scan.ok_or_else(|| request::missing("scan"))?;
        let receipt = self.ask(head, &order_id, Command::RecordScan(scan)).await?;
        Ok(Response::new(RecordScanResponse { receipt }))
    }
}

fn open_pick_list(row: PickListRow) -> Result<OpenPickList, Problem> {
    let pick_list = PickListIssued::decode(row.body.as_slice());
    Ok(OpenPickList {
        order_id: row.order_id,
        order_version: unsigned(row.version),
        state: row.state,
        pick_list: Some(pick_list.map_err(|error| Problem::internal(&error))?),
    })
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
