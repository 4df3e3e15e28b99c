//! The view of `shipments`: the pick lists and how far each has come.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// By pick list id.
    pub lists: BTreeMap<String, PickList>,
    pub on_hold: Option<String>,
    pub cancelled: Option<String>,
    /// What it waits for too long, until that comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Stuck>,
}

/// Another stage that has been silent for too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// "inventory" or "routing".
    pub waits_for: String,
    /// The silent ones, of inventory.
    pub pools: Vec<String>,
    pub since_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickList {
    pub plan: u32,
    pub warehouse: String,
    pub lines: Vec<String>,
    pub stage: Stage,
    /// When it reached this stage.
    pub since_ms: i64,
    pub tracking_number: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    Issued,
    Picked,
    Packed,
    Shipped,
    Delivered,
}

impl Work {
    pub fn issued(&mut self, id: &str, list: PickList) {
        self.lists.entry(id.to_owned()).or_insert(list);
    }

    pub fn moved(&mut self, id: &str, stage: Stage, at_ms: i64) {
        if let Some(list) = self.lists.get_mut(id) {
            list.stage = stage;
            list.since_ms = at_ms;
        }
    }

    pub fn shipped(&mut self, id: &str, tracking_number: &str, at_ms: i64) {
        self.moved(id, Stage::Shipped, at_ms);
        if let Some(list) = self.lists.get_mut(id) {
            list.tracking_number = tracking_number.to_owned();
        }
    }

    /// What a carrier's scan says; only "delivered" moves a parcel on.
    pub fn scanned(&mut self, tracking_number: &str, kind: &str, at_ms: i64) {
        if kind != "delivered" {
            return;
        }
        let parcels = self.lists.values_mut();
        for list in parcels.filter(|list| list.stage == Stage::Shipped && list.tracking_number == tracking_number) {
            list.stage = Stage::Delivered;
            list.since_ms = at_ms;
        }
    }

    /// The work under a plan has ended; what has left the house stays told.
    pub fn stopped(&mut self, plan: u32) {
        self.lists.retain(|_, list| list.plan != plan || list.stage >= Stage::Shipped);
    }

    /// A pool has spoken; the others may still be silent. Routing is heard by the plan that it makes.
    pub fn heard(&mut self, pool: &str) {
        let Some(stuck) = &mut self.stuck else {
            return;
        };
        let pools = stuck.pools.len();
        stuck.pools.retain(|silent| silent != pool);
        if pools > 0 && stuck.pools.is_empty() {
            self.stuck = None;
        }
    }

    /// How far a line has come; of several lists, the one that is furthest behind.
    pub fn stage_of(&self, line_id: &str) -> Option<Stage> {
        let holding = self.lists.values().filter(|list| list.lines.iter().any(|line| line == line_id));
        holding.map(|list| list.stage).min()
    }

    pub fn tracking_numbers(&self) -> Vec<String> {
        let numbers = self.lists.values().map(|list| list.tracking_number.clone());
        numbers.filter(|number| !number.is_empty()).collect()
    }
}
