//! `docs/conformance.md` lists the cases as they are.

use crate::cases;
use crate::on_sim::Simulated;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const BEGIN: &str = "<!-- cases: written by the suite -->\n";
const END: &str = "<!-- end of cases -->\n";

#[test]
fn the_document_lists_every_case() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance.md");
    let text = fs::read_to_string(&file).expect("docs/conformance.md");
    let (head, rest) = text.split_once(BEGIN).expect("a place for the cases");
    let (listed, tail) = rest.split_once(END).expect("an end of the cases");
    let now = table();
    if env::var_os("WEIR_ACCEPT").is_some() {
        fs::write(&file, format!("{head}{BEGIN}{now}{END}{tail}")).expect("written");
        return;
    }
    assert_eq!(listed, now, "docs/conformance.md differs; accept it with WEIR_ACCEPT=1 if it is meant");
}

#[test]
fn no_two_cases_have_one_name() {
    let all: Vec<&str> = cases::chapters::<Simulated>().iter().flat_map(|(_, c)| c.iter().map(|c| c.name)).collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert!(all.len() >= 60, "only {} cases", all.len());
}

fn table() -> String {
    let chapters = cases::chapters::<Simulated>();
    let count: usize = chapters.iter().map(|(_, cases)| cases.len()).sum();
    let mut text = format!("{count} cases.\n");
    for (chapter, cases) in chapters {
        let _ = write!(text, "\n### {chapter}\n\n| case | shows |\n| --- | --- |\n");
        for case in cases {
            let _ = writeln!(text, "| {} | {} |", case.name, case.shows);
        }
    }
    text
}
