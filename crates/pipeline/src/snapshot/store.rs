//! The table of snapshots.

use super::{Snapshot, SnapshotError, SnapshotKey};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use std::future::Future;
use std::time::Duration;

/// How long a start waits to hear whether there is a snapshot.
const LOOK_PATIENCE: Duration = Duration::from_millis(500);
/// How long moving the bytes may take, and whatever nobody waits for.
const BYTES_PATIENCE: Duration = Duration::from_secs(10);

const CREATE: &str = "create table if not exists stage_snapshots (
    stage text not null,
    partition integer not null,
    cluster_id text not null,
    topic text not null,
    partitions integer not null,
    shape bigint not null,
    next_offset bigint not null,
    last_fact bytea not null,
    crc bigint not null,
    bytes bytea not null,
    made_at timestamptz not null default now(),
    primary key (stage, partition))";
/// A newer one of the same fold stays; one of another cluster, topic or shape is of no use to anybody.
const SAVE: &str = "insert into stage_snapshots as s
    (stage, partition, cluster_id, topic, partitions, shape, next_offset, last_fact, crc, bytes)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    on conflict (stage, partition) do update set cluster_id = excluded.cluster_id, topic = excluded.topic,
    partitions = excluded.partitions, shape = excluded.shape, next_offset = excluded.next_offset,
    last_fact = excluded.last_fact, crc = excluded.crc, bytes = excluded.bytes, made_at = now()
    where s.next_offset <= excluded.next_offset or (s.cluster_id, s.topic, s.partitions, s.shape)
    <> (excluded.cluster_id, excluded.topic, excluded.partitions, excluded.shape)";
const EXISTS: &str = "select to_regclass('stage_snapshots') is not null";
const LOOK: &str = "select cluster_id, topic, partitions, shape, next_offset, last_fact, crc from stage_snapshots
    where stage = $1 and partition = $2";
const BYTES: &str = "select bytes from stage_snapshots where stage = $1 and partition = $2 and crc = $3
    and next_offset = $4";

/// A snapshot's row without its bytes.
struct Row {
    key: SnapshotKey,
    next_offset: i64,
    last_fact: Vec<u8>,
    crc: i64,
}

/// The inner error says why there is none that can be used.
pub(super) fn load(
    options: &PgConnectOptions,
    key: &SnapshotKey,
) -> Result<Result<Snapshot, &'static str>, SnapshotError> {
    block_on(async {
        let looked = in_time(LOOK_PATIENCE, look(options, key)).await?;
        let Some((mut connection, row)) = looked else { return Ok(Err("there is none")) };
        if let Err(why) = fits(&row, key) {
            return Ok(Err(why));
        }
        let bytes = in_time(BYTES_PATIENCE, bytes(&mut connection, key, &row)).await?;
        Ok(whole(row, bytes))
    })
}

/// Where the kept snapshot ends.
pub(super) fn reach(options: &PgConnectOptions, key: &SnapshotKey) -> Result<Option<i64>, SnapshotError> {
    block_on(async {
        let looked = in_time(BYTES_PATIENCE, look(options, key)).await?;
        Ok(looked.and_then(|(_, row)| fits(&row, key).is_ok().then_some(row.next_offset)))
    })
}

pub(super) fn save(
    options: &PgConnectOptions,
    schema: Option<&str>,
    key: &SnapshotKey,
    snapshot: &Snapshot,
) -> Result<(), SnapshotError> {
    block_on(async {
        let crc = i64::from(crc32c::crc32c(&snapshot.bytes));
        in_time(BYTES_PATIENCE, async {
            let mut connection = PgConnection::connect_with(options).await?;
            prepare(&mut connection, schema).await?;
            let query = sqlx::query(SAVE).bind(&key.stage).bind(key.partition).bind(&key.cluster_id).bind(&key.topic);
            let query = query.bind(key.partitions).bind(i64::from(key.shape)).bind(snapshot.next_offset);
            query
                .bind(snapshot.last_fact.as_slice())
                .bind(crc)
                .bind(snapshot.bytes.as_slice())
                .execute(&mut connection)
                .await
        })
        .await
    })?;
    match load(options, key)? {
        Ok(back) if back == *snapshot || back.next_offset > snapshot.next_offset => Ok(()),
        _ => Err(SnapshotError::Differs),
    }
}

/// Makes what is missing. Where somebody else has made it, the right to make schemas and tables is not needed.
async fn prepare(connection: &mut PgConnection, schema: Option<&str>) -> Result<(), sqlx::Error> {
    if exists(connection).await? {
        return Ok(());
    }
    if let Some(schema) = schema {
        let create = format!("create schema if not exists \"{schema}\"");
        sqlx::query(AssertSqlSafe(create)).execute(&mut *connection).await?;
    }
    sqlx::query(CREATE).execute(&mut *connection).await?;
    Ok(())
}

async fn exists(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(EXISTS).fetch_one(connection).await
}

async fn look(options: &PgConnectOptions, key: &SnapshotKey) -> Result<Option<(PgConnection, Row)>, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    if !exists(&mut connection).await? {
        return Ok(None);
    }
    let row = sqlx::query(LOOK).bind(&key.stage).bind(key.partition).fetch_optional(&mut connection).await?;
    row.map(|row| Ok((connection, read(&row, key)?))).transpose()
}

fn read(row: &PgRow, asked: &SnapshotKey) -> Result<Row, sqlx::Error> {
    let shape: i64 = row.try_get(3)?;
    Ok(Row {
        key: SnapshotKey {
            stage: asked.stage.clone(),
            partition: asked.partition,
            cluster_id: row.try_get(0)?,
            topic: row.try_get(1)?,
            partitions: row.try_get(2)?,
            shape: u32::try_from(shape).unwrap_or(u32::MAX),
        },
        next_offset: row.try_get(4)?,
        last_fact: row.try_get(5)?,
        crc: row.try_get(6)?,
    })
}

fn fits(row: &Row, key: &SnapshotKey) -> Result<(), &'static str> {
    match &row.key {
        found if found.cluster_id != key.cluster_id => Err("it is of another cluster"),
        found if found.topic != key.topic => Err("it is of another topic"),
        found if found.partitions != key.partitions => Err("it is of another partition count"),
        found if found.shape != key.shape => Err("it has another shape"),
        _ => Ok(()),
    }
}

async fn bytes(connection: &mut PgConnection, key: &SnapshotKey, row: &Row) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let query = sqlx::query_scalar(BYTES).bind(&key.stage).bind(key.partition).bind(row.crc).bind(row.next_offset);
    query.fetch_optional(connection).await
}

fn whole(row: Row, bytes: Option<Vec<u8>>) -> Result<Snapshot, &'static str> {
    let bytes = bytes.ok_or("another took its place meanwhile")?;
    let last_fact = <[u8; 32]>::try_from(row.last_fact).map_err(|_| "its last fact's hash is torn")?;
    if i64::from(crc32c::crc32c(&bytes)) != row.crc {
        return Err("it is torn");
    }
    Ok(Snapshot { next_offset: row.next_offset, last_fact, bytes })
}

fn block_on<T>(work: impl Future<Output = Result<T, SnapshotError>>) -> Result<T, SnapshotError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(SnapshotError::Runtime)?;
    runtime.block_on(work)
}

async fn in_time<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, SnapshotError> {
    let done = tokio::time::timeout(patience, work).await.map_err(|_| SnapshotError::Late)?;
    done.map_err(SnapshotError::Postgres)
}
