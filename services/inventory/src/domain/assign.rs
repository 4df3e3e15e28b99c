//! The cheapest feasible assignment of an order's units to at most five warehouses, exactly: every subset is tried, and
//! within a subset the units of each SKU go to the cheapest warehouse first, which is best because SKUs don't compete.

use super::demand::{Candidate, Demand, Line, Placed, Split, by_sku, uncovered};
use super::draft::Draft;
use super::ledger::Sku;
use std::collections::BTreeMap;
use weir_decider::plant::planted;

/// What an order gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub lines: Vec<Placed>,
    /// Of the new units and the new parcels.
    pub cost: i64,
    /// Not covered; empty where the order ships complete.
    pub missing: Vec<Line>,
}

/// One SKU's side of the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub quantity: i64,
    /// Free over the pool: what is softly reserved for others is not.
    pub free: i64,
    /// Free at each candidate, beyond what must remain there.
    pub supply: Vec<i64>,
}

/// The best answer to a problem: units of each need at each candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub units: i64,
    pub cost: i128,
    pub taken: Vec<Vec<i64>>,
}

/// Assigns lines on the stock as the draft has it. `used` are warehouses whose parcel is paid already.
/// `None`: nothing that the policy allows.
pub fn cheapest(draft: &Draft<'_>, demand: &Demand, lines: &[Line], used: &[&str]) -> Option<Assignment> {
    let wanted = by_sku(lines);
    let needs: Vec<Need> = wanted.iter().map(|(sku, quantity)| need(draft, demand, sku, *quantity)).collect();
    let total = wanted.values().fold(0_i64, |sum, quantity| sum.saturating_add(*quantity));
    let answer = solve(&needs, &demand.candidates, demand.parcels_max, used)?;
    if answer.units == 0 || (answer.units < total && demand.split == Split::ShipComplete) {
        return None;
    }
    let cost = i64::try_from(answer.cost).ok()?;
    let skus: Vec<&str> = wanted.into_keys().collect();
    let (placed, missing) = spread(lines, &skus, answer.taken, &demand.candidates);
    Some(Assignment { lines: placed, cost, missing })
}

/// What keeps an order waiting: units that no candidate has; all of it where they are only too far apart.
pub fn lacking(draft: &Draft<'_>, demand: &Demand, lines: &[Line]) -> Vec<Line> {
    let available = by_sku(lines).into_iter().map(|(sku, quantity)| {
        let need = need(draft, demand, sku, quantity);
        let supply = need.supply.iter().fold(0_i64, |sum, units| sum.saturating_add(*units));
        (sku, supply.min(need.free))
    });
    let missing = uncovered(lines, available.collect());
    if missing.is_empty() { lines.to_vec() } else { missing }
}

/// One list of two, each line once at each warehouse.
pub fn merge(mut kept: Vec<Placed>, new: Vec<Placed>) -> Vec<Placed> {
    for placed in new {
        let same = kept.iter_mut().find(|own| own.same_place(&placed));
        match same {
            Some(same) => same.quantity = same.quantity.saturating_add(placed.quantity),
            None => kept.push(placed),
        }
    }
    kept
}

fn need(draft: &Draft<'_>, demand: &Demand, sku: &str, quantity: i64) -> Need {
    let entry = draft.sku(sku);
    let supply = demand.candidates.iter().map(|candidate| {
        let place = entry.map(|entry| entry.place(&candidate.warehouse)).unwrap_or_default();
        place.free().saturating_sub(candidate.keep_back).max(0)
    });
    Need { quantity, free: entry.map_or(0, Sku::free).max(0), supply: supply.collect() }
}

/// The most units, then the least cost, then the fewest parcels, then the first in the candidates' order.
pub fn solve(needs: &[Need], candidates: &[Candidate], parcels_max: u32, used: &[&str]) -> Option<Answer> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|i| (candidates.get(*i).map(|c| c.unit_cost), *i));
    let paid: Vec<bool> = candidates.iter().map(|c| used.contains(&c.warehouse.as_str())).collect();
    let mut known: Vec<&str> = used.to_vec();
    known.sort_unstable();
    known.dedup();
    let mut best: Option<(u32, Answer)> = None;
    for mask in 0..(1_u32 << candidates.len().min(super::demand::CANDIDATES_MAX)) {
        let inside = |i: usize| mask & (1 << i) != 0;
        let new = (0..candidates.len()).filter(|i| inside(*i) && !paid.get(*i).copied().unwrap_or(false));
        let parcels = known.len().saturating_add(new.clone().count());
        if parcels_max > 0 && parcels > parcels_max as usize {
            continue;
        }
        let parcel_costs = new.filter_map(|i| candidates.get(i)).map(|c| i128::from(c.parcel_cost)).sum();
        let chosen: Vec<usize> = order.iter().copied().filter(|i| inside(*i)).collect();
        let answer = fill(needs, candidates, &chosen, parcel_costs);
        let better = best.as_ref().is_none_or(|(count, old)| {
            let key = |units: i64, cost: i128, count: u32| (std::cmp::Reverse(units), cost, count);
            key(answer.units, answer.cost, mask.count_ones()) < key(old.units, old.cost, *count)
        });
        if better {
            best = Some((mask.count_ones(), answer));
        }
    }
    best.map(|(_, answer)| answer)
}

/// Fills the needs from the chosen warehouses, which are in the order of their unit costs.
fn fill(needs: &[Need], candidates: &[Candidate], chosen: &[usize], parcel_costs: i128) -> Answer {
    let mut answer = Answer { units: 0, cost: parcel_costs, taken: Vec::with_capacity(needs.len()) };
    for need in needs {
        let mut taken = vec![0_i64; candidates.len()];
        let mut left = need.quantity.min(need.free).max(0);
        for i in chosen {
            let (Some(supply), Some(slot), Some(candidate)) =
                (need.supply.get(*i), taken.get_mut(*i), candidates.get(*i))
            else {
                continue;
            };
            let units = left.min(*supply);
            *slot = units;
            left = left.saturating_sub(units);
            answer.units = answer.units.saturating_add(units);
            answer.cost = answer.cost.saturating_add(i128::from(units) * i128::from(candidate.unit_cost));
        }
        answer.taken.push(taken);
    }
    answer
}

/// Hands the units of each SKU to its lines, in the order of the lines.
fn spread(
    lines: &[Line],
    skus: &[&str],
    mut taken: Vec<Vec<i64>>,
    candidates: &[Candidate],
) -> (Vec<Placed>, Vec<Line>) {
    let places: BTreeMap<&str, usize> = skus.iter().enumerate().map(|(i, sku)| (*sku, i)).collect();
    let (mut placed, mut missing) = (Vec::new(), Vec::new());
    for line in lines {
        let mut left = line.quantity;
        let units = places.get(line.sku.as_str()).and_then(|i| taken.get_mut(*i));
        for (slot, candidate) in units.into_iter().flatten().zip(candidates) {
            let quantity = left.min(*slot);
            if quantity > 0 {
                if !planted("lines-checked-alone") {
                    *slot = slot.saturating_sub(quantity);
                }
                left = left.saturating_sub(quantity);
                let (line, sku, warehouse) = (line.line.clone(), line.sku.clone(), candidate.warehouse.clone());
                placed.push(Placed { line, sku, warehouse, quantity });
            }
        }
        if left > 0 {
            missing.push(Line { quantity: left, ..line.clone() });
        }
    }
    (placed, missing)
}
