//! What can be asked, over gRPC and HTTP alike: one order's story, a search, the counts.

mod find;
mod page;
mod show;

pub use page::Page;

use crate::domain::{OrderState, Story, state, waits_for};
use crate::projection::{Views, story_of};
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use weir_host::{Problem, kind};
use weir_pipeline::projection::postgres::is_unusable_value;
use weir_privacy::TenantKey;
use weir_proto::console::v1::{
    Count, GetCountsResponse, GetOrderResponse, LineQuantity, OrderSummary, SearchOrdersRequest, SearchOrdersResponse,
};
use weir_proto::{ids, limits};

/// Orders on a page where the caller does not say, and at most.
const PAGE_SIZE: u32 = 50;
const PAGE_SIZE_MAX: u32 = 500;
/// Entries of one order's timeline that are shown.
const TIMELINE_MAX: i64 = 2000;

/// Answers from the projection's tables.
#[derive(Clone)]
pub struct Queries {
    pool: PgPool,
    /// Turns a clear contact into its hash; without it only hashes can be searched for.
    tenant_key: Option<TenantKey>,
    /// Whose orders are meant where the caller does not say.
    tenant: String,
}

impl Queries {
    pub fn new(pool: PgPool, tenant_key: Option<TenantKey>, tenant: impl Into<String>) -> Queries {
        Queries { pool, tenant_key, tenant: tenant.into() }
    }

    /// An order's summary and its whole timeline, by its id or by "channel/shop/number".
    ///
    /// # Errors
    /// `not-found`, `field-invalid`, `unavailable`.
    pub async fn order(&self, tenant: &str, order: &str) -> Result<GetOrderResponse, Problem> {
        name("tenant", tenant)?;
        limits::composed_id(order).map_err(|why| invalid("order", &why))?;
        let tenant = self.tenant_or(tenant);
        let order_id = match Uuid::try_parse(order) {
            Ok(order_id) => Some(order_id),
            Err(_) => self.by_number(tenant, order).await?,
        };
        let not_found = || Problem::new(kind::NOT_FOUND, format!("No order {order} is known."));
        let order_id = order_id.ok_or_else(not_found)?;
        let row = find::one(&self.pool, tenant, order_id).await.map_err(unavailable)?;
        let rows = match find::timeline(&self.pool, order_id, TIMELINE_MAX).await.map_err(unavailable)? {
            // Without a row it is another tenant's order, unless nothing of it could be read.
            rows if row.is_some() || rows.iter().all(show::is_quarantine) => rows,
            _ => Vec::new(),
        };
        let summary = match &row {
            Some(row) => summary(row).map_err(unavailable)?.1,
            None if rows.is_empty() => return Err(not_found()),
            None => unread(order_id),
        };
        let timeline = rows.iter().filter_map(show::entry).collect();
        Ok(GetOrderResponse { summary: Some(summary), timeline })
    }

    /// "channel/shop/number": the platform's own id gives our id; else it is the number that the platform shows.
    async fn by_number(&self, tenant: &str, order: &str) -> Result<Option<Uuid>, Problem> {
        let mut parts = order.splitn(3, '/');
        let (Some(channel), Some(shop), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
            let problem = Problem::new(kind::FIELD_INVALID, "The order can't be told from this.");
            return Err(problem.field("order", "should be an order id or channel/shop/number"));
        };
        let derived = Uuid::try_parse(&ids::order_id(tenant, channel, shop, number)).unwrap_or_default();
        find::by_number(&self.pool, tenant, derived, channel, shop, number).await.map_err(unavailable)
    }

    /// Orders that fit everything that is asked, newest first.
    ///
    /// # Errors
    /// `field-invalid`, `unavailable`.
    pub async fn search(&self, asked: &SearchOrdersRequest) -> Result<SearchOrdersResponse, Problem> {
        name("tenant", &asked.tenant)?;
        name("platform_order_id", &asked.platform_order_id)?;
        name("buyer", &asked.buyer_hash)?;
        name("sku", &asked.sku)?;
        name("channel", &asked.channel)?;
        name("shop", &asked.shop)?;
        name("tracking", &asked.tracking_number)?;
        if asked.channel.is_empty() && !asked.shop.is_empty() {
            return Err(invalid("shop", "should come with its channel: another channel may have one of this name"));
        }
        let (from, until) = (asked.placed_from_ms, asked.placed_until_ms);
        if from != 0 && until != 0 && from >= until {
            return Err(invalid("placed_until", "should be later than placed_from; it is the first moment left out"));
        }
        let size = match asked.page_size {
            0 => PAGE_SIZE,
            size => size.min(PAGE_SIZE_MAX),
        };
        let after = match asked.page_token.as_str() {
            "" => None,
            token => Some(Page::parse(token).ok_or_else(|| invalid("page_token", "should be one from an answer"))?),
        };
        let states = match asked.state.as_str() {
            "" => None,
            state => Some(OrderState::matching(state).ok_or_else(|| {
                invalid("state", "should be a line state such as held, or a span such as picking..packed")
            })?),
        };
        let wanted = find::Wanted {
            tenant: self.tenant_or(&asked.tenant),
            asked,
            buyer_hashes: self.buyer_hashes(&asked.buyer_hash)?,
            states,
            after,
            limit: i64::from(size) + 1,
        };
        let rows = find::search(&self.pool, &wanted).await.map_err(unavailable)?;
        let found: Result<Vec<_>, _> = rows.iter().map(summary).collect();
        let mut found = found.map_err(unavailable)?;
        let more = found.len() > size as usize;
        found.truncate(size as usize);
        let next_page_token = match found.last() {
            Some((order_id, last)) if more => Page { placed_at_ms: last.placed_at_ms, order_id: *order_id }.to_string(),
            _ => String::new(),
        };
        Ok(SearchOrdersResponse { orders: found.into_iter().map(|(_, summary)| summary).collect(), next_page_token })
    }

    /// Orders by state now, and events by topic and type ever.
    ///
    /// # Errors
    /// `field-invalid`, `unavailable`.
    pub async fn counts(&self, tenant: &str) -> Result<GetCountsResponse, Problem> {
        name("tenant", tenant)?;
        let tenant = self.tenant_or(tenant);
        let (states, events) = find::counts(&self.pool, tenant).await.map_err(unavailable)?;
        let counted = |rows: Vec<(String, i64)>| rows.into_iter().map(|(name, count)| Count { name, count }).collect();
        Ok(GetCountsResponse { states: counted(states), events: counted(events) })
    }

    /// A hash as it is; a clear e-mail address or phone number as its hash.
    fn buyer_hashes(&self, buyer: &str) -> Result<Vec<String>, Problem> {
        if buyer.is_empty() {
            return Ok(Vec::new());
        }
        let is_hash = buyer.len() == 32 && buyer.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash {
            return Ok(vec![buyer.to_ascii_lowercase()]);
        }
        let kind = if buyer.contains('@') { "email" } else { "phone" };
        let hash = self.tenant_key.as_ref().map(|key| key.contact_hash(kind, buyer)).unwrap_or_default();
        if hash.is_empty() {
            return Err(invalid(
                "buyer",
                "should be a buyer's hash, or an e-mail address or phone number where console has the tenant key",
            ));
        }
        Ok(vec![hash])
    }

    fn tenant_or<'a>(&'a self, tenant: &'a str) -> &'a str {
        if tenant.is_empty() { &self.tenant } else { tenant }
    }
}

/// A row of `orders`, in the columns of [`find`].
fn summary(row: &PgRow) -> Result<(Uuid, OrderSummary), sqlx::Error> {
    use sqlx::Row as _;
    let order_id: Uuid = row.try_get("order_id")?;
    let views: Views = (row.try_get("placed")?, row.try_get("route")?, row.try_get("stock")?, row.try_get("work")?);
    let story = story_of(&views)?;
    let waits_for = waits_for(&story);
    let (warehouse, skus) = (story.warehouses(), story.placed.skus());
    let tracking_number = story.work.tracking_numbers().join(", ");
    let placed = story.placed;
    let lines = placed.lines.into_iter().filter(|line| line.open != 0);
    let lines = lines.map(|line| LineQuantity { line_id: line.line_id, quantity: line.open }).collect();
    let buyer_hash = if placed.email_hash.is_empty() { placed.phone_hash } else { placed.email_hash };
    let summary = OrderSummary {
        order_id: order_id.to_string(),
        channel: placed.channel,
        shop: placed.shop,
        platform_order_id: placed.platform_order_id,
        shown_number: placed.shown_number,
        state: row.try_get("state")?,
        payment_state: placed.payment,
        skus,
        payable_minor: placed.payable_minor,
        currency: placed.currency,
        buyer_hash,
        placed_at_ms: placed.placed_at_ms,
        updated_at_ms: row.try_get("updated_at_ms")?,
        waits_for,
        warehouse,
        tracking_number,
        lines,
        cancel_asked: placed.cancel_asked,
    };
    Ok((order_id, summary))
}

/// What can be said of an order of which only the quarantine tells.
fn unread(order_id: Uuid) -> OrderSummary {
    let story = Story::default();
    let (state, waits_for) = (state(&story).to_string(), waits_for(&story));
    OrderSummary { order_id: order_id.to_string(), state, waits_for, ..OrderSummary::default() }
}

/// What is looked for in tables that can't hold just any text.
fn name(field: &str, text: &str) -> Result<(), Problem> {
    limits::id(text).map_err(|why| invalid(field, &why))
}

fn invalid(field: &str, should: &str) -> Problem {
    Problem::new(kind::FIELD_INVALID, format!("{field} can't be used.")).field(field, should)
}

/// Orders flow on while Postgres is away; only questions wait. What is broken for good is ours, or the asker's.
fn unavailable(error: sqlx::Error) -> Problem {
    match error {
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => {
            Problem::internal(&error)
        }
        error if is_unusable_value(&error) => {
            tracing::warn!(error = %error, "postgres can not use a value that was asked for");
            Problem::new(kind::FIELD_INVALID, "A parameter holds a text that can't be looked for.")
        }
        error => {
            tracing::warn!(error = %error, "postgres did not answer a query");
            Problem::new(kind::UNAVAILABLE, "Postgres does not answer.").retry_after(std::time::Duration::from_secs(1))
        }
    }
}
