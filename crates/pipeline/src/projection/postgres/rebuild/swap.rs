//! The swap: one transaction, short, and given up at once where something is in its way.
//!
//! Locks are taken in an order in which nobody is hurt. First one that only vacuuming and migrations mind. Then the offset rows:
//! every writer of these tables begins with them, so none is inside from here on, and what the live projector has beyond the
//! copies is folded now. Last the tables themselves, against readers. PostgreSQL looks for deadlocks after a second, and may
//! choose a reader as its victim: this lock is waited for, and held, for less.

use super::{PATIENCE, Phase, RebuildFault, Step, Work, execute};
use crate::Log;
use crate::log::Offsets;
use crate::projection::Projection;
use crate::projection::postgres::desk;
use sqlx::Row as _;
use std::time::Duration;

/// How long the transaction may wait for writers.
const WRITERS: &str = "set local statement_timeout = '5s'";
/// How long readers may be kept waiting: less than PostgreSQL's `deadlock_timeout` of 1 s.
const READERS: &str = "set local statement_timeout = '600ms'";
/// How long the live projector may be kept waiting while the last records are folded.
const LAST_RECORDS: Duration = Duration::from_secs(4);

impl<P: Projection, L: Log> Work<'_, P, L> {
    /// False: something was in the way, and nothing has changed.
    pub(super) fn swap(&mut self) -> Result<bool, RebuildFault> {
        let (before, records) = (self.books.stored().clone(), self.rebuilt.records);
        let outcome = match self.try_swap() {
            Err(RebuildFault::Postgres(error)) if in_the_way(&error) => Ok(false),
            other => other,
        };
        if let Ok(false) = outcome {
            self.within(PATIENCE, async |step| execute(step.connection, "rollback".to_owned()).await)?;
            self.books.open(before);
            self.rebuilt.records = records;
        }
        outcome
    }

    fn try_swap(&mut self) -> Result<bool, RebuildFault> {
        let name = self.projection.name();
        let live = self.within(PATIENCE, async |step| step.shut_out_writers(name).await)?;
        if !self.fold_up_to(&live, LAST_RECORDS)? {
            return Ok(false);
        }
        self.progress.phase = Phase::Swapping;
        let said = desk::no_longer_kept(&self.rebuilt.forgotten);
        self.within(PATIENCE, async |step| step.put_in_place(name, &said).await)?;
        (self.on)(&self.progress);
        self.within(PATIENCE, async |step| execute(step.connection, "commit".to_owned()).await)?;
        Ok(true)
    }
}

impl<P: Projection> Step<'_, P> {
    /// Begins the transaction, and says how far the live tables are: they stay there until it ends.
    async fn shut_out_writers(&mut self, name: &str) -> Result<Offsets, RebuildFault> {
        let (live, tables) = (&self.copies.live, self.live_tables());
        execute(self.connection, format!("begin; {WRITERS}")).await?;
        execute(self.connection, format!("lock table {tables} in share update exclusive mode")).await?;
        if !self.copies.fit(self.connection).await? {
            return Err(RebuildFault::Changed);
        }
        execute(self.connection, format!("lock table {live}.projection_offsets in share row exclusive mode")).await?;
        self.live_offsets(name).await.map_err(Into::into)
    }

    /// Where the live tables stand, as the transaction sees it.
    pub(super) async fn live_offsets(&mut self, name: &str) -> Result<Offsets, sqlx::Error> {
        let live = &self.copies.live;
        let query =
            format!("select topic, partition, next_offset from {live}.projection_offsets where projection = $1");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).bind(name).fetch_all(&mut *self.connection).await?;
        let mut offsets = Offsets::new();
        for row in rows {
            let (topic, partition): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
            // A topic that the projection no longer reads is not waited for.
            let known = self.projection.topics().iter().find(|known| known.name() == topic);
            if let Some(topic) = known {
                offsets.insert(crate::TopicPartition::new(*topic, partition), row.try_get(2)?);
            }
        }
        Ok(offsets)
    }

    /// Everything but the commit.
    async fn put_in_place(&mut self, name: &str, said: &str) -> Result<(), sqlx::Error> {
        let (live, beside, tables) = (&self.copies.live, &self.copies.beside, self.live_tables());
        // Those of the copies, whatever the live ones were: rows and offsets belong together.
        let forget = format!("delete from {live}.projection_offsets where projection = $1");
        sqlx::query(sqlx::AssertSqlSafe(forget)).bind(name).execute(&mut *self.connection).await?;
        let take = format!(
            "insert into {live}.projection_offsets (projection, topic, partition, next_offset)
             select projection, topic, partition, next_offset from {beside}.projection_offsets"
        );
        execute(self.connection, take).await?;
        desk::done(self.connection, live, name, said).await?;
        execute(self.connection, READERS.to_owned()).await?;
        execute(self.connection, format!("lock table {tables} in access exclusive mode")).await?;
        for (table, _) in &self.copies.tables {
            // Nothing hangs on the old table: that was looked at, and without `cascade` it would be refused here.
            execute(self.connection, format!("drop table {live}.{table}")).await?;
            execute(self.connection, format!("alter table {beside}.{table} set schema {live}")).await?;
        }
        execute(self.connection, format!("drop table {beside}.projection_offsets; drop schema {beside}")).await
    }

    fn live_tables(&self) -> String {
        let tables: Vec<String> =
            self.copies.tables.iter().map(|(table, _)| format!("{}.{table}", self.copies.live)).collect();
        tables.join(", ")
    }
}

/// A lock that was not to be had in time, a deadlock of which this side was the victim.
fn in_the_way(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["57014", "55P03", "40P01", "40001"].contains(&&*code))
}
