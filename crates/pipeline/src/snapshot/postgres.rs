//! The table of snapshots in Postgres.

use super::{Head, Loaded, SnapshotError, SnapshotKey, SnapshotStore};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, Row as _};
use std::future::Future;
use std::sync::Arc;
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
/// A fold of tens of megabytes is not worth what Postgres takes to compress it, and a start waits for it to be taken apart.
const AS_IT_IS: &str = "alter table stage_snapshots alter column bytes set storage external";
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

/// A service's schema in a database.
pub(super) struct Postgres {
    options: Arc<PgConnectOptions>,
    /// The schema that is made before the first snapshot is kept; none where somebody else makes it.
    schema: Option<Arc<str>>,
}

impl Postgres {
    pub(super) fn of(pool: &PgPool) -> Postgres {
        Postgres { options: pool.connect_options(), schema: None }
    }

    pub(super) fn of_service(url: &str, service: &str) -> Result<Postgres, SnapshotError> {
        let options: PgConnectOptions = url.parse().map_err(|_| SnapshotError::Address)?;
        let options = options.options([("search_path", service)]).application_name(&format!("weir-{service}"));
        Ok(Postgres { options: Arc::new(options), schema: Some(Arc::from(service)) })
    }
}

impl SnapshotStore for Postgres {
    fn head(&self, key: &SnapshotKey) -> Result<Option<Head>, SnapshotError> {
        let looked = block_on(in_time(BYTES_PATIENCE, look(&self.options, key)))?;
        Ok(looked.map(|(_, head)| head))
    }

    fn load(&self, key: &SnapshotKey) -> Result<Option<Loaded>, SnapshotError> {
        block_on(async {
            let looked = in_time(LOOK_PATIENCE, look(&self.options, key)).await?;
            let Some((mut connection, head)) = looked else { return Ok(None) };
            if head.fits(key).is_err() {
                return Ok(Some((head, None)));
            }
            let bytes = in_time(BYTES_PATIENCE, bytes(&mut connection, &head)).await?;
            Ok(Some((head, bytes)))
        })
    }

    fn replace(&self, head: &Head, bytes: &[u8]) -> Result<(), SnapshotError> {
        let Head { key, next_offset, last_fact, crc } = head;
        block_on(in_time(BYTES_PATIENCE, async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            prepare(&mut connection, self.schema.as_deref()).await?;
            let query = sqlx::query(SAVE).bind(&key.stage).bind(key.partition).bind(&key.cluster_id).bind(&key.topic);
            let query = query.bind(key.partitions).bind(i64::from(key.shape)).bind(next_offset);
            let query = query.bind(last_fact).bind(i64::from(*crc)).bind(bytes);
            query.execute(&mut connection).await.map(drop)
        }))
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
    sqlx::query(AS_IT_IS).execute(&mut *connection).await?;
    Ok(())
}

async fn exists(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(EXISTS).fetch_one(connection).await
}

async fn look(options: &PgConnectOptions, key: &SnapshotKey) -> Result<Option<(PgConnection, Head)>, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    if !exists(&mut connection).await? {
        return Ok(None);
    }
    let row = sqlx::query(LOOK).bind(&key.stage).bind(key.partition).fetch_optional(&mut connection).await?;
    row.map(|row| Ok((connection, read(&row, key)?))).transpose()
}

fn read(row: &PgRow, asked: &SnapshotKey) -> Result<Head, sqlx::Error> {
    let (shape, crc): (i64, i64) = (row.try_get(3)?, row.try_get(6)?);
    Ok(Head {
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
        crc: u32::try_from(crc).map_err(|no_crc| sqlx::Error::Decode(no_crc.into()))?,
    })
}

async fn bytes(connection: &mut PgConnection, head: &Head) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let (key, crc) = (&head.key, i64::from(head.crc));
    let query = sqlx::query_scalar(BYTES).bind(&key.stage).bind(key.partition).bind(crc).bind(head.next_offset);
    query.fetch_optional(connection).await
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
