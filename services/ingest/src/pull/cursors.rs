//! How far each shop was read, and who reads it now: one row for each shop in Postgres.
//!
//! Two pulls of one shop at a time would do no harm but to the platform's rate: what is entered twice is one order, and a cursor only
//! moves forward. So the hold on a shop is a row's word and a time; whose hold has run out writes nothing into the row any more.

use crate::wire::Registered;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const SCHEMA: &str = "ingest";
const CONNECTIONS: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a shop is held without a word of its pull.
const HOLD_MS: i64 = 60_000;
/// How far back a shop's first pull begins: enough for a platform whose clock is behind. What is older was somebody else's to ship.
const FIRST_MS: i64 = 3_600_000;
/// How far back the first pull of another address begins, but not before the shop's very first.
const ANEW_MS: i64 = 24 * 3_600_000;

/// Unix ms by the database's clock: the pods' own may differ.
macro_rules! now {
    () => {
        "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    };
}

/// The rows.
#[derive(Clone)]
pub struct Cursors {
    pool: PgPool,
}

/// A pull that this process may make now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub address: Address,
    pub cursor_ms: i64,
    pub failures: u32,
    /// No other pull has it.
    hold: Uuid,
}

/// "tenant", "channel", "shop".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub tenant: String,
    pub channel: String,
    pub shop: String,
}

/// How a shop's pull stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    pub channel: String,
    pub shop: String,
    pub cursor_ms: i64,
    pub last_success_ms: i64,
    pub due_ms: i64,
    pub failures: i32,
    pub last_error: String,
    pub entered: i64,
    /// Since the last success, or since it was first pulled.
    pub age_ms: i64,
}

/// Why the table could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MigrationFault {
    #[error("the schema can not be made: {0}")]
    Schema(#[from] sqlx::Error),
    #[error("a migration failed: {0}")]
    Migration(#[from] MigrateError),
}

impl Address {
    pub fn of(shop: &Registered) -> Address {
        Address { tenant: shop.tenant.clone(), channel: shop.channel.clone(), shop: shop.shop.clone() }
    }
}

impl Cursors {
    /// Connects when it is first used, so that a start never waits.
    pub fn new(options: PgConnectOptions) -> Cursors {
        let options = options.options([("search_path", SCHEMA)]).application_name("weir-ingest");
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        Cursors::over(pool.connect_lazy_with(options))
    }

    /// In the pool's own schema.
    pub fn over(pool: PgPool) -> Cursors {
        Cursors { pool }
    }

    /// Brings the table to its newest shape.
    ///
    /// # Errors
    /// Where Postgres is away, or a migration differs from the one that was run.
    pub async fn migrate(&self) -> Result<(), MigrationFault> {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        // Whoever may not make schemas may still use one that was made for him.
        let there: bool =
            sqlx::query_scalar("select to_regnamespace('ingest') is not null").fetch_one(&mut connection).await?;
        if !there {
            sqlx::query("create schema if not exists ingest").execute(&mut connection).await?;
        }
        sqlx::migrate!("./migrations").run(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }

    /// Takes hold of shops of these that are due and held by nobody; those that are new begin an
    /// hour back, and those that have another address than before a day.
    ///
    /// # Errors
    /// Where Postgres does not answer soon, as each of these.
    pub async fn claim(&self, shops: &[Arc<Registered>], limit: usize) -> Result<Vec<Claim>, sqlx::Error> {
        let (tenants, channels, names) = columns(shops);
        let sources: Vec<i64> = shops.iter().map(|shop| source(shop)).collect();
        let hold = Uuid::new_v4();
        let insert = sqlx::query(concat!(
            "insert into pulls (tenant, channel, shop, source, cursor_ms, begun_ms, due_ms)
             select tenant, channel, shop, source, ", now!(), " - $5, ", now!(), ", ", now!(), "
             from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as named (tenant, channel, shop, source)
             on conflict (tenant, channel, shop) do update set source = excluded.source,
                 cursor_ms = greatest(pulls.begun_ms - $5, excluded.begun_ms - $6), due_ms = excluded.due_ms, last_success_ms = 0, failures = 0, last_error = '',
                 held_by = null, held_until_ms = 0
             where pulls.source <> excluded.source"
        ))
        .bind(&tenants)
        .bind(&channels)
        .bind(&names)
        .bind(&sources)
        .bind(FIRST_MS)
        .bind(ANEW_MS);
        in_time(insert.execute(&self.pool)).await?;
        let claim = sqlx::query_as(concat!(
            "with due as materialized (
                 select tenant, channel, shop from pulls
                 join unnest($1::text[], $2::text[], $3::text[], $7::bigint[]) as named (tenant, channel, shop, source)
                     using (tenant, channel, shop, source)
                 where due_ms <= ",
            now!(),
            " and held_until_ms < ",
            now!(),
            "
                 order by due_ms limit $6 for update of pulls skip locked)
             update pulls set held_by = $4, held_until_ms = ",
            now!(),
            " + $5
             from due where (pulls.tenant, pulls.channel, pulls.shop) = (due.tenant, due.channel, due.shop)
             returning pulls.tenant, pulls.channel, pulls.shop, cursor_ms, failures"
        ))
        .bind(&tenants)
        .bind(&channels)
        .bind(&names)
        .bind(hold)
        .bind(HOLD_MS)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        // Another process may know another address by now: whoever knows the old one pulls no more.
        .bind(&sources);
        let rows: Vec<(String, String, String, i64, i32)> = in_time(claim.fetch_all(&self.pool)).await?;
        let claim = |(tenant, channel, shop, cursor_ms, failures)| Claim {
            address: Address { tenant, channel, shop },
            cursor_ms,
            failures: u32::try_from(failures).unwrap_or(0),
            hold,
        };
        Ok(rows.into_iter().map(claim).collect())
    }

    /// A page is in the log: everything that changed before `cursor_ms`. Where the platform's clock is ahead of the database's the
    /// cursor stays behind it: what would be read again changes nothing, and what would be passed over is lost. False where the
    /// pull's hold has run out and somebody else has the shop.
    pub async fn advance(&self, claim: &Claim, cursor_ms: i64, entered: usize) -> Result<bool, sqlx::Error> {
        let statement = concat!(
            "update pulls set cursor_ms = greatest(cursor_ms, least($5, ",
            now!(),
            ")), entered = entered + $6,
                 held_until_ms = ",
            now!(),
            " + $7
             where tenant = $1 and channel = $2 and shop = $3 and held_by = $4"
        );
        let entered = i64::try_from(entered).unwrap_or(i64::MAX);
        let advance = held(sqlx::query(statement), claim).bind(cursor_ms).bind(entered).bind(HOLD_MS);
        Ok(in_time(advance.execute(&self.pool)).await?.rows_affected() == 1)
    }

    /// The pull goes on. As [`Cursors::advance`].
    pub async fn renew(&self, claim: &Claim) -> Result<bool, sqlx::Error> {
        self.advance(claim, i64::MIN, 0).await
    }

    /// The shop was read to its end.
    pub async fn succeed(&self, claim: &Claim, due_in: Duration) -> Result<(), sqlx::Error> {
        let statement = concat!(
            "update pulls set last_success_ms = ",
            now!(),
            ", failures = 0, last_error = '', due_ms = ",
            now!(),
            " + $5,
                 held_by = null, held_until_ms = 0
             where tenant = $1 and channel = $2 and shop = $3 and held_by = $4"
        );
        let succeed = held(sqlx::query(statement), claim).bind(millis(due_in));
        in_time(succeed.execute(&self.pool)).await.map(drop)
    }

    /// A pull ended before the shop's end. `failures`: in a row, with this one.
    pub async fn fail(&self, claim: &Claim, failures: u32, why: &str, due_in: Duration) -> Result<(), sqlx::Error> {
        let statement = concat!(
            "update pulls set failures = $6, last_error = $7, due_ms = ",
            now!(),
            " + $5, held_by = null, held_until_ms = 0
             where tenant = $1 and channel = $2 and shop = $3 and held_by = $4"
        );
        let failures = i32::try_from(failures).unwrap_or(i32::MAX);
        let fail = held(sqlx::query(statement), claim).bind(millis(due_in)).bind(failures).bind(why);
        in_time(fail.execute(&self.pool)).await.map(drop)
    }

    /// How the pulls of these shops stand. One that was never due has no row.
    pub async fn standings(&self, shops: &[Arc<Registered>]) -> Result<Vec<Standing>, sqlx::Error> {
        let (tenants, channels, names) = columns(shops);
        let standings = sqlx::query_as(concat!(
            "select channel, shop, cursor_ms, last_success_ms, due_ms, failures, last_error, entered,
                 ", now!(), " - greatest(last_success_ms, begun_ms) as age_ms from pulls
             join unnest($1::text[], $2::text[], $3::text[]) as named (tenant, channel, shop) using (tenant, channel, shop)
             order by channel, shop"
        ))
        .bind(&tenants)
        .bind(&channels)
        .bind(&names);
        in_time(standings.fetch_all(&self.pool)).await
    }
}

type Statement = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// Binds whose row it is, and whose hold on it.
fn held(statement: Statement, claim: &Claim) -> Statement {
    let Address { tenant, channel, shop } = claim.address.clone();
    statement.bind(tenant).bind(channel).bind(shop).bind(claim.hold)
}

/// A server that has gone without a word must hold up neither a pull nor the process's end.
async fn in_time<T>(asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Two addresses that share it would only share a cursor.
fn source(shop: &Registered) -> i64 {
    let url = shop.api.as_ref().map_or("", |api| api.url.as_str());
    let hash = url
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    i64::from_be_bytes(hash.to_be_bytes())
}

fn columns(shops: &[Arc<Registered>]) -> (Vec<String>, Vec<String>, Vec<String>) {
    let column = |of: fn(&Registered) -> &String| shops.iter().map(|shop| of(shop).clone()).collect();
    (column(|shop| &shop.tenant), column(|shop| &shop.channel), column(|shop| &shop.shop))
}
