//! What people ask of shops' platforms: the orders of a time, some orders into the log, and how the pulls stand.

use super::{Book, Lane, refusal};
use crate::pull::{Client, Cursors, Platform, PullFault, Standing};
use futures::StreamExt as _;
use futures::stream::{BoxStream, try_unfold};
use std::collections::BTreeSet;
use std::sync::Arc;
use tonic::Status;
use weir_channels::listing::{Listed as Order, Wanted};
use weir_channels::{Fault, Mapped};
use weir_host::{Drain, Problem, kind};
use weir_proto::ingest::v1::{
    FetchOrdersRequest, FetchOrdersResponse, ListPlatformOrdersRequest, ListPlatformOrdersResponse, ListPullsRequest,
    ListPullsResponse, PlatformLine, PlatformOrder, Pull,
};
use weir_proto::limits;

/// Orders that may be fetched by one call.
const FETCHED_MAX: usize = 100;

/// Answers over the shops' platforms.
pub struct Asking {
    pub client: Client,
    pub book: Book,
    pub lane: Lane,
    /// Nothing without a database: then nothing is pulled by itself.
    pub cursors: Option<Cursors>,
    /// The process's end: a listing goes no further then.
    pub stop: Drain,
}

/// The year 9999, behind which no platform's time can be written.
const LAST_MS: i64 = 253_402_300_799_000;

/// Pages of orders, as the platform lists them.
pub type Listed = BoxStream<'static, Result<ListPlatformOrdersResponse, Status>>;

impl Asking {
    /// The orders of a shop that were placed within a time, page by page. A platform may list some that lie beside it.
    ///
    /// # Errors
    /// `field-invalid`, `unknown-shop`, `no-listing`, `log-unavailable`; within the stream `platform-unavailable`.
    pub fn list(&self, asked: &ListPlatformOrdersRequest) -> Result<Listed, Problem> {
        let platform = self.platform(&asked.tenant, &asked.channel, &asked.shop)?;
        let (from_ms, until_ms) = (asked.placed_from_ms, asked.placed_until_ms);
        if from_ms < 0 {
            return Err(wrong("placed_from_ms", "it should not be below 0"));
        }
        if until_ms <= from_ms || until_ms > LAST_MS {
            return Err(wrong("placed_until_ms", "it should be after placed_from_ms, and within the year 9999"));
        }
        let wanted = Wanted::Placed { from_ms, until_ms };
        let begin = (platform, wanted, self.stop.clone(), Some(None));
        let pages = try_unfold(begin, |(platform, wanted, stop, turn)| async move {
            let Some(after) = turn else { return Ok::<_, Status>(None) };
            let page = tokio::select! {
                page = platform.page(&wanted, after, 0) => page.map_err(|fault| away(&fault))?,
                () = stop.requested() => return Err(Problem::new(kind::UNAVAILABLE, "The process ends; ask again.").into()),
            };
            let orders = page.orders.iter().map(|order| told(&platform, order)).collect();
            Ok(Some((ListPlatformOrdersResponse { orders }, (platform, wanted, stop, page.next.map(Some)))))
        });
        Ok(pages.boxed())
    }

    /// Orders of a shop into the log, whatever is known of them.
    ///
    /// # Errors
    /// `field-invalid`, `unknown-shop`, `no-listing`, `platform-unavailable`, `log-unavailable`: then none, some or all of them are
    /// entered, and asking again is harmless.
    pub async fn fetch(&self, asked: FetchOrdersRequest) -> Result<FetchOrdersResponse, Problem> {
        let platform = self.platform(&asked.tenant, &asked.channel, &asked.shop)?;
        let ids = asked.platform_order_ids;
        if ids.is_empty() || ids.len() > FETCHED_MAX {
            return Err(wrong("platform_order_ids", "there should be from 1 to 100 of them"));
        }
        for id in &ids {
            let plain = !id.is_empty() && !id.contains(',');
            limits::id(id)
                .and_then(|()| if plain { Ok(()) } else { Err("one of them is no id".to_owned()) })
                .map_err(|why| wrong("platform_order_ids", &why))?;
        }
        let reference = self.book.reference().ok_or_else(refusal::away)?;
        let mut missing: BTreeSet<String> = ids.iter().cloned().collect();
        let mut entered = Vec::new();
        for ids in ids.chunks(platform.ids_max()) {
            let orders = platform.named(ids).await.map_err(|fault| away(&fault))?;
            // What can't be read to its id goes in too, and lies in quarantine.
            let asked_for = |order: &Order| platform.id(order).is_none_or(|id| missing.contains(&id));
            let orders: Vec<Order> = orders.into_iter().filter(asked_for).collect();
            for order in &orders {
                missing.remove(&platform.id(order).unwrap_or_default());
            }
            let written = platform.enter(&self.lane, reference, orders).await;
            let written = written.map_err(|error| refusal::not_written(&error))?;
            entered.extend(written.into_iter().filter(|id| !id.is_empty()));
        }
        Ok(FetchOrdersResponse { entered, unknown: missing.into_iter().collect() })
    }

    /// How the pulls of the tenant's shops stand.
    ///
    /// # Errors
    /// `log-unavailable` before the shops are known, `unavailable` where Postgres does not answer.
    pub async fn pulls(&self, asked: &ListPullsRequest) -> Result<ListPullsResponse, Problem> {
        if !self.book.follows() {
            return Err(refusal::away());
        }
        check_tenant(&asked.tenant)?;
        let mut shops = self.book.with_api();
        shops.retain(|shop| shop.tenant == asked.tenant);
        let cursors = self.cursors.as_ref().ok_or_else(|| {
            Problem::new(
                kind::FAILED_PRECONDITION,
                "Ingest has no database, and so it pulls nothing: set WEIR_DATABASE_URL.",
            )
        })?;
        let standings = cursors.standings(&shops).await.map_err(|error| {
            tracing::warn!(%error, "postgres did not answer how the pulls stand");
            Problem::new(kind::UNAVAILABLE, "Postgres does not answer.").retry_after(std::time::Duration::from_secs(1))
        })?;
        Ok(ListPullsResponse { pulls: standings.into_iter().map(pull).collect() })
    }

    fn platform(&self, tenant: &str, channel: &str, name: &str) -> Result<Platform, Problem> {
        check_tenant(tenant)?;
        for (field, text) in [("channel", channel), ("shop", name)] {
            limits::id(text).map_err(|why| wrong(field, &why))?;
        }
        let found = self.book.find(channel, name).ok_or_else(refusal::away)?;
        let known = found.shop.filter(|shop| shop.tenant == tenant);
        let unknown = || Problem::new(kind::UNKNOWN_SHOP, format!("The channel {channel} has no shop {name:?}."));
        let shop: Arc<_> = known.ok_or_else(unknown)?;
        Platform::of(&self.client, &shop).ok_or_else(|| {
            let detail =
                format!("No API of {channel}/{name} is known: `weir shop add {channel} {name} --api` names it.");
            Problem::new(kind::NO_LISTING, detail)
        })
    }
}

fn told(platform: &Platform, order: &Order) -> PlatformOrder {
    match platform.map(order) {
        Ok(mapped) => read(platform, mapped),
        Err(fault) => unread(platform, order, &fault),
    }
}

fn read(platform: &Platform, mapped: Mapped) -> PlatformOrder {
    let order = mapped.order.map(|draft| draft.order).unwrap_or_default();
    let line =
        |line: &weir_proto::order::v1::Line| PlatformLine { line_id: line.line_id.clone(), quantity: line.ordered };
    PlatformOrder {
        order_id: platform.order_id(&mapped.platform_order_id),
        platform_order_id: mapped.platform_order_id,
        version: mapped.version,
        placed_at_ms: order.identity.as_ref().map_or(0, |identity| identity.placed_at_ms),
        payment_state: mapped.payment_state.into(),
        cancelled: mapped.cancelled.is_some(),
        lines: order.lines.iter().map(line).collect(),
        fault: String::new(),
    }
}

fn unread(platform: &Platform, order: &Order, fault: &Fault) -> PlatformOrder {
    let platform_order_id = platform.id(order).unwrap_or_default();
    let order_id = if platform_order_id.is_empty() { String::new() } else { platform.order_id(&platform_order_id) };
    let placed_at_ms = order.at_ms.unwrap_or(0);
    PlatformOrder { platform_order_id, order_id, placed_at_ms, fault: fault.to_string(), ..PlatformOrder::default() }
}

fn pull(standing: Standing) -> Pull {
    Pull {
        channel: standing.channel,
        shop: standing.shop,
        cursor_ms: standing.cursor_ms,
        last_success_ms: standing.last_success_ms,
        failures: u32::try_from(standing.failures).unwrap_or(0),
        last_error: standing.last_error,
        due_ms: standing.due_ms,
        entered: u64::try_from(standing.entered).unwrap_or(0),
    }
}

fn away(fault: &PullFault) -> Problem {
    Problem::new(kind::PLATFORM_UNAVAILABLE, format!("{fault}."))
}

/// Nobody asks for all tenants at once.
fn check_tenant(tenant: &str) -> Result<(), Problem> {
    match tenant {
        "" => Err(Problem::new(kind::FIELD_MISSING, "The request names no tenant.").field("tenant", "it is empty")),
        _ => Ok(()),
    }
}

fn wrong(field: &str, why: &str) -> Problem {
    Problem::new(kind::FIELD_INVALID, format!("{field}: {why}.")).field(field, why)
}
