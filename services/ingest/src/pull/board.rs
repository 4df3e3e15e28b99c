//! How the pulls stand, as metrics.

use super::cursors::Standing;
use super::pace::FAILURES_TO_ALERT;
use opentelemetry::global;
use opentelemetry::metrics::Gauge;
use std::time::Instant;
use weir_host::{semconv, trace};

/// The gauges, and what they said last.
pub(super) struct Board {
    failing: Gauge<u64>,
    age: Gauge<u64>,
    /// Of the shop whose last success is furthest back, and when that was looked at; nothing where no shop is pulled.
    oldest: Option<(i64, Instant)>,
}

impl Board {
    pub(super) fn new() -> Board {
        let meter = global::meter(trace::TRACER);
        Board {
            failing: semconv::PULL_SHOPS_FAILING.gauge(&meter),
            age: semconv::PULL_AGE.gauge(&meter),
            oldest: Some((0, Instant::now())),
        }
    }

    pub(super) fn show(&mut self, standings: &[Standing]) {
        let fails = |failures: i32| u32::try_from(failures).is_ok_and(|failures| failures >= FAILURES_TO_ALERT);
        let count = standings.iter().filter(|standing| fails(standing.failures)).count();
        self.failing.record(count as u64, &[]);
        self.oldest = standings.iter().map(|standing| standing.age_ms).max().map(|age_ms| (age_ms, Instant::now()));
        self.show_old();
    }

    /// While Postgres says nothing, what is known only grows older.
    pub(super) fn show_old(&self) {
        let age_s =
            self.oldest.map_or(0, |(age_ms, at)| u64::try_from(age_ms / 1000).unwrap_or(0) + at.elapsed().as_secs());
        self.age.record(age_s, &[]);
    }
}
