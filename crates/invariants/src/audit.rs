//! All that is checked of one partition number: five stages and their inputs, the orders, the pools.

use crate::blocks::Kept;
use crate::catalogue::Id;
use crate::head::Head;
use crate::ids::ByPrint;
use crate::offsets::OffsetSet;
use crate::orders::{Orders, Told};
use crate::pools::{Levels, Pools};
use crate::report::Report;
use crate::stage::Walk;
use crate::{ids, inputs};
use std::collections::{BTreeMap, HashSet};
use weir_pipeline::{Record, TopicPartition};
use weir_proto::allocation::v1::AllocationEvent;
use weir_proto::log::v1::{Meta, stage_fact::Fact};
use weir_proto::notice::v1::{NoticeEvent, notice_event};
use weir_proto::order::v1::{OrderEvent, order_event};
use weir_proto::quarantine::v1::{QuarantineEvent, quarantine_event};
use weir_proto::routing::v1::{RouteEvent, route_event};
use weir_proto::shipment::v1::{ShipmentEvent, shipment_event};
use weir_proto::stock::v1::{StockEvent, stock_event};
use weir_proto::topics::{CATALOGUE, STAGES, Topic};

/// Next input offsets that stages have committed, by the stage's name.
pub type Committed = BTreeMap<(&'static str, TopicPartition), i64>;

/// What is known at the end, beside the records.
pub struct Ending<'a> {
    /// As of before the first fact was read: what lies below must be accounted for.
    pub committed: &'a Committed,
    /// As of after the last fact was read: causes must lie below. The same, where nothing is at work.
    pub committed_after: &'a Committed,
    /// Orders may be under way: what has not come to an end is counted, not reported.
    pub running: bool,
    /// What stock is reserved for, over all partitions.
    pub held: &'a Held,
}

/// The orders that stock is reserved for, by fingerprint.
#[derive(Default)]
pub struct Held(HashSet<u64>);

impl Held {
    /// Collects them once all of `stock` was taken in.
    pub fn of<'a>(audits: impl IntoIterator<Item = &'a Audit>) -> Held {
        Held(audits.into_iter().flat_map(|audit| audit.pools.holding()).collect())
    }
}

/// The checks of one partition number. Takes each topic's records in log order, and among `orders`, `routes`, `allocations`, `shipments`
/// and `notices` no record before its cause: the order in which they were committed is good, and so is [`crate::Merge`].
pub struct Audit {
    partition: i32,
    walks: Vec<Walk>,
    /// What is there of each topic that is an input, by its place in the catalogue.
    present: Vec<Option<OffsetSet>>,
    orders: Orders,
    pools: Pools,
    /// Versions of the pools.
    versions: ByPrint<u32>,
    kept: Kept,
}

impl Audit {
    pub fn new(partition: i32) -> Audit {
        Audit {
            partition,
            walks: STAGES.iter().map(Walk::new).collect(),
            present: CATALOGUE.iter().map(|entry| is_input(entry.topic).then(OffsetSet::default)).collect(),
            orders: Orders::default(),
            pools: Pools::default(),
            versions: ByPrint::default(),
            kept: Kept::default(),
        }
    }

    /// Takes in a committed record of any topic of the catalogue.
    pub fn take(&mut self, record: &Record, report: &mut Report) {
        report.summary.read += 1;
        report.summary.bytes += (record.key.len() + record.value.len()) as u64;
        if let Some(present) = &mut self.present[record.topic as usize] {
            present.insert(record.offset);
            if record.headers.redriven.is_some() {
                self.kept.copies.insert((record.topic, record.offset));
            }
        }
        match record.topic {
            Topic::Orders => {
                let event = self.fact::<OrderEvent>(record, report);
                self.tell(record, event.as_ref().map(Told::Order), report);
            }
            Topic::Routes => {
                let event = self.fact::<RouteEvent>(record, report);
                self.tell(record, event.as_ref().map(Told::Route), report);
            }
            Topic::Shipments => {
                let event = self.fact::<ShipmentEvent>(record, report);
                self.tell(record, event.as_ref().map(Told::Shipment), report);
            }
            Topic::Notices => {
                let event = self.fact::<NoticeEvent>(record, report);
                self.tell(record, event.as_ref().map(Told::Notice), report);
            }
            Topic::Stock => {
                if let Some(event) = self.fact::<StockEvent>(record, report) {
                    self.pools.take(record, &event, report);
                }
            }
            Topic::Allocations => self.allocation(record, report),
            Topic::Quarantine => self.quarantined(record, report),
            _ => {}
        }
    }

    fn tell(&mut self, record: &Record, told: Option<Told<'_>>, report: &mut Report) {
        if let Some(told) = told {
            self.orders.take(record, &told, report);
        }
    }

    /// A record of a fact topic, as its stage would fold it; what is left is an aggregate's.
    fn fact<M: Said>(&mut self, record: &Record, report: &mut Report) -> Option<M::Event> {
        report.summary.records += 1;
        if record.headers.redriven.is_some() {
            return None;
        }
        let whole;
        let (head, fact, event) = match quick::<M>(record) {
            Some(parts) => parts,
            None => {
                let (meta, fact, event) = slow::<M>(record, report)?;
                whole = meta;
                (Head::of(&whole), fact, event)
            }
        };
        report.check(Id::I9, true, String::new);
        let walk = self.walks.iter_mut().find(|walk| walk.entry.facts == record.topic)?;
        walk.step(record, &head, fact.as_ref(), report);
        if fact.is_some() {
            return None;
        }
        self.version(record, &head, report);
        event
    }

    fn version(&mut self, record: &Record, head: &Head<'_>, report: &mut Report) {
        let version = u32::try_from(head.version).unwrap_or(u32::MAX);
        let before = self.orders.version(record.topic, head.key, version).unwrap_or_else(|| {
            let known = self.versions.entry(ids::print(head.key)).or_default();
            std::mem::replace(known, version)
        });
        let expected = u64::from(before) + 1;
        report.check(Id::I5, head.version == expected && head.key == record.key, || {
            format!(
                "{}/{}@{}: {} has version {}, expected {expected}",
                record.topic, record.partition, record.offset, head.key, head.version
            )
        });
    }

    fn allocation(&mut self, record: &Record, report: &mut Report) {
        if record.headers.redriven.is_some() {
            return;
        }
        if let Ok(AllocationEvent { event: Some(event), plan_version, .. }) = record.decode() {
            self.orders.take(record, &Told::Stock(&event, plan_version), report);
        }
    }

    fn quarantined(&mut self, record: &Record, report: &mut Report) {
        let event = record.decode::<QuarantineEvent>().ok().and_then(|event| event.event);
        if let Some(quarantine_event::Event::Quarantined(kept)) = event {
            report.summary.quarantined += 1;
            if let Some(at) = kept.position.filter(|at| at.partition == record.partition) {
                self.kept.quarantined.insert((kept.stage, at.topic, at.offset));
            }
        }
    }

    /// Whether the offsets of all that was taken in are committed. A transaction's facts and its offsets are in different partitions, which
    /// hear of its end one after the other: on a running house the offsets may be a moment late.
    pub fn is_committed(&self, committed: &Committed) -> bool {
        self.walks.iter().all(|walk| inputs::are_committed(walk, self.partition, committed))
    }

    /// What must hold in the end. Says what is where, by the fold.
    pub fn end(self, ending: &Ending<'_>, report: &mut Report) -> Levels {
        for walk in &self.walks {
            inputs::check(walk, self.partition, &self.present, ending, report);
            let next = |input: usize| {
                let at = TopicPartition::new(walk.entry.inputs[input], self.partition);
                ending.committed.get(&(walk.entry.name, at)).copied().unwrap_or(0)
            };
            walk.blocks.end(walk.entry, &next, walk.at, &self.kept, report);
            walk.sum_up(report);
        }
        self.orders.end(ending.running, &|id| ending.held.0.contains(&id), report);
        self.pools.end(report)
    }

    /// How many orders are kept whole, and how many as digests.
    pub fn kept(&self) -> (usize, usize) {
        self.orders.kept()
    }
}

/// A record whose meta can be read where it lies, in front of all else.
fn quick<M: Said>(record: &Record) -> Option<(Head<'_>, Option<Fact>, Option<M::Event>)> {
    let (head, rest) = Head::split(&record.value)?;
    let (meta, fact, event) = M::decode(rest).ok()?.parts();
    meta.is_none().then_some((head, fact, event))
}

/// Any record, as the generated code reads it; what it can't read is a break.
fn slow<M: Said>(record: &Record, report: &mut Report) -> Option<(Meta, Option<Fact>, Option<M::Event>)> {
    let place = || format!("{}/{}@{}", record.topic, record.partition, record.offset);
    let said = match record.decode::<M>() {
        Ok(said) => said,
        Err(fault) => {
            report.check(Id::I9, false, || format!("{}: {}", place(), fault.detail));
            return None;
        }
    };
    let (meta, fact, event) = said.parts();
    if meta.is_none() {
        report.check(Id::I9, false, || format!("{}: the record carries no meta", place()));
    }
    Some((meta?, fact, event))
}

fn is_input(topic: Topic) -> bool {
    STAGES.iter().any(|stage| stage.inputs.contains(&topic))
}

/// A message of a fact topic.
trait Said: prost::Message + Default {
    type Event;

    /// Its meta, the stage's fact if it is one, and else what is said of the aggregate.
    fn parts(self) -> (Option<Meta>, Option<Fact>, Option<Self::Event>);
}

macro_rules! said {
    ($($message:ident, $module:ident);+ $(;)?) => {$(
        impl Said for $message {
            type Event = $module::Event;

            fn parts(self) -> (Option<Meta>, Option<Fact>, Option<$module::Event>) {
                match self.event {
                    Some($module::Event::Stage(stage)) => (self.meta, stage.fact, None),
                    event => (self.meta, None, event),
                }
            }
        }
    )+};
}

said! {
    OrderEvent, order_event;
    RouteEvent, route_event;
    StockEvent, stock_event;
    ShipmentEvent, shipment_event;
    NoticeEvent, notice_event;
}

#[cfg(test)]
mod tests;
