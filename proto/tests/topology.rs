//! `docs/topology.golden` says who writes and reads what. A change of the catalogue fails here until somebody accepts it:
//! `WEIR_ACCEPT=1 cargo test -p weir-proto --test topology`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};
use weir_proto::topics::{CATALOGUE, STAGES, Topic};

#[test]
fn the_topology_is_the_accepted_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/topology.golden");
    let now = print();
    if env::var_os("WEIR_ACCEPT").is_some() {
        fs::write(&file, &now).expect("written");
    }
    let accepted = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(accepted, now, "docs/topology.golden differs; accept it with WEIR_ACCEPT=1 if it is meant");
}

#[test]
fn a_stage_writes_and_reads_only_what_the_catalogue_allows() {
    for stage in STAGES {
        for input in stage.inputs {
            assert!(input.entry().readers.contains(&stage.service), "{} reads {input}", stage.name);
        }
        for output in stage.outputs.iter().chain([&stage.facts]) {
            assert!(output.entry().writers.contains(&stage.service), "{} writes {output}", stage.name);
        }
        let counts: Vec<i32> = stage.inputs.iter().chain([&stage.facts]).map(|t| t.partitions(7)).collect();
        assert!(counts.iter().all(|n| *n == counts[0]), "{} is not co-partitioned", stage.name);
        assert!(!stage.inputs.contains(&stage.facts), "{} would read its own facts", stage.name);
        // What could not be read is written back to where it came from, by `weir quarantine redrive`.
        for input in stage.inputs {
            assert!(input.entry().writers.contains(&"weir"), "weir writes back into {input}");
        }
        assert!(Topic::Quarantine.entry().writers.contains(&stage.service), "{} puts into quarantine", stage.name);
    }
}

fn print() -> String {
    let mut text = String::from("# topic | message | key | writers | readers | partitions | retention\n");
    for e in CATALOGUE {
        let (writers, readers) = (e.writers.join(", "), e.readers.join(", "));
        let _ = writeln!(
            text,
            "{} | {} | {} | {writers} | {readers} | {:?} | {:?}",
            e.name, e.message, e.key, e.partitions, e.retention
        );
    }
    text.push_str("\n# stage | service | inputs | facts | outputs\n");
    for s in STAGES {
        let names = |topics: &[Topic]| topics.iter().map(|t| t.name()).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "{} | {} | {} | {} | {}", s.name, s.service, names(s.inputs), s.facts, names(s.outputs));
    }
    text
}
