//! The counter of requests that wait too long for fulfillment: with fulfillment's own, what the alert `WeirOrdersStuck` looks at.

use crate::domain::FULFILLMENT;
use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use std::sync::OnceLock;
use weir_host::{semconv, trace};

/// Counts where the fact is written and not where it is read: a replay counts nothing. A transaction that is decided again
/// counts again.
pub(crate) fn count(requests: u64) {
    static COUNTER: OnceLock<Counter<u64>> = OnceLock::new();
    let counter = COUNTER.get_or_init(|| semconv::ROUTING_STUCK.counter(&global::meter(trace::TRACER)));
    counter.add(requests, &[KeyValue::new(semconv::attribute::WAITS_FOR, FULFILLMENT)]);
}

/// Shows the series at zero, so that its first rise is seen as one.
pub(crate) fn begin() {
    count(0);
}
