//! Reference data, as far as routing looks things up in it.

use super::order::{Money, Terms};
use std::collections::BTreeMap;

/// Everything, by tenant.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub tenants: BTreeMap<String, Tenant>,
}

/// One tenant's reference data; each map is keyed by the entity's id.
#[derive(Clone, Debug, Default)]
pub struct Tenant {
    /// By "channel/shop".
    pub shops: BTreeMap<String, Shop>,
    pub warehouses: BTreeMap<String, Warehouse>,
    pub rule_sets: BTreeMap<String, RuleSet>,
}

#[derive(Clone, Debug, Default)]
pub struct Shop {
    pub terms: Option<Terms>,
    /// How long an unpaid order keeps its soft reservation. 0: for ever.
    pub pay_within: i64,
    pub pool: String,
    pub urgent: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Warehouse {
    pub pool: String,
    /// "Country/Province", "Country" or "*" → a parcel's cost, and whether the warehouse serves it.
    pub parcel_costs: BTreeMap<String, ParcelCost>,
    pub unit_cost: Money,
    pub closed: bool,
}

#[derive(Clone, Debug, Default)]
pub struct ParcelCost {
    pub cost: Money,
    pub served: bool,
}

#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    pub name: String,
    pub version: u32,
    pub rules: Vec<Rule>,
}

/// All conditions that are set must hold.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    pub name: String,
    pub channels: Vec<String>,
    pub regions: Vec<String>,
    pub amount_at_least: Option<Money>,
    pub amount_below: Option<Money>,
    pub skus: Vec<String>,
    pub hold: Option<HoldAction>,
    pub priority: i32,
    pub add_tags: Vec<String>,
    pub warehouse_prices: Vec<WarehousePrice>,
    pub forbid_warehouses: Vec<String>,
    pub terms: Option<Terms>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldAction {
    pub reason: String,
    pub owner_group: String,
    pub deadline_after: i64,
}

/// Surcharge on a parcel from a warehouse, and what must stay there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WarehousePrice {
    pub warehouse: String,
    pub surcharge: Money,
    pub keep_back: i64,
}

impl World {
    pub fn tenant(&self, tenant: &str) -> Option<&Tenant> {
        self.tenants.get(tenant)
    }

    pub fn shop(&self, tenant: &str, channel: &str, shop: &str) -> Option<&Shop> {
        self.tenant(tenant)?.shops.get(&format!("{channel}/{shop}"))
    }

    /// The rule set in force: the one named "default", else the first by name.
    pub fn rule_set(&self, tenant: &str) -> Option<&RuleSet> {
        let sets = &self.tenant(tenant)?.rule_sets;
        sets.get("default").or_else(|| sets.values().next())
    }
}
