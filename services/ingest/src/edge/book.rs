//! The shops that the door knows: as the topic has them, or as they were last known, until the topic was read since the start.

use crate::wire::{Registered, Shops};
use std::sync::{Arc, OnceLock};
use weir_pipeline::reference::Table;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Book {
    followed: Arc<OnceLock<Table<Shops>>>,
    remembered: Arc<OnceLock<Shops>>,
}

/// What the book says of an address.
pub struct Found {
    /// Nothing where no such shop is known.
    pub shop: Option<Arc<Registered>>,
    /// Next offset of the reference topic that was not read yet; 0 where the topic was not read since the start.
    pub reference: i64,
}

impl Book {
    /// From now on the topic counts.
    pub fn follow(&self, table: Table<Shops>) {
        // There is one that calls, once.
        let _ = self.followed.set(table);
    }

    /// Counts until [`Book::follow`] is called.
    pub fn remember(&self, shops: Shops) {
        let _ = self.remembered.set(shops);
    }

    /// Whether the topic counts by now.
    pub fn follows(&self) -> bool {
        self.followed.get().is_some()
    }

    /// Shops whose platform is asked for orders; none before the topic counts.
    pub fn with_api(&self) -> Vec<Arc<Registered>> {
        self.followed.get().map(|table| table.with(|shops, _| shops.with_api())).unwrap_or_default()
    }

    /// Next offset of the reference topic that was not read yet; nothing before the topic counts.
    pub fn reference(&self) -> Option<i64> {
        self.followed.get().map(|table| table.with(|_, reference| reference))
    }

    /// Nothing where it can't be told yet: a shop that is not remembered may be on the topic by now.
    pub fn find(&self, channel: &str, shop: &str) -> Option<Found> {
        if let Some(table) = self.followed.get() {
            return Some(table.with(|shops, reference| Found { shop: shops.find(channel, shop), reference }));
        }
        let shop = self.remembered.get()?.find(channel, shop)?;
        Some(Found { shop: Some(shop), reference: 0 })
    }
}
