//! What the counters need of the store that holds them; the simulator brings one of its own.

use crate::projection::{Change, StoreFault};
use std::collections::BTreeMap;

/// Where a partition stands in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// `None`: never written in this generation.
    pub next: Option<i64>,
    /// Everything up to the end as of the generation's beginning is counted.
    pub whole: bool,
}

/// What one call does to one partition.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub partition: i32,
    /// As in [`Standing::next`].
    pub expected: Option<i64>,
    pub next: i64,
    pub whole: bool,
    pub changes: &'a [Change],
}

/// Counters and positions, which move together or not at all. A generation is one complete set of them; one is in force.
pub trait Tallies {
    /// Joins the generation in force, or begins one where there is none, and says where each partition stands in it. A partition
    /// that was never written is absent.
    ///
    /// # Errors
    /// Every fault is waited out.
    fn open(&mut self) -> Result<BTreeMap<i32, Standing>, StoreFault>;

    /// False: another generation is in force than the one that was opened, or the position is not where it was left; nothing was
    /// done. After a fault nobody knows whether it was done; the positions tell.
    ///
    /// # Errors
    /// Every fault is waited out.
    fn apply(&mut self, step: &Step<'_>) -> Result<bool, StoreFault>;

    /// Where each partition stands now in the generation that was opened; `None` where another is in force. A replica that took
    /// over without the last second has the same generation, and older positions.
    ///
    /// # Errors
    /// Every fault is waited out.
    fn standings(&mut self) -> Result<Option<BTreeMap<i32, Standing>>, StoreFault>;
}
