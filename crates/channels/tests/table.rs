//! The table of docs/channels.md: each channel has its row, and each test that a cell names exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use weir_channels::CHANNELS;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let table = text.lines().filter(|line| line.starts_with('|')).skip(2);
    table.map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

/// "[text](path "test")", as often as it comes in a cell: path and test.
fn links(cell: &str) -> Vec<(&str, &str)> {
    let link = |part: &str| -> Option<(usize, usize, usize)> {
        let path = part.find(' ')?;
        let test = part[path..].find('"')? + path + 1;
        Some((path, test, part[test..].find('"')? + test))
    };
    cell.split("](")
        .skip(1)
        .filter_map(|part| link(part).map(|(path, from, to)| (&part[..path], &part[from..to])))
        .collect()
}

#[test]
fn every_channel_has_its_row() {
    let text = fs::read_to_string(docs().join("channels.md")).expect("the page");
    let named: BTreeSet<&str> = rows(&text).map(|row| row[0]).collect();
    assert_eq!(named, CHANNELS.iter().copied().collect());
}

#[test]
fn every_cell_is_shown_by_a_test_that_exists() {
    let text = fs::read_to_string(docs().join("channels.md")).expect("the page");
    for row in rows(&text) {
        assert_eq!(row.len(), 11, "{row:?}");
        for cell in &row[1..] {
            let links = links(cell);
            assert!(!links.is_empty() || ["–", "no"].contains(cell), "{}: {cell:?} names no test", row[0]);
            for (path, test) in links {
                let source = fs::read_to_string(docs().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
                assert!(source.contains(&format!("fn {test}(")), "{}: {path} has no test {test}", row[0]);
            }
        }
    }
}
