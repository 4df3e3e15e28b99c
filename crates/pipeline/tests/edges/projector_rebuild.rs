//! A rebuild beside the tables that are read: nobody notices, whatever happens in the middle, and what comes out is the fold.

use crate::corner::{Corner, PATIENCE};
use futures::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use weir_pipeline::Record;
use weir_pipeline::projection::Projection;
use weir_pipeline::projection::postgres::{
    Phase, Progress, ProjectorError, RebuildFault, Rebuilt, Registered, ask, list, rebuild, spawn,
};
use weir_proto::topics::Topic;
use weir_testkit::{Schema, Servers, wait_for};

/// A row for each record, and a count for each key: a record that was applied twice, or not at all, shows in either.
#[derive(Clone)]
struct Kept;

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

struct Stand {
    corner: Corner,
    schema: Schema,
    pool: PgPool,
    live: Option<JoinHandle<Result<(), ProjectorError>>>,
}

impl Stand {
    /// With the live projector running, `records` of them applied, and one row spoilt by hand.
    fn new(records: u32) -> Stand {
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

    fn execute(&self, statement: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&self.pool);
        self.corner.runtime.block_on(done).expect(statement);
    }

    fn write(&self, numbers: std::ops::Range<u32>) {
        let writer = self.corner.writer();
        for n in numbers {
            let topic = if n % 2 == 0 { Topic::Reference } else { Topic::Stock };
            self.corner.write(&writer, topic, &format!("k{}", n % 7));
        }
    }

    /// What a fold of the log makes.
    fn fold(&self) -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for (topic, partition) in [(Topic::Reference, 0), (Topic::Stock, 0), (Topic::Stock, 1)] {
            for record in self.corner.read(topic, partition) {
                *counts.entry(record.key).or_default() += 1;
            }
        }
        counts
    }

    fn rows(&self) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
        let ask = |query: &'static str| {
            let rows = sqlx::query_as::<_, (String, i64)>(query).fetch_all(&self.pool);
            self.corner.runtime.block_on(rows).expect("rows").into_iter().collect()
        };
        (ask("select key, n from counts"), ask("select key, count(*) from kept group by key"))
    }

    fn await_fold(&self) {
        let fold = self.fold();
        wait_for("rows that are the fold", PATIENCE, || (self.rows() == (fold.clone(), fold.clone())).then_some(()));
    }

    fn is_spoilt(&self) -> bool {
        self.rows().0["k0"] > 1000
    }

    fn shape(&self) -> Vec<String> {
        let shape = sqlx::query_scalar(SHAPE).bind(&self.schema.name).fetch_all(&self.pool);
        self.corner.runtime.block_on(shape).expect("the shape")
    }

    fn rebuild(&self, mut on: impl FnMut(Phase)) -> Result<Rebuilt, RebuildFault> {
        let begun = std::time::Instant::now();
        let options: PgConnectOptions = self.schema.url.parse().expect("options");
        let options = options.application_name(&self.schema.name);
        let said = &mut |progress: &Progress| {
            assert!(begun.elapsed() < PATIENCE, "{progress:?}");
            on(progress.phase);
        };
        rebuild(Kept, &self.corner.log, &options, &self.corner.signals(), said)
    }

    /// As if the process of the rebuild had died.
    fn kill(&self) {
        let mine = format!("from pg_stat_activity where application_name = '{}'", self.schema.name);
        self.execute(&format!("select pg_terminate_backend(pid) {mine}"));
        let count = || {
            let query =
                sqlx::query_scalar::<_, i64>(AssertSqlSafe(format!("select count(*) {mine}"))).fetch_one(&self.pool);
            self.corner.runtime.block_on(query).expect("a count")
        };
        wait_for("the end of the connection", PATIENCE, || (count() == 0).then_some(()));
    }

    fn copies(&self) -> i64 {
        let query = "select count(*) from pg_namespace where nspname = $1 || '_rebuild'";
        let query = sqlx::query_scalar(query).bind(&self.schema.name).fetch_one(&self.pool);
        self.corner.runtime.block_on(query).expect("a count")
    }

    fn registered(&self) -> Option<Registered> {
        let all = self.corner.runtime.block_on(async {
            let mut connection = self.pool.acquire().await.expect("a connection");
            list(&mut connection).await.expect("the projections")
        });
        all.into_iter().find(|one| one.schema.contains(&self.schema.name))
    }

    fn ask(&self, of: &Registered) -> bool {
        self.corner.runtime.block_on(async {
            let mut connection = self.pool.acquire().await.expect("a connection");
            ask(&mut connection, of).await.expect("asked")
        })
    }
}

/// Ends the threads of a test that failed.
struct Ending(Arc<AtomicBool>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asks again and again, on a connection that keeps its prepared statements; counts what it saw and never sees fewer.
fn reader(stand: &Stand, over: &Arc<AtomicBool>, looks: &Arc<AtomicU64>) -> JoinHandle<()> {
    let (url, over, looks) = (stand.schema.url.clone(), over.clone(), looks.clone());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let pool = PgPoolOptions::new().max_connections(1).connect(&url).await.expect("a pool");
            let mut most = (0i64, 0i64);
            while !over.load(Ordering::Relaxed) {
                let rows: i64 = sqlx::query_scalar("select count(*) from kept join counts using (key)")
                    .fetch_one(&pool)
                    .await
                    .expect("a reader sees no error");
                let keys: Vec<(String, i64)> =
                    sqlx::query_as("select key, n from counts order by key").fetch_all(&pool).await.expect("no error");
                // The spoilt count is not the fold's: what may not shrink is the rows, and the keys.
                let now = (rows, keys.len() as i64);
                assert!(now.0 >= most.0 && now.1 >= most.1, "{now:?} after {most:?}");
                most = now;
                looks.fetch_add(1, Ordering::Relaxed);
            }
        });
    })
}

#[test]
fn readers_never_see_fewer_rows_while_a_rebuild_runs_under_live_writes() {
    let stand = Stand::new(300);
    let (over, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let _ending = Ending(over.clone());
    let readers: Vec<JoinHandle<()>> = (0..3).map(|_| reader(&stand, &over, &looks)).collect();
    wait_for("readers that read", PATIENCE, || (looks.load(Ordering::Relaxed) > 10).then_some(()));
    let before = stand.shape();
    assert!(stand.is_spoilt());
    let written = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let writer = stand.corner.writer();
            let mut written = 0u32;
            while !over.load(Ordering::Relaxed) {
                let topic = if written.is_multiple_of(2) { Topic::Reference } else { Topic::Stock };
                stand.corner.write(&writer, topic, &format!("k{}", written % 9));
                written += 1;
            }
            written
        });
        let _ending = Ending(over.clone());
        let rebuilt = stand.rebuild(|_| {});
        assert!(!stand.is_spoilt(), "the new tables are in place when it returns");
        let at_the_end = looks.load(Ordering::Relaxed);
        wait_for("readers after it", PATIENCE, || (looks.load(Ordering::Relaxed) > at_the_end + 10).then_some(()));
        over.store(true, Ordering::Relaxed);
        assert!(rebuilt.expect("rebuilt").records >= 300);
        writing.join().expect("a writer that wrote")
    });
    for reader in readers {
        reader.join().expect("a reader that saw what it should");
    }
    assert!(written > 10, "{written} records came meanwhile");
    // The live projector went on from the new offset rows: nothing is missing, and nothing is there twice.
    stand.await_fold();
    assert_eq!(stand.shape(), before, "indexes, parameters, privileges, comments");
    assert_eq!(stand.copies(), 0);
}

#[test]
fn what_was_read_between_the_last_round_and_the_swap_is_not_lost() {
    let stand = Stand::new(10);
    let places = |query: &'static str| {
        let place = sqlx::query_scalar::<_, i64>(query).fetch_one(&stand.pool);
        stand.corner.runtime.block_on(place).expect("a place")
    };
    let mut shown = 0;
    let mut tries = 0;
    stand
        .rebuild(|phase| {
            tries += u32::from(phase == Phase::CaughtUp);
            if phase == Phase::CaughtUp && tries == 1 {
                stand.write(10..50);
                wait_for("the live rows", PATIENCE, || (places("select count(*) from kept") == 50).then_some(()));
                shown = places("select max(place) from kept");
            }
        })
        .expect("rebuilt");
    // Before the live projector can have written into the new tables: it looks every 2 s, and nothing new has come.
    assert_eq!(places("select count(*) from kept"), 50, "readers saw these");
    assert!(places("select min(place) from kept") > shown, "a page token leads past none");
    stand.await_fold();
}

#[test]
fn a_crash_at_any_step_leaves_the_live_tables_and_the_next_rebuild_cleans_up() {
    let stand = Stand::new(40);
    for phase in [Phase::Copied, Phase::Folding, Phase::CaughtUp, Phase::Swapping] {
        let mut reached = false;
        let outcome = stand.rebuild(|now| {
            if now == phase && !reached {
                reached = true;
                stand.kill();
            }
        });
        assert!(reached, "{phase:?}");
        assert!(
            matches!(&outcome, Err(fault @ RebuildFault::Postgres(_)) if fault.may_pass()),
            "{phase:?}: {outcome:?}"
        );
        assert!(stand.is_spoilt(), "{phase:?}: the old tables are in place");
        assert_eq!(stand.copies(), 1, "{phase:?}: something is left behind");
        stand.write(0..4);
        stand.rebuild(|_| {}).expect("rebuilt");
        stand.await_fold();
        assert_eq!(stand.copies(), 0);
        stand.execute("update counts set n = n + 1000 where key = 'k0'");
    }
}

#[test]
fn a_second_rebuild_is_refused_by_name_while_the_first_runs() {
    let stand = Stand::new(10);
    let mut second = None;
    stand
        .rebuild(|phase| {
            if phase == Phase::CaughtUp {
                second = Some(stand.rebuild(|_| {}));
            }
        })
        .expect("rebuilt");
    let fault = second.expect("tried").expect_err("refused");
    assert!(matches!(&fault, RebuildFault::Busy(schema) if *schema == stand.schema.name), "{fault}");
    stand.await_fold();
}

#[test]
fn what_a_swap_would_take_with_it_is_a_refusal_by_name() {
    let stand = Stand::new(10);
    for (make, undo, named) in [
        ("create view shown as select key from counts", "drop view shown", "shown"),
        ("create table other (key text references counts)", "drop table other", "other_key_fkey"),
        ("alter table counts enable row level security", "alter table counts disable row level security", "security"),
        ("alter table kept add serial_number bigserial", "alter table kept drop serial_number", "serial_number"),
    ] {
        stand.execute(make);
        let fault = stand.rebuild(|_| {}).expect_err("refused");
        assert!(!fault.may_pass() && fault.to_string().contains(named), "{make}: {fault}");
        assert_eq!(stand.copies(), 0);
        stand.execute(undo);
    }
    stand.rebuild(|_| {}).expect("rebuilt");
    stand.await_fold();
}

#[test]
fn a_schema_of_somebody_elses_is_not_removed() {
    let stand = Stand::new(2);
    let theirs = format!("\"{}_rebuild\"", stand.schema.name);
    stand.execute(&format!("create schema {theirs}; create table {theirs}.treasure ()"));
    let fault = stand.rebuild(|_| {}).expect_err("refused");
    assert!(!fault.may_pass() && fault.to_string().contains("not a rebuild's"), "{fault}");
    stand.execute(&format!("drop table {theirs}.treasure; drop schema {theirs}"));
}

#[test]
fn a_reader_in_a_transaction_is_waited_for() {
    let stand = Stand::new(10);
    let mut reading = stand.corner.runtime.block_on(stand.pool.begin()).expect("a transaction");
    let read = sqlx::query("select count(*) from counts").execute(&mut *reading);
    stand.corner.runtime.block_on(read).expect("read");
    let (mut reading, mut tries) = (Some(reading), 0);
    let rebuilt = stand.rebuild(|phase| {
        tries += u32::from(phase == Phase::CaughtUp);
        if tries == 3
            && let Some(transaction) = reading.take()
        {
            stand.corner.runtime.block_on(transaction.commit()).expect("nothing happened to the reader");
        }
    });
    assert!(rebuilt.expect("rebuilt").waited >= 2);
    stand.await_fold();
}

#[test]
fn a_migration_in_the_middle_is_not_lost() {
    let stand = Stand::new(10);
    let fault = stand.rebuild(|phase| {
        if phase == Phase::CaughtUp {
            stand.execute("alter table counts add note text");
        }
    });
    assert!(matches!(fault, Err(RebuildFault::Changed)), "{fault:?}");
    assert!(stand.is_spoilt());
    stand.rebuild(|_| {}).expect("rebuilt");
    assert!(stand.shape().len() >= 2);
    stand.execute("select note from counts");
    stand.await_fold();
}

#[test]
fn the_process_that_projects_does_what_is_asked_for_once() {
    let stand = Stand::new(30);
    let registered = wait_for("the projection's name", PATIENCE, || stand.registered());
    assert_eq!(registered.projection, "test.kept");
    assert!(stand.ask(&registered));
    assert!(!stand.ask(&registered), "one is asked for already");
    let done = wait_for("the end of the rebuild", PATIENCE, || {
        stand.registered()?.rebuild.filter(|rebuild| rebuild.state == "done")
    });
    assert_eq!((done.phase.as_str(), done.said.as_str()), ("swapped", ""));
    assert!(done.done > 0 && done.done <= done.wanted, "{done:?}");
    stand.await_fold();

    // What can't be done is said, and ends it.
    stand.execute("create view shown as select key from counts");
    assert!(stand.ask(&registered), "the next may be asked for");
    let failed =
        wait_for("the refusal", PATIENCE, || stand.registered()?.rebuild.filter(|rebuild| rebuild.state == "failed"));
    assert!(failed.said.contains("shown"), "{failed:?}");
}
