//! The statements. Each carries a whole batch.

use super::batch::{Batch, Changed, CountKey, Known};
use crate::domain::{Placed, Story};
use serde::Serialize;
use sqlx::PgConnection;
use std::borrow::Cow;
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_pipeline::projection::postgres::indexed;

/// The four views of a row, as they are stored.
pub(crate) type Views = (String, String, String, String);

/// # Errors
/// Where a stored view is none of ours.
pub(crate) fn story_of((placed, route, stock, work): &Views) -> Result<Story, sqlx::Error> {
    let fault = |error: serde_json::Error| sqlx::Error::Decode(error.into());
    Ok(Story {
        placed: serde_json::from_str(placed).map_err(fault)?,
        route: serde_json::from_str(route).map_err(fault)?,
        stock: serde_json::from_str(stock).map_err(fault)?,
        work: serde_json::from_str(work).map_err(fault)?,
    })
}

fn stored(view: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(view).map_err(|error| sqlx::Error::Encode(error.into()))
}

pub(super) async fn write_timeline(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
    let entries = &batch.timeline;
    if entries.is_empty() {
        return Ok(());
    }
    let topics: Vec<&str> = entries.iter().map(|entry| entry.record.topic.name()).collect();
    let partitions: Vec<i32> = entries.iter().map(|entry| entry.record.partition).collect();
    let offsets: Vec<i64> = entries.iter().map(|entry| entry.record.offset).collect();
    let orders: Vec<Uuid> = entries.iter().map(|entry| entry.order_id).collect();
    let times: Vec<i64> = entries.iter().map(|entry| entry.record.time.0).collect();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
    let bodies: Vec<&[u8]> = entries.iter().map(|entry| entry.record.value.as_ref()).collect();
    // A projector that has lost its partitions may come with rows that are there; its offset row will turn it back.
    sqlx::query(
        "insert into timeline (topic, partition, \"offset\", order_id, logged_at_ms, type, body)
         select * from unnest($1::text[], $2::int[], $3::bigint[], $4::uuid[], $5::bigint[], $6::text[], $7::bytea[])
         on conflict do nothing",
    )
    .bind(topics)
    .bind(partitions)
    .bind(offsets)
    .bind(orders)
    .bind(times)
    .bind(names)
    .bind(bodies)
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads and locks the rows of these orders, in the order of their ids.
pub(super) async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Known>, sqlx::Error> {
    type Row = (Uuid, String, String, String, String, String, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "select order_id, placed::text, route::text, stock::text, work::text, state, updated_at_ms
         from orders where order_id = any($1) order by order_id for update",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    let mut known = BTreeMap::new();
    for (order_id, placed, route, stock, work, state, updated_at_ms) in rows {
        let story = story_of(&(placed, route, stock, work))?;
        known.insert(order_id, Known { story, state, updated_at_ms });
    }
    Ok(known)
}

pub(super) async fn save(connection: &mut PgConnection, changed: &[Changed]) -> Result<(), sqlx::Error> {
    if changed.is_empty() {
        return Ok(());
    }
    let views = |view: fn(&Story) -> Result<String, sqlx::Error>| {
        changed.iter().map(|row| view(&row.story)).collect::<Result<Vec<String>, _>>()
    };
    sqlx::query(
        "insert into orders (order_id, tenant, placed, route, stock, work, state, updated_at_ms)
         select o, t, p::json, r::json, s::json, w::json, st, up
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
             as rows (o, t, p, r, s, w, st, up)
         on conflict (order_id) do update set
             placed = excluded.placed, route = excluded.route, stock = excluded.stock, work = excluded.work,
             state = excluded.state, updated_at_ms = excluded.updated_at_ms",
    )
    .bind(changed.iter().map(|row| row.order_id).collect::<Vec<Uuid>>())
    .bind(changed.iter().map(|row| row.tenant.as_str()).collect::<Vec<&str>>())
    .bind(views(|story| stored(&story.placed))?)
    .bind(views(|story| stored(&story.route))?)
    .bind(views(|story| stored(&story.stock))?)
    .bind(views(|story| stored(&story.work))?)
    .bind(changed.iter().map(|row| row.state.as_str()).collect::<Vec<&str>>())
    .bind(changed.iter().map(|row| row.updated_at_ms).collect::<Vec<i64>>())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn save_identities(connection: &mut PgConnection, changed: &[Changed]) -> Result<(), sqlx::Error> {
    let changed: Vec<&Changed> = changed.iter().filter(|row| row.is_placed_anew).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let each = |text: fn(&Placed) -> &str| -> Vec<Cow<'_, str>> {
        changed.iter().map(|row| indexed(text(&row.story.placed))).collect()
    };
    sqlx::query(
        "insert into order_identities
             (order_id, tenant, channel, shop, platform_order_id, shown_number, phone_hash, email_hash, placed_at_ms)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
             $9::bigint[])
         on conflict (order_id) do update set
             channel = excluded.channel, shop = excluded.shop, platform_order_id = excluded.platform_order_id,
             shown_number = excluded.shown_number, phone_hash = excluded.phone_hash, email_hash = excluded.email_hash,
             placed_at_ms = excluded.placed_at_ms",
    )
    .bind(changed.iter().map(|row| row.order_id).collect::<Vec<Uuid>>())
    .bind(changed.iter().map(|row| row.tenant.as_str()).collect::<Vec<&str>>())
    .bind(each(|placed| &placed.channel))
    .bind(each(|placed| &placed.shop))
    .bind(each(|placed| &placed.platform_order_id))
    .bind(each(|placed| &placed.shown_number))
    .bind(each(|placed| &placed.phone_hash))
    .bind(each(|placed| &placed.email_hash))
    .bind(changed.iter().map(|row| row.story.placed.placed_at_ms).collect::<Vec<i64>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// By what an order is found beside its own row.
pub(super) async fn save_finds(connection: &mut PgConnection, changed: &[Changed]) -> Result<(), sqlx::Error> {
    let skus = pairs(changed, |row| &row.new_skus);
    if !skus.0.is_empty() {
        sqlx::query("insert into order_skus select * from unnest($1::text[], $2::uuid[]) on conflict do nothing")
            .bind(skus.0)
            .bind(skus.1)
            .execute(&mut *connection)
            .await?;
    }
    let tracking = pairs(changed, |row| &row.new_tracking);
    if !tracking.0.is_empty() {
        sqlx::query("insert into order_tracking select * from unnest($1::text[], $2::uuid[]) on conflict do nothing")
            .bind(tracking.0)
            .bind(tracking.1)
            .execute(connection)
            .await?;
    }
    Ok(())
}

fn pairs(changed: &[Changed], items: fn(&Changed) -> &Vec<String>) -> (Vec<Cow<'_, str>>, Vec<Uuid>) {
    changed.iter().flat_map(|row| items(row).iter().map(|item| (indexed(item), row.order_id))).unzip()
}

pub(super) async fn count_states(connection: &mut PgConnection, changed: &[Changed]) -> Result<(), sqlx::Error> {
    let mut deltas: BTreeMap<(&str, i32, &str), i64> = BTreeMap::new();
    for row in changed {
        if row.state_before.as_deref() == Some(row.state.as_str()) {
            continue;
        }
        if let Some(before) = &row.state_before {
            *deltas.entry((&row.tenant, row.partition, before)).or_default() -= 1;
        }
        *deltas.entry((&row.tenant, row.partition, &row.state)).or_default() += 1;
    }
    deltas.retain(|_, by| *by != 0);
    if deltas.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into state_counts as known (tenant, partition, state, count)
         select * from unnest($1::text[], $2::int[], $3::text[], $4::bigint[])
         on conflict (tenant, partition, state) do update set count = known.count + excluded.count",
    )
    .bind(deltas.keys().map(|(tenant, _, _)| *tenant).collect::<Vec<&str>>())
    .bind(deltas.keys().map(|(_, partition, _)| *partition).collect::<Vec<i32>>())
    .bind(deltas.keys().map(|(_, _, state)| *state).collect::<Vec<&str>>())
    .bind(deltas.values().copied().collect::<Vec<i64>>())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn count_events(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
    let counts = &batch.counts;
    if counts.is_empty() {
        return Ok(());
    }
    let text = |part: fn(&CountKey) -> &str| counts.keys().map(part).collect::<Vec<&str>>();
    sqlx::query(
        "insert into event_counts as known (tenant, topic, partition, type, count)
         select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::bigint[])
         on conflict (tenant, topic, partition, type) do update set count = known.count + excluded.count",
    )
    .bind(text(|key| &key.tenant))
    .bind(text(|key| key.topic))
    .bind(counts.keys().map(|key| key.partition).collect::<Vec<i32>>())
    .bind(text(|key| key.name))
    .bind(counts.values().copied().collect::<Vec<i64>>())
    .execute(connection)
    .await?;
    Ok(())
}
