//! Writes reference data: init, read to the end, compare versions, write, commit (STAGE.md §6).

use super::{event, read_to_end};
use crate::log::{Pace, Stamp, Transactional as _};
use crate::{Log, LogError, Outgoing};
use prost::Message as _;
use std::cell::RefCell;
use std::collections::HashMap;
use weir_proto::ids;
use weir_proto::log::v1::Meta;
use weir_proto::reference::v1::{ReferenceEvent, reference_event::Entity};
use weir_proto::topics::Topic;

/// Entities in one transaction: small enough to be done well before the broker's time-out.
const BATCH: usize = 500;

/// What a publication did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    pub written: usize,
    /// Already there, as they are.
    pub unchanged: usize,
}

/// The newest entry of each key.
pub type Known = HashMap<String, ReferenceEvent>;

/// The one writer of the reference topic at a time: a newer one fences it.
pub struct Publisher<L: Log> {
    log: L,
}

impl<L: Log> Publisher<L> {
    pub fn new(log: L) -> Publisher<L> {
        Publisher { log }
    }

    /// Writes what differs from what is there, as version + 1, to `reference` and to `reference-history`. Keys are
    /// "tenant/kind/id". The entity, and `meta.actor`, are the caller's; version and the rest of `meta` are filled in.
    ///
    /// # Errors
    /// Where the log fails, or another publisher came in between. Asking again is safe: what was written is unchanged then.
    pub fn publish(&mut self, entries: Vec<(String, ReferenceEvent)>) -> Result<Published, LogError> {
        self.publish_made(|_| Ok(entries))
    }

    /// As [`Publisher::publish`], where the entries are made from what is there: another that publishes in between is not undone.
    ///
    /// # Errors
    /// As there, and what `make` refuses; nothing is written then.
    pub fn publish_made<E: From<LogError>>(
        &mut self,
        make: impl FnOnce(&Known) -> Result<Vec<(String, ReferenceEvent)>, E>,
    ) -> Result<Published, E> {
        // First fence, then read: nobody can write behind what is read here.
        let mut producer = self.log.producer("reference")?;
        let mut known = self.read()?;
        let mut published = Published::default();
        let mut changed = Vec::new();
        for (key, entry) in make(&known)? {
            let before = known.get(&key);
            if before.is_some_and(|before| before.entity == entry.entity) {
                published.unchanged += 1;
                continue;
            }
            let version = before.map_or(0, |b| b.version) + 1;
            let entry = self.fill(&key, entry, version);
            known.insert(key.clone(), entry.clone());
            changed.push((key, entry));
        }
        for batch in changed.chunks(BATCH) {
            producer.begin()?;
            if let Err(error) = self.write(&mut producer, batch) {
                // The transaction never becomes visible, whether this abort or the broker ends it.
                drop(producer.abort());
                return Err(error.into());
            }
            published.written += batch.len();
        }
        Ok(published)
    }

    fn read(&self) -> Result<Known, LogError> {
        let known = RefCell::new(Known::new());
        let mut reader = self.log.reader(Pace::Eager)?;
        read_to_end(&mut reader, &|record| {
            match event(record) {
                Ok(Some(event)) => drop(known.borrow_mut().insert(record.key.clone(), event)),
                Ok(None) => drop(known.borrow_mut().remove(&record.key)),
                Err(()) => {}
            }
            record.offset + 1
        })?;
        Ok(known.into_inner())
    }

    fn fill(&self, key: &str, entry: ReferenceEvent, version: u32) -> ReferenceEvent {
        let meta = Meta {
            tenant: key.split('/').next().unwrap_or_default().to_owned(),
            key: key.to_owned(),
            version: u64::from(version),
            at_ms: self.log.now().0,
            actor: entry.meta.and_then(|meta| meta.actor),
            ..Meta::default()
        };
        ReferenceEvent { meta: Some(meta), version, entity: entry.entity }
    }

    fn write(&self, producer: &mut L::Producer, batch: &[(String, ReferenceEvent)]) -> Result<(), LogError> {
        let time = self.log.now();
        for (key, entry) in batch {
            let history_key = format!("{key}@{}", entry.version);
            let id = ids::derived(&["reference", &history_key]);
            let stamp = Stamp { partition: Some(0), id: &id, time, traceparent: None };
            for (topic, key) in [(Topic::Reference, key.clone()), (Topic::ReferenceHistory, history_key)] {
                let value = entry.encode_to_vec();
                producer.send(Outgoing { topic, key, event_type: event_type(entry), value }, &stamp)?;
            }
        }
        producer.drain()?;
        producer.commit().map(drop)
    }
}

fn event_type(entry: &ReferenceEvent) -> &'static str {
    match entry.entity {
        Some(Entity::Shop(_)) => "weir.reference.v1.Shop",
        Some(Entity::Warehouse(_)) => "weir.reference.v1.Warehouse",
        Some(Entity::Sku(_)) => "weir.reference.v1.Sku",
        Some(Entity::RuleSet(_)) => "weir.reference.v1.RuleSet",
        Some(Entity::Endpoint(_)) => "weir.reference.v1.Endpoint",
        None => "weir.reference.v1.ReferenceEvent",
    }
}
