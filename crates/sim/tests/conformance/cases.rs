//! All cases, by what they are about.

#[path = "cases/consuming.rs"]
mod consuming;
#[path = "cases/fencing.rs"]
mod fencing;
#[path = "cases/groups.rs"]
mod groups;
#[path = "cases/offsets.rs"]
mod offsets;
#[path = "cases/proofs.rs"]
mod proofs;
#[path = "cases/reading.rs"]
mod reading;
#[path = "cases/records.rs"]
mod records;
#[path = "cases/transactions.rs"]
mod transactions;
#[path = "cases/wire.rs"]
mod wire;

use crate::cluster::{Case, Cluster};

/// Each chapter of the suite with its cases.
pub fn chapters<C: Cluster>() -> Vec<(&'static str, Vec<Case<C>>)> {
    vec![
        ("Records", records::cases()),
        ("Transactions", transactions::cases()),
        ("Fencing and time-outs", fencing::cases()),
        ("Offsets", offsets::cases()),
        ("Proofs of a seat", proofs::cases()),
        ("Groups", groups::cases()),
        ("Reading as a member", consuming::cases()),
        ("Reading outside a group", reading::cases()),
        ("On the wire", wire::cases()),
    ]
}

/// Those of the cases in which connections break.
pub fn on_the_wire<C: Cluster>() -> Vec<Case<C>> {
    chosen().into_iter().filter(|case| wire::cases::<C>().iter().any(|wire| wire.name == case.name)).collect()
}

/// The cases that `WEIR_CASE` picks, or all.
pub fn chosen<C: Cluster>() -> Vec<Case<C>> {
    let pick = std::env::var("WEIR_CASE").unwrap_or_default();
    chapters().into_iter().flat_map(|(_, cases)| cases).filter(|case: &Case<C>| case.name.contains(&pick)).collect()
}
