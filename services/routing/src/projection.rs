//! Folds routing's facts into the tables that queries are answered from: open holds, and each order's steps.

mod rows;
mod schema;

pub use schema::prepare;

use futures::future::BoxFuture;
use rows::Rows;
use sqlx::PgConnection;
use weir_pipeline::Record;
use weir_pipeline::projection::Projection;
use weir_proto::topics::Topic;

const DROP_ORDERS: &str = "delete from holds h using unnest($1::text[], $2::text[]) as d (tenant, order_id)
    where h.tenant = d.tenant and h.order_id = d.order_id";
const DROP_HOLDS: &str = "delete from holds h using unnest($1::text[], $2::text[]) as d (tenant, hold_id)
    where h.tenant = d.tenant and h.hold_id = d.hold_id";
const ADD_HOLDS: &str = "insert into holds
    (tenant, hold_id, order_id, reason, rule, owner_group, deadline_ms, held_at_ms, order_version)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
        $8::bigint[], $9::bigint[])
    on conflict (tenant, hold_id) do update set reason = excluded.reason, rule = excluded.rule,
        owner_group = excluded.owner_group, deadline_ms = excluded.deadline_ms,
        held_at_ms = excluded.held_at_ms, order_version = excluded.order_version";
const RAISE_VERSIONS: &str = "update holds h set order_version = v.version
    from unnest($1::text[], $2::text[], $3::bigint[]) as v (tenant, order_id, version)
    where h.tenant = v.tenant and h.order_id = v.order_id and h.order_version < v.version";
const ADD_STEPS: &str = "insert into steps (tenant, order_id, version, at_ms, event)
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bytea[])
    on conflict (tenant, order_id, version) do update set at_ms = excluded.at_ms, event = excluded.event";

/// Open holds and steps.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoutesProjection;

impl Projection for RoutesProjection {
    fn name(&self) -> &'static str {
        "routing.routes"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Routes]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["holds", "steps"]
    }

    fn apply<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
        batch: &'a [Record],
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(write(connection, Rows::of(batch)))
    }
}

/// What ended goes first, so that what came after it in the same batch stays.
async fn write(connection: &mut PgConnection, rows: Rows) -> Result<(), sqlx::Error> {
    let Rows { ended_orders, ended_holds, holds, steps, versions } = rows;
    if !ended_orders.is_empty() {
        let (tenants, orders): (Vec<_>, Vec<_>) = ended_orders.into_iter().unzip();
        sqlx::query(DROP_ORDERS).bind(tenants).bind(orders).execute(&mut *connection).await?;
    }
    if !ended_holds.is_empty() {
        let (tenants, holds): (Vec<_>, Vec<_>) = ended_holds.into_iter().unzip();
        sqlx::query(DROP_HOLDS).bind(tenants).bind(holds).execute(&mut *connection).await?;
    }
    if !holds.is_empty() {
        sqlx::query(ADD_HOLDS)
            .bind(holds.keys().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>())
            .bind(holds.keys().map(|(_, hold)| hold.as_str()).collect::<Vec<_>>())
            .bind(holds.values().map(|row| row.order_id.as_str()).collect::<Vec<_>>())
            .bind(holds.values().map(|row| row.held.reason.as_str()).collect::<Vec<_>>())
            .bind(holds.values().map(|row| row.held.rule.as_str()).collect::<Vec<_>>())
            .bind(holds.values().map(|row| row.held.owner_group.as_str()).collect::<Vec<_>>())
            .bind(holds.values().map(|row| row.held.deadline_ms).collect::<Vec<_>>())
            .bind(holds.values().map(|row| row.at_ms).collect::<Vec<_>>())
            .bind(holds.values().map(|row| row.version).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    if !steps.is_empty() {
        sqlx::query(ADD_STEPS)
            .bind(steps.keys().map(|(tenant, ..)| tenant.as_str()).collect::<Vec<_>>())
            .bind(steps.keys().map(|(_, order, _)| order.as_str()).collect::<Vec<_>>())
            .bind(steps.keys().map(|(.., version)| *version).collect::<Vec<_>>())
            .bind(steps.values().map(|step| step.at_ms).collect::<Vec<_>>())
            .bind(steps.values().map(|step| step.event.as_slice()).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
        sqlx::query(RAISE_VERSIONS)
            .bind(versions.keys().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>())
            .bind(versions.keys().map(|(_, order)| order.as_str()).collect::<Vec<_>>())
            .bind(versions.values().copied().collect::<Vec<i64>>())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use weir_decider::Millis;
    use weir_pipeline::Headers;
    use weir_proto::log::v1::Meta;
    use weir_proto::routing::v1::{Held, HoldResolution, HoldResolved, RouteEvent, route_event::Event};
    use weir_testkit::Servers;

    fn record(version: u64, event: Event) -> Record {
        let meta =
            Meta { tenant: "de\0mo".to_owned(), key: "order\0".to_owned(), version, at_ms: 1, ..Meta::default() };
        let event = RouteEvent { meta: Some(meta), event: Some(event) };
        Record {
            topic: Topic::Routes,
            partition: 0,
            offset: version as i64,
            time: Millis(0),
            key: "order\0".to_owned(),
            value: event.encode_to_vec().into(),
            headers: Headers::default(),
        }
    }

    /// Facts of before such texts were refused lie in the log for good.
    #[tokio::test]
    async fn texts_that_no_table_holds_are_mended() {
        let schema = Servers::shared().schema("routing").await;
        prepare(&schema.pool, &schema.name).await.expect("the tables can be made");
        // Not to be made shorter by compressing it.
        let step = |state: &mut u64| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Some(char::from(b'a' + ((*state >> 33) % 26) as u8))
        };
        let long: String = std::iter::repeat_n((), 3_000).scan(7_u64, |state, ()| step(state)).collect();
        let held = |id: &str| {
            let (hold_id, reason) = (id.to_owned(), "why\0".to_owned());
            Event::Held(Held { hold_id, reason, owner_group: "\0".to_owned(), ..Held::default() })
        };
        let resolved = HoldResolved {
            hold_id: "a\0".to_owned(),
            resolution: HoldResolution::Approved.into(),
            note: String::new(),
        };
        let batches =
            [vec![record(1, held("a\0")), record(2, held(&long))], vec![record(3, Event::HoldResolved(resolved))]];
        let mut connection = schema.pool.acquire().await.expect("a connection");
        for batch in &batches {
            RoutesProjection.apply(&mut connection, batch).await.expect("applied");
        }
        let rows: Vec<(String, String, String, i64)> =
            sqlx::query_as("select tenant, hold_id, reason, order_version from holds")
                .fetch_all(&mut *connection)
                .await
                .expect("rows");
        let expected = ("de\u{FFFD}mo".to_owned(), long[..1024].to_owned(), "why\u{FFFD}".to_owned(), 3);
        assert_eq!(rows, [expected]);
    }
}
