//! The house rules of DESIGN.md §5 as a test: who may depend on whom, what a domain may not touch, what every file owes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// For each of our crates: which of ours it may use, beside its dev-dependencies.
const ALLOWED: &[(&str, &[&str])] = &[
    ("weir-proto", &[]),
    ("weir-decider", &[]),
    ("weir-sim", SIM),
    ("weir-pipeline", &["weir-decider", "weir-proto"]),
    ("weir-invariants", &["weir-decider", "weir-pipeline", "weir-proto", "weir-channels"]),
    ("weir-channels", &["weir-proto"]),
    ("weir-privacy", &["weir-proto"]),
    ("weir-host", &[]),
    ("weir-testkit", &[]),
];

/// The simulator runs the services' stages as they are, with the process's allocator.
const SIM: &[&str] = &[
    "weir-decider",
    "weir-pipeline",
    "weir-proto",
    "weir-channels",
    "weir-privacy",
    "weir-host",
    "weir-invariants",
    "weir-ingest",
    "weir-routing",
    "weir-inventory",
    "weir-fulfillment",
    "weir-notification",
    "weir-console",
];

/// What a service or the command line may use; never another service.
const SERVICE: &[&str] = &["weir-proto", "weir-decider", "weir-pipeline", "weir-channels", "weir-privacy", "weir-host"];

/// Names that a rule must not reach for: a clock, chance, hash order, the wire, I/O.
const IMPURE: &[&str] = &[
    "SystemTime",
    "Instant::now",
    "now_utc",
    "Uuid::new_v",
    "HashMap",
    "HashSet",
    "rand::",
    "async fn",
    "weir_proto",
    "weir_pipeline",
    "tokio::",
    "std::fs",
    "std::net",
    ".unwrap()",
    ".expect(",
    "panic!(",
];

/// Lines of one file at most.
const LINES_MAX: usize = 500;

#[test]
fn no_crate_depends_on_what_it_must_not_see() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(name, ours)| (*name, ours.iter().copied().collect())).collect();
    let service: BTreeSet<&str> = SERVICE.iter().copied().collect();
    let mut faults = Vec::new();
    for manifest in manifests() {
        let text = fs::read_to_string(&manifest).expect("manifest");
        let (name, uses) = (package_name(&text), dependencies(&text));
        let may = allowed.get(name.as_str()).unwrap_or(&service);
        // The command line runs the demo against the testkit's sinks, and verifies.
        let own: &[&str] = if name == "weir-cli" { &["weir-testkit", "weir-invariants"] } else { &[] };
        for used in uses.iter().filter(|used| used.starts_with("weir-")) {
            let allowed = may.contains(used.as_str()) || own.contains(&used.as_str());
            if !allowed {
                faults.push(format!("{name} must not use {used}"));
            }
        }
        if name == "weir-decider" && !uses.is_empty() {
            faults.push(format!("weir-decider depends on nothing, and has {uses:?}"));
        }
        if !text.contains("[lints]\nworkspace = true") {
            faults.push(format!("{name} does not take the workspace's lints"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_domain_is_pure() {
    let mut faults = Vec::new();
    for file in sources().iter().filter(|f| is_domain(f)) {
        let text = fs::read_to_string(file).expect("source");
        let rules = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in rules.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for name in IMPURE.iter().filter(|name| line.contains(**name)) {
                faults.push(format!("{}: {name} in a domain: {}", relative(file), line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_is_one_idea() {
    let mut faults = Vec::new();
    for file in sources() {
        let text = fs::read_to_string(&file).expect("source");
        if !text.starts_with("//!") {
            faults.push(format!("{} does not open with //!", relative(&file)));
        }
        if text.lines().count() > LINES_MAX {
            faults.push(format!("{} has more than {LINES_MAX} lines", relative(&file)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn relative(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

fn manifests() -> Vec<PathBuf> {
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

fn sources() -> Vec<PathBuf> {
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
fn is_domain(file: &Path) -> bool {
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

fn package_name(manifest: &str) -> String {
    let line = manifest.lines().find(|l| l.starts_with("name = ")).expect("a name");
    line.trim_start_matches("name = ").trim_matches('"').to_owned()
}

/// Names under `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let name = |line: &str| line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned();
    section.lines().filter(|l| l.starts_with(|c: char| c.is_alphabetic())).map(name).collect()
}
