//! weir.routing.v1.RoutingService.

use super::{holds, problem, story};
use prost::Message as _;
use sqlx::PgPool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tonic::{Request, Response, Status};
use weir_host::{Problem, kind};
use weir_pipeline::gateway::Gateway;
use weir_proto::log::v1::{CommandHead, CommandReceipt};
use weir_proto::routing::v1::{
    self as pb, RoutingCommand, routing_command::Command, routing_service_server::RoutingService,
};

/// How long a command's answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The service's edge. The gateway is set once the log could be reached.
#[derive(Clone)]
pub struct Edge {
    gateway: Arc<OnceLock<Gateway>>,
    pool: PgPool,
}

impl Edge {
    pub fn new(gateway: Arc<OnceLock<Gateway>>, pool: PgPool) -> Edge {
        Edge { gateway, pool }
    }

    /// Puts a command on an order into the log, and waits for what the stage says to it.
    async fn ask(
        &self,
        head: Option<CommandHead>,
        order_id: &str,
        event_type: &'static str,
        command: Command,
    ) -> Result<CommandReceipt, Problem> {
        let head = head.ok_or_else(|| missing("head"))?;
        let gateway = self.gateway.get().ok_or_else(|| {
            Problem::new(kind::LOG_UNAVAILABLE, "The log has not been reached yet.").retry_after(Duration::from_secs(1))
        })?;
        let encode = |meta| RoutingCommand { meta: Some(meta), command: Some(command.clone()) }.encode_to_vec();
        gateway.ask(&head, order_id, event_type, PATIENCE, encode).await.map_err(problem::of_ask)
    }
}

#[tonic::async_trait]
impl RoutingService for Edge {
    async fn list_holds(
        &self,
        request: Request<pb::ListHoldsRequest>,
    ) -> Result<Response<pb::ListHoldsResponse>, Status> {
        let request = request.into_inner();
        required("tenant", &request.tenant)?;
        let page = holds::Page::of(&request)?;
        Ok(Response::new(holds::list(&self.pool, &request, page).await?))
    }

    async fn approve_hold(
        &self,
        request: Request<pb::ApproveHoldRequest>,
    ) -> Result<Response<pb::ApproveHoldResponse>, Status> {
        let pb::ApproveHoldRequest { head, order_id, hold_id, note } = request.into_inner();
        required("order_id", &order_id)?;
        required("hold_id", &hold_id)?;
        let command = Command::ApproveHold(pb::ApproveHold { hold_id, note });
        let receipt = self.ask(head, &order_id, "weir.routing.v1.ApproveHold", command).await?;
        Ok(Response::new(pb::ApproveHoldResponse { receipt: Some(receipt) }))
    }

    async fn reject_hold(
        &self,
        request: Request<pb::RejectHoldRequest>,
    ) -> Result<Response<pb::RejectHoldResponse>, Status> {
        let pb::RejectHoldRequest { head, order_id, hold_id, note } = request.into_inner();
        required("order_id", &order_id)?;
        required("hold_id", &hold_id)?;
        let command = Command::RejectHold(pb::RejectHold { hold_id, note });
        let receipt = self.ask(head, &order_id, "weir.routing.v1.RejectHold", command).await?;
        Ok(Response::new(pb::RejectHoldResponse { receipt: Some(receipt) }))
    }

    async fn explain(&self, request: Request<pb::ExplainRequest>) -> Result<Response<pb::ExplainResponse>, Status> {
        let pb::ExplainRequest { tenant, order_id } = request.into_inner();
        required("tenant", &tenant)?;
        required("order_id", &order_id)?;
        Ok(Response::new(story::explain(&self.pool, &tenant, &order_id).await?))
    }
}

fn required(field: &'static str, value: &str) -> Result<(), Problem> {
    if value.is_empty() { Err(missing(field)) } else { Ok(()) }
}

fn missing(field: &'static str) -> Problem {
    Problem::new(kind::FIELD_MISSING, format!("The request has no {field}.")).field(field, "is missing")
}
