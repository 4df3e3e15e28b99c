//! The topic catalogue, and what this service's code does with topics.

use weir_console::projection::Orders;
use weir_pipeline::projection::Projection as _;
use weir_proto::topics::{read_by, stages_of, written_by};
use weir_testkit::Wiring;

#[test]
fn the_catalogue_says_what_this_service_reads_and_writes() {
    let wiring = Wiring::of(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(stages_of("console"), []);
    let wiring = wiring.projection(Orders.topics());
    wiring.must_be(&read_by("console"), &written_by("console"));
}
