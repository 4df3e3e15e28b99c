//! The invariants of DESIGN.md §6 over committed records: one catalogue, and the checkers that everybody uses.
//!
//! It trusts no service: every check is made from the records alone, by code of its own. There is no clock, no I/O and no async in it,
//! so `weir verify` feeds it from Kafka and the simulator from its own log. [`Audit`] checks what has one partition number, record by
//! record; [`check_log`] does it for a log that is at hand; [`Catalogue`] lists what is checked where, and `docs/invariants.md` is
//! printed from it.
//!
//! Memory is bounded by what is under way: an order that has come to its end, and whose notices are settled, is 24 bytes
//! and its place in a table. `docs/invariants.md` has the figures.

mod audit;
mod blocks;
mod catalogue;
mod check;
mod commands;
mod head;
mod ids;
mod inputs;
mod merge;
mod offsets;
mod orders;
mod pools;
mod report;
mod stage;

pub use audit::{Audit, Committed, Ending, Held};
pub use catalogue::{Catalogue, Id, Invariant};
pub use check::{check_log, check_partitions};
pub use merge::{Merge, Next};
pub use pools::{Level, Levels};
pub use report::{Checked, Report, Summary};
