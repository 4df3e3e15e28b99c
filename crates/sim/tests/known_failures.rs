//! docs/known-failures.md says what the code has: a row for each scenario, for each kind of failure that the design
//! leaves no place for, and for each that is not met; and the tests that it names are there. What comes three days late
//! is played in `known_failures/late.rs`.

#[path = "known_failures/late.rs"]
mod late;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use weir_sim::workload::scenario::{self, EXCLUDED, MISSING};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rows below a heading, without the table's head.
fn rows(heading: &str) -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/known-failures.md")).expect("the page");
    let text = page.split_once(heading).unwrap_or_else(|| panic!("no {heading:?}")).1;
    let text = text.split("\n## ").next().unwrap_or_default();
    text.lines().filter(|line| line.starts_with("| ")).skip(2).map(str::to_owned).collect()
}

/// As the page has them: an issue with its address, a requirement by its name.
fn told(sources: &[&str]) -> String {
    let link = |source: &&str| match source.split_once('#') {
        Some((repository, number)) => format!("[{source}](https://github.com/{repository}/issues/{number})"),
        None => (*source).to_owned(),
    };
    sources.iter().map(link).collect::<Vec<_>>().join(", ")
}

fn same(found: &[String], wanted: &[String]) {
    for row in wanted {
        assert!(found.contains(row), "docs/known-failures.md lacks\n{row}");
    }
    for row in found {
        assert!(wanted.contains(row), "the code has nothing like\n{row}");
    }
    assert_eq!(found.len(), wanted.len(), "a row is there twice");
}

#[test]
fn each_scenario_has_its_row() {
    let row = |one: &scenario::Scenario| format!("| `{}` | {} | {} |", one.name, one.words, told(one.sources));
    let wanted: Vec<String> = scenario::all().into_iter().map(row).collect();
    same(&rows("# Failures that others reported"), &wanted);
}

#[test]
fn what_the_design_excludes_has_its_row_and_the_tests_that_guard_it_are_there() {
    let row = |one: &scenario::Excluded| {
        let guards: Vec<String> = one.guards.iter().map(|guard| format!("`{guard}`")).collect();
        format!("| {} | {} | {} | {} |", told(one.sources), one.words, one.why, guards.join(", "))
    };
    same(&rows("## Excluded by design"), &EXCLUDED.iter().map(row).collect::<Vec<_>>());
    for guard in EXCLUDED.iter().flat_map(|one| one.guards) {
        let (file, name) = guard.split_once("::").expect("a file and a function");
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_else(|why| panic!("{file}: {why}"));
        assert!(text.contains(&format!("fn {name}(")), "{file} has no {name}");
    }
}

#[test]
fn what_is_not_met_has_its_row() {
    let row = |one: &scenario::Missing| format!("| {} | {} | {} |", told(one.sources), one.words, one.needs);
    same(&rows("## Not met by today's services"), &MISSING.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn what_has_no_place_is_not_said_to_be_played() {
    let played: BTreeSet<&str> = scenario::all().into_iter().flat_map(|one| one.sources.iter().copied()).collect();
    let excluded = EXCLUDED.iter().flat_map(|one| one.sources);
    let both: Vec<&&str> = excluded.filter(|source| played.contains(**source)).collect();
    assert!(both.is_empty(), "{both:?}");
}
