//! Reported failures of a kind that the design leaves no place for: no scenario can play them, so each names the tests
//! that hold the design to it.

/// Some of them.
#[derive(Clone, Copy, Debug)]
pub struct Excluded {
    pub sources: &'static [&'static str],
    /// What is said there.
    pub words: &'static str,
    /// Why it has no place here.
    pub why: &'static str,
    /// The tests that would fail if it had: "file::function".
    pub guards: &'static [&'static str],
}

const PURE: &str = "crates/testkit/tests/house.rs::a_domain_is_pure";

pub const EXCLUDED: &[Excluded] = &[
    Excluded {
        sources: &["odoo/odoo#32857", "odoo/odoo#62131", "medusajs/medusa#3206"],
        words: "two that change one stock at a time: the database refuses one of the transactions, and the user gets \
                the error",
        why: "one worker owns a pool and decides its commands one after the other; a second owner is fenced, and no \
              decision reads or writes a database",
        guards: &[
            PURE,
            "crates/sim/tests/world/stages.rs::two_processes_share_the_partitions_and_decide_everything_once",
            "crates/pipeline/tests/stage.rs::a_second_process_of_the_same_name_ends_the_first",
            "crates/sim/tests/world/stages.rs::a_zombie_that_comes_back_with_an_open_transaction_changes_nothing",
        ],
    },
    Excluded {
        sources: &["odoo/odoo#272560", "magento/inventory#2933", "magento/inventory#3462"],
        words: "row locks on stock: rows that are skipped are made twice, and a deadlock of an index loses SKUs",
        why: "stock is a fold of its facts in the memory of its owner; there are no rows to lock, to skip or to index",
        guards: &[PURE, "services/inventory/tests/it/backorders.rs::the_last_unit_goes_to_exactly_one_of_two_thousand"],
    },
    Excluded {
        sources: &["saleor/saleor#11069", "emfcamp/Website#599", "woocommerce/woocommerce#65325"],
        words: "a lock on stock is held while something slow goes on, a payment or the rest of a checkout; answers take \
                13 to 17 s",
        why: "a decision waits for nothing: no I/O and no lock within it. Whoever delivers an order is answered when it \
              is in the log, and not when stock is decided. How long answers take is measured (docs/guarantees.md), not \
              simulated",
        guards: &[PURE, "crates/testkit/tests/house.rs::no_crate_depends_on_what_it_must_not_see"],
    },
];
