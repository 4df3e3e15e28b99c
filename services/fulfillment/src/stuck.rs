//! The counter of orders that wait too long for another stage: what the alert `WeirOrdersStuck` looks at.

use crate::domain::WaitsFor;
use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use std::sync::OnceLock;
use weir_host::{semconv, trace};

/// Counts where the fact is written and not where it is read: a replay counts nothing. A transaction that is decided again
/// counts again.
pub(crate) fn count(waits_for: WaitsFor, orders: u64) {
    static COUNTER: OnceLock<Counter<u64>> = OnceLock::new();
    let counter = COUNTER.get_or_init(|| semconv::FULFILLMENT_STUCK.counter(&global::meter(trace::TRACER)));
    counter.add(orders, &[KeyValue::new(semconv::attribute::WAITS_FOR, waits_for.slug())]);
}

/// Shows every series at zero, so that its first rise is seen as one.
pub(crate) fn begin() {
    WaitsFor::ALL.into_iter().for_each(|waits_for| count(waits_for, 0));
}
