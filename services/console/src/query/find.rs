//! The statements behind the questions.

use super::Page;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Postgres, QueryBuilder};
use uuid::Uuid;
use weir_proto::console::v1::SearchOrdersRequest;

macro_rules! columns {
    () => {
        "select o.order_id, placed::text, route::text, stock::text, work::text, state, updated_at_ms
         from order_identities i join orders o on o.order_id = i.order_id"
    };
}

/// A search, with all that had to be looked into.
pub(super) struct Wanted<'a> {
    pub(super) tenant: &'a str,
    pub(super) asked: &'a SearchOrdersRequest,
    /// Empty: whoever bought.
    pub(super) buyer_hashes: Vec<String>,
    /// `None`: however it stands.
    pub(super) states: Option<Vec<String>>,
    pub(super) after: Option<Page>,
    pub(super) limit: i64,
}

pub(super) async fn one(pool: &PgPool, tenant: &str, order_id: Uuid) -> Result<Option<PgRow>, sqlx::Error> {
    sqlx::query(concat!(columns!(), " where i.order_id = $1 and i.tenant = $2"))
        .bind(order_id)
        .bind(tenant)
        .fetch_optional(pool)
        .await
}

pub(super) async fn by_number(
    pool: &PgPool,
    tenant: &str,
    derived: Uuid,
    channel: &str,
    shop: &str,
    number: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "select order_id from order_identities where tenant = $1 and (order_id = $2
             or shown_number = $5 and shown_number <> '' and channel = $3 and shop = $4)
         order by order_id <> $2, placed_at_ms desc limit 1",
    )
    .bind(tenant)
    .bind(derived)
    .bind(channel)
    .bind(shop)
    .bind(number)
    .fetch_optional(pool)
    .await
}

/// In the order in which the broker took them in; within one moment, in the order in which an order flows.
pub(super) async fn timeline(pool: &PgPool, order_id: Uuid, limit: i64) -> Result<Vec<PgRow>, sqlx::Error> {
    sqlx::query(
        "select topic, partition, \"offset\", logged_at_ms, type, body from timeline where order_id = $1
         order by logged_at_ms,
             array_position(array['orders', 'routes', 'allocations', 'shipments', 'notices', 'quarantine'], topic), \"offset\"
         limit $2",
    )
    .bind(order_id)
    .bind(limit)
    .fetch_all(pool)
    .await
}

pub(super) async fn search(pool: &PgPool, wanted: &Wanted<'_>) -> Result<Vec<PgRow>, sqlx::Error> {
    let asked = wanted.asked;
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(columns!());
    query.push(" where i.tenant = ").push_bind(wanted.tenant);
    if !asked.platform_order_id.is_empty() {
        query.push(" and platform_order_id = ").push_bind(&asked.platform_order_id);
        query.push(" and platform_order_id <> ''");
    }
    if !asked.channel.is_empty() {
        query.push(" and channel = ").push_bind(&asked.channel);
    }
    if !asked.shop.is_empty() {
        query.push(" and shop = ").push_bind(&asked.shop);
    }
    if asked.placed_from_ms != 0 {
        query.push(" and i.placed_at_ms >= ").push_bind(asked.placed_from_ms);
    }
    if asked.placed_until_ms != 0 {
        query.push(" and i.placed_at_ms < ").push_bind(asked.placed_until_ms);
    }
    if !wanted.buyer_hashes.is_empty() {
        query.push(" and ((email_hash <> '' and email_hash = any(").push_bind(&wanted.buyer_hashes);
        query.push(")) or (phone_hash <> '' and phone_hash = any(").push_bind(&wanted.buyer_hashes).push(")))");
    }
    if let Some(states) = &wanted.states {
        query.push(" and o.tenant = i.tenant and state = any(").push_bind(states).push(")");
    }
    if !asked.sku.is_empty() {
        query.push(" and exists (select from order_skus s where s.order_id = i.order_id and s.sku = ");
        query.push_bind(&asked.sku).push(")");
    }
    if !asked.tracking_number.is_empty() {
        query.push(" and i.order_id in (select t.order_id from order_tracking t where t.tracking_number = ");
        query.push_bind(&asked.tracking_number).push(")");
    }
    if let Some(after) = wanted.after {
        query.push(" and (i.placed_at_ms, i.order_id) < (").push_bind(after.placed_at_ms);
        query.push(", ").push_bind(after.order_id).push(")");
    }
    query.push(" order by i.placed_at_ms desc, i.order_id desc limit ").push_bind(wanted.limit);
    query.build().fetch_all(pool).await
}

type Counted = Vec<(String, i64)>;

/// Orders by state, and events by "topic/type". What a stage says of a partition is of no tenant, and is shown to each.
pub(super) async fn counts(pool: &PgPool, tenant: &str) -> Result<(Counted, Counted), sqlx::Error> {
    let states = sqlx::query_as(
        "select state, sum(count)::bigint from state_counts where tenant = $1
         group by state having sum(count) <> 0 order by state",
    )
    .bind(tenant)
    .fetch_all(pool)
    .await?;
    let events = sqlx::query_as(
        "select topic || '/' || type, sum(count)::bigint from event_counts where tenant in ($1, '')
         group by topic, type order by topic, type",
    )
    .bind(tenant)
    .fetch_all(pool)
    .await?;
    Ok((states, events))
}
