//! Goods that come in, and counts that find another number than the books.

use super::Workload;
use super::action::{Action, Says, What};
use super::catalogue::TENANT;
use super::command::{self, Head};
use super::script::Due;
use std::time::Duration;
use weir_proto::ids::pool_key;
use weir_proto::stock::v1::{Adjust, Receive};

impl Workload {
    /// What lies there when the first order comes, and what comes and goes while orders do.
    pub(super) fn stock_up(&mut self) {
        let (pools, warehouses) = (self.catalogue.pools.len(), self.catalogue.warehouses[0].len());
        for pool in 0..pools {
            for item in 0..self.catalogue.items.len() {
                let demand = self.catalogue.demand(&self.shape, item);
                let is_hot = self.catalogue.is_hot(item);
                let percent = if is_hot { self.shape.hot_stock_percent } else { self.shape.stock_percent };
                let units = demand * percent / 100 + 1;
                for warehouse in 0..warehouses {
                    let share = units / warehouses as u64 + u64::from((warehouse as u64) < units % warehouses as u64);
                    if share > 0 {
                        self.plan(Duration::ZERO, Due::Receive { pool, warehouse, item, quantity: share as i64 });
                    }
                }
            }
        }
        let run_ms = u64::from(self.shape.orders) * 1_000 / self.shape.orders_per_second.max(1) + 5_000;
        let of_run = |per_thousand: u64| (u64::from(self.shape.orders) * per_thousand).div_ceil(1_000);
        let (receipts, counts) = (of_run(self.shape.receipts_per_thousand), of_run(self.shape.counts_per_thousand));
        for number in 0..receipts + counts {
            let at = self.shape.opens + self.draw.length((0, run_ms));
            let (pool, warehouse) = (self.draw.index(pools), self.draw.index(warehouses));
            let item = self.catalogue.drawn(&mut self.draw, self.shape.hot);
            let due = if number < receipts {
                Due::Receive { pool, warehouse, item, quantity: self.draw.within(1, 40) as i64 }
            } else {
                let found = self.draw.within(0, 8) as i64 - 5;
                Due::Count { pool, warehouse, item, delta: if found == 0 { -1 } else { found } }
            };
            self.plan(at, due);
        }
    }

    pub(super) fn receipt(&mut self, pool: usize, warehouse: usize, item: usize, quantity: i64, now_ms: i64) -> Action {
        let id = self.command_id(now_ms);
        let head = Head { id, actor: "dock", role: "receiver", now_ms, seen_version: 0 };
        let receive = Receive {
            sku: self.catalogue.items[item].sku.clone(),
            warehouse: self.catalogue.warehouses[pool][warehouse].clone(),
            quantity,
            document: "goods-in".to_owned(),
        };
        let command = command::receive(&pool_key(TENANT, &self.catalogue.pools[pool]), head, &receive);
        self.commanded(What::Receipt, Says::NOTHING, None, command, false)
    }

    pub(super) fn count(&mut self, pool: usize, warehouse: usize, item: usize, delta: i64, now_ms: i64) -> Action {
        let id = self.command_id(now_ms);
        let head = Head { id, actor: "counter", role: "stock", now_ms, seen_version: 0 };
        let adjust = Adjust {
            sku: self.catalogue.items[item].sku.clone(),
            warehouse: self.catalogue.warehouses[pool][warehouse].clone(),
            delta,
            reason: "count".to_owned(),
            document: "count".to_owned(),
        };
        let command = command::adjust(&pool_key(TENANT, &self.catalogue.pools[pool]), head, &adjust);
        self.commanded(What::Count, Says::NOTHING, None, command, false)
    }
}
