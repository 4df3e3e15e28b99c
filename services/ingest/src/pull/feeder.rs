//! Who pulls when: every shop that is due, a few at once, until the process is to end.

use super::board::Board;
use super::client::{Client, PullFault};
use super::cursors::{Address, Claim, Cursors, Standing};
use super::pace::pause_after;
use super::platform::Platform;
use crate::edge::{Book, Lane, now_ms};
use crate::wire::Registered;
use opentelemetry::{KeyValue, global};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use weir_channels::listing::{Listed, Page, Settled, Wanted};
use weir_host::semconv::attribute;
use weir_host::{Drain, semconv, trace};
use weir_pipeline::LogError;

/// Pause between two looks at what is due.
const LOOK: Duration = Duration::from_secs(1);
/// Shops that are pulled at once by one process. One whose platform hangs costs its place for two minutes and little else: pages in memory
/// are counted by themselves.
const AT_ONCE: usize = 32;
/// How much earlier than the last pull ended a pull begins: a platform lists some changes late.
const OVERLAP_MS: i64 = 300_000;
/// How long an order may be listed before it is told: so far behind stays the cursor of a walk in which one was not.
const UNTOLD_MS: i64 = 600_000;
/// How often a pull says that it goes on.
const RENEWED: Duration = Duration::from_secs(20);
const TAKEN: &str = "the shop's address changed, or another process pulls it by now";
/// The log was away, or the process is to end: no fault of the platform's.
const SOON: Duration = Duration::from_secs(5);

/// Pulls shops. Cheap to clone.
#[derive(Clone)]
pub struct Feeder {
    client: Client,
    cursors: Cursors,
    lane: Lane,
    book: Book,
    /// What this process has entered, as far as it lies within the overlap: it need not go in again.
    recent: Arc<Mutex<BTreeMap<Address, HashSet<Entered>>>>,
}

/// An order as it was entered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entered {
    id: String,
    size: usize,
    crc: u32,
    at_ms: i64,
}

/// Why a pull ended before the shop's end.
enum Broken {
    Platform(PullFault),
    /// Nothing that the platform could mend.
    House(String),
}

impl Feeder {
    pub fn new(client: Client, cursors: Cursors, lane: Lane, book: Book) -> Feeder {
        Feeder { client, cursors, lane, book, recent: Arc::default() }
    }

    /// Works until the drain begins.
    pub async fn run(self, stop: Drain) {
        let (mut board, mut trouble) = (Board::new(), Trouble::default());
        loop {
            let migrated = tokio::select! {
                migrated = self.cursors.migrate() => migrated,
                () = stop.requested() => return,
            };
            match migrated {
                Ok(()) => break,
                Err(error) => trouble.tell(&error.to_string()),
            }
            board.show_old();
            if paused(&stop).await {
                return;
            }
        }
        let mut under_way = JoinSet::new();
        while !paused(&stop).await {
            while under_way.try_join_next().is_some() {}
            let shops = self.book.with_api();
            if shops.is_empty() {
                board.show(&[]);
                continue;
            }
            match self.look(&shops, AT_ONCE.saturating_sub(under_way.len())).await {
                Ok((standings, claims)) => {
                    trouble = Trouble::default();
                    board.show(&standings);
                    for claim in claims {
                        let Some(shop) = shops.iter().find(|shop| Address::of(shop) == claim.address).cloned() else {
                            continue;
                        };
                        let (feeder, stop) = (self.clone(), stop.clone());
                        under_way.spawn(async move { Box::pin(feeder.pull(&shop, claim, &stop)).await });
                    }
                }
                Err(error) => {
                    board.show_old();
                    trouble.tell(&error.to_string());
                }
            }
        }
        // Each gives its shop back.
        while under_way.join_next().await.is_some() {}
    }

    /// How all stand, and what is due and now ours.
    async fn look(&self, shops: &[Arc<Registered>], room: usize) -> Result<(Vec<Standing>, Vec<Claim>), sqlx::Error> {
        let standings = self.cursors.standings(shops).await?;
        let claims = if room > 0 { self.cursors.claim(shops, room).await? } else { Vec::new() };
        Ok((standings, claims))
    }

    async fn pull(&self, shop: &Arc<Registered>, claim: Claim, stop: &Drain) {
        let Some(platform) = Platform::of(&self.client, shop) else { return };
        let ended = tokio::select! {
            ended = self.walk(&platform, &claim) => ended,
            why = self.lapsed(&claim) => Err(Broken::House(why)),
            () = stop.requested() => Err(Broken::House("the process ends".to_owned())),
        };
        let (channel, name) = (&shop.channel, &shop.shop);
        let noted = match ended {
            Ok(()) => self.cursors.succeed(&claim, platform.every()).await,
            Err(Broken::House(why)) => {
                tracing::warn!(channel, shop = name, why, "a pull was broken off, and goes on soon");
                self.cursors.fail(&claim, claim.failures, &why, SOON).await
            }
            Err(Broken::Platform(fault)) => {
                let failures = claim.failures.saturating_add(1);
                tracing::warn!(channel, shop = name, failures, why = %fault, "a pull failed");
                let counter = semconv::PULL_FAILURES.counter(&global::meter(trace::TRACER));
                counter.add(1, &[KeyValue::new(attribute::CHANNEL, platform.channel())]);
                let due_in = pause_after(failures).max(fault.wished());
                self.cursors.fail(&claim, failures, &fault.to_string(), due_in).await
            }
        };
        if let Err(error) = noted {
            tracing::warn!(channel, shop = name, %error, "how a pull ended can't be noted; the shop is free again in a minute");
        }
    }

    /// Keeps hold of the shop, also while a page of it takes minutes; returns when that is no longer so.
    async fn lapsed(&self, claim: &Claim) -> String {
        loop {
            tokio::time::sleep(RENEWED).await;
            match self.cursors.renew(claim).await {
                Ok(true) => {}
                Ok(false) => return TAKEN.to_owned(),
                Err(error) => return format!("the hold on the shop can't be renewed: {error}"),
            }
        }
    }

    /// Reads the shop from its cursor to its end. Each page is in the log before the cursor moves over it.
    async fn walk(&self, platform: &Platform, claim: &Claim) -> Result<(), Broken> {
        let wanted = Wanted::Changed { from_ms: claim.cursor_ms.saturating_sub(OVERLAP_MS) };
        let counter = semconv::PULL_ORDERS.counter(&global::meter(trace::TRACER));
        let (mut after, mut late_ms) = (None, 0);
        loop {
            let asked = platform.page(&wanted, after, claim.failures).await;
            let Page { orders, ids: untold, next, settled } = asked.map_err(Broken::Platform)?;
            late_ms = if untold.is_empty() { late_ms } else { UNTOLD_MS };
            let settled_ms = match settled {
                Settled::Newest => orders.iter().filter_map(|order| order.at_ms).max(),
                Settled::Until(ms) => Some(ms.saturating_sub(late_ms)),
                Settled::NotYet => None,
            };
            // A platform whose clock is ahead must not take the cursor along: what changes meanwhile would be passed over.
            let cursor_ms = settled_ms.unwrap_or(claim.cursor_ms).min(now_ms());
            let (new, entered) = self.news(platform, &claim.address, orders, cursor_ms);
            let reference = self.book.reference().ok_or_else(|| Broken::House("the log is not reached".to_owned()))?;
            let count = platform.enter(&self.lane, reference, new).await.map_err(away)?.len();
            counter.add(count as u64, &[KeyValue::new(attribute::CHANNEL, platform.channel())]);
            self.note(&claim.address, entered, cursor_ms);
            match self.cursors.advance(claim, cursor_ms, count).await {
                Ok(true) => {}
                Ok(false) => return Err(Broken::House(TAKEN.to_owned())),
                Err(error) => return Err(Broken::House(format!("the cursor can't be moved: {error}"))),
            }
            after = next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Those of a page that this process has not entered just so, and what to note of them once they are in the log. What can't be read
    /// to its id or time counts as of now, so that it goes in once, and lies in quarantine for somebody to see.
    fn news(
        &self,
        platform: &Platform,
        at: &Address,
        orders: Vec<Listed>,
        cursor_ms: i64,
    ) -> (Vec<Listed>, Vec<Entered>) {
        let entered = |order: &Listed| Entered {
            id: platform.id(order).unwrap_or_default(),
            size: order.body.len(),
            crc: crc32c::crc32c(&order.body),
            at_ms: order.at_ms.unwrap_or(cursor_ms),
        };
        let orders: Vec<(Entered, Listed)> = orders.into_iter().map(|order| (entered(&order), order)).collect();
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let known = recent.get(at);
        let is_new = |(entered, _): &(Entered, Listed)| known.is_none_or(|known| !known.contains(entered));
        let (noted, new): (Vec<Entered>, Vec<Listed>) = orders.into_iter().filter(is_new).unzip();
        (new, noted)
    }

    fn note(&self, at: &Address, entered: Vec<Entered>, cursor_ms: i64) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let known = recent.entry(at.clone()).or_default();
        known.extend(entered);
        known.retain(|entered| entered.at_ms >= cursor_ms.saturating_sub(OVERLAP_MS));
    }
}

/// Waits for the next look. Whether the process is to end instead.
async fn paused(stop: &Drain) -> bool {
    tokio::select! {
        () = stop.requested() => true,
        () = tokio::time::sleep(LOOK) => false,
    }
}

fn away(error: LogError) -> Broken {
    Broken::House(format!("the log did not take an order: {error}"))
}

/// What keeps the feeder from Postgres: said once, and again when it is something else.
#[derive(Default)]
struct Trouble(String);

impl Trouble {
    fn tell(&mut self, error: &str) {
        if self.0 != error {
            tracing::warn!(error, "pulls wait for postgres");
            error.clone_into(&mut self.0);
        }
    }
}
