//! Spans for hot paths, made straight on the OpenTelemetry API.
//!
//! A stage handles thousands of records a second, nearly all of them unsampled: for those a span costs one look at the
//! last digit of `traceparent`. This page needs the API crate alone, no SDK and no runtime.

use opentelemetry::trace::{
    Link, Span, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer,
};
use opentelemetry::{Context, KeyValue, Value, global};
use std::borrow::Cow;

/// The name of the one tracer.
pub const TRACER: &str = "weir";

/// A span under way; it ends when it is dropped.
pub struct Child(global::BoxedSpan);

/// A span for a record whose trace is sampled; nothing otherwise.
pub fn child(traceparent: &str, name: impl Into<Cow<'static, str>>, kind: SpanKind) -> Option<Child> {
    if !is_sampled(traceparent) {
        return None;
    }
    let parent = parse(traceparent)?;
    let context = Context::new().with_remote_span_context(parent);
    let builder = SpanBuilder::from_name(name).with_kind(kind);
    let span = global::tracer(TRACER).build_with_context(builder, &context);
    Some(Child(span))
}

/// A span at an edge: it continues the caller's trace if there is one, and else the sampler decides.
pub fn span_from(
    traceparent: Option<&str>,
    name: impl Into<Cow<'static, str>>,
    kind: SpanKind,
    attributes: impl IntoIterator<Item = KeyValue>,
) -> Child {
    let context = match traceparent.and_then(parse) {
        Some(parent) => Context::new().with_remote_span_context(parent),
        None => Context::new(),
    };
    let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes);
    Child(global::tracer(TRACER).build_with_context(builder, &context))
}

/// A span with a new trace that only links to others: what a replay makes, and what covers a batch.
pub fn span_linked<'a>(
    traceparents: impl IntoIterator<Item = &'a str>,
    name: impl Into<Cow<'static, str>>,
    kind: SpanKind,
) -> Child {
    let origins = traceparents.into_iter().filter_map(parse);
    let links: Vec<Link> = origins.map(|origin| Link::new(origin, Vec::new(), 0)).collect();
    let builder = SpanBuilder::from_name(name).with_kind(kind).with_links(links);
    Child(global::tracer(TRACER).build_with_context(builder, &Context::new()))
}

/// What to send on from inside a request, so that the next hop joins its trace.
pub fn current_traceparent() -> Option<String> {
    Context::map_current(|context| format(context.span().span_context()))
}

/// Whether the sender recorded this trace: version 00, flag 01.
pub fn is_sampled(traceparent: &str) -> bool {
    let bytes = traceparent.as_bytes();
    bytes.len() >= 55 && (bytes[54].is_ascii_hexdigit()) && hex(bytes[54]) & 1 == 1
}

/// Reads a W3C `traceparent`. Later versions may be longer; their first four fields mean the same.
pub fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut fields = traceparent.trim().split('-');
    let (version, trace_id) = (fields.next()?, fields.next()?);
    let (span_id, flags) = (fields.next()?, fields.next()?);
    let lengths = [version.len(), trace_id.len(), span_id.len(), flags.len()];
    if lengths != [2, 32, 16, 2] || version == "ff" || (version == "00" && fields.next().is_some()) {
        return None;
    }
    let all_hex = [version, trace_id, span_id, flags]
        .iter()
        .flat_map(|field| field.bytes())
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !all_hex {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    let context = SpanContext::new(
        TraceId::from_hex(trace_id).ok()?,
        SpanId::from_hex(span_id).ok()?,
        TraceFlags::new(flags) & TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

/// Writes a W3C `traceparent`, unless the context names no span.
pub fn format(context: &SpanContext) -> Option<String> {
    context.is_valid().then(|| {
        let flags = context.trace_flags() & TraceFlags::SAMPLED;
        let (trace_id, span_id) = (context.trace_id(), context.span_id());
        format!("00-{trace_id}-{span_id}-{:02x}", flags.to_u8())
    })
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        letter => letter.to_ascii_lowercase() - b'a' + 10,
    }
}

// === impl Child ===

impl Child {
    /// What to put into the headers of whatever follows from this span.
    pub fn traceparent(&self) -> String {
        format(self.0.span_context()).unwrap_or_default()
    }

    pub fn attr(&mut self, key: &'static str, value: impl Into<Value>) {
        self.0.set_attribute(KeyValue::new(key, value));
    }

    pub fn link(&mut self, traceparent: &str) {
        if let Some(origin) = parse(traceparent) {
            self.0.add_link(origin, Vec::new());
        }
    }

    pub fn failed(&mut self, why: impl Into<Cow<'static, str>>) {
        self.0.set_status(Status::error(why));
    }

    /// The span as a context, to be active while a request is served. It ends with the last clone.
    pub fn into_context(self) -> Context {
        Context::new().with_span(self.0)
    }
}

#[cfg(test)]
mod tests {
    //! The header is read as the W3C says, and nothing else is taken for one.
    use super::*;

    const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_survives_the_round_trip() {
        let context = parse(SAMPLED).expect("the header is good");
        assert!(context.is_sampled() && context.is_remote());
        assert_eq!(format(&context).as_deref(), Some(SAMPLED));
    }

    #[test]
    fn only_the_sampled_flag_makes_a_child() {
        let unsampled = SAMPLED.replace("-01", "-00");
        assert!(is_sampled(SAMPLED) && !is_sampled(&unsampled) && !is_sampled(""));
        assert!(is_sampled(&SAMPLED.replace("-01", "-03")));
        assert!(child(&unsampled, "process", SpanKind::Consumer).is_none());
        assert!(child(SAMPLED, "process", SpanKind::Consumer).is_some());
    }

    #[test]
    fn a_broken_header_is_no_parent() {
        let broken = [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-é0f067aa0ba902b7-01",
        ];
        for header in broken {
            assert!(parse(header).is_none(), "{header}");
            assert!(child(header, "process", SpanKind::Consumer).is_none(), "{header}");
        }
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";
        assert!(parse(later).is_some());
    }
}
