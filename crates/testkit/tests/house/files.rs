//! The files of the house as its rules see them.

use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

pub fn relative(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

pub fn manifests() -> Vec<PathBuf> {
    let mut found = vec![root().join("proto/Cargo.toml")];
    for folder in ["crates", "services"] {
        for entry in fs::read_dir(root().join(folder)).expect("folder") {
            let manifest = entry.expect("entry").path().join("Cargo.toml");
            if manifest.exists() {
                found.push(manifest);
            }
        }
    }
    found.sort();
    found
}

/// The manifest of the crate that a source belongs to.
pub fn manifest_of(source: &Path) -> PathBuf {
    let mut candidates = source.ancestors().skip(1).map(|folder| folder.join("Cargo.toml"));
    candidates.find(|manifest| manifest.exists()).expect("a crate's source")
}

pub fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["proto", "crates", "services"] {
        collect(&root().join(folder), &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// A service's `domain.rs`, `domain/` and all below, but for files that hold tests alone.
pub fn is_domain(file: &Path) -> bool {
    let path = relative(file);
    let inside = path.contains("/src/domain/") || path.ends_with("/src/domain.rs");
    let text = fs::read_to_string(file).unwrap_or_default();
    let tests_only = path.contains("tests") || path.contains("samples") || text.contains("#![cfg(test)]");
    inside && !tests_only && !declared_for_tests(file)
}

/// Whether the parent module declares the file under `#[cfg(test)]`.
fn declared_for_tests(file: &Path) -> bool {
    let (Some(stem), Some(folder)) = (file.file_stem().and_then(|s| s.to_str()), file.parent()) else { return false };
    let parents = [folder.with_extension("rs"), folder.join("lib.rs")];
    parents.iter().filter_map(|p| fs::read_to_string(p).ok()).any(|text| {
        text.contains(&format!("#[cfg(test)]\nmod {stem};"))
            || text.contains(&format!("#[cfg(test)]\npub(crate) mod {stem};"))
            || text.contains(&format!("#[cfg(test)]\npub mod {stem};"))
    })
}

/// The lines that are no comment and belong to no item under `#[cfg(test)]`.
pub fn rules(text: &str) -> Vec<&str> {
    let mut kept = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            skip_item(&mut lines);
        } else if !line.trim_start().starts_with("//") {
            kept.push(line);
        }
    }
    kept
}

/// An item ends with a semicolon or the brace that closes it. rustfmt puts that brace under the item's first letter.
fn skip_item<'a>(lines: &mut impl Iterator<Item = &'a str>) {
    let mut indent = None;
    for line in lines {
        let begins = line.len() - line.trim_start().len();
        let indent = *indent.get_or_insert(begins);
        let is_attribute = line.trim_start().starts_with("#[");
        let ends = line.ends_with(';') || line.ends_with('}');
        if begins == indent && ends && !is_attribute {
            return;
        }
    }
}

pub fn package_name(manifest: &str) -> String {
    let line = manifest.lines().find(|l| l.starts_with("name = ")).expect("a name");
    line.trim_start_matches("name = ").trim_matches('"').to_owned()
}

/// Whether a line names this crate: `serde_json::Value`, `use sqlx as db`. A module of that name in a longer path is none.
pub fn names_crate(line: &str, package: &str) -> bool {
    let name = package.replace('-', "_");
    line.match_indices(&name).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        let begins = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        begins && (after.starts_with("::") || (before.trim_end().ends_with("use") && after.starts_with([' ', ';'])))
    })
}

/// Names under `[dependencies]`.
pub fn dependencies(manifest: &str) -> Vec<String> {
    let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let name = |line: &str| line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned();
    section.lines().filter(|l| l.starts_with(|c: char| c.is_alphabetic())).map(name).collect()
}
