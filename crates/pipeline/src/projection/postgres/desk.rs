//! Two small tables beside the offset rows: which projections a schema has, and what is asked and known of their rebuilds, which
//! are made to replace the tables that are read or to be compared with them. The
//! command line writes the wish; the process that projects reads it and writes how far it is.

use super::rebuild::{Compared, Progress};
use crate::projection::Projection;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

const CREATE: &str = "
create table if not exists projection_register (
    projection text primary key,
    topics text[] not null,
    tables text[] not null
);
create table if not exists projection_rebuilds (
    projection text primary key,
    state text not null check (state in ('asked', 'running', 'done', 'failed')),
    phase text not null default '',
    done bigint not null default 0,
    wanted bigint not null default 0,
    said text not null default '',
    asked_at timestamptz not null default now(),
    changed_at timestamptz not null default now()
);
alter table projection_rebuilds add column if not exists purpose text not null default 'replace',
    add column if not exists compared bigint not null default 0,
    add column if not exists differing text[] not null default '{}'";
const REGISTER: &str = "insert into projection_register (projection, topics, tables) values ($1, $2, $3)
    on conflict (projection) do update set topics = excluded.topics, tables = excluded.tables";
const SCHEMAS: &str = "select format('%I', n.nspname) from pg_class t join pg_namespace n on n.oid = t.relnamespace
    where t.relname = 'projection_register' and t.relkind = 'r' order by 1";

/// A projection in Postgres, as its process has registered it.
#[derive(Clone, Debug)]
pub struct Registered {
    pub projection: String,
    /// Quoted where it has to be.
    pub schema: String,
    pub topics: Vec<String>,
    /// None: it can't be rebuilt.
    pub tables: Vec<String>,
    /// The last one.
    pub rebuild: Option<Rebuild>,
}

/// What the copies are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// They take the place of the live tables.
    Replace,
    /// The live tables are compared with them.
    Compare,
}

impl Purpose {
    pub fn name(self) -> &'static str {
        match self {
            Purpose::Replace => "replace",
            Purpose::Compare => "compare",
        }
    }

    fn of(name: &str) -> Purpose {
        if name == Purpose::Compare.name() { Purpose::Compare } else { Purpose::Replace }
    }
}

/// What is known of a rebuild.
#[derive(Clone, Debug)]
pub struct Rebuild {
    pub purpose: Purpose,
    /// "asked", "running", "done", "failed".
    pub state: String,
    pub phase: String,
    /// In offsets of all partitions together.
    pub done: i64,
    pub wanted: i64,
    /// Why it failed, or what is to be known of it.
    pub said: String,
    /// Seconds from the wish to the last change.
    pub seconds: f64,
    /// Seconds since the last change.
    pub silent: f64,
    /// Rows that were compared.
    pub compared: i64,
    /// What was found to differ from the fold.
    pub differing: Vec<String>,
}

pub(super) async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(CREATE).execute(connection).await.map(drop)
}

pub(super) async fn register(connection: &mut PgConnection, projection: &impl Projection) -> Result<(), sqlx::Error> {
    let topics: Vec<&str> = projection.topics().iter().map(|topic| topic.name()).collect();
    let query = sqlx::query(REGISTER).bind(projection.name()).bind(topics).bind(projection.tables());
    query.execute(connection).await.map(drop)
}

/// Another projection of the schema that writes to one of these tables.
pub(super) async fn shares_tables(
    connection: &mut PgConnection,
    name: &str,
    tables: &[&str],
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select projection from projection_register where projection <> $1 and tables && $2 limit 1")
        .bind(name)
        .bind(tables)
        .fetch_optional(connection)
        .await
}

pub(super) async fn asked(connection: &mut PgConnection, name: &str) -> Result<Option<Purpose>, sqlx::Error> {
    let query = "select purpose from projection_rebuilds where projection = $1 and state in ('asked', 'running')";
    let purpose: Option<String> = sqlx::query_scalar(query).bind(name).fetch_optional(connection).await?;
    Ok(purpose.as_deref().map(Purpose::of))
}

/// The end of a comparison.
pub(super) async fn compared(
    connection: &mut PgConnection,
    schema: &str,
    name: &str,
    compared: &Compared,
) -> Result<(), sqlx::Error> {
    let query = format!(
        "update {schema}.projection_rebuilds set state = 'done', phase = 'compared', said = $2, compared = $3, differing = $4,
             changed_at = now() where projection = $1 and state in ('asked', 'running')
             and purpose = 'compare'"
    );
    let query = sqlx::query(AssertSqlSafe(query)).bind(name).bind(no_longer_kept(&compared.forgotten));
    let rows = i64::try_from(compared.rows).unwrap_or(i64::MAX);
    query.bind(rows).bind(&compared.differing).execute(connection).await.map(drop)
}

/// In words, of places as [`super::Rebuilt::forgotten`] has them.
pub(super) fn no_longer_kept(places: &[String]) -> String {
    if places.is_empty() { String::new() } else { format!("no longer in the log: {}", places.join(", ")) }
}

pub(super) async fn progress(
    connection: &mut PgConnection,
    schema: &str,
    name: &str,
    purpose: Purpose,
    progress: Progress,
) -> Result<(), sqlx::Error> {
    let query = format!(
        "update {schema}.projection_rebuilds set state = 'running', phase = $2, done = $3, wanted = $4, changed_at = now()
         where projection = $1 and state in ('asked', 'running') and purpose = $5"
    );
    let query = sqlx::query(AssertSqlSafe(query)).bind(name).bind(progress.phase.name());
    let query = query.bind(progress.done).bind(progress.wanted).bind(purpose.name());
    query.execute(connection).await.map(drop)
}

/// In the transaction of the swap.
pub(super) async fn done(
    connection: &mut PgConnection,
    schema: &str,
    name: &str,
    said: &str,
) -> Result<(), sqlx::Error> {
    let query = format!(
        "update {schema}.projection_rebuilds set state = 'done', phase = 'swapped', said = $2, changed_at = now()
         where projection = $1 and state in ('asked', 'running') and purpose = 'replace'"
    );
    sqlx::query(AssertSqlSafe(query)).bind(name).bind(said).execute(connection).await.map(drop)
}

pub(super) async fn failed(
    connection: &mut PgConnection,
    name: &str,
    purpose: Purpose,
    said: &str,
) -> Result<(), sqlx::Error> {
    let query = "update projection_rebuilds set state = 'failed', said = $2, changed_at = now()
        where projection = $1 and state in ('asked', 'running') and purpose = $3";
    sqlx::query(query).bind(name).bind(said).bind(purpose.name()).execute(connection).await.map(drop)
}

/// All projections of the database's schemas.
///
/// # Errors
/// Where Postgres fails, or refuses.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<Registered>, sqlx::Error> {
    let schemas: Vec<String> = sqlx::query_scalar(SCHEMAS).fetch_all(&mut *connection).await?;
    let mut found = Vec::new();
    for schema in schemas {
        // A service of an older build has no columns for comparisons.
        let query = format!(
            "select p.projection, p.topics, p.tables, r.state, r.phase, r.done, r.wanted, r.said,
                 extract(epoch from r.changed_at - r.asked_at)::float8, extract(epoch from now() - r.changed_at)::float8,
                 coalesce(to_jsonb(r) ->> 'purpose', ''), coalesce((to_jsonb(r) ->> 'compared')::bigint, 0),
                 array(select jsonb_array_elements_text(coalesce(to_jsonb(r) -> 'differing', '[]')))
             from {schema}.projection_register p left join {schema}.projection_rebuilds r using (projection) order by 1"
        );
        let rows = match sqlx::query(AssertSqlSafe(query)).fetch_all(&mut *connection).await {
            Err(error) if is_gone(&error) => continue,
            rows => rows?,
        };
        for row in rows {
            let rebuild = match row.try_get::<Option<String>, _>(3)? {
                None => None,
                Some(state) => Some(Rebuild {
                    state,
                    phase: row.try_get(4)?,
                    done: row.try_get(5)?,
                    wanted: row.try_get(6)?,
                    said: row.try_get(7)?,
                    seconds: row.try_get(8)?,
                    silent: row.try_get(9)?,
                    purpose: Purpose::of(row.try_get(10)?),
                    compared: row.try_get(11)?,
                    differing: row.try_get(12)?,
                }),
            };
            let (projection, topics, tables) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            found.push(Registered { projection, schema: schema.clone(), topics, tables, rebuild });
        }
    }
    Ok(found)
}

/// Asks for a rebuild. False: one is asked for or running already, for whatever purpose.
///
/// # Errors
/// Where Postgres fails, or refuses.
pub async fn ask(connection: &mut PgConnection, of: &Registered, purpose: Purpose) -> Result<bool, sqlx::Error> {
    let query = format!(
        "insert into {}.projection_rebuilds as r (projection, state, purpose) values ($1, 'asked', $2)
         on conflict (projection) do update set state = 'asked', purpose = excluded.purpose, phase = '', done = 0,
             wanted = 0, said = '', compared = 0, differing = '{{}}', asked_at = now(), changed_at = now()
         where r.state in ('done', 'failed')",
        of.schema
    );
    let query = sqlx::query(AssertSqlSafe(query)).bind(&of.projection).bind(purpose.name());
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// Takes back a wish that nobody has taken up. False: somebody has.
///
/// # Errors
/// Where Postgres fails, or refuses.
pub async fn withdraw(connection: &mut PgConnection, of: &Registered) -> Result<bool, sqlx::Error> {
    let query = format!("delete from {}.projection_rebuilds where projection = $1 and state = 'asked'", of.schema);
    let done = sqlx::query(AssertSqlSafe(query)).bind(&of.projection).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// A schema that was dropped since its name was read.
fn is_gone(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "42P01" || code == "3F000")
}
