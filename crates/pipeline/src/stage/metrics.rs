//! What a stage's worker counts: how fast it goes, and how often it was in doubt.

use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::{KeyValue, global};
use std::time::Duration;

/// Bounds of histograms of seconds.
const BOUNDS_S: [f64; 12] = [0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.16, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Instruments of one worker.
pub(super) struct Metrics {
    attributes: [KeyValue; 1],
    inputs: Counter<u64>,
    transactions: Counter<u64>,
    replacements: Counter<u64>,
    doubts: Counter<u64>,
    quarantined: Counter<u64>,
    commit: Histogram<f64>,
    take_over: Histogram<f64>,
}

impl Metrics {
    pub(super) fn new(stage: &'static str) -> Metrics {
        let meter = global::meter("weir");
        Metrics {
            attributes: [KeyValue::new("weir.stage", stage)],
            inputs: meter.u64_counter("weir.stage.inputs").with_description("Inputs decided.").build(),
            transactions: meter
                .u64_counter("weir.stage.transactions")
                .with_description("Transactions committed.")
                .build(),
            replacements: meter
                .u64_counter("weir.stage.producer.replacements")
                .with_description("Producers replaced because a transactional call may have been retried inside.")
                .build(),
            doubts: meter
                .u64_counter("weir.stage.retakes")
                .with_description("Times that memory was dropped and the partitions taken over again.")
                .build(),
            quarantined: meter
                .u64_counter("weir.stage.quarantined")
                .with_description("Records put into quarantine.")
                .build(),
            commit: meter
                .f64_histogram("weir.stage.commit.duration")
                .with_unit("s")
                .with_description("Drain, offsets and commit of a transaction.")
                .with_boundaries(BOUNDS_S.to_vec())
                .build(),
            take_over: meter
                .f64_histogram("weir.stage.takeover.duration")
                .with_unit("s")
                .with_description("From the assignment to the first input.")
                .with_boundaries(BOUNDS_S.to_vec())
                .build(),
        }
    }

    pub(super) fn committed(&self, inputs: usize, took: Duration) {
        self.inputs.add(inputs as u64, &self.attributes);
        self.transactions.add(1, &self.attributes);
        self.commit.record(took.as_secs_f64(), &self.attributes);
    }

    pub(super) fn replaced(&self) {
        self.replacements.add(1, &self.attributes);
    }

    pub(super) fn in_doubt(&self) {
        self.doubts.add(1, &self.attributes);
    }

    pub(super) fn quarantined(&self) {
        self.quarantined.add(1, &self.attributes);
    }

    pub(super) fn took_over(&self, took: Duration) {
        self.take_over.record(took.as_secs_f64(), &self.attributes);
    }
}
