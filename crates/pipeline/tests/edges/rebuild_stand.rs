//! A small projection at work, with its log, its schema and its live projector; one row was spoilt by hand.

use crate::corner::{Corner, PATIENCE};
use futures::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use weir_pipeline::projection::Projection;
use weir_pipeline::projection::postgres::{
    Compared, Phase, Progress, ProjectorError, Purpose, RebuildFault, Rebuilt, Registered, ask, compare, list, rebuild,
    spawn,
};
use weir_pipeline::{Record, Signals};
use weir_proto::topics::Topic;
use weir_testkit::{Schema, Servers, wait_for};

/// A row for each record, and a count for each key: a record that was applied twice, or not at all, shows in either.
#[derive(Clone)]
pub struct Kept;

impl Projection for Kept {
    fn name(&self) -> &'static str {
        "test.kept"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Reference, Topic::Stock]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["kept", "counts"]
    }

    fn apply<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
        batch: &'a [Record],
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move {
            let keys: Vec<&str> = batch.iter().map(|r| r.key.as_str()).collect();
            let insert = "insert into kept (key) select unnest($1::text[])";
            sqlx::query(insert).bind(&keys).execute(&mut *connection).await?;
            let count = "insert into counts as c (key, n) select k, count(*) from unnest($1::text[]) as k group by k
                on conflict (key) do update set n = c.n + excluded.n";
            sqlx::query(count).bind(&keys).execute(connection).await.map(drop)
        })
    }
}

const TABLES: &str = "
    create table kept (place bigint generated always as identity, key text not null constraint named check (key <> ''));
    create index kept_by_key on kept (key) where key <> 'x';
    create table counts (key text constraint counts_are_keyed primary key, n bigint not null default 0)
        with (fillfactor = 70);
    comment on table counts is 'said of it';
    grant select on counts to public";

/// What makes a table what it is, beside its rows.
const SHAPE: &str = "
    select t.relname || ' ' || coalesce(t.reloptions::text, '') || coalesce(t.relacl::text, '')
        || coalesce(obj_description(t.oid), '')
        || coalesce((select string_agg(indexdef, ' ' order by indexdef) from pg_indexes i
            where i.tablename = t.relname and i.schemaname = $1), '')
    from pg_class t where t.relnamespace = $1::regnamespace and t.relkind = 'r' order by 1";

pub struct Stand {
    pub corner: Corner,
    pub schema: Schema,
    pub pool: PgPool,
    pub live: Option<JoinHandle<Result<(), ProjectorError>>>,
}

impl Stand {
    /// With the live projector running, `records` of them applied, and one row spoilt by hand.
    pub fn new(records: u32) -> Stand {
        let corner = Corner::new();
        let schema = corner.runtime.block_on(Servers::shared().schema("rebuild"));
        let options: PgConnectOptions = schema.url.parse().expect("options");
        let pool = PgPoolOptions::new().max_connections(3).connect_with(options);
        let pool = corner.runtime.block_on(pool).expect("a pool");
        let mut stand = Stand { corner, schema, pool, live: None };
        stand.execute(TABLES);
        stand.write(0..records);
        let (log, config) = (stand.corner.log.clone(), &stand.corner.config);
        stand.live = Some(spawn(Kept, log, config, stand.pool.clone(), stand.corner.signals()));
        stand.await_fold();
        stand.execute("update counts set n = n + 1000 where key = 'k0'");
        stand
    }

    pub fn execute(&self, statement: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&self.pool);
        self.corner.runtime.block_on(done).expect(statement);
    }

    pub fn write(&self, numbers: std::ops::Range<u32>) {
        let writer = self.corner.writer();
        for n in numbers {
            let topic = if n % 2 == 0 { Topic::Reference } else { Topic::Stock };
            self.corner.write(&writer, topic, &format!("k{}", n % 7));
        }
    }

    /// What a fold of the log makes.
    pub fn fold(&self) -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for (topic, partition) in [(Topic::Reference, 0), (Topic::Stock, 0), (Topic::Stock, 1)] {
            for record in self.corner.read(topic, partition) {
                *counts.entry(record.key).or_default() += 1;
            }
        }
        counts
    }

    pub fn rows(&self) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
        let ask = |query: &'static str| {
            let rows = sqlx::query_as::<_, (String, i64)>(query).fetch_all(&self.pool);
            self.corner.runtime.block_on(rows).expect("rows").into_iter().collect()
        };
        (ask("select key, n from counts"), ask("select key, count(*) from kept group by key"))
    }

    pub fn await_fold(&self) {
        let fold = self.fold();
        wait_for("rows that are the fold", PATIENCE, || (self.rows() == (fold.clone(), fold.clone())).then_some(()));
    }

    pub fn is_spoilt(&self) -> bool {
        self.rows().0["k0"] > 1000
    }

    pub fn shape(&self) -> Vec<String> {
        let shape = sqlx::query_scalar(SHAPE).bind(&self.schema.name).fetch_all(&self.pool);
        self.corner.runtime.block_on(shape).expect("the shape")
    }

    pub fn rebuild(&self, mut on: impl FnMut(Phase)) -> Result<Rebuilt, RebuildFault> {
        let begun = std::time::Instant::now();
        let options: PgConnectOptions = self.schema.url.parse().expect("options");
        let options = options.application_name(&self.schema.name);
        let said = &mut |progress: &Progress| {
            assert!(begun.elapsed() < PATIENCE, "{progress:?}");
            on(progress.phase);
        };
        rebuild(Kept, &self.corner.log, &options, &self.corner.signals(), said)
    }

    pub fn compare(&self, mut on: impl FnMut(Phase)) -> Result<Compared, RebuildFault> {
        let options: PgConnectOptions = self.schema.url.parse().expect("options");
        let said = &mut |progress: &Progress| on(progress.phase);
        // Also where everything else here has stopped.
        let signals = Signals::new(Arc::default(), |_, _| {});
        compare(Kept, &self.corner.log, &options, &signals, said)
    }

    /// As if the process of the rebuild had died.
    pub fn kill(&self) {
        let mine = format!("from pg_stat_activity where application_name = '{}'", self.schema.name);
        self.execute(&format!("select pg_terminate_backend(pid) {mine}"));
        let count = || {
            let query =
                sqlx::query_scalar::<_, i64>(AssertSqlSafe(format!("select count(*) {mine}"))).fetch_one(&self.pool);
            self.corner.runtime.block_on(query).expect("a count")
        };
        wait_for("the end of the connection", PATIENCE, || (count() == 0).then_some(()));
    }

    pub fn copies(&self) -> i64 {
        let query = "select count(*) from pg_namespace where nspname = $1 || '_rebuild'";
        let query = sqlx::query_scalar(query).bind(&self.schema.name).fetch_one(&self.pool);
        self.corner.runtime.block_on(query).expect("a count")
    }

    pub fn registered(&self) -> Option<Registered> {
        let all = self.corner.runtime.block_on(async {
            let mut connection = self.pool.acquire().await.expect("a connection");
            list(&mut connection).await.expect("the projections")
        });
        all.into_iter().find(|one| one.schema.contains(&self.schema.name))
    }

    pub fn ask(&self, of: &Registered, purpose: Purpose) -> bool {
        self.corner.runtime.block_on(async {
            let mut connection = self.pool.acquire().await.expect("a connection");
            ask(&mut connection, of, purpose).await.expect("asked")
        })
    }
}
