//! Plan n: what stock is wanted, from where, at what price, and why.

use super::order::{Line, Money};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub version: u32,
    pub lines: Vec<Line>,
    pub pricing: Pricing,
    pub tags: Vec<String>,
    pub excluded: Vec<String>,
    /// 0 for the first plan; counts reroutes.
    pub attempt: u32,
    pub explanation: Explanation,
    /// True: soft reservation until released. False: allocated at once.
    pub soft: bool,
}

/// What inventory needs to choose. Kept until the plan is released, because `Allocate` must say what the plan said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pricing {
    /// In the order of their warehouse ids.
    pub candidates: Vec<Candidate>,
    pub split: Split,
    pub parcels_max: u32,
    /// Higher goes first.
    pub priority: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub warehouse: String,
    pub parcel_cost: Money,
    pub unit_cost: Money,
    /// Stock that must remain of each SKU after the allocation.
    pub keep_back: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Split {
    #[default]
    ShipComplete,
    ShipAvailable,
}

/// Why, from the event alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    pub rule_set: String,
    pub rule_set_version: u32,
    pub rules: Vec<RuleOutcome>,
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleOutcome {
    pub rule: String,
    pub matched: bool,
    pub why: String,
}
