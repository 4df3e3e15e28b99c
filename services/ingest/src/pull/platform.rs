//! What can be asked of shops' platforms, and how their orders come into the log.

use super::client::{Client, PullFault};
use crate::edge::{Entry, Lane, Parcel, now_ms, place, pulled};
use crate::wire::{Api, Registered};
use futures::future::join_all;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;
use weir_channels::listing::{Listed, Listing, Page, PageAsked, Wanted};
use weir_channels::{Adapter, Fault, Headers, Mapped, adapter};
use weir_pipeline::{LogError, Outgoing};
use weir_proto::ids;

/// Orders on a page: as many as each platform gives, and fewer after each failure in a row, since a page may be too much for a slow shop
/// or too large to be taken. One size for a whole walk: WooCommerce's page numbers depend on it.
const PAGE_SIZES: [usize; 5] = [100, 50, 20, 5, 1];
/// Records of a pull that are on their way into the log at a time: the producer's room is the door's too.
const WRITES: usize = 32;

/// A record of the log has a megabyte at most, with all that is around the body.
const BODY_MAX: usize = 900 << 10;

/// A shop whose platform can be asked. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    client: Client,
    pub shop: Arc<Registered>,
    api: Arc<Api>,
    adapter: &'static dyn Adapter,
    listing: &'static dyn Listing,
}

impl Platform {
    /// Nothing where the shop has no API, or its channel can't be asked.
    pub fn of(client: &Client, shop: &Arc<Registered>) -> Option<Platform> {
        let adapter = adapter(&shop.channel)?;
        let (client, api, listing) = (client.clone(), shop.api.clone()?, adapter.listing()?);
        Some(Platform { client, shop: shop.clone(), api, adapter, listing })
    }

    /// A page of its orders, with the ids of those that it lists and does not tell. `after` is what the page before called its next, `failures` how many there were in a row.
    ///
    /// # Errors
    /// See [`PullFault`].
    pub async fn page(&self, wanted: &Wanted, after: Option<String>, failures: u32) -> Result<Page, PullFault> {
        let index = usize::try_from(failures).unwrap_or(usize::MAX).min(PAGE_SIZES.len() - 1);
        let asked = PageAsked { wanted: wanted.clone(), size: PAGE_SIZES[index], after };
        let mut page = self.client.page(&self.shop, &self.api, self.listing, &asked).await?;
        let mut untold = std::mem::take(&mut page.ids);
        for ids in untold.clone().chunks(self.ids_max()) {
            page.orders.append(&mut self.named(ids).await?);
        }
        let told: HashSet<String> = page.orders.iter().filter_map(|order| self.id(order)).collect();
        untold.retain(|id| !told.contains(id));
        if !untold.is_empty() {
            let (channel, shop, count) = (self.channel(), &self.shop.shop, untold.len());
            tracing::warn!(channel, shop, count, "the platform lists orders that it does not tell");
        }
        page.ids = untold;
        Ok(page)
    }

    /// The orders of these ids, as far as the platform knows them.
    ///
    /// # Errors
    /// See [`PullFault`].
    pub async fn named(&self, ids: &[String]) -> Result<Vec<Listed>, PullFault> {
        let (mut orders, mut after) = (Vec::new(), None);
        // A page has one of them at least, or halves what an id that the platform does not know has spoilt.
        for _ in 0..=ids.len().saturating_mul(8) {
            let asked = PageAsked { wanted: Wanted::Ids(ids.to_vec()), size: ids.len(), after };
            let mut page = self.client.page(&self.shop, &self.api, self.listing, &asked).await?;
            orders.append(&mut page.orders);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(orders),
            }
        }
        let detail = "the platform has more pages than were asked for orders";
        Err(PullFault::Unreadable(Fault {
            reason: "field-invalid",
            field: "next".to_owned(),
            detail: detail.to_owned(),
        }))
    }

    /// How many orders may be asked for by id at a time.
    pub fn ids_max(&self) -> usize {
        self.listing.ids_max().max(1)
    }

    pub fn channel(&self) -> &'static str {
        self.adapter.channel()
    }

    /// From one pull of the shop to the next.
    pub fn every(&self) -> std::time::Duration {
        self.api.every
    }

    /// Reads an order as the clerk will.
    ///
    /// # Errors
    /// As [`Adapter::map`].
    pub fn map(&self, listed: &Listed) -> Result<Mapped, weir_channels::Fault> {
        self.adapter.map(&self.headers(), &listed.body)
    }

    /// The platform's id of an order, where it can be told.
    pub fn id(&self, listed: &Listed) -> Option<String> {
        self.adapter.identify(&self.headers(), &listed.body).ok().map(|identity| identity.platform_order_id)
    }

    /// Our id of an order.
    pub fn order_id(&self, platform_order_id: &str) -> String {
        ids::order_id(&self.shop.tenant, &self.shop.channel, &self.shop.shop, platform_order_id)
    }

    /// Writes orders to the log, each as a delivery, and answers the platform's ids of those that it has now; an id is empty where it
    /// can't be told, and one that is too large for the log is left out. They don't go into the journal: the platform keeps them.
    ///
    /// # Errors
    /// Where one of them is not known to be there. Entering all of them again is harmless.
    pub async fn enter(&self, lane: &Lane, reference: i64, orders: Vec<Listed>) -> Result<Vec<String>, LogError> {
        let entries: Vec<(String, Entry)> =
            orders.into_iter().filter_map(|listed| self.entry(reference, listed)).collect();
        for some in entries.chunks(WRITES) {
            for written in join_all(some.iter().map(|(_, entry)| lane.write(entry))).await {
                written?;
            }
        }
        Ok(entries.into_iter().map(|(id, _)| id).collect())
    }

    /// Whether the log can take the order.
    pub fn fits(listed: &Listed) -> bool {
        listed.body.len() <= BODY_MAX
    }

    fn entry(&self, reference: i64, listed: Listed) -> Option<(String, Entry)> {
        let (headers, shop) = (self.headers(), &*self.shop);
        let size = listed.body.len();
        let identity = self.adapter.identify(&headers, &listed.body);
        if !Platform::fits(&listed) {
            let (channel, shop) = (&shop.channel, &shop.shop);
            let order = identity.map(|identity| identity.platform_order_id).unwrap_or_default();
            tracing::error!(
                channel,
                shop,
                order,
                size,
                "an order of the platform is too large for the log and was left out"
            );
            return None;
        }
        let (key, identity) = place(shop, identity);
        let id = identity.platform_order_id.clone();
        let Outgoing { key, value, .. } = pulled(Parcel {
            shop,
            key,
            kind: identity.kind,
            delivery_id: identity.delivery_id,
            platform_order_id: identity.platform_order_id,
            headers: &headers,
            body: listed.body.into(),
            now_ms: now_ms(),
            reference,
        });
        Some((id, Entry { key, value, id: Uuid::now_v7().to_string(), traceparent: None }))
    }

    fn headers(&self) -> Headers {
        self.listing.headers()
    }
}
