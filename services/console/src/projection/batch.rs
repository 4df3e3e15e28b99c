//! What a batch of records means, before any of it is written.

use crate::domain::{Story, state};
use crate::wire::{Event, ignored_name};
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_pipeline::Record;
use weir_pipeline::projection::postgres::indexed;
use weir_proto::log::v1::stage_fact::Fact;
use weir_proto::topics::Topic;

/// A batch, sorted by what it touches. Orders lie in the order of their ids, so that rows are always locked alike.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    pub timeline: Vec<Entry<'a>>,
    pub touched: BTreeMap<Uuid, Touched>,
    pub counts: BTreeMap<CountKey, i64>,
}

/// A row of the timeline.
#[derive(Debug)]
pub struct Entry<'a> {
    pub record: &'a Record,
    pub order_id: Uuid,
    pub name: &'static str,
}

/// What a batch says of one order.
#[derive(Debug)]
pub struct Touched {
    pub tenant: String,
    pub partition: i32,
    pub updated_at_ms: i64,
    pub events: Vec<Event>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountKey {
    pub tenant: String,
    pub topic: &'static str,
    pub partition: i32,
    pub name: &'static str,
}

/// An order's row as it was before the batch.
#[derive(Clone, Debug)]
pub struct Known {
    pub story: Story,
    pub state: String,
    pub updated_at_ms: i64,
}

/// An order's row as it is to be.
#[derive(Debug)]
pub struct Changed {
    pub order_id: Uuid,
    pub tenant: String,
    pub partition: i32,
    pub story: Story,
    pub state: String,
    pub state_before: Option<String>,
    pub updated_at_ms: i64,
    /// Its identity is to be written: the order is new, or was placed just now.
    pub is_placed_anew: bool,
    /// Not found under these before.
    pub new_skus: Vec<String>,
    pub new_tracking: Vec<String>,
}

impl<'a> Batch<'a> {
    pub fn read(records: &'a [Record]) -> Batch<'a> {
        let mut batch = Batch::default();
        for record in records {
            match Event::decode(record.topic, &record.value) {
                Ok(Some(event)) => batch.take(record, event),
                Ok(None) => {}
                // Facts are written by our own stages: this is a bug somewhere, and the rest of the batch is not to blame.
                Err(error) => {
                    let (topic, partition, offset) = (record.topic.name(), record.partition, record.offset);
                    tracing::error!(topic, partition, offset, error = %error, "fact can not be decoded");
                    batch.count(record, "", "undecodable", 1);
                }
            }
        }
        batch
    }

    fn take(&mut self, record: &'a Record, event: Event) {
        let name = event.name();
        let (tenant, at_ms) = match event.meta() {
            Some(meta) => (indexed(&meta.tenant).into_owned(), meta.at_ms),
            None => Default::default(),
        };
        match event.stage_fact().and_then(|fact| fact.fact.as_ref()) {
            Some(Fact::Ignored(ignored)) => {
                for input in &ignored.inputs {
                    self.count(record, &tenant, ignored_name(input.reason()), 1);
                }
            }
            _ => self.count(record, &tenant, name, 1),
        }
        // What a stage says of a partition, and what was quarantined under no order's key, is counted only.
        let Ok(order_id) = Uuid::try_parse(&record.key) else {
            return;
        };
        self.timeline.push(Entry { record, order_id, name });
        // Notices and quarantine say nothing of how an order stands; a stage's answer to a command makes no order.
        let silent = matches!(record.topic, Topic::Notices | Topic::Quarantine) || event.stage_fact().is_some();
        if !silent {
            let partition = record.partition;
            let touched = self.touched.entry(order_id).or_insert_with(|| Touched {
                tenant,
                partition,
                updated_at_ms: 0,
                events: Vec::new(),
            });
            touched.updated_at_ms = touched.updated_at_ms.max(at_ms);
            touched.events.push(event);
        }
    }

    fn count(&mut self, record: &Record, tenant: &str, name: &'static str, by: i64) {
        let key = CountKey { tenant: tenant.to_owned(), topic: record.topic.name(), partition: record.partition, name };
        *self.counts.entry(key).or_default() += by;
    }

    /// The rows after the batch.
    pub fn fold(&self, before: &BTreeMap<Uuid, Known>) -> Vec<Changed> {
        self.touched.iter().map(|(order_id, touched)| touched.fold(*order_id, before.get(order_id))).collect()
    }
}

impl Touched {
    fn fold(&self, order_id: Uuid, before: Option<&Known>) -> Changed {
        let mut story = before.map(|known| known.story.clone()).unwrap_or_default();
        let was_placed = before.map(|known| known.story.placed.placed);
        let mut skus = Found::after(story.placed.skus());
        let mut tracking = Found::after(story.work.tracking_numbers());
        for event in &self.events {
            event.tell(&mut story);
            skus.see(story.placed.skus());
            tracking.see(story.work.tracking_numbers());
        }
        Changed {
            order_id,
            tenant: self.tenant.clone(),
            partition: self.partition,
            state: state(&story).to_string(),
            state_before: before.map(|known| known.state.clone()),
            updated_at_ms: self.updated_at_ms.max(before.map_or(0, |known| known.updated_at_ms)),
            is_placed_anew: was_placed != Some(story.placed.placed),
            new_skus: skus.new,
            new_tracking: tracking.new,
            story,
        }
    }
}

/// What an order is found by, looked at after each event: what came and went within a batch is found like what came and went in two.
struct Found {
    known: Vec<String>,
    new: Vec<String>,
}

impl Found {
    fn after(known: Vec<String>) -> Found {
        Found { known, new: Vec::new() }
    }

    fn see(&mut self, now: Vec<String>) {
        for item in now {
            if !self.known.contains(&item) && !self.new.contains(&item) {
                self.new.push(item);
            }
        }
    }
}
