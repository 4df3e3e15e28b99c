//! The names of metrics, spans and attributes, in one place.
//!
//! Messaging names follow OpenTelemetry's conventions as of v1.45, which still move; a test pins them, so a move is a
//! decision. Names of our own begin with `weir.`. No metric carries an id as an attribute.

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};

/// The conventions these names come from.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.45.0";

/// Attribute names.
pub mod attribute {
    pub const MESSAGING_SYSTEM: &str = "messaging.system.name";
    pub const MESSAGING_OPERATION_NAME: &str = "messaging.operation.name";
    pub const MESSAGING_OPERATION_TYPE: &str = "messaging.operation.type";
    pub const MESSAGING_DESTINATION: &str = "messaging.destination.name";
    pub const MESSAGING_PARTITION: &str = "messaging.destination.partition.id";
    pub const MESSAGING_CONSUMER_GROUP: &str = "messaging.consumer.group.name";
    pub const MESSAGING_CLIENT_ID: &str = "messaging.client.id";
    pub const MESSAGING_BATCH_COUNT: &str = "messaging.batch.message_count";
    pub const KAFKA_OFFSET: &str = "kafka.offset";
    pub const KAFKA_MESSAGE_KEY: &str = "kafka.message.key";
    pub const HTTP_METHOD: &str = "http.request.method";
    pub const HTTP_ROUTE: &str = "http.route";
    pub const HTTP_STATUS: &str = "http.response.status_code";
    pub const RPC_SYSTEM: &str = "rpc.system.name";
    pub const RPC_METHOD: &str = "rpc.method";
    pub const RPC_STATUS: &str = "rpc.response.status_code";
    pub const ERROR_TYPE: &str = "error.type";
    pub const STAGE: &str = "weir.stage";
    pub const OUTCOME: &str = "weir.outcome";
    pub const CHANNEL: &str = "weir.channel";
    pub const TOPIC: &str = "weir.topic";
    pub const INVARIANT: &str = "weir.invariant";
    pub const ORDER_ID: &str = "weir.order.id";
    pub const WAITS_FOR: &str = "weir.waits_for";
}

/// A metric: its name, its unit (UCUM) and what it tells, in one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub name: &'static str,
    pub unit: &'static str,
    pub sentence: &'static str,
}

macro_rules! metrics {
    ($($name:ident = $text:literal, $unit:literal, $sentence:literal;)*) => {
        $(pub const $name: Metric = Metric { name: $text, unit: $unit, sentence: $sentence };)*

        /// The whole catalogue.
        pub const METRICS: &[Metric] = &[$($name),*];
    };
}

metrics! {
    HTTP_SERVER_DURATION = "http.server.request.duration", "s", "Time to answer an HTTP request.";
    RPC_SERVER_DURATION = "rpc.server.call.duration", "s", "Time to answer a gRPC call.";
    CONNECTIONS = "weir.server.connections", "{connection}", "Connections that are open now.";
    READY = "weir.ready", "1", "1 when the process takes traffic, 0 otherwise.";

    CLIENT_OPERATION_DURATION = "messaging.client.operation.duration", "s", "Time a send, a poll or a commit took.";
    SENT_MESSAGES = "messaging.client.sent.messages", "{message}", "Records handed to the log.";
    CONSUMED_MESSAGES = "messaging.client.consumed.messages", "{message}", "Records taken from the log.";
    PROCESS_DURATION = "messaging.process.duration", "s", "Time from taking a record to its committed decision.";

    RECORD_AGE = "weir.record.age", "s", "Age of an order's first record when this stage has committed its part.";
    STAGE_TRANSACTIONS = "weir.stage.transactions", "{transaction}", "Transactions a stage has ended, by outcome.";
    STAGE_LAG = "weir.stage.lag", "{record}", "Records that wait before a stage.";
    STAGE_FOLD_DURATION = "weir.stage.fold.duration", "s", "Time to rebuild a partition's state at take-over.";
    QUARANTINED = "weir.quarantined", "{record}", "Records that could not be read and lie in quarantine.";
    INVARIANT_BROKEN = "weir.invariant.broken", "{break}", "Times an invariant did not hold; anything above zero is a bug.";

    DOOR_DELIVERIES = "weir.door.deliveries", "{delivery}", "Deliveries at the door, by channel and outcome.";
    DOOR_SHED = "weir.door.shed", "{delivery}", "Deliveries turned away because too much came in.";
    DOOR_JOURNAL = "weir.door.journal", "{delivery}", "Deliveries that wait in the local journal for the log.";
    PROJECTION_LAG = "weir.projection.lag", "{record}", "Records that a projection has not taken in yet.";
    EFFECT_DURATION = "weir.effect.duration", "s", "Time a call to the outside world took, by outcome.";
    FULFILLMENT_STUCK = "weir.fulfillment.stuck", "{order}", "Orders that waited too long for another stage, by stage.";
    ROUTING_STUCK = "weir.routing.stuck", "{request}", "Requests that waited too long for another stage, by stage.";
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
mod tests {
    //! Dashboards and alerts are written against these names: a change here must be meant.
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_messaging_names_are_those_of_1_45() {
        let names = [
            attribute::MESSAGING_SYSTEM,
            attribute::MESSAGING_OPERATION_NAME,
            attribute::MESSAGING_OPERATION_TYPE,
            attribute::MESSAGING_DESTINATION,
            attribute::MESSAGING_PARTITION,
            attribute::MESSAGING_CONSUMER_GROUP,
            attribute::MESSAGING_CLIENT_ID,
            attribute::MESSAGING_BATCH_COUNT,
            attribute::KAFKA_OFFSET,
            attribute::KAFKA_MESSAGE_KEY,
        ];
        let pinned = "messaging.system.name messaging.operation.name messaging.operation.type \
            messaging.destination.name messaging.destination.partition.id messaging.consumer.group.name \
            messaging.client.id messaging.batch.message_count kafka.offset kafka.message.key";
        assert_eq!(names.join(" "), pinned);
    }

    #[test]
    fn the_metrics_are_pinned() {
        let rows: Vec<String> = METRICS.iter().map(|metric| format!("{} {}", metric.name, metric.unit)).collect();
        let pinned = [
            "http.server.request.duration s",
            "rpc.server.call.duration s",
            "weir.server.connections {connection}",
            "weir.ready 1",
            "messaging.client.operation.duration s",
            "messaging.client.sent.messages {message}",
            "messaging.client.consumed.messages {message}",
            "messaging.process.duration s",
            "weir.record.age s",
            "weir.stage.transactions {transaction}",
            "weir.stage.lag {record}",
            "weir.stage.fold.duration s",
            "weir.quarantined {record}",
            "weir.invariant.broken {break}",
            "weir.door.deliveries {delivery}",
            "weir.door.shed {delivery}",
            "weir.door.journal {delivery}",
            "weir.projection.lag {record}",
            "weir.effect.duration s",
            "weir.fulfillment.stuck {order}",
            "weir.routing.stuck {request}",
        ];
        assert_eq!(rows, pinned);
    }

    #[test]
    fn names_are_unique_and_sentences_are_sentences() {
        let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        assert!(METRICS.iter().all(|metric| metric.sentence.ends_with('.') && !metric.unit.is_empty()));
        assert!(SECONDS_BOUNDS.is_sorted());
    }
}
