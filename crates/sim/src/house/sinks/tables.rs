//! Postgres, as far as a projector knows it: rows and offsets that move together or not at all.

use super::{Fate, Service, Shared, unanswered};
use crate::SimLog;
use crate::broker::Digest;
use std::collections::BTreeMap;
use std::time::Duration;
use weir_decider::plant::planted;
use weir_inventory::projection::{deltas, fact_of};
use weir_pipeline::log::Offsets;
use weir_pipeline::projection::StoreFault;
use weir_pipeline::projection::postgres::{Applied, Move, Rows};
use weir_pipeline::{Log as _, Record, TopicPartition};

/// The whole of it: each projection's tables.
pub struct Postgres {
    pub service: Service,
    pub tables: BTreeMap<&'static str, Tables>,
}

/// What one projection has written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    pub offsets: Offsets,
    /// Of each partition, a digest of every record in the order in which it came.
    pub digests: BTreeMap<TopicPartition, u64>,
    /// By (pool, SKU, warehouse): on hand, and held.
    pub levels: BTreeMap<(String, String, String), (i64, i64)>,
}

impl Postgres {
    pub fn new(seed: u64) -> Postgres {
        Postgres { service: Service::new("postgres", seed ^ 0x7067), tables: BTreeMap::new() }
    }

    /// A projection is dropped, to be made anew from the log. Says whether there was anything.
    pub fn drop_tables(&mut self, name: &str) -> bool {
        let dropped = self.tables.get_mut(name).map(std::mem::take);
        dropped.is_some_and(|tables| !tables.digests.is_empty())
    }
}

impl Tables {
    /// Takes in a record, as the fold of the log does.
    pub fn take(&mut self, record: &Record, with_levels: bool) {
        let known = self.digests.entry(record.topic_partition()).or_insert(0);
        let mut digest = Digest::new(*known);
        digest.bytes(record.key.as_bytes());
        digest.number(record.offset.cast_unsigned());
        digest.bytes(&record.value);
        *known = digest.sum();
        let Ok(Some(fact)) = (if with_levels { fact_of(record) } else { Ok(None) }) else { return };
        for delta in deltas(&fact) {
            let place = (record.key.clone(), delta.sku, delta.warehouse);
            let level = self.levels.entry(place).or_insert((0, 0));
            (level.0, level.1) = (level.0 + delta.on_hand, level.1 + delta.held);
        }
    }
}

/// One projector's connection.
pub struct Table {
    pub name: &'static str,
    pub with_levels: bool,
    pub postgres: Shared<Postgres>,
    pub log: SimLog,
}

impl Rows for Table {
    fn offsets(&mut self, partitions: &[TopicPartition]) -> Result<Offsets, StoreFault> {
        self.log.sleep(Duration::from_millis(1));
        let mut postgres = self.postgres.lock();
        if postgres.service.fate(self.name) == Fate::NotDone {
            return Err(unanswered());
        }
        let tables = postgres.tables.entry(self.name).or_default();
        Ok(partitions.iter().map(|at| (*at, *tables.offsets.entry(*at).or_insert(0))).collect())
    }

    fn apply(&mut self, batch: &[Record], moves: &[Move]) -> Result<Applied, StoreFault> {
        self.log.sleep(Duration::from_millis(2));
        let mut postgres = self.postgres.lock();
        let fate = postgres.service.fate(self.name);
        if fate == Fate::NotDone {
            return Err(unanswered());
        }
        let tables = postgres.tables.entry(self.name).or_default();
        if moves.iter().any(|to| tables.offsets.get(&to.at) != Some(&to.expected)) {
            return Ok(Applied::Moved);
        }
        batch.iter().for_each(|record| tables.take(record, self.with_levels));
        if !planted("projection-offset-apart") || fate == Fate::Done {
            tables.offsets.extend(moves.iter().map(|to| (to.at, to.next)));
        }
        if fate == Fate::DoneUnsaid { Err(postgres.service.unsaid(self.name)) } else { Ok(Applied::Done) }
    }
}
