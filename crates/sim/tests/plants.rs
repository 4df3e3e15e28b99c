//! Planted bugs: the list is what the code has, nothing turns them on by itself, and a handful is found.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The source of the list: read as text, for without the feature it is not compiled.
const LIST: &str = include_str!("../src/plants/list.rs");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ending)) {
            found.push(path);
        }
    }
}

fn all_files(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["crates", "services"] {
        files(&root().join(folder), ending, &mut found);
    }
    found
}

/// The texts in quotes that follow these words.
fn quoted_after<'t>(text: &'t str, words: &str) -> impl Iterator<Item = &'t str> {
    let rests = text.split(words).skip(1).map(|rest| rest.trim_start());
    rests.filter_map(|rest| rest.strip_prefix('"')?.split('"').next()).collect::<Vec<_>>().into_iter()
}

#[test]
fn what_is_planted_is_listed_and_what_is_listed_is_planted() {
    let listed: BTreeSet<&str> = quoted_after(LIST, "\n    plant(").collect();
    assert!(listed.len() >= 20, "{} planted bugs", listed.len());
    let (mut planted, mut in_the_simulator) = (BTreeSet::new(), BTreeSet::new());
    for file in all_files(".rs").iter().filter(|file| file.components().any(|part| part.as_os_str() == "src")) {
        if file.ends_with("decider/src/plant.rs") {
            continue;
        }
        let text = fs::read_to_string(file).expect("source");
        let found: Vec<String> = quoted_after(&text, "planted(").map(str::to_owned).collect();
        if file.starts_with(root().join("crates/sim")) {
            in_the_simulator.extend(found.iter().cloned());
        }
        planted.extend(found);
    }
    let planted: BTreeSet<&str> = planted.iter().map(String::as_str).collect();
    assert_eq!(planted, listed);
    let page = fs::read_to_string(root().join("docs/simulation.md")).expect("the page");
    let harder = LIST.split("pub fn plan(").nth(1).expect("the plans");
    for name in &listed {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` ")));
        let row = row.unwrap_or_else(|| panic!("docs/simulation.md has no row for {name}"));
        let (instead, alike) = (in_the_simulator.contains(*name), row.contains('†'));
        assert_eq!(instead, alike, "{name}: whether it stands in the simulator's own code");
        let of_its_own = harder.contains(&format!("\"{name}\""));
        assert_eq!(of_its_own, row.contains('‡'), "{name}: whether its plan is harder than the swarm's");
    }
    let beside = listed.len() - in_the_simulator.len();
    let sentence = format!("{beside} of the {}", listed.len());
    assert!(page.contains(&sentence), "docs/simulation.md should say {sentence}");
}

#[test]
fn only_the_simulator_has_them_and_not_by_default() {
    for manifest in all_files("Cargo.toml") {
        let text = fs::read_to_string(&manifest).expect("manifest");
        let is_theirs = manifest.ends_with("crates/sim/Cargo.toml") || manifest.ends_with("crates/decider/Cargo.toml");
        assert_eq!(text.contains("plants"), is_theirs, "{}", manifest.display());
        assert!(!text.contains("default = [\"plants"), "{}", manifest.display());
    }
}

#[cfg(feature = "plants")]
mod found {
    use std::time::Duration;
    use weir_sim::plants::{ALL, Hunt, Plant};

    const HUNT: Hunt = Hunt { from: 1, orders: 60, patience: Duration::from_secs(60) };

    /// Those that show on nearly every seed.
    const PLAIN: [&str; 6] = [
        "decide-before-replay",
        "offset-without-plus-one",
        "ignored-not-recorded",
        "effect-before-commit",
        "order-known-for-a-while",
        "deadline-left-armed",
    ];

    #[test]
    fn a_handful_is_found() {
        for name in PLAIN {
            let outcome = HUNT.one(Plant::named(name).expect("listed"));
            assert!(outcome.find.is_some(), "{name} was not found on {} seeds", outcome.seeds);
            assert!(outcome.unsound.is_empty(), "seeds {:?} break without {name} too", outcome.unsound);
        }
    }

    #[test]
    fn names_are_used_once() {
        let names: std::collections::BTreeSet<&str> = ALL.iter().map(|plant| plant.name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
