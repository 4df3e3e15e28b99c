//! The topic catalogue, and what this service's code does with topics.

use weir_inventory::projection::availability::Availability;
use weir_inventory::projection::levels::Levels;
use weir_inventory::wire::Stage;
use weir_pipeline::Topology as _;
use weir_pipeline::projection::{Counters as _, Projection as _};
use weir_proto::topics::{StageEntry, read_by, stages_of, written_by};
use weir_testkit::Wiring;

#[test]
fn the_catalogue_says_what_this_service_reads_and_writes() {
    let wiring = Wiring::of(env!("CARGO_MANIFEST_DIR"));
    let stage = Stage;
    let (name, inputs, facts, outputs) = (stage.name(), stage.inputs(), stage.facts(), stage.outputs());
    assert_eq!(stages_of("inventory"), [StageEntry { name, service: "inventory", inputs, facts, outputs }]);
    let wiring = wiring.stage(inputs, facts, outputs).projection(Levels.topics()).projection(&[Availability.topic()]);
    wiring.must_be(&read_by("inventory"), &written_by("inventory"));
}
