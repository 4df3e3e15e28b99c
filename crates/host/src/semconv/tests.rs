//! Dashboards and alerts are written against these names: a change must be meant, a name needs somebody who says it, and
//! nobody writes down one that nobody says.

use super::*;
use crate::sources::{self, after_each, read_all, root};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use std::collections::BTreeSet;

use Instrument::{Counter as Count, Gauge as Level, Histogram as Spread, UpDown};

type Row = (Instrument, &'static str, &'static str);

/// By services and this crate, through the constants.
const PINNED: &[Row] = &[
    (Spread, "http.server.request.duration", "s"),
    (Spread, "rpc.server.call.duration", "s"),
    (UpDown, "weir.server.connections", "{connection}"),
    (Level, "weir.tls.expires", "s"),
    (Level, "weir.ready", "1"),
    (Count, "weir.door.deliveries", "{delivery}"),
    (Level, "weir.door.journal.records", "{delivery}"),
    (Level, "weir.door.journal.size", "By"),
    (Count, "weir.door.shed", "{delivery}"),
    (Count, "weir.pull.orders", "{order}"),
    (Count, "weir.pull.failures", "{pull}"),
    (Level, "weir.pull.age", "s"),
    (Level, "weir.pull.shops.failing", "{shop}"),
    (Level, "weir.fetch.waiting", "{order}"),
    (Level, "weir.fetch.age", "s"),
    (Count, "weir.fetch.orders", "{order}"),
    (Count, "weir.fetch.failures", "{request}"),
    (Count, "weir.fulfillment.stuck", "{order}"),
    (Count, "weir.routing.stuck", "{request}"),
];

/// By crates/pipeline, as literals.
const PINNED_OF_THE_PIPELINE: &[Row] = &[
    (Count, "weir.stage.inputs", ""),
    (Count, "weir.stage.transactions", ""),
    (Count, "weir.stage.producer.replacements", ""),
    (Count, "weir.stage.retakes", ""),
    (Count, "weir.stage.quarantined", ""),
    (Count, "weir.stage.deadlines.left_out", ""),
    (Count, "weir.invariant.broken", ""),
    (Level, "weir.stage.partitions.stopped", ""),
    (Count, "weir.stage.assignments.refused", ""),
    (Spread, "weir.stage.commit.duration", "s"),
    (Spread, "weir.stage.takeover.duration", "s"),
    (Count, "weir.projection.records", ""),
    (Count, "weir.projection.batches", ""),
    (Count, "weir.projection.restarts", ""),
    (Level, "weir.projection.lag", "s"),
];

const ATTRIBUTES_OF_THE_PIPELINE: &[&str] = &[
    "messaging.system.name",
    "messaging.operation.name",
    "messaging.destination.name",
    "messaging.destination.partition.id",
    "kafka.offset",
    "kafka.message.key",
    "weir.stage",
    "weir.worker",
    "weir.invariant",
    "weir.projection",
];

#[test]
fn the_metrics_are_pinned() {
    let rows: Vec<Row> = METRICS.iter().map(|(_, m)| (m.instrument, m.name, m.unit)).collect();
    assert_eq!(rows, PINNED);
    assert!(METRICS.iter().all(|(_, m)| m.sentence.ends_with('.')));
    assert!(SECONDS_BOUNDS.is_sorted());
    let names: BTreeSet<&str> = all_rows().map(|(_, name, _)| name).collect();
    assert_eq!(names.len(), all_rows().count(), "a name is used twice");
}

#[test]
fn the_pipeline_says_what_is_pinned_and_nothing_else() {
    let mut said = BTreeSet::new();
    for text in read_all(&["crates/pipeline/src"]) {
        for (builder, instrument) in [("counter(\"", Count), ("gauge(\"", Level), ("histogram(\"", Spread)] {
            for rest in after_each(&text, builder) {
                let name = rest.split('"').next().unwrap_or_default();
                // A builder ends with the statement, or where the next one begins.
                let end = [";", ".build()", "counter(\"", "gauge(\"", "histogram(\""].into_iter();
                let end = end.filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
                let unit = after_each(&rest[..end], ".with_unit(\"").next().and_then(|unit| unit.split('"').next());
                said.insert((instrument, name.to_owned(), unit.unwrap_or_default().to_owned()));
            }
        }
    }
    let pinned = PINNED_OF_THE_PIPELINE.iter();
    let pinned: BTreeSet<_> = pinned.map(|(i, name, unit)| (*i, (*name).to_owned(), (*unit).to_owned())).collect();
    assert_eq!(said, pinned);
}

#[test]
fn every_constant_has_somebody_who_measures_with_it_and_nobody_measures_without() {
    let texts = read_all(&["crates/host/src", "services"]);
    let squeezed: Vec<String> = texts.iter().map(|text| text.split_whitespace().collect()).collect();
    for (constant, metric) in METRICS {
        let method = match metric.instrument {
            Count => "counter",
            UpDown => "up_down",
            Level => "gauge",
            Spread => "histogram",
        };
        let call = format!("{constant}.{method}(&");
        assert!(squeezed.iter().any(|text| text.contains(&call)), "nobody says {}: no {call}", metric.name);
    }
    for text in
        read_all(&["crates/host/src", "crates/cli/src", "crates/privacy/src", "crates/channels/src", "services"])
    {
        for builder in ["_counter(\"", "_gauge(\"", "_histogram(\""] {
            let literal = after_each(&text, builder).next();
            assert_eq!(literal.map(|rest| rest.split('"').next()), None, "a metric without a constant");
        }
    }
}

#[test]
fn every_attribute_is_said_by_its_constant_and_pinned() {
    let constants = attribute_constants();
    let texts = read_all(&["crates/host/src", "services"]);
    for (constant, value) in &constants {
        let used = texts.iter().any(|text| text.contains(&format!("attribute::{constant}")));
        assert!(used, "nobody says {value}");
    }
    for text in &texts {
        for call in ["KeyValue::new(\"", ".attr(\""] {
            assert_eq!(after_each(text, call).next().map(|rest| rest.split('"').next()), None, "without a constant");
        }
    }
    let pipeline = read_all(&["crates/pipeline/src"]);
    let said = pipeline.iter().flat_map(|text| after_each(text, "KeyValue::new(\""));
    let said: BTreeSet<&str> = said.filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(said, ATTRIBUTES_OF_THE_PIPELINE.iter().copied().collect());
}

/// The pipeline knows nothing of the catalogue of invariants, and names some by their ids.
#[test]
fn the_invariants_that_the_pipeline_names_are_in_the_catalogue() {
    let entries = read_all(&["crates/invariants/src/catalogue"]).concat();
    let pipeline = read_all(&["crates/pipeline/src"]);
    let said =
        pipeline.iter().flat_map(|text| after_each(text, ": &'static str = \"I")).filter_map(|id| id.split('"').next());
    let said: BTreeSet<&str> = said.collect();
    assert!(said.len() >= 4, "the ids were not found: {said:?}");
    let unknown: Vec<_> = said.iter().filter(|id| !entries.contains(&format!("name: \"I{id}\""))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// What alerts are held against is what Prometheus gets.
#[test]
fn the_exporter_names_series_as_it_is_thought_here() {
    let registry = prometheus::Registry::new();
    let exporter = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build().expect("it is empty");
    let provider = SdkMeterProvider::builder().with_reader(exporter).build();
    let meter = provider.meter("weir");
    for (instrument, name, unit) in all_rows() {
        match instrument {
            Count => meter.u64_counter(name).with_unit(unit).build().add(1, &[]),
            UpDown => meter.i64_up_down_counter(name).with_unit(unit).build().add(1, &[]),
            Level => meter.u64_gauge(name).with_unit(unit).build().record(1, &[]),
            Spread => meter.f64_histogram(name).with_unit(unit).build().record(1.0, &[]),
        }
    }
    let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).expect("it is text");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("target_info"));
    let given: BTreeSet<&str> = lines.filter_map(|line| line.split(['{', ' ']).next()).collect();
    let thought = series();
    // The bare name of a histogram is that of its family, and of no series.
    let family = |name: &str| thought.iter().any(|other| *other == format!("{name}_bucket"));
    let single: BTreeSet<&str> = thought.iter().map(String::as_str).filter(|name| !family(name)).collect();
    assert_eq!(given, single);
}

#[test]
fn alerts_ask_for_series_and_labels_that_exist() {
    let known: BTreeSet<String> = series().into_iter().chain(names_of_attributes().map(underscored)).collect();
    for file in ["deploy/alerts.yml", "deploy/alerts.test.yml"] {
        let text = std::fs::read_to_string(root().join(file)).expect("it is there");
        let asked: BTreeSet<&str> = sources::words(&text, "weir_").collect();
        assert!(asked.contains("weir_ready_ratio"), "{file} asks for {asked:?}");
        let unknown: Vec<_> = asked.iter().filter(|name| !known.contains(**name)).collect();
        assert!(unknown.is_empty(), "{file} asks for {unknown:?}, which nobody says");
    }
}

#[test]
fn documents_name_metrics_that_exist() {
    let named: BTreeSet<String> = all_rows().map(|(_, name, _)| name.to_owned()).chain(series()).collect();
    let labels: BTreeSet<String> =
        names_of_attributes().flat_map(|name| [name.to_owned(), underscored(name)]).collect();
    let topics = std::fs::read_to_string(root().join("docs/topology.golden")).expect("it is there");
    let mut documents = sources::documents();
    documents.extend(read_all(&["crates/invariants/src/catalogue"]));
    let mut metrics_seen = 0;
    for text in &documents {
        for word in text.split('`').filter(|word| word.starts_with("weir.") || word.starts_with("weir_")) {
            let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
            let topic = word
                .strip_prefix("weir.")
                .is_some_and(|name| topics.lines().any(|row| row.starts_with(&format!("{name} |"))));
            let known = named.contains(word) || labels.contains(word) || word.contains(".v1") || topic;
            metrics_seen += usize::from(named.contains(word));
            assert!(!plain || known, "a document names {word}, which nobody says");
        }
    }
    assert!(metrics_seen > 10, "the documents were not read");
}

fn all_rows() -> impl Iterator<Item = Row> {
    PINNED.iter().chain(PINNED_OF_THE_PIPELINE).copied()
}

fn names_of_attributes() -> impl Iterator<Item = &'static str> {
    ATTRIBUTES_OF_THE_PIPELINE.iter().copied().chain(attribute_constants().into_iter().map(|(_, value)| value))
}

/// The names of all constants and their values, from the source: a module can't be asked.
fn attribute_constants() -> Vec<(&'static str, &'static str)> {
    let lines = include_str!("../semconv.rs").lines().filter_map(|line| line.trim().strip_prefix("pub const "));
    let constants = lines.filter_map(|line| line.split_once(": &str = \""));
    let constants: Vec<_> = constants.map(|(name, rest)| (name, rest.trim_end_matches("\";"))).collect();
    constants.into_iter().filter(|(name, _)| *name != "SCHEMA_URL").collect()
}

/// Every series, as the Prometheus exporter names it.
fn series() -> Vec<String> {
    let mut names = Vec::new();
    for (instrument, name, unit) in all_rows() {
        let name = underscored(name);
        let unit = match unit {
            "s" => "_seconds",
            "1" => "_ratio",
            "By" => "_bytes",
            // An annotation is no unit.
            _ => "",
        };
        let ends: &[&str] = match instrument {
            Count => &["_total"],
            UpDown | Level => &[""],
            Spread => &["", "_bucket", "_sum", "_count"],
        };
        names.extend(ends.iter().map(|end| format!("{name}{unit}{end}")));
    }
    names
}

fn underscored(name: &str) -> String {
    name.replace('.', "_")
}
