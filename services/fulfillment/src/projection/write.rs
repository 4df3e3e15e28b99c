//! The rows of a batch, in at most five statements.

use super::batch::{Batch, List, is_active};
use prost::Message as _;
use sqlx::PgConnection;
use std::collections::BTreeMap;

const ORDERS: &str = "insert into fulfillment_orders as known (order_id, tenant, status, plan, version)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::bigint[])
    on conflict (order_id) do update set
        status = coalesce(excluded.status, known.status),
        plan = coalesce(excluded.plan, known.plan),
        version = excluded.version";

const STEPS: &str = "update pick_lists as known set state = new.state, active = new.active
    from unnest($1::text[], $2::text[], $3::boolean[]) as new (pick_list_id, state, active)
    where known.pick_list_id = new.pick_list_id";

const ENDS: &str = "update pick_lists as known set state = new.state, active = false
    from unnest($1::text[], $2::text[]) as new (order_id, state)
    where known.order_id = new.order_id and known.active";

/// Until the end of the transaction: places become visible in their order only if one projector at a time hands them out, and who
/// follows the lists by their last place would else pass some over for good. Of one schema's table: copies beside it have their own.
const IN_TURN: &str = "select pg_advisory_xact_lock(hashtext(current_schema() || '.pick_lists.place'))";

const LISTS: &str = "insert into pick_lists
        (pick_list_id, order_id, tenant, warehouse, state, active, plan, priority, ship_by_ms, issued_at_ms, body)
    select pick_list_id, order_id, tenant, warehouse, state, active, plan, priority, ship_by_ms, issued_at_ms, body
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::integer[],
        $8::integer[], $9::bigint[], $10::bigint[], $11::bytea[]) with ordinality
        as new (pick_list_id, order_id, tenant, warehouse, state, active, plan, priority, ship_by_ms, issued_at_ms,
            body, nth)
    order by nth
    on conflict (pick_list_id) do nothing";

/// Lists from before the batch are moved on and ended first, so that an end takes none that was issued behind it.
pub(super) async fn write(connection: &mut PgConnection, batch: Batch) -> Result<(), sqlx::Error> {
    let Batch { orders, issued, steps, ends } = batch;
    if !orders.is_empty() {
        let (ids, rows): (Vec<String>, Vec<_>) = orders.into_iter().unzip();
        sqlx::query(ORDERS)
            .bind(ids)
            .bind(rows.iter().map(|row| row.tenant.clone()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.status).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.plan).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.version).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    move_lists(connection, steps, ends).await?;
    if issued.is_empty() { Ok(()) } else { insert(connection, issued).await }
}

async fn move_lists(
    connection: &mut PgConnection,
    steps: BTreeMap<String, &'static str>,
    ends: BTreeMap<String, &'static str>,
) -> Result<(), sqlx::Error> {
    if !steps.is_empty() {
        let (ids, states): (Vec<String>, Vec<&str>) = steps.into_iter().unzip();
        let active: Vec<bool> = states.iter().map(|state| is_active(state)).collect();
        let query = sqlx::query(STEPS).bind(ids).bind(states).bind(active);
        query.execute(&mut *connection).await?;
    }
    if !ends.is_empty() {
        let (ids, states): (Vec<String>, Vec<&str>) = ends.into_iter().unzip();
        sqlx::query(ENDS).bind(ids).bind(states).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert(connection: &mut PgConnection, lists: Vec<List>) -> Result<(), sqlx::Error> {
    let texts = |of: fn(&List) -> &str| -> Vec<String> { lists.iter().map(|list| of(list).to_owned()).collect() };
    let plans = lists.iter().map(|list| i32::try_from(list.told.plan_version).unwrap_or(i32::MAX));
    sqlx::query(IN_TURN).execute(&mut *connection).await?;
    sqlx::query(LISTS)
        .bind(texts(|list| &list.id))
        .bind(texts(|list| &list.order_id))
        .bind(texts(|list| &list.tenant))
        .bind(texts(|list| &list.warehouse))
        .bind(texts(|list| list.state))
        .bind(lists.iter().map(|list| is_active(list.state)).collect::<Vec<_>>())
        .bind(plans.collect::<Vec<_>>())
        .bind(lists.iter().map(|list| list.told.priority).collect::<Vec<_>>())
        .bind(lists.iter().map(|list| list.told.ship_by_ms).collect::<Vec<_>>())
        .bind(lists.iter().map(|list| list.issued_at_ms).collect::<Vec<_>>())
        .bind(lists.iter().map(|list| list.told.encode_to_vec()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
