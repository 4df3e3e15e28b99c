//! What console makes of an order's facts: one view for each fact topic, and what follows from all of them together.
//!
//! A view is the fold of its own topic alone, so the order in which topics are read does not matter: the same facts give the
//! same story. Nothing here decides anything; it says how things stand.

mod moment;
mod placed;
mod route;
mod state;
mod stock;
mod waits;
mod work;

pub use moment::minute;
pub use placed::{Placed, PlacedLine};
pub use route::{Hold, Route, Unanswered};
pub use state::{LineState, OrderState, line_state, state};
pub use stock::{Coverage, Stock, StockLine, Told};
pub use waits::{silent, unanswered, waits_for};
pub use work::{PickList, Stage, Stuck, Work};

/// How an order stands, as far as each topic has told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// Told by `orders`.
    pub placed: Placed,
    /// Told by `routes`.
    pub route: Route,
    /// Told by `allocations`.
    pub stock: Stock,
    /// Told by `shipments`.
    pub work: Work,
}

impl Story {
    /// Where its goods lie, or lay: the warehouses of its pick lists, else of its allocation.
    pub fn warehouses(&self) -> String {
        let mut names: Vec<&str> = self.work.lists.values().map(|list| list.warehouse.as_str()).collect();
        if names.is_empty() {
            let lines = self.stock.lines.values();
            names = lines.flat_map(|line| line.warehouses.iter().map(String::as_str)).collect();
        }
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    }
}
