//! Rows in Postgres: `stock_levels` for each place, `stock_soft` for each SKU of a pool.

use super::{Delta, deltas, fact_of};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use weir_pipeline::Record;
use weir_pipeline::projection::Projection;
use weir_pipeline::projection::postgres::indexed;
use weir_proto::topics::Topic;

/// The projection "inventory.levels".
#[derive(Clone, Copy, Debug, Default)]
pub struct Levels;

/// Sums of a batch, in the order of their keys so that rows are always locked alike.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// (tenant, pool, SKU, warehouse).
    pub places: BTreeMap<(String, String, String, String), Delta>,
    /// (tenant, pool, SKU).
    pub soft: BTreeMap<(String, String, String), i64>,
}

impl Projection for Levels {
    fn name(&self) -> &'static str {
        "inventory.levels"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Stock]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["stock_levels", "stock_soft"]
    }

    fn apply<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
        batch: &'a [Record],
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        let sums = Batch::of(batch);
        async move {
            sums.write_places(connection).await?;
            sums.write_shortages(connection).await?;
            sums.write_soft(connection).await
        }
        .boxed()
    }
}

impl Batch {
    /// Adds a batch up. A fact that can't be read is the stage's to stop at; here it is logged and left out.
    pub fn of(records: &[Record]) -> Batch {
        let mut batch = Batch::default();
        for record in records {
            let fact = match fact_of(record) {
                Ok(Some(fact)) => fact,
                Ok(None) => continue,
                Err(fault) => {
                    let (partition, offset, reason) = (record.partition, record.offset, fault.reason);
                    tracing::error!(partition, offset, reason, field = fault.field, "stock fact not readable");
                    continue;
                }
            };
            let Some((tenant, pool)) = record.key.split_once('/') else {
                continue;
            };
            for delta in deltas(&fact) {
                batch.add(tenant, pool, delta);
            }
        }
        batch
    }

    fn add(&mut self, tenant: &str, pool: &str, delta: Delta) {
        // Summed up under what the columns hold, so that no row comes twice in a statement.
        let [tenant, pool, sku, warehouse] =
            [tenant, pool, &delta.sku, &delta.warehouse].map(|text| indexed(text).into_owned());
        if delta.warehouse.is_empty() {
            *self.soft.entry((tenant, pool, sku)).or_default() += delta.held;
            return;
        }
        let sum = self.places.entry((tenant, pool, sku, warehouse)).or_default();
        sum.on_hand += delta.on_hand;
        sum.held += delta.held;
        sum.damaged += delta.damaged;
        sum.suspect += delta.suspect;
        sum.quality_hold += delta.quality_hold;
        sum.shortage = delta.shortage.or(sum.shortage);
    }

    async fn write_places(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let column = |of: fn(&Delta) -> i64| self.places.values().map(of).collect::<Vec<i64>>();
        let key = |of: fn(&(String, String, String, String)) -> &String| {
            self.places.keys().map(|key| of(key).clone()).collect::<Vec<String>>()
        };
        sqlx::query(
            "insert into stock_levels as l (tenant, pool, sku, warehouse, on_hand, allocated, damaged, suspect, quality_hold)
             select * from unnest($1::text[], $2::text[], $3::text[], $4::text[],
                                  $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
             on conflict (tenant, pool, sku, warehouse) do update set
                 on_hand = l.on_hand + excluded.on_hand,
                 allocated = l.allocated + excluded.allocated,
                 damaged = l.damaged + excluded.damaged,
                 suspect = l.suspect + excluded.suspect,
                 quality_hold = l.quality_hold + excluded.quality_hold",
        )
        .bind(key(|key| &key.0))
        .bind(key(|key| &key.1))
        .bind(key(|key| &key.2))
        .bind(key(|key| &key.3))
        .bind(column(|sum| sum.on_hand))
        .bind(column(|sum| sum.held))
        .bind(column(|sum| sum.damaged))
        .bind(column(|sum| sum.suspect))
        .bind(column(|sum| sum.quality_hold))
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn write_shortages(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let set: Vec<_> = self.places.iter().filter_map(|(key, sum)| Some((key, sum.shortage?))).collect();
        if set.is_empty() {
            return Ok(());
        }
        let key = |of: fn(&(String, String, String, String)) -> &String| {
            set.iter().map(|(key, _)| of(key).clone()).collect::<Vec<String>>()
        };
        sqlx::query(
            "update stock_levels l set shortage = s.shortage
             from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
                  as s (tenant, pool, sku, warehouse, shortage)
             where (l.tenant, l.pool, l.sku, l.warehouse) = (s.tenant, s.pool, s.sku, s.warehouse)",
        )
        .bind(key(|key| &key.0))
        .bind(key(|key| &key.1))
        .bind(key(|key| &key.2))
        .bind(key(|key| &key.3))
        .bind(set.iter().map(|(_, shortage)| *shortage).collect::<Vec<i64>>())
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn write_soft(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let key = |of: fn(&(String, String, String)) -> &String| {
            self.soft.keys().map(|key| of(key).clone()).collect::<Vec<String>>()
        };
        sqlx::query(
            "insert into stock_soft as s (tenant, pool, sku, soft)
             select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
             on conflict (tenant, pool, sku) do update set soft = s.soft + excluded.soft",
        )
        .bind(key(|key| &key.0))
        .bind(key(|key| &key.1))
        .bind(key(|key| &key.2))
        .bind(self.soft.values().copied().collect::<Vec<i64>>())
        .execute(connection)
        .await?;
        Ok(())
    }
}
