//! The topic catalogue, and what this service's code does with topics.

use weir_fulfillment::projection::PickLists;
use weir_fulfillment::wire::Wire;
use weir_pipeline::Topology as _;
use weir_pipeline::projection::Projection as _;
use weir_proto::topics::{StageEntry, read_by, stages_of, written_by};
use weir_testkit::Wiring;

#[test]
fn the_catalogue_says_what_this_service_reads_and_writes() {
    let wiring = Wiring::of(env!("CARGO_MANIFEST_DIR"));
    let stage = Wire;
    let (name, inputs, facts, outputs) = (stage.name(), stage.inputs(), stage.facts(), stage.outputs());
    assert_eq!(stages_of("fulfillment"), [StageEntry { name, service: "fulfillment", inputs, facts, outputs }]);
    let wiring = wiring.stage(inputs, facts, outputs).projection(PickLists.topics());
    wiring.must_be(&read_by("fulfillment"), &written_by("fulfillment"));
}
