//! What a pool tells an order's stages. Each message goes with one fact, so that it can be made again from the facts.

use super::demand::{Cost, Line, Placed};
use super::fact::Fact;
use serde::{Deserialize, Serialize};

/// One message to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub order: String,
    pub plan: u32,
    /// 1..n for each order in this pool.
    pub sequence: u64,
    pub said: Said,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    SoftReserved,
    Unfillable { missing: Vec<Line> },
    Allocated { lines: Vec<Placed>, cost: Cost },
    PartiallyAllocated { lines: Vec<Placed>, missing: Vec<Line> },
    Backordered { missing: Vec<Line> },
    Voided { reason: String },
    Deallocated { lines: Vec<Placed>, reason: String },
}

/// What a fact tells its order. `remaining` is what the order still waits for after the fact.
pub fn of(fact: &Fact, remaining: &[Line]) -> Option<Said> {
    Some(match fact {
        Fact::SoftReserved { .. } => Said::SoftReserved,
        Fact::Declined { missing, .. } => Said::Unfillable { missing: missing.clone() },
        Fact::Allocated { lines, cost, .. } if remaining.is_empty() => {
            Said::Allocated { lines: lines.clone(), cost: cost.clone() }
        }
        Fact::Allocated { lines, .. } => Said::PartiallyAllocated { lines: lines.clone(), missing: remaining.to_vec() },
        Fact::Queued { missing, .. } => Said::Backordered { missing: missing.clone() },
        Fact::Voided { reason, .. } => Said::Voided { reason: reason.clone() },
        Fact::Deallocated { lines, reason, .. } => Said::Deallocated { lines: lines.clone(), reason: reason.clone() },
        _ => return None,
    })
}
