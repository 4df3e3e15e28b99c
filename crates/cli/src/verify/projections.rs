//! I10: Postgres equals the fold; Redis equals the fold, or is absent, and never wrong.
//!
//! The stock ledger is folded here, apart from the projection's own code; so are the counters' counts of it ([`super::counters`]).
//! All rows of all tables are compared with a fold by that code ([`super::tables`]), and the counters' soft promises with what it
//! made.
//!
//! A projector may be behind: what differs is looked at again until it agrees or patience ends.

use super::{counters, tables};
use crate::installation::Installation;
use sqlx::{Connection as _, PgConnection, Row as _};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use weir_invariants::{Id, Level, Levels, Report};

/// How long a projector may take to come up to the log.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two looks.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// Differences printed.
pub(super) const SHOWN_MAX: usize = 5;

/// Compares the stock ledger's rows and counters, the console's count of orders, and all rows of all tables, with the fold. What is
/// not registered has been told by then; there may be no tables of it.
pub async fn check(installation: &Installation, levels: &Levels, report: &mut Report) -> anyhow::Result<()> {
    let levels = without_empty(levels);
    let mut connection = PgConnection::connect(installation.database_url()?).await?;
    let registered = tables::registered(&mut connection, report).await?;
    let has = |name: &str| registered.iter().any(|of| of.projection == name);
    let (stock, console) = (has("inventory.levels"), has("console.orders"));
    if stock {
        stock_rows(&mut connection, &levels, report).await?;
    }
    if console {
        console_orders(&mut connection, report).await?;
    }
    tables::compare(&mut connection, registered, report).await?;
    if stock {
        counters::compare(installation, &mut connection, &levels, report).await?;
    } else {
        counters::missing(report);
    }
    Ok(())
}

async fn stock_rows(connection: &mut PgConnection, levels: &Levels, report: &mut Report) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let rows = postgres_levels(connection).await?;
        let differing = differences(levels, &rows);
        if differing.is_empty() || started.elapsed() > PATIENCE {
            note(report, "postgres inventory.stock_levels", levels.len(), &differing);
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
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

/// Of places that something is at.
pub(super) async fn postgres_levels(connection: &mut PgConnection) -> anyhow::Result<Levels> {
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

/// By "tenant/pool/SKU"; those that are 0 are left out.
pub(super) async fn postgres_soft(connection: &mut PgConnection) -> anyhow::Result<BTreeMap<String, i64>> {
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
