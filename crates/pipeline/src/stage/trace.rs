//! One trace from the webhook to the message: a span for each input whose trace is sampled, none for the others.

use crate::Record;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer as _,
};
use opentelemetry::{Context, KeyValue, global};

/// A span that ends when it is dropped.
pub(super) struct Traced {
    context: Context,
}

impl Traced {
    /// Begins "process <topic>" under the record's trace, if that is sampled.
    pub(super) fn begin(stage: &'static str, record: &Record) -> Option<Traced> {
        let parent = sampled(record.headers.traceparent.as_deref()?)?;
        let tracer = global::tracer("weir");
        let span = tracer
            .span_builder(format!("process {}", record.topic))
            .with_kind(SpanKind::Consumer)
            .with_attributes([
                KeyValue::new("messaging.system.name", "kafka"),
                KeyValue::new("messaging.operation.name", "process"),
                KeyValue::new("messaging.destination.name", record.topic.name()),
                KeyValue::new("messaging.destination.partition.id", record.partition.to_string()),
                KeyValue::new("kafka.offset", record.offset),
                KeyValue::new("kafka.message.key", record.key.clone()),
                KeyValue::new("weir.stage", stage),
            ])
            .start_with_context(&tracer, &Context::new().with_remote_span_context(parent));
        Some(Traced { context: Context::new().with_span(span) })
    }

    /// What the records that it causes carry on.
    pub(super) fn traceparent(&self) -> String {
        let span = self.context.span();
        let context = span.span_context();
        format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
    }
}

/// Parses a W3C `traceparent` (Trace Context §3.2.2); none where it is malformed or not sampled.
fn sampled(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version == "ff" || trace.len() != 32 || span.len() != 16 {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    if !flags.is_sampled() {
        return None;
    }
    let trace = TraceId::from_hex(trace).ok()?;
    let span = SpanId::from_hex(span).ok()?;
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sampled_and_well_formed_context_is_followed() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(sampled(good).is_some());
        for bad in [
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7-b7ad6b7169203331-01",
            "",
        ] {
            assert!(sampled(bad).is_none(), "{bad}");
        }
    }
}
