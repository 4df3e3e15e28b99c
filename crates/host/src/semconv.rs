//! The names of metrics, spans and attributes that processes use, in one place.
//!
//! What `crates/pipeline` says of stages and projections it names itself, as it knows nothing of this crate; the tests here pin
//! those names too, and that each name has somebody who says it. No metric carries an id as an attribute, but an
//! invariant's: there are few of them.

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};

/// The conventions that the names come from which do not begin with `weir.`. They still move; a test pins them.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.45.0";

/// Attribute names.
pub mod attribute {
    pub const SERVICE_NAMESPACE: &str = "service.namespace";
    pub const SERVICE_INSTANCE: &str = "service.instance.id";
    pub const SERVICE_VERSION: &str = "service.version";
    pub const HTTP_METHOD: &str = "http.request.method";
    pub const HTTP_ROUTE: &str = "http.route";
    pub const HTTP_STATUS: &str = "http.response.status_code";
    pub const RPC_SYSTEM: &str = "rpc.system.name";
    pub const RPC_METHOD: &str = "rpc.method";
    pub const RPC_STATUS: &str = "rpc.response.status_code";
    pub const OUTCOME: &str = "weir.outcome";
    pub const CHANNEL: &str = "weir.channel";
    pub const WAITS_FOR: &str = "weir.waits_for";
    pub const NOTICE_ID: &str = "weir.notice.id";
    pub const NOTICE_MEDIUM: &str = "weir.notice.medium";
    pub const NOTICE_ATTEMPT: &str = "weir.notice.attempt";
}

/// What is measured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instrument {
    Counter,
    UpDown,
    Gauge,
    Histogram,
}

/// A metric: its name, its unit (UCUM) and what it tells, in one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub instrument: Instrument,
    pub name: &'static str,
    pub unit: &'static str,
    pub sentence: &'static str,
}

macro_rules! metrics {
    ($($name:ident = $instrument:ident, $text:literal, $unit:literal, $sentence:literal;)*) => {
        $(pub const $name: Metric =
            Metric { instrument: Instrument::$instrument, name: $text, unit: $unit, sentence: $sentence };)*

        /// The whole catalogue, each with the name of its constant.
        pub const METRICS: &[(&str, Metric)] = &[$((stringify!($name), $name)),*];
    };
}

metrics! {
    HTTP_SERVER_DURATION = Histogram, "http.server.request.duration", "s", "Time to answer an HTTP request.";
    RPC_SERVER_DURATION = Histogram, "rpc.server.call.duration", "s", "Time to answer a gRPC call.";
    CONNECTIONS = UpDown, "weir.server.connections", "{connection}", "Connections that are open now.";
    TLS_EXPIRES = Gauge, "weir.tls.expires", "s", "Until the certificate of the port for TLS ends; 0 when it has.";
    READY = Gauge, "weir.ready", "1", "1 when the process takes traffic, 0 otherwise.";
    DOOR_DELIVERIES = Counter, "weir.door.deliveries", "{delivery}", "Deliveries at the door, by channel and outcome.";
    DOOR_JOURNAL_RECORDS = Gauge, "weir.door.journal.records", "{delivery}", "Deliveries in the journal that the log does not have yet.";
    DOOR_JOURNAL_BYTES = Gauge, "weir.door.journal.size", "By", "Bytes of the journal's files.";
    DOOR_SHED = Counter, "weir.door.shed", "{delivery}", "Deliveries turned away because too much came in.";
    PULL_ORDERS = Counter, "weir.pull.orders", "{order}", "Orders that were asked of platforms and written to the log, by channel.";
    PULL_FAILURES = Counter, "weir.pull.failures", "{pull}", "Pulls that a platform did not answer to their end, by channel.";
    PULL_AGE = Gauge, "weir.pull.age", "s", "Since the pulled shop that waits longest was last read to its end.";
    PULL_SHOPS_FAILING = Gauge, "weir.pull.shops.failing", "{shop}", "Shops whose pull has failed three times in a row or more.";
    FETCH_WAITING = Gauge, "weir.fetch.waiting", "{order}", "Announced orders whose platform has not told them yet.";
    FETCH_AGE = Gauge, "weir.fetch.age", "s", "Since the order was announced that has waited longest for its platform to tell it.";
    FETCH_ORDERS = Counter, "weir.fetch.orders", "{order}", "Announced orders that were asked of platforms and written to the log, by channel.";
    FETCH_FAILURES = Counter, "weir.fetch.failures", "{request}", "Questions for announced orders that a platform did not answer, by channel.";
    FULFILLMENT_STUCK = Counter, "weir.fulfillment.stuck", "{order}", "Orders that waited too long for another stage, by stage.";
    ROUTING_STUCK = Counter, "weir.routing.stuck", "{request}", "Requests that waited too long for another stage, by stage.";
}

/// Bounds for durations in seconds, fine around the promises that are made (100 ms, 300 ms, 1.2 s).
pub const SECONDS_BOUNDS: [f64; 17] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.2, 2.5, 5.0, 10.0];

// === impl Metric ===

impl Metric {
    /// A histogram of seconds with the house bounds.
    pub fn histogram(&self, meter: &Meter) -> Histogram<f64> {
        meter
            .f64_histogram(self.name)
            .with_unit(self.unit)
            .with_description(self.sentence)
            .with_boundaries(SECONDS_BOUNDS.to_vec())
            .build()
    }

    pub fn counter(&self, meter: &Meter) -> Counter<u64> {
        meter.u64_counter(self.name).with_unit(self.unit).with_description(self.sentence).build()
    }

    pub fn gauge(&self, meter: &Meter) -> Gauge<u64> {
        meter.u64_gauge(self.name).with_unit(self.unit).with_description(self.sentence).build()
    }

    pub fn up_down(&self, meter: &Meter) -> UpDownCounter<i64> {
        meter.i64_up_down_counter(self.name).with_unit(self.unit).with_description(self.sentence).build()
    }
}

#[cfg(test)]
mod tests;
