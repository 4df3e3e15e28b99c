//! How the fetching stands, as metrics.

use super::books::Books;
use crate::edge::now_ms;
use opentelemetry::global;
use opentelemetry::metrics::Gauge;
use weir_host::{semconv, trace};

/// The gauges.
pub(super) struct Board {
    waiting: Gauge<u64>,
    age: Gauge<u64>,
}

impl Board {
    pub(super) fn new() -> Board {
        let meter = global::meter(trace::TRACER);
        Board { waiting: semconv::FETCH_WAITING.gauge(&meter), age: semconv::FETCH_AGE.gauge(&meter) }
    }

    pub(super) fn show(&self, books: &Books) {
        self.waiting.record(books.len() as u64, &[]);
        let age_ms = books.oldest_ms().map_or(0, |since_ms| now_ms().saturating_sub(since_ms));
        self.age.record(u64::try_from(age_ms / 1000).unwrap_or(0), &[]);
    }
}
