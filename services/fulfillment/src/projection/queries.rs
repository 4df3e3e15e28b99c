//! What the edge asks of the rows.

use sqlx::{FromRow, PgPool};

/// A list that somebody still has to do something with.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct PickListRow {
    pub place: i64,
    pub order_id: String,
    pub state: String,
    /// weir.shipment.v1.PickListIssued, encoded.
    pub body: Vec<u8>,
    pub version: i64,
}

/// Where an order stands.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct OrderRow {
    pub status: String,
    pub plan: i32,
    pub version: i64,
}

/// Which page of the active lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageAt {
    pub tenant: String,
    /// Empty: every warehouse.
    pub warehouse: String,
    /// The last place that the caller has seen; 0 for none.
    pub after: i64,
    pub size: i64,
}

// The page is cut before the join, so that one walk along the index serves it whatever the tables' size.
const ALL: &str = "select page.place, page.order_id, page.state, page.body, o.version
    from (select place, order_id, state, body from pick_lists
        where tenant = $1 and active and place > $2 order by place limit $3) as page
    join fulfillment_orders as o using (order_id) order by page.place";

const OF_WAREHOUSE: &str = "select page.place, page.order_id, page.state, page.body, o.version
    from (select place, order_id, state, body from pick_lists
        where tenant = $1 and warehouse = $4 and active and place > $2 order by place limit $3) as page
    join fulfillment_orders as o using (order_id) order by page.place";

const OF_ORDER: &str = "select p.place, p.order_id, p.state, p.body, o.version
    from pick_lists as p join fulfillment_orders as o using (order_id)
    where p.order_id = $2 and p.tenant = $1 and p.active order by p.place";

const ORDER: &str = "select coalesce(status, 'OPEN') as status, coalesce(plan, 0) as plan, version
    from fulfillment_orders where order_id = $2 and tenant = $1";

/// Active lists, oldest first.
///
/// # Errors
/// Where Postgres does not answer.
pub async fn list_pick_lists(pool: &PgPool, page: &PageAt) -> Result<Vec<PickListRow>, sqlx::Error> {
    let query = match page.warehouse.as_str() {
        "" => sqlx::query_as(ALL).bind(&page.tenant).bind(page.after).bind(page.size),
        warehouse => sqlx::query_as(OF_WAREHOUSE).bind(&page.tenant).bind(page.after).bind(page.size).bind(warehouse),
    };
    query.fetch_all(pool).await
}

/// Active lists of one order.
///
/// # Errors
/// Where Postgres does not answer.
pub async fn order_pick_lists(pool: &PgPool, tenant: &str, order_id: &str) -> Result<Vec<PickListRow>, sqlx::Error> {
    sqlx::query_as(OF_ORDER).bind(tenant).bind(order_id).fetch_all(pool).await
}

/// An order's row.
///
/// # Errors
/// Where Postgres does not answer.
pub async fn order(pool: &PgPool, tenant: &str, order_id: &str) -> Result<Option<OrderRow>, sqlx::Error> {
    sqlx::query_as(ORDER).bind(tenant).bind(order_id).fetch_optional(pool).await
}
