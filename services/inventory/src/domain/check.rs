//! The invariants of a pool (DESIGN.md §6), over its own books. Holds after every fact.

use super::ledger::Sku;
use super::order::Open;
use super::pool::{Index, Pool};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What the books must hold to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// No oversell.
    I1,
    /// What was booked is there, and what is reserved is what orders hold.
    I2,
    /// Each reserved unit ends once.
    I6,
    /// Facts and indexes fit together.
    Books,
}

impl Rule {
    /// Its id in the catalogue. What does not fit what was said before is a step that is missing.
    pub fn invariant(self) -> &'static str {
        match self {
            Rule::I1 => "I1",
            Rule::I2 => "I2",
            Rule::I6 => "I6",
            Rule::Books => "I5",
        }
    }
}

/// A rule that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    pub rule: Rule,
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.detail)
    }
}

fn require(rule: Rule, holds: bool, detail: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation { rule, detail: detail() }) }
}

impl Pool {
    /// All of I1, I2 and I6, and that the indexes say what the orders say. Costs the whole pool.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check(&self) -> Result<(), Violation> {
        if let Some(violation) = &self.broken {
            return Err(violation.clone());
        }
        for sku in self.skus.keys() {
            self.check_sku(sku)?;
        }
        let mut index = Index::default();
        let mut held: BTreeMap<(&str, &str), i128> = BTreeMap::new();
        let mut wanted: BTreeMap<&str, (u64, i128)> = BTreeMap::new();
        for (id, order) in &self.orders {
            let Some(open) = order.open.as_deref() else {
                continue;
            };
            require(Rule::Books, open.soft.is_empty() || open.placed.is_empty(), || {
                format!("{id} is soft and allocated")
            })?;
            index.insert(id, open);
            count(open, &mut held, &mut wanted);
        }
        require(Rule::Books, index == self.index, || "the indexes differ from the orders".to_owned())?;
        for (name, sku) in &self.skus {
            self.check_sums(name, sku, &held, wanted.get(name.as_str()).copied().unwrap_or_default())?;
        }
        Ok(())
    }

    fn check_sums(
        &self,
        name: &str,
        sku: &Sku,
        held: &BTreeMap<(&str, &str), i128>,
        wanted: (u64, i128),
    ) -> Result<(), Violation> {
        let soft = held.get(&(name, "")).copied().unwrap_or(0);
        require(Rule::I2, soft == i128::from(sku.soft), || format!("{name}: soft {} and orders {soft}", sku.soft))?;
        for (warehouse, place) in &sku.places {
            let open = held.get(&(name, warehouse.as_str())).copied().unwrap_or(0);
            let text = || format!("{name} at {warehouse}: allocated {} and orders {open}", place.allocated);
            require(Rule::I2, open == i128::from(place.allocated), text)?;
        }
        let sums = (sku.waiting, i128::from(sku.wanted));
        require(Rule::Books, sums == wanted, || format!("{name}: queue {sums:?} and orders {wanted:?}"))?;
        let listed = self.serving.contains(name);
        require(Rule::Books, listed == sku.serving.is_some(), || format!("{name}: serving is listed wrongly"))
    }

    /// I1, I2 and I6 of one SKU, at the cost of its warehouses.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check_sku(&self, name: &str) -> Result<(), Violation> {
        let Some(sku) = self.skus.get(name) else {
            return Ok(());
        };
        let (mut sellable, mut allocated) = (0_i128, 0_i128);
        for (warehouse, place) in &sku.places {
            let text = || format!("{name} at {warehouse}: {place:?}");
            let covered = i128::from(place.on_hand) + i128::from(place.shortage);
            require(Rule::I1, place.allocated >= 0 && i128::from(place.allocated) <= covered, text)?;
            require(Rule::I1, place.shortage >= 0, text)?;
            require(Rule::I2, place.booked == place.on_hand, text)?;
            require(Rule::I2, place.damaged >= 0 && place.suspect >= 0 && place.quality_hold >= 0, text)?;
            sellable += covered;
            allocated += i128::from(place.allocated);
        }
        let text = || format!("{name}: soft {}, allocated {allocated}, sellable with shortage {sellable}", sku.soft);
        require(Rule::I1, sku.soft >= 0 && i128::from(sku.soft) + allocated <= sellable, text)?;
        let open = i128::from(sku.soft) + allocated;
        let reserved = i128::from(sku.taken) - i128::from(sku.ended);
        require(Rule::I6, reserved == open, || format!("{name}: {reserved} units did not end, {open} are open"))
    }
}

fn count<'a>(
    open: &'a Open,
    held: &mut BTreeMap<(&'a str, &'a str), i128>,
    wanted: &mut BTreeMap<&'a str, (u64, i128)>,
) {
    for line in &open.soft {
        *held.entry((&line.sku, "")).or_default() += i128::from(line.quantity);
    }
    for line in &open.placed {
        *held.entry((&line.sku, &line.warehouse)).or_default() += i128::from(line.quantity);
    }
    for (sku, quantity) in open.waiting.iter().flatten() {
        let sum = wanted.entry(sku).or_default();
        sum.0 += 1;
        sum.1 += i128::from(*quantity);
    }
}

#[cfg(test)]
mod tests;
