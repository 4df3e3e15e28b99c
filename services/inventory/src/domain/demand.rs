//! What an order wants of a pool, where it may come from, and the limits within which the numbers are believed.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_decider::Fault;
use weir_decider::plant::planted;

/// Most units that one line may ask for.
pub const LINE_MAX: i64 = 1_000_000;
/// Most lines of one command.
pub const LINES_MAX: usize = 500;
/// Most units that one receipt or adjustment may move.
pub const MOVE_MAX: i64 = 1_000_000_000;
/// Most units that lie at one place.
pub const PLACE_MAX: i64 = 1_000_000_000_000;
/// Warehouses that one plan may offer: the assignment tries every subset.
pub const CANDIDATES_MAX: usize = 5;
/// Largest cost of a parcel or a unit, in minor units: with it the cost of the largest order still fits.
pub const COST_MAX: i64 = 10_000_000_000;

/// Units of a SKU for one line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub line: String,
    pub sku: String,
    pub quantity: i64,
}

/// Units of a line at a warehouse; an empty warehouse is a soft reservation's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub line: String,
    pub sku: String,
    pub warehouse: String,
    pub quantity: i64,
}

impl Placed {
    /// The same line's units of the same SKU at the same warehouse.
    pub fn same_place(&self, other: &Placed) -> bool {
        self.line == other.line && self.sku == other.sku && self.warehouse == other.warehouse
    }
}

/// A warehouse as routing priced it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub warehouse: String,
    pub parcel_cost: i64,
    pub unit_cost: i64,
    pub keep_back: i64,
}

/// Whether an order waits for its last unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Split {
    ShipComplete,
    ShipAvailable,
}

/// The whole command to allocate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    pub order: String,
    pub plan: u32,
    pub lines: Vec<Line>,
    pub candidates: Vec<Candidate>,
    /// Of every candidate; empty where no cost was given.
    pub currency: String,
    pub split: Split,
    /// 0: as many as it takes.
    pub parcels_max: u32,
    pub priority: i32,
}

/// What an assignment costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub minor: i64,
    pub currency: String,
}

/// Units in a sum, by SKU.
pub fn by_sku(lines: &[Line]) -> BTreeMap<&str, i64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(line.sku.as_str()).or_insert(0_i64);
        let alone = planted("lines-checked-alone");
        *sum = if alone { line.quantity.max(*sum) } else { sum.saturating_add(line.quantity) };
    }
    sums
}

/// What of the lines is not covered by so much of each SKU; the first lines are covered first.
pub fn uncovered<'a>(lines: &'a [Line], mut available: BTreeMap<&'a str, i64>) -> Vec<Line> {
    let mut lacking = Vec::new();
    for line in lines {
        let left = available.entry(line.sku.as_str()).or_insert(0);
        let taken = line.quantity.min(*left).max(0);
        if !planted("lines-checked-alone") {
            *left = left.saturating_sub(taken);
        }
        let quantity = line.quantity.saturating_sub(taken);
        if quantity > 0 {
            lacking.push(Line { quantity, ..line.clone() });
        }
    }
    lacking
}

/// Lines that can be counted on: each id once, every quantity within bounds. Sums of such lines can't overflow.
pub fn check_lines(lines: &[Line]) -> Result<(), Fault> {
    if lines.is_empty() || lines.len() > LINES_MAX {
        return Err(Fault::field(
            "lines-out-of-range",
            "lines",
            format!("{} lines; 1 to {LINES_MAX} can be", lines.len()),
        ));
    }
    let mut seen = BTreeSet::new();
    for (i, line) in lines.iter().enumerate() {
        if line.line.is_empty() || line.sku.is_empty() {
            return Err(Fault::field("field-missing", format!("lines[{i}]"), "a line has an id and a SKU"));
        }
        if !seen.insert(line.line.as_str()) {
            return Err(Fault::field("line-repeated", format!("lines[{i}].line_id"), "the line is there twice"));
        }
        check_quantity(i, line.quantity)?;
    }
    Ok(())
}

/// The same of lines that have a place. The same line may lie in several warehouses.
pub fn check_placed(lines: &[Placed]) -> Result<(), Fault> {
    if lines.len() > LINES_MAX {
        return Err(Fault::field(
            "lines-out-of-range",
            "lines",
            format!("{} lines; at most {LINES_MAX} can be", lines.len()),
        ));
    }
    let mut seen = BTreeSet::new();
    for (i, line) in lines.iter().enumerate() {
        if line.line.is_empty() || line.sku.is_empty() {
            return Err(Fault::field("field-missing", format!("lines[{i}]"), "a line has an id and a SKU"));
        }
        if !seen.insert((line.line.as_str(), line.warehouse.as_str())) {
            return Err(Fault::field("line-repeated", format!("lines[{i}].line_id"), "the line is there twice"));
        }
        check_quantity(i, line.quantity)?;
    }
    Ok(())
}

fn check_quantity(i: usize, quantity: i64) -> Result<(), Fault> {
    if (1..=LINE_MAX).contains(&quantity) {
        return Ok(());
    }
    let detail = format!("{quantity} units; 1 to {LINE_MAX} can be");
    Err(Fault::field("quantity-out-of-range", format!("lines[{i}].quantity"), detail))
}

/// Candidates that can be enumerated and added up.
pub fn check_candidates(candidates: &[Candidate]) -> Result<(), Fault> {
    if candidates.len() > CANDIDATES_MAX {
        let detail = format!("{} warehouses; at most {CANDIDATES_MAX} can be", candidates.len());
        return Err(Fault::field("candidates-out-of-range", "candidates", detail));
    }
    let mut seen = BTreeSet::new();
    for (i, candidate) in candidates.iter().enumerate() {
        if candidate.warehouse.is_empty() {
            return Err(Fault::field(
                "field-missing",
                format!("candidates[{i}].warehouse"),
                "a candidate has a warehouse",
            ));
        }
        if !seen.insert(candidate.warehouse.as_str()) {
            return Err(Fault::field("candidate-repeated", format!("candidates[{i}].warehouse"), "it is there twice"));
        }
        let costs = 0..=COST_MAX;
        if !costs.contains(&candidate.parcel_cost) || !costs.contains(&candidate.unit_cost) {
            return Err(Fault::field(
                "cost-out-of-range",
                format!("candidates[{i}]"),
                format!("a cost is 0 to {COST_MAX}"),
            ));
        }
        if !(0..=PLACE_MAX).contains(&candidate.keep_back) {
            let detail = format!("{}; 0 to {PLACE_MAX} can be", candidate.keep_back);
            return Err(Fault::field("quantity-out-of-range", format!("candidates[{i}].keep_back"), detail));
        }
    }
    Ok(())
}
