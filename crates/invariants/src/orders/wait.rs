//! I4: what an order has come to, or what it waits for.

use super::asked::Awaited;
use super::live::{Live, Step, Stock};
use crate::catalogue::Id;
use crate::report::Report;

impl Live {
    pub(super) fn at_end(&self, running: bool, report: &mut Report) {
        match self.waits_for() {
            Ok(None) => report.check(Id::I4, true, String::new),
            Ok(Some(wait)) => {
                report.check(Id::I4, true, String::new);
                *report.summary.waiting.entry(wait.to_owned()).or_insert(0) += 1;
            }
            Err(stuck) if running => *report.summary.waiting.entry(format!("under way: {stuck}")).or_insert(0) += 1,
            Err(stuck) => report.check(Id::I4, false, || format!("order {} {stuck}", self.key())),
        }
    }

    /// Whether fulfillment has said that it waits too long for this stage, under the plan that it has.
    fn is_stuck(&self, waits_for: &str) -> bool {
        self.stuck.iter().any(|(plan, whom)| *plan == self.opened && **whom == *waits_for)
    }

    /// What the order waits for; none where it has come to its end.
    pub(super) fn waits_for(&self) -> Result<Option<&'static str>, &'static str> {
        if self.shipped || self.cancelled || self.outside {
            return Ok(None);
        }
        if !self.is_placed() {
            return Ok(Some("its order: only news of it was seen"));
        }
        if self.parked && !self.planned {
            return Ok(Some("reference data: parked"));
        }
        if !self.planned {
            return Err("was placed and never planned");
        }
        // Before any other wait: that one may be for a person, and this one has a deadline.
        match self.asked.awaited() {
            Awaited::Nothing => {}
            Awaited::Told => return Ok(Some("fulfillment: stuck without its answer")),
            Awaited::Silent => return Err("has asked fulfillment for a change and has no answer"),
        }
        if !self.holds.is_empty() {
            return Ok(Some("a person: held"));
        }
        if self.on_hold {
            return Ok(Some("a person: held by the warehouse"));
        }
        // A plan that came after a released one is released anew: its terms may ask for a payment that none before did.
        if !self.released.contains(self.plan.0) {
            return if self.pay.is_met() { Err("is paid, not held and not released") } else { Ok(Some("payment")) };
        }
        let open = self.lists.iter().any(|(_, step)| matches!(step, Step::Issued | Step::Picked | Step::Packed));
        match self.allocation.1 {
            Stock::Waiting => Ok(Some("stock: backordered")),
            Stock::Allocated if open => Ok(Some("the warehouse: pick list open")),
            Stock::Allocated => Err("is allocated and released and has no pick list"),
            _ if self.stopped && self.is_stuck("routing") => Ok(Some("routing: stuck without a new plan")),
            _ if self.stopped => Err("stopped and got no new plan"),
            _ if self.is_stuck("inventory") => Ok(Some("inventory: stuck without its word")),
            _ => Err("is released and inventory said nothing"),
        }
    }
}
