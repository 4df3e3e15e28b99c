//! I10: Postgres equals the fold; Redis equals the fold, or is absent, and never wrong.
//!
//! The stock ledger is folded here, apart from the projection's own code; so are the counters' counts of it. All rows of all
//! tables are compared with a fold by that code ([`super::tables`]), and the counters' soft promises with what it made.
//!
//! A projector may be behind: what differs is looked at again until it agrees or patience ends.

use super::tables;
use crate::installation::Installation;
use sqlx::{Connection as _, PgConnection, Row as _};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use weir_invariants::{Id, Level, Levels, Report};
use weir_pipeline::projection::redis::CounterReader;

/// How long a projector may take to come up to the log.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Differences printed.
const SHOWN_MAX: usize = 5;

/// Compares the stock ledger's rows and counters, the console's count of orders, and all rows of all tables, with the fold.
pub async fn check(installation: &Installation, levels: &Levels, report: &mut Report) -> anyhow::Result<()> {
    let levels = without_empty(levels);
    let mut connection = PgConnection::connect(installation.database_url()?).await?;
    let started = Instant::now();
    let differing = loop {
        let rows = postgres_levels(&mut connection).await?;
        let differing = differences(&levels, &rows);
        if differing.is_empty() || started.elapsed() > PATIENCE {
            break differing;
        }
        tokio::time::sleep(PAUSE).await;
    };
    note(report, "postgres inventory.stock_levels", levels.len(), &differing);
    console_orders(&mut connection, report).await?;
    tables::compare(&mut connection, report).await?;
    redis_levels(installation, &mut connection, &levels, report).await
}

fn without_empty(levels: &Levels) -> Levels {
    levels.iter().filter(|(_, level)| **level != Level::default()).map(|(k, v)| (k.clone(), *v)).collect()
}

pub(super) fn note(report: &mut Report, what: &str, compared: usize, differing: &[String]) {
    for _ in differing.len()..compared {
        report.check(Id::I10, true, String::new);
    }
    for difference in differing.iter().take(SHOWN_MAX) {
        report.check(Id::I10, false, || format!("{what}: {difference}"));
    }
    if differing.len() > SHOWN_MAX {
        report.check(Id::I10, false, || format!("{what}: and {} more differ", differing.len() - SHOWN_MAX));
    }
}

fn differences(fold: &Levels, rows: &Levels) -> Vec<String> {
    let mut found = Vec::new();
    for (at, level) in fold {
        match rows.get(at) {
            Some(row) if row == level => {}
            Some(row) => found.push(format!("{at:?}: fold {level:?}, row {row:?}")),
            None => found.push(format!("{at:?}: fold {level:?}, no row")),
        }
    }
    for at in rows.keys().filter(|at| !fold.contains_key(*at)) {
        found.push(format!("{at:?}: a row that the log does not know"));
    }
    found
}

async fn postgres_levels(connection: &mut PgConnection) -> anyhow::Result<Levels> {
    let rows = sqlx::query(
        "select tenant, pool, sku, warehouse, on_hand, allocated, shortage, damaged, quality_hold, suspect
         from inventory.stock_levels",
    )
    .fetch_all(connection)
    .await?;
    let mut levels = Levels::new();
    for row in rows {
        let pool = format!("{}/{}", row.try_get::<String, _>("tenant")?, row.try_get::<String, _>("pool")?);
        let level = Level {
            on_hand: row.try_get("on_hand")?,
            allocated: row.try_get("allocated")?,
            shortage: row.try_get("shortage")?,
            damaged: row.try_get("damaged")?,
            quality_hold: row.try_get("quality_hold")?,
            suspect: row.try_get("suspect")?,
        };
        if level != Level::default() {
            levels.insert((pool, row.try_get("sku")?, row.try_get("warehouse")?), level);
        }
    }
    Ok(levels)
}

/// By "tenant/pool/SKU".
async fn postgres_soft(connection: &mut PgConnection) -> anyhow::Result<BTreeMap<String, i64>> {
    let query = "select tenant || '/' || pool || '/' || sku, soft from inventory.stock_soft where soft <> 0";
    Ok(sqlx::query_as(query).fetch_all(connection).await?.into_iter().collect())
}

async fn console_orders(connection: &mut PgConnection, report: &mut Report) -> anyhow::Result<()> {
    let wanted = i64::try_from(report.summary.orders)?;
    let started = Instant::now();
    loop {
        let placed: i64 = sqlx::query_scalar("select count(*) from console.order_identities where placed_at_ms > 0")
            .fetch_one(&mut *connection)
            .await?;
        if placed == wanted || started.elapsed() > PATIENCE {
            report.check(Id::I10, placed == wanted, || format!("console knows {placed} orders, the log {wanted}"));
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn redis_levels(
    installation: &Installation,
    connection: &mut PgConnection,
    levels: &Levels,
    report: &mut Report,
) -> anyhow::Result<()> {
    let prefix = &installation.log.prefix;
    let reader = CounterReader::connect(installation.redis_url()?, prefix, "inventory.availability").await?;
    // One hash for each (pool, SKU): "<warehouse>:on_hand", "<warehouse>:allocated", and "soft" for all warehouses.
    let mut wanted: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for ((pool, sku, warehouse), level) in levels {
        let fields = wanted.entry(format!("{pool}/{sku}")).or_default();
        fields.insert(format!("{warehouse}:on_hand"), level.on_hand);
        fields.insert(format!("{warehouse}:allocated"), level.allocated);
    }
    let started = Instant::now();
    let (hashes, differing) = loop {
        // As the rows have it now, which were compared with the fold before.
        let soft = postgres_soft(connection).await?;
        for hash in soft.keys() {
            wanted.entry(hash.clone()).or_default();
        }
        for (hash, fields) in &mut wanted {
            fields.insert("soft".to_owned(), soft.get(hash).copied().unwrap_or(0));
        }
        let hashes: Vec<String> = wanted.keys().cloned().collect();
        let Some(found) = reader.read(&hashes).await? else {
            if started.elapsed() > PATIENCE {
                // Absent is allowed; it is only ever not wrong.
                report.check(Id::I10, true, String::new);
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let mut differing = Vec::new();
        for (hash, fields) in hashes.iter().zip(found) {
            for (field, value) in &wanted[hash] {
                let redis = fields.get(field).copied().unwrap_or(0);
                if redis != *value {
                    differing.push(format!("{hash} {field}: {value}, and {redis} in Redis"));
                }
            }
        }
        if differing.is_empty() || started.elapsed() > PATIENCE {
            break (hashes, differing);
        }
        tokio::time::sleep(PAUSE).await;
    };
    note(report, "redis inventory.availability", hashes.len(), &differing);
    Ok(())
}
