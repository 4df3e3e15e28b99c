//! Folds the reference topic into what routing looks things up in.

use super::demand::{money, terms};
use crate::domain::World;
use crate::domain::world::{HoldAction, ParcelCost, Rule, RuleSet, Shop, Tenant, Warehouse, WarehousePrice};
use weir_proto::reference::v1::{self as pb, reference_event::Entity};

/// The key is "tenant/kind/id". Kinds that routing does not ask about are passed over.
pub(super) fn learn(world: &mut World, key: &str, event: Option<pb::ReferenceEvent>) {
    let mut parts = key.splitn(3, '/');
    let (Some(tenant), Some(kind), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return;
    };
    let Some(event) = event else {
        if let Some(tenant) = world.tenants.get_mut(tenant) {
            forget(tenant, kind, id);
        }
        return;
    };
    let tenant = world.tenants.entry(tenant.to_owned()).or_default();
    match event.entity {
        Some(Entity::Shop(of)) => drop(tenant.shops.insert(id.to_owned(), shop(&of))),
        Some(Entity::Warehouse(of)) => drop(tenant.warehouses.insert(id.to_owned(), warehouse(of))),
        Some(Entity::RuleSet(of)) => drop(tenant.rule_sets.insert(id.to_owned(), rule_set(event.version, of))),
        Some(Entity::Sku(_) | Entity::Endpoint(_)) | None => {}
    }
}

fn forget(tenant: &mut Tenant, kind: &str, id: &str) {
    match kind {
        "shop" => drop(tenant.shops.remove(id)),
        "warehouse" => drop(tenant.warehouses.remove(id)),
        "rule_set" | "rule-set" | "rules" => drop(tenant.rule_sets.remove(id)),
        _ => {}
    }
}

fn shop(of: &pb::Shop) -> Shop {
    Shop { terms: terms(of.terms()), pay_within: of.pay_within_ms, pool: of.pool.clone(), urgent: of.urgent }
}

fn warehouse(of: pb::Warehouse) -> Warehouse {
    let cost = |of: pb::RegionCost| (of.region, ParcelCost { cost: money(of.cost), served: of.served });
    Warehouse {
        pool: of.pool,
        parcel_costs: of.parcel_costs.into_iter().map(cost).collect(),
        unit_cost: money(of.unit_cost),
        closed: of.closed,
    }
}

fn rule_set(version: u32, of: pb::RuleSet) -> RuleSet {
    let version = if of.version > 0 { of.version } else { version };
    RuleSet { name: of.name, version, rules: of.rules.into_iter().map(rule).collect() }
}

fn rule(of: pb::Rule) -> Rule {
    let terms = terms(of.terms());
    let hold = |of: pb::HoldAction| HoldAction {
        reason: of.reason,
        owner_group: of.owner_group,
        deadline_after: of.deadline_after_ms,
    };
    let price = |of: pb::WarehousePrice| WarehousePrice {
        warehouse: of.warehouse,
        surcharge: money(of.surcharge),
        keep_back: of.keep_back,
    };
    Rule {
        name: of.name,
        channels: of.channels,
        regions: of.regions,
        amount_at_least: of.amount_at_least.map(|of| money(Some(of))),
        amount_below: of.amount_below.map(|of| money(Some(of))),
        skus: of.skus,
        hold: of.hold.map(hold),
        priority: of.priority,
        add_tags: of.add_tags,
        warehouse_prices: of.warehouse_prices.into_iter().map(price).collect(),
        forbid_warehouses: of.forbid_warehouses,
        terms,
    }
}
