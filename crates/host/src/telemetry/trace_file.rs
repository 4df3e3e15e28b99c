//! Finished spans as lines of JSON, for a trace without a collector.
//!
//! Each batch is appended in one write, so the processes of one machine may share a file.

use opentelemetry::{Array, Value};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use serde_json::{Map, json};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug)]
pub struct TraceFile {
    file: File,
    service: &'static str,
}

// === impl TraceFile ===

impl TraceFile {
    pub fn open(path: &Path, service: &'static str) -> std::io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self { file, service })
    }
}

impl SpanExporter for TraceFile {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut lines = String::new();
        for span in &batch {
            lines.push_str(&line(span, self.service).to_string());
            lines.push('\n');
        }
        (&self.file).write_all(lines.as_bytes()).map_err(|error| OTelSdkError::InternalFailure(error.to_string()))
    }
}

fn line(span: &SpanData, service: &str) -> serde_json::Value {
    let links: Vec<serde_json::Value> = span
        .links
        .iter()
        .map(|link| {
            let origin = &link.span_context;
            json!({ "trace_id": origin.trace_id().to_string(), "span_id": origin.span_id().to_string() })
        })
        .collect();
    let attributes: Map<String, serde_json::Value> =
        span.attributes.iter().map(|attribute| (attribute.key.to_string(), plain(&attribute.value))).collect();
    json!({
        "trace_id": span.span_context.trace_id().to_string(),
        "span_id": span.span_context.span_id().to_string(),
        "parent_span_id": span.parent_span_id.to_string(),
        "links": links,
        "name": span.name,
        "kind": format!("{:?}", span.span_kind),
        "service": service,
        "start_unix_ns": unix_ns(span.start_time),
        "end_unix_ns": unix_ns(span.end_time),
        "status": format!("{:?}", span.status),
        "attributes": attributes,
    })
}

fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => json!(value),
        Value::I64(value) => json!(value),
        Value::F64(value) => json!(value),
        Value::String(value) => json!(value.as_str()),
        Value::Array(Array::I64(values)) => json!(values),
        other => json!(other.as_str()),
    }
}

fn unix_ns(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    //! A span goes through the real provider and comes out as one line with its parent and link.
    use super::*;
    use opentelemetry::KeyValue;
    use opentelemetry::trace::{Link, Span, TraceContextExt, Tracer, TracerProvider as _, mark_span_as_active};
    use opentelemetry_sdk::trace::SdkTracerProvider;

    #[test]
    fn a_span_becomes_a_line() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("spans.jsonl");
        let file = TraceFile::open(&path, "routing").expect("the file can be made");
        let provider = SdkTracerProvider::builder().with_simple_exporter(file).build();
        let tracer = provider.tracer("weir");
        let parent = tracer.start("receive webhook");
        let parent_context = parent.span_context().clone();
        let guard = mark_span_as_active(parent);
        let mut span = tracer
            .span_builder("process weir.orders")
            .with_links(vec![Link::with_context(parent_context.clone())])
            .start_with_context(&tracer, &opentelemetry::Context::current());
        span.set_attribute(KeyValue::new("kafka.offset", 7));
        span.end();
        drop(guard);
        assert!(
            parent_context.is_valid() && opentelemetry::Context::current().span().span_context() != &parent_context
        );
        let text = std::fs::read_to_string(&path).expect("the file is there");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        assert_eq!(lines.len(), 2);
        let child = &lines[0];
        assert_eq!(child["name"], "process weir.orders");
        assert_eq!(child["service"], "routing");
        assert_eq!(child["parent_span_id"], parent_context.span_id().to_string());
        assert_eq!(child["trace_id"], lines[1]["trace_id"]);
        assert_eq!(child["links"][0]["span_id"], parent_context.span_id().to_string());
        assert_eq!(child["attributes"]["kafka.offset"], 7);
        assert!(child["end_unix_ns"].as_u64() >= child["start_unix_ns"].as_u64());
    }
}
