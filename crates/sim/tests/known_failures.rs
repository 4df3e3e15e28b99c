//! docs/known-failures.md has a row for each scenario of the workload, with its words, and no other.

use std::path::Path;
use weir_sim::workload::scenario;

#[test]
fn each_scenario_has_its_row() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/known-failures.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let all = scenario::all();
    for one in &all {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", one.name)));
        let row = row.unwrap_or_else(|| panic!("{} has no row", one.name));
        assert!(row.contains(one.words), "{}: the page says something else than {:?}", one.name, one.words);
        for source in one.sources {
            assert!(row.contains(source), "{}: {source} is missing", one.name);
        }
    }
    assert_eq!(page.lines().filter(|line| line.starts_with("| `")).count(), all.len(), "rows without a scenario");
}
