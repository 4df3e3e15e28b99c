//! weir.routing.v1.RoutingService.

use super::{holds, problem, story};
use prost::Message as _;
use sqlx::PgPool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tonic::{Request, Response, Status};
use weir_host::{Problem, kind};
use weir_pipeline::gateway::Gateway;
use weir_proto::limits;
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
        limits::head(&head).map_err(|(field, why)| problem::invalid(field, why))?;
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
        limits::id(&request.reason).map_err(|why| problem::invalid("reason", why))?;
        let page = holds::Page::of(&request)?;
        Ok(Response::new(holds::list(&self.pool, &request, page).await?))
    }

    async fn approve_hold(
        &self,
        request: Request<pb::ApproveHoldRequest>,
    ) -> Result<Response<pb::ApproveHoldResponse>, Status> {
        let pb::ApproveHoldRequest { head, order_id, hold_id, note } = request.into_inner();
        required("order_id", &order_id)?;
        answer_to(&hold_id, &note)?;
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
        answer_to(&hold_id, &note)?;
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

/// An id that has to be there.
fn required(field: &'static str, value: &str) -> Result<(), Problem> {
    if value.is_empty() {
        return Err(missing(field));
    }
    limits::id(value).map_err(|why| problem::invalid(field, why))
}

/// A hold's id is made of the order's, the plan's and the rules', so it may be longer.
fn answer_to(hold_id: &str, note: &str) -> Result<(), Problem> {
    if hold_id.is_empty() {
        return Err(missing("hold_id"));
    }
    limits::composed_id(hold_id).map_err(|why| problem::invalid("hold_id", why))?;
    limits::free(note).map_err(|why| problem::invalid("note", why))
}

fn missing(field: &'static str) -> Problem {
    Problem::new(kind::FIELD_MISSING, format!("The request has no {field}.")).field(field, "is missing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;

    /// The answer to a request that can't be used names the field.
    #[track_caller]
    fn names<T: std::fmt::Debug>(answer: Result<T, Status>, field: &str) {
        let status = answer.expect_err("it should be refused");
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert!(status.message().contains(&format!(": {field}: ")), "{status:?}");
    }

    #[tokio::test]
    async fn texts_that_no_table_can_hold_are_refused() {
        let nowhere = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").expect("an address");
        let edge = Edge::new(Arc::default(), nowhere);
        let ask = |tenant: &str, order_id: &str, hold_id: &str, note: &str| {
            let head = Some(CommandHead { tenant: tenant.to_owned(), ..CommandHead::default() });
            let (order_id, hold_id, note) = (order_id.to_owned(), hold_id.to_owned(), note.to_owned());
            pb::ApproveHoldRequest { head, order_id, hold_id, note }
        };
        let long = "x".repeat(1025);
        let cases = [
            (ask("de\0mo", "o", "o:1:big", ""), "head.tenant"),
            (ask("demo", "o\0", "o:1:big", ""), "order_id"),
            (ask("demo", "o", "o:1:\0", ""), "hold_id"),
            (ask("demo", "o", &long, ""), "hold_id"),
            (ask("demo", "o", "o:1:big", "\0"), "note"),
        ];
        for (request, field) in cases {
            let pb::ApproveHoldRequest { head, order_id, hold_id, note } = request.clone();
            names(edge.approve_hold(Request::new(request)).await, field);
            let request = pb::RejectHoldRequest { head, order_id, hold_id, note };
            names(edge.reject_hold(Request::new(request)).await, field);
        }
        let explain = pb::ExplainRequest { tenant: "demo".to_owned(), order_id: "\0".to_owned() };
        names(edge.explain(Request::new(explain)).await, "order_id");
        let list = |tenant: &str, reason: &str, page_token: &str| {
            let (tenant, reason, page_token) = (tenant.to_owned(), reason.to_owned(), page_token.to_owned());
            edge.list_holds(Request::new(pb::ListHoldsRequest { tenant, reason, page_token, ..Default::default() }))
        };
        names(list("\0", "", "").await, "tenant");
        names(list("demo", "\0", "").await, "reason");
        names(list("demo", "", "7/\0").await, "page_token");
    }
}
