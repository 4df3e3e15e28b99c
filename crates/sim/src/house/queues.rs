//! The queue's promise (I4): at rest, no order waits for what is there.

use super::House;
use super::checks::may_be;
use super::kept::Kept;
use super::tail::Records;
use std::collections::{BTreeMap, BTreeSet};
use weir_decider::Millis;
use weir_inventory::domain::draft::Draft;
use weir_inventory::domain::{Fact, Pool, Split, assign};
use weir_inventory::projection::fact_of;
use weir_inventory::wire::Stage;
use weir_pipeline::Record;
use weir_pipeline::stage::Partition;
use weir_proto::topics::Topic;

const QUEUED: [&str; 1] = ["weir.stock.v1.Queued"];

impl House {
    /// `pools`: the folds of each partition of the facts.
    pub(super) fn check_queues(&mut self, pools: &[Partition<Kept<Stage>>], records: &Records) {
        let mut forgotten = Vec::new();
        for fold in pools {
            let mut queued: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            // What does not fold ends it, and is told by the fold's own check.
            let folded = |record: &&Record| record.offset < fold.next_fact() && may_be(record, &QUEUED);
            for record in records.at(Topic::Stock, fold.number).iter().filter(folded) {
                if let Ok(Some(Fact::Queued { demand, .. })) = fact_of(record) {
                    queued.entry(record.key.clone()).or_default().insert(demand.order);
                }
            }
            for (key, pool) in fold.states() {
                let orders = queued.remove(key).unwrap_or_default();
                forgotten.extend(orders.into_iter().filter(|order| could_be_served(pool, order)));
            }
        }
        for order in forgotten {
            self.breach("I4", &order, "it waits for stock that is there");
        }
    }
}

/// Whether an order that waits would get something if it were asked now, as the queue asks it.
fn could_be_served(pool: &Pool, order: &str) -> bool {
    let Some(open) = pool.order(order).and_then(|order| order.open.as_deref()) else { return false };
    let Some(demand) = open.demand.as_ref().filter(|_| open.issued.is_empty()) else { return false };
    let remaining = open.remaining();
    if remaining.is_empty() {
        return false;
    }
    let used: Vec<&str> = open.placed.iter().map(|placed| placed.warehouse.as_str()).collect();
    let assigned = assign::cheapest(&Draft::new(pool, Millis(0)), demand, &remaining, &used);
    assigned.is_some_and(|assigned| assigned.missing.is_empty() || demand.split == Split::ShipAvailable)
}
