//! What fulfillment tells inventory and routing.

use super::{Fulfillment, Placed};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// To the pool: it has left the warehouse.
    Issue { pool: String, plan: u32, lines: Vec<Placed> },
    /// To the pool: give back. No lines: all that is open up to this plan.
    Void { pool: String, plan: u32, reason: String, lines: Vec<Placed>, effect: StockEffect },
    /// To routing: another plan, without this warehouse.
    Reroute { plan: u32, excluded: Vec<String>, reason: String, attempt: u32 },
    /// To routing: how the order ended.
    NoteOutcome(Outcome),
    /// To routing: no to what it has asked.
    NoteRefusal { request_id: String, reason: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Shipped,
    Cancelled,
}

/// What a void means for the stock that was not there or not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockEffect {
    None,
    Suspect,
    Damaged,
}

impl Message {
    /// Gives back all that is open at these pools.
    pub(super) fn void_all<'a>(pools: impl IntoIterator<Item = &'a str>, plan: u32, reason: &str) -> Vec<Message> {
        let once: BTreeSet<&str> = pools.into_iter().collect();
        let void = |pool: &str| Message::Void {
            pool: pool.to_owned(),
            plan,
            reason: reason.to_owned(),
            lines: Vec::new(),
            effect: StockEffect::None,
        };
        once.into_iter().map(void).collect()
    }
}

impl Fulfillment {
    /// The pools of the present plan, one for each line.
    pub(super) fn pools(&self) -> impl Iterator<Item = &str> {
        self.plan.iter().flat_map(|plan| &plan.lines).map(|line| line.pool.as_str())
    }
}
