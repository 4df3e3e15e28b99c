//! The house rules of DESIGN.md §5 as a test: who may depend on whom, what a domain may not touch, what every file owes.

#[path = "house/files.rs"]
mod files;

use files::{
    dependencies, is_domain, manifest_of, manifests, names_crate, package_name, relative, root, rules, sources,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

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

/// The crates that a rule may name, of those that its service depends on.
const PURE: &[&str] = &["weir-decider", "serde", "litemap"];

/// Names that a rule must not reach for: a clock, chance, hash order, I/O, a panic.
const IMPURE: &[&str] = &[
    "SystemTime",
    "Instant::now",
    "now_utc",
    "Uuid::new_v",
    "HashMap",
    "HashSet",
    "async fn",
    "std::fs",
    "std::net",
    ".unwrap()",
    ".expect(",
    "panic!(",
];

/// Crates that know only what is written here, of ours and of others: what a record is, and what a platform says, are worked
/// out from bytes alone.
const NARROW: &[(&str, &[&str])] = &[
    ("weir-decider", &[]),
    // Messages and services; JSON of them for `weir replay`; derived ids.
    ("weir-proto", &["prost", "tonic", "tonic-prost", "pbjson", "serde", "uuid"]),
    // JSON, signatures, ids and times; `http` has the types of headers and no client.
    (
        "weir-channels",
        &[
            "weir-proto",
            "prost",
            "serde",
            "serde_json",
            "hmac",
            "sha2",
            "md-5",
            "subtle",
            "base64",
            "thiserror",
            "uuid",
            "time",
            "http",
            "percent-encoding",
            "aes",
            "cbc",
        ],
    ),
];

/// Names of the standard library that no narrow crate may reach for: I/O and clocks.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::env::",
    "std::thread",
    "async fn",
    "SystemTime",
    "Instant::now",
    "now_utc",
    // A version 5 is worked out of names.
    "Uuid::new_v4",
    "Uuid::now_v",
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
        if let Some((_, known)) = NARROW.iter().find(|(narrow, _)| *narrow == name) {
            let more = uses.iter().filter(|used| !known.contains(&used.as_str()));
            faults.extend(more.map(|used| format!("{name} knows {known:?} and must not use {used}")));
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
        let used = dependencies(&fs::read_to_string(manifest_of(file)).expect("manifest"));
        let impure = || used.iter().map(String::as_str).filter(|name| !PURE.contains(name));
        for line in rules(&text) {
            let reached = IMPURE.iter().copied().filter(|name| line.contains(*name));
            for name in reached.chain(impure().filter(|name| names_crate(line, name))) {
                faults.push(format!("{}: {name} in a domain: {}", relative(file), line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_crate_is_found_where_a_line_names_it() {
    for line in ["use sqlx::PgPool;", "use sqlx as db;", "use {fmt, sqlx::Row};", "fn a(pool: &sqlx::PgPool)"] {
        assert!(names_crate(line, "sqlx"), "{line}");
    }
    assert!(names_crate("let a = weir_host::now();", "weir-host"));
    for line in ["use std::time::Duration;", "let a = lead_time::of(b);", "// time", "fn time(time: i64) {"] {
        assert!(!names_crate(line, "time"), "{line}");
    }
    let routing =
        fs::read_to_string(manifest_of(&root().join("services/routing/src/domain/pay.rs"))).expect("manifest");
    assert!(dependencies(&routing).contains(&"sqlx".to_owned()), "the crates of a service are known");
}

#[test]
fn what_stands_behind_an_item_for_tests_is_a_rule_too() {
    let text = "//! A page.\n#[cfg(test)]\nmod samples;\nuse a;\n#[cfg(test)]\n#[path = \"x\"]\nmod tests {\n    fn b() {}\n}\n\
        impl A {\n    #[cfg(test)]\n    fn c() {\n        d();\n    }\n\n    fn e() {}\n}\n";
    let kept: Vec<&str> = rules(text).into_iter().filter(|line| !line.is_empty()).collect();
    assert_eq!(kept, ["use a;", "impl A {", "    fn e() {}", "}"]);
    for service in ["fulfillment", "routing"] {
        let domain = fs::read_to_string(root().join(format!("services/{service}/src/domain.rs"))).expect("source");
        assert!(rules(&domain).iter().any(|line| line.contains("impl Decider for")), "{service}'s rules are looked at");
    }
}

#[test]
fn a_narrow_crate_reaches_for_nothing_outside() {
    let mut faults = Vec::new();
    let mut looked_at = 0;
    for file in sources() {
        let path = relative(&file);
        let folders = ["crates/decider/src/", "proto/src/", "crates/channels/src/"];
        if !folders.iter().any(|folder| path.starts_with(folder)) || path.contains("/tests") {
            continue;
        }
        looked_at += 1;
        let text = fs::read_to_string(&file).expect("source");
        for line in rules(&text) {
            let reached = OUTSIDE.iter().filter(|name| line.contains(**name));
            faults.extend(reached.map(|name| format!("{path}: {name}: {}", line.trim())));
        }
    }
    assert!(looked_at > 10, "the sources were not found");
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
