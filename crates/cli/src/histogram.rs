//! Latencies, counted in microseconds with three digits.

use hdrhistogram::Histogram;
use serde::Serialize;

/// An hour is longer than anything that is measured.
const LONGEST_US: u64 = 3_600_000_000;

/// Durations, from which quantiles are read.
#[derive(Clone)]
pub struct Latencies(Histogram<u64>);

/// What a report says of latencies, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    pub count: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies(Histogram::new_with_bounds(1, LONGEST_US, 3).expect("the bounds are good"))
    }
}

impl Latencies {
    pub fn record_us(&mut self, us: u64) {
        self.0.saturating_record(us.clamp(1, LONGEST_US));
    }

    /// A difference of two clocks of one machine; one that reads negative is 0.
    pub fn record_ms(&mut self, ms: i64) {
        self.record_us(u64::try_from(ms).unwrap_or(0).saturating_mul(1000));
    }

    pub fn quantiles(&self) -> Quantiles {
        let ms = |quantile| self.0.value_at_quantile(quantile) as f64 / 1000.0;
        Quantiles {
            count: self.0.len(),
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
            p999_ms: ms(0.999),
            max_ms: self.0.max() as f64 / 1000.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::default();
        (1..=1000).for_each(|ms| latencies.record_ms(ms));
        latencies.record_ms(-5);
        let found = latencies.quantiles();
        assert_eq!(found.count, 1001);
        assert!((found.p50_ms - 500.0).abs() < 2.0 && (found.p99_ms - 990.0).abs() < 2.0, "{found:?}");
    }
}
