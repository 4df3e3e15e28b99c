//! `weir.ingest.v1.IngestService`: placing orders, and asking platforms.

use super::asking::{Asking, Listed};
use super::grpc::Placing;
use tonic::{Request, Response, Status};
use weir_proto::ingest::v1::ingest_service_server::IngestService;
use weir_proto::ingest::v1::{
    FetchOrdersRequest, FetchOrdersResponse, ListPlatformOrdersRequest, ListPullsRequest, ListPullsResponse,
    PlaceOrderRequest, PlaceOrderResponse,
};

/// The service.
pub struct Service {
    pub placing: Placing,
    pub asking: Asking,
}

#[tonic::async_trait]
impl IngestService for Service {
    type ListPlatformOrdersStream = Listed;

    async fn place_order(&self, request: Request<PlaceOrderRequest>) -> Result<Response<PlaceOrderResponse>, Status> {
        Ok(Response::new(self.placing.place(request.into_inner()).await?))
    }

    async fn list_platform_orders(
        &self,
        request: Request<ListPlatformOrdersRequest>,
    ) -> Result<Response<Listed>, Status> {
        Ok(Response::new(self.asking.list(&request.into_inner())?))
    }

    async fn fetch_orders(
        &self,
        request: Request<FetchOrdersRequest>,
    ) -> Result<Response<FetchOrdersResponse>, Status> {
        Ok(Response::new(Box::pin(self.asking.fetch(request.into_inner())).await?))
    }

    async fn list_pulls(&self, request: Request<ListPullsRequest>) -> Result<Response<ListPullsResponse>, Status> {
        Ok(Response::new(self.asking.pulls(&request.into_inner()).await?))
    }
}
