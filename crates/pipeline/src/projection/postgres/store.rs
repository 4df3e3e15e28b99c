//! The database side: one connection on a private runtime, offset rows that are compared and set.

use super::ProjectorError;
use super::books::Move;
use super::rows::{Applied, Rows};
use crate::log::Offsets;
use crate::projection::{Projection, StoreFault};
use crate::{Record, TopicPartition};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool, Row as _};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long one transaction may take: less than the group's `max.poll.interval.ms`.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) const CREATE: &str = "create table if not exists projection_offsets (
    projection text not null,
    topic text not null,
    partition integer not null,
    next_offset bigint not null,
    updated_at timestamptz not null default now(),
    primary key (projection, topic, partition))";
const READ: &str = "select topic, partition, next_offset from projection_offsets where projection = $1";
const BEGIN_AT_0: &str = "insert into projection_offsets (projection, topic, partition, next_offset)
    select $1, topic, partition, 0 from unnest($2::text[], $3::integer[]) as new (topic, partition)
    on conflict do nothing";
const MOVE: &str = "update projection_offsets as o set next_offset = m.next, updated_at = now()
    from unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[]) as m (topic, partition, expected, next)
    where o.projection = $1 and o.topic = m.topic and o.partition = m.partition and o.next_offset = m.expected";

/// A projection and its connection.
pub(super) struct Store<P> {
    projection: P,
    options: Arc<PgConnectOptions>,
    runtime: Runtime,
    connection: Option<PgConnection>,
}

impl<P: Projection> Store<P> {
    pub(super) fn new(projection: P, pool: &PgPool) -> Result<Store<P>, ProjectorError> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ProjectorError::Thread)?;
        Ok(Store { projection, options: pool.connect_options(), runtime, connection: None })
    }
}

impl<P: Projection> Rows for Store<P> {
    fn offsets(&mut self, partitions: &[TopicPartition]) -> Result<Offsets, StoreFault> {
        let name = self.projection.name();
        let Store { options, runtime, connection, .. } = self;
        within(runtime, options, connection, async |connection| {
            begin_at_0(&mut *connection, name, partitions).await?;
            let rows = sqlx::query(READ).bind(name).fetch_all(&mut *connection).await?;
            let mut offsets = Offsets::new();
            for row in rows {
                let (topic, partition): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
                let found = partitions.iter().find(|p| p.topic.name() == topic && p.partition == partition);
                if let Some(at) = found {
                    offsets.insert(*at, row.try_get(2)?);
                }
            }
            Ok(offsets)
        })
    }

    fn apply(&mut self, batch: &[Record], moves: &[Move]) -> Result<Applied, StoreFault> {
        let Store { projection, options, runtime, connection } = self;
        within(runtime, options, connection, async |connection| {
            let mut transaction = connection.begin().await?;
            // What a crash of the server forgets, it forgets together with the offset.
            sqlx::query("set local synchronous_commit = off").execute(&mut *transaction).await?;
            let applied = write(&mut transaction, projection, batch, moves).await?;
            match applied {
                Applied::Done => transaction.commit().await?,
                Applied::Moved => transaction.rollback().await?,
            }
            Ok(applied)
        })
    }
}

/// Inside a transaction, which is to be rolled back where the answer is that the offset rows had moved.
pub(super) async fn write(
    connection: &mut PgConnection,
    projection: &mut impl Projection,
    batch: &[Record],
    moves: &[Move],
) -> Result<Applied, sqlx::Error> {
    // First, so that the rows are locked before anything is written.
    if move_rows(connection, projection.name(), moves).await? != moves.len() as u64 {
        return Ok(Applied::Moved);
    }
    projection.apply(connection, batch).await?;
    Ok(Applied::Done)
}

/// Makes offset rows at 0 where there are none.
pub(super) async fn begin_at_0(
    connection: &mut PgConnection,
    name: &str,
    partitions: &[TopicPartition],
) -> Result<(), sqlx::Error> {
    let (topics, numbers): (Vec<&str>, Vec<i32>) = partitions.iter().map(|p| (p.topic.name(), p.partition)).unzip();
    sqlx::query(CREATE).execute(&mut *connection).await?;
    sqlx::query(BEGIN_AT_0).bind(name).bind(topics).bind(numbers).execute(connection).await.map(drop)
}

async fn move_rows(connection: &mut PgConnection, name: &str, moves: &[Move]) -> Result<u64, sqlx::Error> {
    let topics: Vec<&str> = moves.iter().map(|m| m.at.topic.name()).collect();
    let partitions: Vec<i32> = moves.iter().map(|m| m.at.partition).collect();
    let expected: Vec<i64> = moves.iter().map(|m| m.expected).collect();
    let next: Vec<i64> = moves.iter().map(|m| m.next).collect();
    let query = sqlx::query(MOVE).bind(name).bind(topics).bind(partitions).bind(expected).bind(next);
    Ok(query.execute(connection).await?.rows_affected())
}

/// Runs `work` on the connection, which is made first if there is none. A connection that failed, or was given up on, is not
/// used again: what it did is found out from the offset rows.
fn within<T>(
    runtime: &Runtime,
    options: &PgConnectOptions,
    held: &mut Option<PgConnection>,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
) -> Result<T, StoreFault> {
    let outcome = runtime.block_on(in_time(async {
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => PgConnection::connect_with(options).await?,
        };
        let done = work(&mut connection).await?;
        *held = Some(connection);
        Ok(done)
    }));
    outcome.map_err(fault)
}

pub(super) fn fault(error: sqlx::Error) -> StoreFault {
    if may_pass(&error) { StoreFault::Transient(error.into()) } else { StoreFault::Refused(error.into()) }
}

async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// Whether waiting may help.
pub(super) fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Connection, resources, operator, system; serialization and deadlock; read-only while it fails over;
            // a schema or table that migrations are still to make.
            ["08", "53", "57", "58", "40", "25006", "3F000", "42P01"].iter().any(|class| code.starts_with(class))
        }),
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}
