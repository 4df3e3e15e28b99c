//! Logs, traces and metrics of the process, set up once before anything else.
//!
//! Logs always go to stderr. Traces and metrics have one provider each with several readers: the collector when there is
//! an address for it, the trace file when there is a path, `/metrics` always. A collector that is away costs nothing but
//! the data: exporters run on threads of their own with bounded queues.

mod trace_file;

use crate::HostConfig;
use crate::env::Fault;
use crate::semconv::{SCHEMA_URL, attribute};
use opentelemetry::{KeyValue, global};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanExporter as Exporter,
};
use prometheus::Registry;
use std::time::Duration;
use trace_file::TraceFile;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// Targets whose own logs must not go to the collector, or sending a log would make another.
const NOT_SENT: &str = "info,hyper=off,h2=off,tonic=off,tower=off,opentelemetry=off";

/// Spans that may wait for an exporter; beyond it they are dropped and counted, never waited for.
const SPAN_QUEUE: usize = 16_384;

/// The providers of this process, kept to flush them at the end.
pub struct Telemetry {
    pub registry: Registry,
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    logs: Option<SdkLoggerProvider>,
}

/// Sets up everything. What can not be set up is a fault of the configuration; the rest works, so that the faults can
/// be logged. Needs a tokio runtime around it, which the OTLP client keeps.
pub fn install(config: &HostConfig) -> (Telemetry, Vec<Fault>) {
    let mut faults = Vec::new();
    let resource = resource(config);
    let logs = log_provider(config, &resource, &mut faults);
    install_logs(config, logs.as_ref());
    let traces = trace_provider(config, &resource, &mut faults);
    let registry = Registry::new();
    let metrics = metric_provider(config, &resource, &registry, &mut faults);
    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_tracer_provider(traces.clone());
    global::set_meter_provider(metrics.clone());
    let telemetry = Telemetry { registry, traces, metrics, logs };
    (telemetry, faults)
}

/// Sends panics to the log, with the place, instead of only to stderr as loose text.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a payload without text");
        let place = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        tracing::error!(
            message_of_panic = message,
            place = place.unwrap_or_default(),
            thread = thread.name().unwrap_or("unnamed"),
            trace = crate::trace::current_traceparent(),
            "panic"
        );
    }));
}

// === impl Telemetry ===

impl Telemetry {
    /// Hands out what is still held. Blocks for a bounded time, so call it from a thread that may block.
    pub fn flush(&self) {
        let patience = Duration::from_secs(3);
        let ends = [
            ("traces", self.traces.shutdown_with_timeout(patience)),
            ("metrics", self.metrics.shutdown_with_timeout(patience)),
        ];
        for (signal, end) in ends {
            if let Err(error) = end {
                tracing::warn!(signal, error = %error, "telemetry was not flushed");
            }
        }
        // Last, so that the warnings above are still sent.
        if let Some(logs) = &self.logs {
            let _ = logs.shutdown_with_timeout(patience);
        }
    }
}

fn resource(config: &HostConfig) -> Resource {
    let attributes = [
        KeyValue::new(attribute::SERVICE_NAMESPACE, "weir"),
        KeyValue::new(attribute::SERVICE_INSTANCE, config.instance.clone()),
        KeyValue::new(attribute::SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
    ];
    Resource::builder().with_service_name(config.service).with_schema_url(attributes, SCHEMA_URL).build()
}

fn install_logs(config: &HostConfig, sent: Option<&SdkLoggerProvider>) {
    // The SDK tells of its own setting up at info; what was asked for comes after and so wins.
    let filter = format!("opentelemetry=warn,sqlx::postgres::notice=warn,{}", config.log);
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let bridge = sent.map(|logs| OpenTelemetryTracingBridge::new(logs).with_filter(EnvFilter::new(NOT_SENT)));
    let stderr = fmt::layer().with_writer(std::io::stderr);
    let stderr = match config.log_json {
        true => stderr.json().flatten_event(true).boxed(),
        false => stderr.with_ansi(false).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(stderr.with_filter(filter)).with(bridge);
    // A second host in one process, as in tests, keeps the first one's log.
    let _ = subscriber.try_init();
}

fn log_provider(config: &HostConfig, resource: &Resource, faults: &mut Vec<Fault>) -> Option<SdkLoggerProvider> {
    let endpoint = config.otlp_endpoint.as_deref()?;
    let built = LogExporter::builder().with_tonic().with_endpoint(endpoint).build();
    let exporter = otlp(built, faults)?;
    let provider = SdkLoggerProvider::builder().with_resource(resource.clone()).with_batch_exporter(exporter);
    Some(provider.build())
}

fn trace_provider(config: &HostConfig, resource: &Resource, faults: &mut Vec<Fault>) -> SdkTracerProvider {
    let root = Sampler::TraceIdRatioBased(config.trace_ratio);
    let mut provider =
        SdkTracerProvider::builder().with_resource(resource.clone()).with_sampler(Sampler::ParentBased(Box::new(root)));
    if let Some(path) = &config.trace_file {
        match TraceFile::open(path, config.service) {
            Ok(file) => provider = provider.with_span_processor(batches(file)),
            Err(error) => faults.push(Fault {
                name: "WEIR_TRACE_FILE".to_owned(),
                wrong: format!("can not be opened ({error})"),
                should: "a file that can be appended to".to_owned(),
            }),
        }
    }
    if let Some(endpoint) = config.otlp_endpoint.as_deref() {
        let built = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build();
        if let Some(exporter) = otlp(built, faults) {
            provider = provider.with_span_processor(batches(exporter));
        }
    }
    provider.build()
}

fn batches<E: Exporter + 'static>(exporter: E) -> BatchSpanProcessor {
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(SPAN_QUEUE)
        .with_scheduled_delay(Duration::from_secs(1))
        .build();
    BatchSpanProcessor::builder(exporter).with_batch_config(config).build()
}

fn metric_provider(
    config: &HostConfig,
    resource: &Resource,
    registry: &Registry,
    faults: &mut Vec<Fault>,
) -> SdkMeterProvider {
    let scrape = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .scope_info_enabled(false)
        .build()
        .expect("a registry that was just made has room for its one collector");
    let mut provider = SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(scrape);
    if let Some(endpoint) = config.otlp_endpoint.as_deref() {
        let built = MetricExporter::builder().with_tonic().with_endpoint(endpoint).build();
        if let Some(exporter) = otlp(built, faults) {
            provider = provider.with_periodic_exporter(exporter);
        }
    }
    provider.build()
}

fn otlp<T, E: std::fmt::Display>(built: Result<T, E>, faults: &mut Vec<Fault>) -> Option<T> {
    built
        .map_err(|error| {
            faults.push(Fault {
                name: "WEIR_OTLP_ENDPOINT".to_owned(),
                wrong: format!("can not be used ({error})"),
                should: "an address such as http://127.0.0.1:4317".to_owned(),
            });
        })
        .ok()
}
