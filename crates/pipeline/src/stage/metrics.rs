//! What a stage's worker counts: how fast it goes, and how often it was in doubt.

use opentelemetry::metrics::{Counter, Gauge, Histogram};
use opentelemetry::{KeyValue, global};
use std::time::Duration;

/// Bounds of histograms of seconds.
const BOUNDS_S: [f64; 12] = [0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.16, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Instruments of one worker.
pub(super) struct Metrics {
    attributes: [KeyValue; 1],
    /// Where the workers of a process must not write over each other.
    worker: KeyValue,
    inputs: Counter<u64>,
    transactions: Counter<u64>,
    replacements: Counter<u64>,
    doubts: Counter<u64>,
    quarantined: Counter<u64>,
    left_out: Counter<u64>,
    broken: Counter<u64>,
    stopped: Gauge<u64>,
    refused_assignments: Counter<u64>,
    commit: Histogram<f64>,
    take_over: Histogram<f64>,
}

impl Metrics {
    pub(super) fn new(stage: &'static str, worker: &str) -> Metrics {
        let meter = global::meter("weir");
        Metrics {
            attributes: [KeyValue::new("weir.stage", stage)],
            worker: KeyValue::new("weir.worker", worker.to_owned()),
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
            left_out: meter
                .u64_counter("weir.stage.deadlines.left_out")
                .with_description("Deadlines that could not be decided, and wait for a mended rule.")
                .build(),
            broken: meter
                .u64_counter("weir.invariant.broken")
                .with_description(
                    "What a take-over or a decision found not to fit, by the id of the invariant: facts, and offsets of a partition. Each \
                     take-over counts it again.",
                )
                .build(),
            stopped: meter
                .u64_gauge("weir.stage.partitions.stopped")
                .with_description("Partitions that nothing is decided on, because their facts do not fit together.")
                .build(),
            refused_assignments: meter
                .u64_counter("weir.stage.assignments.refused")
                .with_description(
                    "Assignments that could not be worked on: uneven inputs, or more partitions than there may be.",
                )
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

    pub(super) fn left_out(&self) {
        self.left_out.add(1, &self.attributes);
    }

    pub(super) fn broken(&self, invariant: &'static str) {
        self.broken.add(1, &[self.attributes[0].clone(), KeyValue::new("weir.invariant", invariant)]);
    }

    pub(super) fn stopped(&self, partitions: usize) {
        self.stopped.record(partitions as u64, &[self.attributes[0].clone(), self.worker.clone()]);
    }

    pub(super) fn refused_assignment(&self) {
        self.refused_assignments.add(1, &self.attributes);
    }

    pub(super) fn took_over(&self, took: Duration) {
        self.take_over.record(took.as_secs_f64(), &self.attributes);
    }
}
