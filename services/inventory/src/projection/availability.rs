//! Counters in Redis, for the stock that can still be promised: a hash for each SKU of a pool, "tenant/pool/sku", with the
//! fields `soft`, `<warehouse>:on_hand` and `<warehouse>:allocated`.

use super::{deltas, fact_of};
use std::collections::{BTreeMap, HashMap};
use weir_pipeline::Record;
use weir_pipeline::projection::{Change, Counters};
use weir_proto::inventory::v1::{SkuAvailability, WarehouseAvailability};
use weir_proto::topics::Topic;

/// Name of the counters in Redis.
pub const NAME: &str = "inventory.availability";

/// The counters "inventory.availability".
#[derive(Clone, Copy, Debug, Default)]
pub struct Availability;

/// The hash of a SKU in the pool of that key.
pub fn hash(pool_key: &str, sku: &str) -> String {
    format!("{pool_key}/{sku}")
}

impl Counters for Availability {
    fn name(&self) -> &'static str {
        NAME
    }

    fn topic(&self) -> Topic {
        Topic::Stock
    }

    fn changes(&mut self, record: &Record, changes: &mut Vec<Change>) {
        let fact = match fact_of(record) {
            Ok(Some(fact)) => fact,
            Ok(None) => return,
            Err(fault) => {
                let (partition, offset, reason) = (record.partition, record.offset, fault.reason);
                tracing::error!(partition, offset, reason, field = fault.field, "stock fact not readable");
                return;
            }
        };
        for delta in deltas(&fact) {
            let hash = hash(&record.key, &delta.sku);
            let mut change = |field: String, by: i64| {
                if by != 0 {
                    changes.push(Change { hash: hash.clone(), field, by });
                }
            };
            if delta.warehouse.is_empty() {
                change("soft".to_owned(), delta.held);
            } else {
                change(format!("{}:on_hand", delta.warehouse), delta.on_hand);
                change(format!("{}:allocated", delta.warehouse), delta.held);
            }
        }
    }
}

/// The answer for a SKU from its counters. A SKU that nothing was counted of has nothing to promise.
pub fn answer(sku: &str, fields: &HashMap<String, i64>) -> SkuAvailability {
    let mut places: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for (field, units) in fields {
        match field.rsplit_once(':') {
            Some((warehouse, "on_hand")) => places.entry(warehouse).or_default().0 = *units,
            Some((warehouse, "allocated")) => places.entry(warehouse).or_default().1 = *units,
            _ => {}
        }
    }
    let place = |(warehouse, (on_hand, allocated)): (&str, (i64, i64))| WarehouseAvailability {
        warehouse: warehouse.to_owned(),
        on_hand,
        allocated,
        to_promise: on_hand.saturating_sub(allocated).max(0),
    };
    let warehouses: Vec<WarehouseAvailability> = places.into_iter().map(place).collect();
    let free = warehouses.iter().fold(0_i64, |sum, place| sum.saturating_add(place.to_promise));
    let soft = fields.get("soft").copied().unwrap_or(0);
    SkuAvailability { sku: sku.to_owned(), unknown: false, to_promise: free.saturating_sub(soft).max(0), warehouses }
}

/// The answer where the counters are not whole.
pub fn unknown(sku: &str) -> SkuAvailability {
    SkuAvailability { sku: sku.to_owned(), unknown: true, ..SkuAvailability::default() }
}
