//! The house's own files, as text: for tests that hold names against those who use them.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The sources in these folders and below, without files that hold tests alone and without what follows a file's tests.
pub(crate) fn read_all(folders: &[&str]) -> Vec<String> {
    let mut files = Vec::new();
    folders.iter().for_each(|folder| collect(&root().join(folder), "rs", &mut files));
    assert!(!files.is_empty(), "there are no sources in {folders:?}");
    let text = |file: &PathBuf| fs::read_to_string(file).expect("a source can be read");
    let all = files.iter().filter(|file| !holds_tests(file)).map(text);
    all.map(|text| text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()).collect()
}

/// Every page of the documentation, and every README.
pub(crate) fn documents() -> Vec<String> {
    let mut files = vec![root().join("README.md"), root().join("k8s/README.md"), root().join("deploy/README.md")];
    ["docs", "services", "crates"].iter().for_each(|folder| collect(&root().join(folder), "md", &mut files));
    files.iter().map(|file| fs::read_to_string(file).expect("a page can be read")).collect()
}

/// What follows each place where the mark stands.
pub(crate) fn after_each<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(mark).map(move |(at, _)| &text[at + mark.len()..])
}

/// Every word of lower-case letters, digits and underscores that begins like this.
pub(crate) fn words<'a>(text: &'a str, begin: &'a str) -> impl Iterator<Item = &'a str> {
    let part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    text.split(move |letter: char| !part(letter)).filter(move |word| word.starts_with(begin))
}

fn holds_tests(file: &Path) -> bool {
    let path = file.to_string_lossy();
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}
