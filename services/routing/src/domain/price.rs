//! Routing prices, inventory chooses: what a parcel from each warehouse costs, and why a warehouse is no candidate.

use super::order::{Money, Order};
use super::plan::{Candidate, Pricing, Split};
use super::rules::Judgement;
use super::world::{ParcelCost, Warehouse, World};

/// What an urgent order has ahead of the others.
const URGENT: i32 = 100;
/// As many as inventory chooses among exactly.
const CANDIDATES_MAX: usize = 5;
/// More parcels than this are no better than waiting.
const PARCELS_MAX: u32 = 5;

/// Prices every warehouse of the order's pools. The notes name those that were left out, and why.
pub fn price(world: &World, order: &Order, judgement: &Judgement, excluded: &[String]) -> (Pricing, Vec<String>) {
    let mut notes = Vec::new();
    let mut candidates = Vec::new();
    let warehouses = world.tenant(&order.tenant).map(|tenant| &tenant.warehouses);
    for (name, warehouse) in warehouses.into_iter().flatten() {
        if !order.lines.iter().any(|line| line.pool == warehouse.pool) {
            continue;
        }
        match candidate(name, warehouse, order, judgement, excluded) {
            Ok(candidate) => candidates.push(candidate),
            Err(why) => notes.push(format!("warehouse {name} left out: {why}")),
        }
    }
    keep_one_currency(&mut candidates, &order.payable.currency, &mut notes);
    keep_cheapest(&mut candidates, &mut notes);
    let urgent = if order.urgent { URGENT } else { 0 };
    let split = if order.partial_allowed { Split::ShipAvailable } else { Split::ShipComplete };
    let priority = judgement.priority.saturating_add(urgent);
    (Pricing { candidates, split, parcels_max: PARCELS_MAX, priority }, notes)
}

/// Amounts of two currencies can't be compared, and inventory takes no such choice: what remains is the order's own currency, or
/// the first that comes where nothing is in it. An amount of nothing is in any.
fn keep_one_currency(candidates: &mut Vec<Candidate>, wanted: &str, notes: &mut Vec<String>) {
    let mut currencies = candidates.iter().filter_map(own_currency).peekable();
    let first = currencies.peek().map_or(wanted, |first| first);
    let currency = if currencies.clone().any(|own| own == wanted) { wanted } else { first }.to_owned();
    candidates.retain_mut(|candidate| {
        let fits = costs(candidate).iter().all(|cost| cost.minor == 0 || cost.currency == currency);
        if fits {
            candidate.parcel_cost.currency.clone_from(&currency);
            candidate.unit_cost.currency.clone_from(&currency);
        } else {
            notes.push(format!("warehouse {} left out: its costs are not all in {currency}", candidate.warehouse));
        }
        fits
    });
}

/// The currency of its costs; `None` where all is free, or where they are in two.
fn own_currency(candidate: &Candidate) -> Option<&str> {
    let mut named = costs(candidate).into_iter().filter(|cost| cost.minor != 0).map(|cost| cost.currency.as_str());
    let first = named.next()?;
    named.all(|other| other == first).then_some(first)
}

fn costs(candidate: &Candidate) -> [&Money; 2] {
    [&candidate.parcel_cost, &candidate.unit_cost]
}

/// Inventory chooses exactly among a few: the dearest parcels are left out by name. Candidates stay in the order of their names.
fn keep_cheapest(candidates: &mut Vec<Candidate>, notes: &mut Vec<String>) {
    while candidates.len() > CANDIDATES_MAX {
        let dearest = candidates.iter().enumerate().max_by_key(|(_, c)| c.parcel_cost.minor).map(|(place, _)| place);
        let Some(place) = dearest else { return };
        let left_out = candidates.remove(place);
        notes.push(format!("warehouse {} left out: {CANDIDATES_MAX} others are cheaper", left_out.warehouse));
    }
}

fn candidate(
    name: &str,
    warehouse: &Warehouse,
    order: &Order,
    judgement: &Judgement,
    excluded: &[String],
) -> Result<Candidate, String> {
    if warehouse.closed {
        return Err("closed".to_owned());
    }
    if excluded.iter().any(|other| other == name) {
        return Err("excluded by an earlier plan".to_owned());
    }
    if let Some((_, rule)) = judgement.forbidden.iter().find(|(other, _)| other == name) {
        return Err(format!("forbidden by rule {rule}"));
    }
    let region = &order.region;
    let parcel = parcel_cost(warehouse, &region.country, &region.province)
        .ok_or_else(|| format!("does not serve {}/{}", region.country, region.province))?;
    let mut parcel_cost = parcel.cost.clone();
    let mut keep_back = 0;
    for price in judgement.prices.iter().filter(|price| price.warehouse == name) {
        if price.surcharge.currency == parcel_cost.currency {
            parcel_cost.minor = parcel_cost.minor.saturating_add(price.surcharge.minor);
        }
        keep_back = keep_back.max(price.keep_back);
    }
    // A rebate makes a parcel free at most.
    parcel_cost.minor = parcel_cost.minor.max(0);
    let unit_cost: Money = warehouse.unit_cost.clone();
    Ok(Candidate { warehouse: name.to_owned(), parcel_cost, unit_cost, keep_back })
}

/// The nearest entry decides: the province, else the country, else the rest.
fn parcel_cost<'a>(warehouse: &'a Warehouse, country: &str, province: &str) -> Option<&'a ParcelCost> {
    let costs = &warehouse.parcel_costs;
    let nearest = costs.get(&format!("{country}/{province}"));
    let nearest = nearest.or_else(|| costs.get(country)).or_else(|| costs.get("*"));
    nearest.filter(|cost| cost.served)
}
