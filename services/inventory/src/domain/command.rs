//! What can be asked of a pool.

use super::demand::{Demand, Line, Placed};
use super::fact::Status;

/// A stock command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Reserve { order: String, plan: u32, lines: Vec<Line> },
    Allocate(Demand),
    Void(Void),
    Issue { order: String, plan: u32, lines: Vec<Placed> },
    Restock { order: String, lines: Vec<Placed>, status: Status },
    Receive(Receipt),
    Adjust(Change),
}

/// Gives back what is open of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Void {
    pub order: String,
    pub plan: u32,
    pub reason: String,
    /// Empty: all.
    pub lines: Vec<Placed>,
    pub effect: Effect,
}

/// What the reason means for the units named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    None,
    /// Not found at their place.
    Suspect,
    Damaged,
}

/// Goods that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub sku: String,
    pub warehouse: String,
    pub quantity: i64,
    pub document: String,
}

/// A correction of what is on hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub sku: String,
    pub warehouse: String,
    pub delta: i64,
    pub reason: String,
    pub document: String,
}
