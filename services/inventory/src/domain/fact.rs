//! What a pool says of itself. Quantities in a fact are what it adds or takes, so that the fold and a verifier only add.

use super::demand::{Cost, Demand, Line, Placed};
use serde::{Deserialize, Serialize};

/// Reason of a [`Fact::Replaced`] on the wire, where it is a Voided that nobody is told of.
pub const REPLACED: &str = "weir:replaced";

/// Of which kind a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    Sellable,
    Damaged,
    QualityHold,
    Suspect,
}

/// A fact of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    Received {
        sku: String,
        warehouse: String,
        quantity: i64,
        document: String,
    },
    Adjusted {
        sku: String,
        warehouse: String,
        delta: i64,
        reason: String,
        document: String,
    },
    SoftReserved {
        order: String,
        plan: u32,
        lines: Vec<Line>,
    },
    Declined {
        order: String,
        plan: u32,
        missing: Vec<Line>,
    },
    /// `lines` are all that is allocated to the order after it; whatever was open before was given back by a Replaced.
    Allocated {
        demand: Demand,
        lines: Vec<Placed>,
        cost: Cost,
    },
    /// Waits for what is not allocated of its demand. What is allocated to it stays.
    Queued {
        demand: Demand,
        missing: Vec<Line>,
    },
    /// Given back. A Voided that leaves nothing open ends the order in this pool.
    Voided {
        order: String,
        plan: u32,
        reason: String,
        lines: Vec<Placed>,
    },
    /// Given back to make place for what follows in the same decision.
    Replaced {
        order: String,
        plan: u32,
        lines: Vec<Placed>,
    },
    /// `lines` were allocated and left. What left without being allocated was taken off by an Adjusted, and is remembered.
    Issued {
        order: String,
        plan: u32,
        lines: Vec<Placed>,
        unallocated: Vec<Placed>,
    },
    Restocked {
        order: String,
        lines: Vec<Placed>,
        status: Status,
    },
    Deallocated {
        order: String,
        plan: u32,
        lines: Vec<Placed>,
        reason: String,
    },
    StatusChanged {
        sku: String,
        warehouse: String,
        quantity: i64,
        from: Status,
        to: Status,
        reason: String,
    },
    Shortage {
        sku: String,
        warehouse: String,
        quantity: i64,
    },
    /// The queue was offered the SKU's free stock up to this order; empty: to its end.
    QueueServed {
        sku: String,
        after: String,
    },
}

impl Fact {
    /// The order it is about.
    pub fn order(&self) -> Option<&str> {
        match self {
            Fact::SoftReserved { order, .. }
            | Fact::Declined { order, .. }
            | Fact::Voided { order, .. }
            | Fact::Replaced { order, .. }
            | Fact::Issued { order, .. }
            | Fact::Restocked { order, .. }
            | Fact::Deallocated { order, .. } => Some(order),
            Fact::Allocated { demand, .. } | Fact::Queued { demand, .. } => Some(&demand.order),
            Fact::QueueServed { after, .. } if !after.is_empty() => Some(after),
            _ => None,
        }
    }

    /// The SKUs that it names.
    pub fn skus(&self) -> Vec<&str> {
        match self {
            Fact::Received { sku, .. }
            | Fact::Adjusted { sku, .. }
            | Fact::StatusChanged { sku, .. }
            | Fact::Shortage { sku, .. }
            | Fact::QueueServed { sku, .. } => vec![sku],
            Fact::SoftReserved { lines, .. } => lines.iter().map(|l| l.sku.as_str()).collect(),
            Fact::Declined { missing, .. } => missing.iter().map(|l| l.sku.as_str()).collect(),
            Fact::Allocated { demand, .. } | Fact::Queued { demand, .. } => {
                demand.lines.iter().map(|l| l.sku.as_str()).collect()
            }
            Fact::Voided { lines, .. }
            | Fact::Replaced { lines, .. }
            | Fact::Issued { lines, .. }
            | Fact::Restocked { lines, .. }
            | Fact::Deallocated { lines, .. } => lines.iter().map(|l| l.sku.as_str()).collect(),
        }
    }
}
