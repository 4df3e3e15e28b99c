//! A collector on a free port that only remembers the names of what it was sent.

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

pub struct Collector {
    address: SocketAddr,
    seen: Seen,
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeSet<String>>>);

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let seen = Seen::default();
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(seen.clone()))
            .add_service(MetricsServiceServer::new(seen.clone()))
            .add_service(LogsServiceServer::new(seen.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Self { address, seen }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn got(&self) -> BTreeSet<String> {
        self.seen.0.lock().expect("nothing panics inside").clone()
    }
}

impl Seen {
    fn note(&self, what: &str, name: &str) {
        let mut seen = self.0.lock().expect("nothing panics inside");
        seen.insert(format!("{what} {name}"));
    }

    fn note_resource(&self, resource: Option<Resource>) {
        let attributes = resource.map(|resource| resource.attributes);
        for attribute in attributes.unwrap_or_default() {
            if attribute.key == "service.name" {
                self.note("resource", &text(attribute.value));
            }
        }
    }
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        _ => String::new(),
    }
}

#[tonic::async_trait]
impl TraceService for Seen {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for group in request.into_inner().resource_spans {
            self.note_resource(group.resource);
            for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                self.note("span", &span.name);
            }
        }
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Seen {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let groups = request.into_inner().resource_metrics.into_iter();
        for scope in groups.flat_map(|group| group.scope_metrics) {
            for metric in scope.metrics {
                self.note("metric", &metric.name);
            }
        }
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Seen {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let groups = request.into_inner().resource_logs.into_iter();
        for scope in groups.flat_map(|group| group.scope_logs) {
            for record in scope.log_records {
                self.note("log", &text(record.body));
            }
        }
        Ok(Response::new(Default::default()))
    }
}
