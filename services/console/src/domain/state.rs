//! The state of an order: the lowest and the highest of its lines' states. Search, boards and API all use this one function.

use super::{Coverage, Stage, Story};
use std::fmt;

macro_rules! line_states {
    ($($(#[$doc:meta])* $state:ident = $name:literal,)*) => {
        /// How far a line has come. The order of this list is the order of the states.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum LineState { $($(#[$doc])* $state,)* }

        impl LineState {
            pub const ALL: &[LineState] = &[$(LineState::$state),*];

            pub fn name(self) -> &'static str {
                match self { $(LineState::$state => $name),* }
            }
        }
    };
}

line_states! {
    /// Something was told of the order, but not yet the order itself.
    Announced = "announced",
    /// Waits for something that is no person's decision, such as a SKU that is not mapped.
    Parked = "parked",
    /// Routing has not spoken yet.
    Placed = "placed",
    /// A person must decide.
    Held = "held",
    /// Planned, and waits for its payment.
    Unpaid = "unpaid",
    /// Released; inventory has not spoken yet.
    Routed = "routed",
    Backordered = "backordered",
    Allocated = "allocated",
    /// On a pick list.
    Picking = "picking",
    Picked = "picked",
    Packed = "packed",
    Shipped = "shipped",
    Delivered = "delivered",
    /// By somebody else, says the platform; nothing of it leaves from here.
    ShippedOutside = "shipped-outside",
    Cancelled = "cancelled",
}

/// "lowest" where all lines agree, else "lowest..highest".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderState {
    pub lowest: LineState,
    pub highest: LineState,
}

impl fmt::Display for OrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.lowest.name())?;
        if self.highest != self.lowest {
            write!(f, "..{}", self.highest.name())?;
        }
        Ok(())
    }
}

impl LineState {
    pub fn parse(name: &str) -> Option<LineState> {
        LineState::ALL.iter().copied().find(|state| state.name() == name)
    }
}

impl OrderState {
    /// Every state of an order that a search for `text` means: a line state stands for all in which it is the lowest or the
    /// highest, a span for itself. `None` where there is no such state.
    pub fn matching(text: &str) -> Option<Vec<String>> {
        if let Some((lowest, highest)) = text.split_once("..") {
            let (lowest, highest) = (LineState::parse(lowest)?, LineState::parse(highest)?);
            return (lowest < highest).then(|| vec![OrderState { lowest, highest }.to_string()]);
        }
        let wanted = LineState::parse(text)?;
        let others = LineState::ALL.iter().copied();
        let spans = others.map(|other| OrderState { lowest: other.min(wanted), highest: other.max(wanted) });
        Some(spans.map(|span| span.to_string()).collect())
    }
}

/// The state of an order. Cancelled lines don't count while others live.
pub fn state(story: &Story) -> OrderState {
    let lines: Vec<LineState> =
        story.placed.lines.iter().map(|line| line_state(story, &line.line_id, line.open)).collect();
    let living = || lines.iter().copied().filter(|state| *state != LineState::Cancelled);
    match (living().min(), living().max()) {
        (Some(lowest), Some(highest)) => OrderState { lowest, highest },
        _ => {
            let only = if lines.is_empty() { line_state(story, "", 1) } else { LineState::Cancelled };
            OrderState { lowest: only, highest: only }
        }
    }
}

/// The state of one line, of which `open` is left to ship. What the world has done comes first, then what stops the order,
/// then how far its plan has come.
pub fn line_state(story: &Story, line_id: &str, open: i64) -> LineState {
    let (route, work) = (&story.route, &story.work);
    let stage = work.stage_of(line_id);
    match stage {
        Some(Stage::Delivered) => return LineState::Delivered,
        Some(Stage::Shipped) => return LineState::Shipped,
        _ => {}
    }
    if open <= 0 || route.cancelled.is_some() || work.cancelled.is_some() {
        return LineState::Cancelled;
    }
    if route.shipped_outside {
        return LineState::ShippedOutside;
    }
    if !story.placed.placed {
        return LineState::Announced;
    }
    if work.on_hold.is_some() || !route.holds.is_empty() {
        return LineState::Held;
    }
    match stage {
        Some(Stage::Packed) => return LineState::Packed,
        Some(Stage::Picked) => return LineState::Picked,
        Some(_) => return LineState::Picking,
        None => {}
    }
    if route.parked.is_some() {
        return LineState::Parked;
    }
    match (route.plan, route.is_released()) {
        (0, _) => LineState::Placed,
        (_, false) => LineState::Unpaid,
        (plan, true) => covered(story, line_id, plan),
    }
}

/// Inventory's word counts for this plan or a newer one; the topics have no common order.
fn covered(story: &Story, line_id: &str, plan: u32) -> LineState {
    let line = story.stock.lines.get(line_id).filter(|line| line.plan >= plan);
    match line.map(|line| line.coverage) {
        Some(Coverage::Allocated) => LineState::Allocated,
        Some(Coverage::Backordered) => LineState::Backordered,
        Some(Coverage::Unfillable) | None => LineState::Routed,
    }
}

#[cfg(test)]
mod tests;
