//! The topic catalogue, and what this service's code does with topics.

use std::sync::Arc;
use weir_ingest::wire::Clerk;
use weir_pipeline::Topology as _;
use weir_privacy::TenantKey;
use weir_proto::topics::{StageEntry, read_by, stages_of, written_by};
use weir_testkit::Wiring;

#[test]
fn the_catalogue_says_what_this_service_reads_and_writes() {
    let wiring = Wiring::of(env!("CARGO_MANIFEST_DIR"));
    let stage = Clerk::new(Arc::new(TenantKey::new([7; 32])));
    let (name, inputs, facts, outputs) = (stage.name(), stage.inputs(), stage.facts(), stage.outputs());
    assert_eq!(stages_of("ingest"), [StageEntry { name, service: "ingest", inputs, facts, outputs }]);
    let wiring = wiring.stage(inputs, facts, outputs);
    wiring.must_be(&read_by("ingest"), &written_by("ingest"));
}
