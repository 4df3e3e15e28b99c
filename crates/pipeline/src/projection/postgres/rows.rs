//! What a projector needs of the database that holds its rows; the simulator brings one of its own.

use super::books::Move;
use crate::log::Offsets;
use crate::projection::StoreFault;
use crate::{Record, TopicPartition};

/// What came of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    Done,
    /// The offset rows are not where they were left: another has moved them, or a rebuild was swapped in. Nothing was done.
    Moved,
}

/// Rows and offset rows, which move together or not at all.
pub trait Rows {
    /// The offset rows of these partitions, made at 0 where there are none. Each partition asked for is in the answer.
    ///
    /// # Errors
    /// Whether waiting may help is in the fault.
    fn offsets(&mut self, partitions: &[TopicPartition]) -> Result<Offsets, StoreFault>;

    /// One transaction: moves each offset row that is where `moves` expects it, and writes what the batch means. If any of them
    /// is elsewhere it does nothing at all. After a fault nobody knows whether it was done; the offset rows tell.
    ///
    /// # Errors
    /// Whether waiting may help is in the fault.
    fn apply(&mut self, batch: &[Record], moves: &[Move]) -> Result<Applied, StoreFault>;
}
