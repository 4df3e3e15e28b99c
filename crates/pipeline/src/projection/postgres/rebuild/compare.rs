//! The comparison (I10): one transaction that sees the live tables as of one moment, and folds the copies to just there.
//!
//! It takes no lock that a reader or the live projector would wait for, and is rolled back: nothing of it is left. Identity columns
//! are left out, as they number rows in the order in which a projection happened to see them.

use super::{ANALYZE_PATIENCE, PATIENCE, Phase, RebuildFault, Step, Work, execute};
use crate::log::Offsets;
use crate::projection::Projection;
use crate::projection::postgres::desk;
use crate::{Log, TopicPartition};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the live projector may stand still below what the log had when the copies were made.
const LIVE_PATIENCE: Duration = Duration::from_secs(15);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the records between copies and live tables may take.
const LAST_RECORDS: Duration = Duration::from_secs(60);
/// Rows of a table that are named.
const NAMED_MAX: i64 = 5;

/// Columns that are compared, and those of the primary key. $1: the table.
const COLUMNS: &str = "
    select (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
            where attrelid = t.oid and attnum > 0 and not attisdropped and attidentity = ''),
        (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute a join pg_index i
            on i.indrelid = a.attrelid and a.attnum = any(i.indkey) and i.indisprimary
            where a.attrelid = t.oid and attidentity = '')
    from pg_class t where t.oid = to_regclass($1)";

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Live rows, of all tables.
    pub rows: u64,
    /// Each table that differs, then rows by their keys and what is wrong with them, a few of each table. Empty: the tables equal
    /// the fold.
    pub differing: Vec<String>,
    /// As [`super::Rebuilt::forgotten`]: where there are some, what differs may be their rows.
    pub forgotten: Vec<String>,
}

impl<P: Projection, L: Log> Work<'_, P, L> {
    pub(super) fn compare(&mut self) -> Result<Compared, RebuildFault> {
        self.tell(Phase::CaughtUp)?;
        let name = self.projection.name();
        let (before, records) = (self.books.stored().clone(), self.rebuilt.records);
        let mut waits = Waits::new();
        loop {
            // Before each transaction: from inside nobody would see it.
            self.tell(Phase::Comparing)?;
            let live = self.within(PATIENCE, async |step| step.see_as_of_now(name).await)?;
            let behind = self.behind(&live);
            if behind.is_empty() && self.fold_up_to(&live, LAST_RECORDS)? {
                break;
            }
            self.within(PATIENCE, async |step| execute(step.connection, "rollback".to_owned()).await)?;
            self.books.open(before.clone());
            self.rebuilt.records = records;
            self.wait_for(&behind, &mut waits)?;
        }
        let found = self.within(ANALYZE_PATIENCE, async |step| step.differences().await);
        let mut compared = match found {
            // Beginning anew would take as long.
            Err(RebuildFault::Postgres(sqlx::Error::PoolTimedOut)) => {
                return Err(RebuildFault::Refused(format!("comparing takes more than {ANALYZE_PATIENCE:?}")));
            }
            found => found?,
        };
        compared.forgotten.clone_from(&self.rebuilt.forgotten);
        self.within(PATIENCE, async |step| {
            execute(step.connection, "rollback".to_owned()).await?;
            step.copies.remove(step.connection).await?;
            desk::compared(step.connection, &step.copies.live, name, &compared).await?;
            Ok::<_, RebuildFault>(())
        })?;
        self.progress.phase = Phase::Compared;
        (self.on)(&self.progress);
        Ok(compared)
    }

    /// Where the copies are already, and the live tables are not: where those stand, and where the copies do.
    fn behind(&self, live: &Offsets) -> BTreeMap<TopicPartition, (i64, i64)> {
        let pairs = self.books.stored().iter().map(|(at, next)| (*at, (live.get(at).copied().unwrap_or(0), *next)));
        pairs.filter(|(_, (standing, next))| standing < next).collect()
    }

    /// A pause; at its end where one of the partitions stands still, whatever the others do.
    fn wait_for(
        &mut self,
        behind: &BTreeMap<TopicPartition, (i64, i64)>,
        waits: &mut Waits,
    ) -> Result<(), RebuildFault> {
        let now = self.log.uptime();
        waits.retain(|at, (stood, _)| behind.get(at).is_some_and(|(standing, _)| standing == stood));
        let mut still = Vec::new();
        for (at, (standing, next)) in behind {
            let (_, since) = waits.entry(*at).or_insert((*standing, now));
            if self.log.elapsed(*since) > LIVE_PATIENCE {
                still.push(format!("{}/{} at {standing}, not {next}", at.topic, at.partition));
            }
        }
        if still.is_empty() { self.pause(PAUSE) } else { Err(RebuildFault::Behind(still.join(", "))) }
    }
}

/// Where each partition that is waited for stands, and since when.
type Waits = BTreeMap<TopicPartition, (i64, Duration)>;

impl<P: Projection> Step<'_, P> {
    /// Begins the transaction, and says where the live tables stand in it.
    async fn see_as_of_now(&mut self, name: &str) -> Result<Offsets, RebuildFault> {
        execute(self.connection, "begin isolation level repeatable read".to_owned()).await?;
        if !self.copies.fit(self.connection).await? {
            return Err(RebuildFault::Changed);
        }
        Ok(self.live_offsets(name).await?)
    }

    async fn differences(&mut self) -> Result<Compared, sqlx::Error> {
        let (mut compared, mut named) = (Compared::default(), Vec::new());
        for (table, _) in &self.copies.tables {
            let nothing = self.projection.says_nothing(table.trim_matches('"')).unwrap_or("false");
            let (live, made) = (format!("{}.{table}", self.copies.live), format!("{}.{table}", self.copies.beside));
            let columns: (String, Option<String>) =
                sqlx::query_as(COLUMNS).bind(&live).fetch_one(&mut *self.connection).await?;
            let rows = |of: &str| format!("(select {} from {of} where not ({nothing}))", columns.0);
            let sides = [rows(&live), rows(&made)];
            let of_live = sum(self.connection, &sides[0]).await?;
            let of_made = sum(self.connection, &sides[1]).await?;
            compared.rows += u64::try_from(of_live.0).unwrap_or(0);
            if of_live == of_made {
                continue;
            }
            let counts = format!("{table}: {} rows, and {} in the fold", of_live.0, of_made.0);
            compared.differing.push(counts);
            if let Some(key) = &columns.1 {
                let rows = name_differing(self.connection, &sides, key).await?;
                named.extend(rows.into_iter().map(|row| format!("{table} {row}")));
            }
        }
        compared.differing.append(&mut named);
        Ok(compared)
    }
}

/// How many rows, and the sum of their hashes: equal for equal rows in whatever order, and in all likelihood for no others.
async fn sum(connection: &mut PgConnection, rows: &str) -> Result<(i64, String), sqlx::Error> {
    let query = format!(
        "select count(*), coalesce(sum(hashtextextended(row(r.*)::text, 0)::numeric), 0)::text from {rows} as r"
    );
    sqlx::query_as(AssertSqlSafe(query)).fetch_one(connection).await
}

/// Rows by their keys, with the names of the columns that differ and never what is in them: that may be a person's.
async fn name_differing(
    connection: &mut PgConnection,
    sides: &[String; 2],
    key: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let [live, made] = sides;
    let query = format!(
        "select coalesce(l.k, m.k), l.k is null, m.k is null, (select string_agg(a.key, ', ' order by a.key)
             from jsonb_each_text(to_jsonb(l.r)) a join jsonb_each_text(to_jsonb(m.r)) b using (key)
             where a.value is distinct from b.value)
         from (select row({key})::text as k, r from {live} as r) l
         full join (select row({key})::text as k, r from {made} as r) m on l.k = m.k
         where row(l.*)::text is distinct from row(m.*)::text order by 1 limit {NAMED_MAX}"
    );
    let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(connection).await?;
    let told = |row: sqlx::postgres::PgRow| {
        let (key, missing, unknown): (String, bool, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let columns: Option<String> = row.try_get(3)?;
        Ok(match (missing, unknown) {
            (true, _) => format!("{key}: no row, and the fold has one"),
            (_, true) => format!("{key}: a row that the log does not know"),
            _ => format!("{key}: {} differs from the fold", columns.unwrap_or_default()),
        })
    };
    rows.into_iter().map(told).collect()
}
