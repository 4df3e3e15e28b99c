//! The fulfillment order: from a released and allocated plan to parcels on their way. Pure; one file per decision.
//!
//! Routes and allocations have no common order, so each word is noted as it comes, and [`issue`] looks after every one
//! whether the pick lists are due. That page is the only one that issues, which is how I17 holds.

mod allocation;
mod cancel;
#[cfg(test)]
mod corners;
mod facts;
mod fold;
mod held;
mod inputs;
mod issue;
#[cfg(test)]
mod legality;
mod messages;
mod open;
mod pack;
mod pick;
mod release;
#[cfg(test)]
mod samples;
mod scan;
mod ship;
mod short_pick;
mod stuck;

pub use facts::{Allocation, Fact, Line, Opened, PickListIssued, Placed, Said, StopReason, WaitsFor};
pub use inputs::{Asker, CancelAsked, Input, MissingLine, ShipOrder, ShortOrder, ShortReason};
pub use messages::{Message, Outcome, StockEffect};

use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_decider::plant::planted;
use weir_decider::{Decider, Decision, Ignored, Millis, Moment, Rest};

/// What a decision of this service looks like.
pub type Verdict = Decision<Fact, Message>;

/// How long a finished order is kept whole: a scan or a late cancel within it meets what was known.
const REST_AFTER_MS: i64 = 30 * 24 * 3_600_000;

/// What is known of one order's fulfillment. Holds only what decisions need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfillment {
    /// The newest plan that was opened.
    plan: Option<Plan>,
    /// The newest plan that routing released; 0 for none.
    released: u32,
    /// Each pool's newest word on this order.
    words: LiteMap<String, Word>,
    /// How often lists of this plan were withdrawn because inventory took its word back.
    withdrawn: u32,
    /// The pick lists of the present plan that were not withdrawn.
    lists: LiteMap<String, PickList>,
    /// The work under the present plan has ended: another plan is awaited or, where a parcel has left, a person.
    stopped: bool,
    /// A person decides what becomes of the stopped order: routing made a hold and no plan, or a parcel has left.
    on_hold: bool,
    /// Whose word is awaited, if another stage's is.
    wait: Option<Wait>,
    /// The newest cancel that was refused, so that a repeat is not refused twice.
    refused: Option<String>,
    ended: Option<Ended>,
    /// Parcels of a cancelled order that were seen outside all the same.
    exceptions: BTreeSet<String>,
}

/// What is kept of an opened plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Plan {
    version: u32,
    lines: Vec<Line>,
    priority: i32,
    attempt: u32,
    ship_by_ms: i64,
}

/// What a pool said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Word {
    plan: u32,
    sequence: u64,
    said: Said,
    lines: Vec<Placed>,
    /// It changed after the lists had been issued and picking had begun.
    moved: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PickList {
    warehouse: String,
    lines: Vec<Placed>,
    stage: Stage,
}

/// A list goes this way and no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Open,
    Picked,
    Packed,
    Shipped { carrier: String, tracking_number: String },
}

/// A wait for another stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Wait {
    whom: WaitsFor,
    since_ms: i64,
    /// It has taken too long, and that was said.
    said: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ended {
    at_ms: i64,
    how: End,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum End {
    Shipped,
    /// Cancelled here, on this request.
    Cancelled {
        request_id: String,
        reason: String,
    },
    /// Cancelled by routing, which gave the stock back itself.
    CancelledByRouting,
}

impl Decider for Fulfillment {
    type Input = Input;
    type Fact = Fact;
    type Message = Message;
    type World = ();

    fn decide(&self, moment: Moment<'_, ()>, input: &Input) -> Verdict {
        match input {
            Input::Planned(opened) => open::decide(self, moment, opened),
            Input::Released { plan } => release::decide(self, moment, *plan),
            Input::RouteCancelled { reason } => cancel::by_routing(self, reason),
            Input::Held { reason } => held::decide(self, reason),
            Input::CancelAsked(asked) => cancel::decide(self, asked),
            Input::Allocation(word) => allocation::decide(self, moment, word),
            Input::Pick { pick_list_id } => pick::decide(self, pick_list_id),
            Input::ShortPick(order) => short_pick::decide(self, order),
            Input::Pack { pick_list_id, weight_grams } => pack::decide(self, pick_list_id, *weight_grams),
            Input::Ship(order) => ship::decide(self, order),
            Input::Scan { tracking_number, kind, scanned_at_ms } => {
                scan::decide(self, tracking_number, kind, *scanned_at_ms)
            }
            Input::Other => Decision::ignore(Ignored::Irrelevant),
        }
    }

    fn evolve(&mut self, at: Millis, fact: &Fact) {
        fold::evolve(self, at, fact);
    }

    fn deadline(&self) -> Option<Millis> {
        stuck::deadline(self)
    }

    fn expire(&self, moment: Moment<'_, ()>) -> Verdict {
        stuck::expire(self, moment)
    }

    fn rest(&self) -> Option<Rest> {
        let ended = self.ended.as_ref()?;
        let end_state = match ended.how {
            End::Shipped => 1,
            End::Cancelled { .. } => 2,
            End::CancelledByRouting => 3,
        };
        Some(Rest { from: Millis(ended.at_ms).plus(REST_AFTER_MS), end_state })
    }
}

impl Fulfillment {
    fn plan_version(&self) -> u32 {
        self.plan.as_ref().map_or(0, |plan| plan.version)
    }

    fn is_cancelled(&self) -> bool {
        let how = self.ended.as_ref().map(|ended| &ended.how);
        matches!(how, Some(End::Cancelled { .. } | End::CancelledByRouting))
    }

    fn anything_shipped(&self) -> bool {
        self.lists.values().any(|list| matches!(list.stage, Stage::Shipped { .. }))
    }

    /// The list, or the refusal that says why there is none to work on.
    fn list(&self, pick_list_id: &str) -> Result<&PickList, Verdict> {
        let any = self.lists.values().next().filter(|_| planted("old-plan-obeyed"));
        if let Some(list) = self.lists.get(pick_list_id).or(any) {
            return Ok(list);
        }
        let plan = self.plan_version();
        Err(match () {
            () if self.is_cancelled() => Decision::refuse("not-open", "the order was cancelled"),
            () if self.stopped => {
                let awaited = if self.anything_shipped() { "a person's decision" } else { "a new plan" };
                let detail = format!("the work under plan {plan} was stopped, {awaited} is awaited");
                Decision::refuse("not-open", detail)
            }
            () => {
                let detail = format!("{pick_list_id} is no pick list of the present plan ({plan})");
                Decision::refuse("unknown-pick-list", detail)
            }
        })
    }

    /// Lines in the pools they belong to; the plan knows which.
    fn by_pool(&self, lines: &[Placed]) -> BTreeMap<String, Vec<Placed>> {
        let mut pools: BTreeMap<String, Vec<Placed>> = BTreeMap::new();
        for line in lines {
            let planned = self.plan.iter().flat_map(|plan| &plan.lines);
            let owner = planned.into_iter().find(|known| known.line_id == line.line_id);
            if let Some(owner) = owner {
                pools.entry(owner.pool.clone()).or_default().push(line.clone());
            }
        }
        pools
    }
}

impl Stage {
    fn name(&self) -> &'static str {
        match self {
            Stage::Open => "open",
            Stage::Picked => "picked",
            Stage::Packed => "packed",
            Stage::Shipped { .. } => "shipped",
        }
    }
}

/// The refusal of a step that the list's state does not allow.
fn wrong_state(pick_list_id: &str, stage: &Stage, should: &str) -> Verdict {
    let detail = format!("{pick_list_id} is {}; it should be {should}", stage.name());
    Decision::refuse("wrong-state", detail)
}
