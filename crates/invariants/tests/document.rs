//! `docs/invariants.md` says what the catalogue says.

use weir_invariants::Catalogue;

const DOCUMENT: &str = include_str!("../../../docs/invariants.md");

#[test]
fn the_tables_are_the_catalogues() {
    let tables = Catalogue::tables();
    // Printed, so that whoever changed the catalogue can copy them.
    assert!(DOCUMENT.contains(&tables), "docs/invariants.md must hold these tables:\n{tables}");
}
