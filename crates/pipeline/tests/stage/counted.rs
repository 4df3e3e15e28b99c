//! What stands still is counted, by the invariant that broke.

use crate::toy::Bench;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Registry, TextEncoder};

/// The only test that installs one; workers that began before it count for nobody.
fn registry() -> Registry {
    let registry = Registry::new();
    let exporter = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build().expect("it is empty");
    opentelemetry::global::set_meter_provider(SdkMeterProvider::builder().with_reader(exporter).build());
    registry
}

/// How often an invariant was found broken.
fn broken(registry: &Registry, invariant: &str) -> u64 {
    let text = TextEncoder::new().encode_to_string(&registry.gather()).expect("it is text");
    let label = format!("weir_invariant=\"{invariant}\"");
    let mut lines =
        text.lines().filter(|line| line.starts_with("weir_invariant_broken_total") && line.contains(&label));
    lines.next().and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn what_stops_is_counted_by_its_invariant() {
    let registry = registry();
    let bench = Bench::start(1);
    let worker = bench.run("a");
    bench.write("order-0", "one");
    bench.await_facts(1);
    bench.write("order-0", "broken");
    worker.await_told(false, "calls itself broken");
    worker.stop();
    bench.write_foreign_fact("order-0", bench.owner(0), 9);
    bench.write_foreign_fact("order-1", 999, 1);
    let worker = bench.run("a");
    worker.await_told(false, "partition 0 is stopped");
    worker.stop();
    // Tests beside this one count as well.
    assert!(broken(&registry, "I1") >= 1, "what the aggregate names");
    assert!(broken(&registry, "I5") >= 1, "the gap");
    assert!(broken(&registry, "I12") >= 1, "the foreign fact");
}
