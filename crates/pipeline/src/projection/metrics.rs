//! What a projection counts: how much it applies, how far it is behind, and how often another moved its offsets.

use opentelemetry::metrics::{Counter, Gauge};
use opentelemetry::{KeyValue, global};
use weir_decider::Millis;

/// Instruments of one projection.
pub(super) struct Metrics {
    attributes: [KeyValue; 1],
    records: Counter<u64>,
    batches: Counter<u64>,
    restarts: Counter<u64>,
    lag: Gauge<f64>,
}

impl Metrics {
    pub(super) fn new(projection: &'static str) -> Metrics {
        let meter = global::meter("weir");
        let counter = |name, description| meter.u64_counter(name).with_description(description).build();
        Metrics {
            attributes: [KeyValue::new("weir.projection", projection)],
            records: counter("weir.projection.records", "Records applied."),
            batches: counter("weir.projection.batches", "Batches applied."),
            restarts: counter("weir.projection.restarts", "Times that the offsets were not where they were left."),
            lag: meter
                .f64_gauge("weir.projection.lag")
                .with_unit("s")
                .with_description("Age of the newest record of the last batch when it was applied.")
                .build(),
        }
    }

    pub(super) fn applied(&self, records: usize, newest: Millis, now: Millis) {
        self.records.add(records as u64, &self.attributes);
        self.batches.add(1, &self.attributes);
        let age_ms = u32::try_from(now.0.saturating_sub(newest.0).max(0)).unwrap_or(u32::MAX);
        self.lag.record(f64::from(age_ms) / 1000.0, &self.attributes);
    }

    pub(super) fn restarted(&self) {
        self.restarts.add(1, &self.attributes);
    }
}
