//! `weir.console.v1.ConsoleService`.

use crate::query::Queries;
use tonic::{Request, Response, Status};
use weir_proto::console::v1::console_service_server::ConsoleService;
use weir_proto::console::v1::{
    GetCountsRequest, GetCountsResponse, GetOrderRequest, GetOrderResponse, SearchOrdersRequest, SearchOrdersResponse,
};

/// The service over the queries.
pub struct Console(pub Queries);

#[tonic::async_trait]
impl ConsoleService for Console {
    async fn get_order(&self, request: Request<GetOrderRequest>) -> Result<Response<GetOrderResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.0.order(&request.tenant, &request.order).await?))
    }

    async fn search_orders(
        &self,
        request: Request<SearchOrdersRequest>,
    ) -> Result<Response<SearchOrdersResponse>, Status> {
        Ok(Response::new(self.0.search(request.get_ref()).await?))
    }

    async fn get_counts(&self, request: Request<GetCountsRequest>) -> Result<Response<GetCountsResponse>, Status> {
        Ok(Response::new(self.0.counts(&request.get_ref().tenant).await?))
    }
}
