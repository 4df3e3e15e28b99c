//! Rows and offset move together: after a lost connection, behind another's back, and from the beginning.

use crate::corner::{Corner, PATIENCE};
use futures::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection};
use std::thread::JoinHandle;
use weir_pipeline::Record;
use weir_pipeline::projection::Projection;
use weir_pipeline::projection::postgres::{ProjectorError, spawn};
use weir_proto::topics::Topic;
use weir_testkit::{Schema, Servers, wait_for};

/// Keeps one row for each record, and would show a record that was applied twice.
#[derive(Clone)]
struct Seen;

impl Projection for Seen {
    fn name(&self) -> &'static str {
        "test.seen"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Reference]
    }

    fn apply<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
        batch: &'a [Record],
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move {
            let keys: Vec<&str> = batch.iter().map(|r| r.key.as_str()).collect();
            sqlx::query("insert into seen select unnest($1::text[])").bind(keys).execute(connection).await.map(drop)
        })
    }
}

struct Stand {
    corner: Corner,
    schema: Schema,
    pool: PgPool,
    running: Option<JoinHandle<Result<(), ProjectorError>>>,
}

impl Stand {
    /// `reference` has one partition, which makes offsets foreseeable.
    fn new() -> Stand {
        let corner = Corner::new();
        let schema = corner.runtime.block_on(Servers::shared().schema("projector"));
        let options: PgConnectOptions = schema.url.parse().expect("options");
        let options = options.application_name(&schema.name);
        let pool = corner.runtime.block_on(PgPoolOptions::new().connect_with(options)).expect("a pool");
        let stand = Stand { corner, schema, pool, running: None };
        stand.execute("create table seen (key text)".to_owned());
        stand
    }

    fn start(&mut self) {
        let (log, config) = (self.corner.log.clone(), &self.corner.config);
        self.running = Some(spawn(Seen, log, config, self.pool.clone(), self.corner.signals()));
    }

    fn execute(&self, statement: String) {
        let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&self.schema.pool);
        self.corner.runtime.block_on(done).expect("executed");
    }

    fn seen(&self) -> Vec<String> {
        let query = sqlx::query_scalar("select key from seen order by key").fetch_all(&self.schema.pool);
        self.corner.runtime.block_on(query).expect("rows")
    }

    fn write(&self, numbers: std::ops::Range<u32>) {
        let writer = self.corner.writer();
        for n in numbers {
            self.corner.write(&writer, Topic::Reference, &format!("{n:02}"));
        }
    }

    fn await_seen(&self, wanted: impl IntoIterator<Item = u32>) {
        let wanted: Vec<String> = wanted.into_iter().map(|n| format!("{n:02}")).collect();
        wait_for(&format!("the rows {wanted:?}"), PATIENCE, || (self.seen() == wanted).then_some(()));
    }
}

#[test]
fn each_record_is_applied_once_through_a_lost_connection_and_a_restart() {
    let mut stand = Stand::new();
    stand.write(0..10);
    stand.start();
    stand.await_seen(0..10);

    let kill = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = ";
    stand.execute(format!("{kill}'{}'", stand.schema.name));
    stand.write(10..15);
    stand.await_seen(0..15);

    stand.corner.stop();
    stand.running.take().expect("running").join().expect("no panic").expect("a clean end");
    let second = stand.corner.again();
    stand.write(15..20);
    let running = spawn(Seen, second.log.clone(), &second.config, stand.pool.clone(), second.signals());
    stand.await_seen(0..20);
    second.stop();
    running.join().expect("no panic").expect("a clean end");
}

#[test]
fn a_connection_that_was_lost_while_nothing_came_stops_nothing() {
    let mut stand = Stand::new();
    stand.write(0..10);
    stand.start();
    stand.await_seen(0..10);
    let mine = format!("from pg_stat_activity where application_name = '{}'", stand.schema.name);
    let pids = || {
        let query = sqlx::query_scalar(AssertSqlSafe(format!("select pid {mine} and pid <> pg_backend_pid()")));
        stand.corner.runtime.block_on(query.fetch_all(&stand.schema.pool)).expect("the connections")
    };
    let before: Vec<i32> = pids();
    stand.execute(format!("select pg_terminate_backend(pid) {mine} and pid <> pg_backend_pid()"));
    // The idle projector looks at its offset rows, finds the connection gone, and makes another.
    wait_for("a new connection", PATIENCE, || pids().iter().any(|pid| !before.contains(pid)).then_some(()));
    stand.write(10..15);
    stand.await_seen(0..15);
}

#[test]
fn a_batch_behind_moved_offset_rows_is_rolled_back() {
    let mut stand = Stand::new();
    stand.write(0..10);
    stand.start();
    stand.await_seen(0..10);
    // As if another owner had applied the next two; both of its rows are missing here on purpose. They are in no log yet.
    stand.execute("update projection_offsets set next_offset = 12".to_owned());
    stand.corner.await_said("beyond the log's end");
    stand.write(10..13);
    stand.await_seen((0..10).chain(12..13));
}

#[test]
fn what_postgres_refuses_stands_still_until_it_is_mended_and_ends_nothing() {
    let mut stand = Stand::new();
    // A sequence counts the tries: it is not rolled back with them.
    stand.execute(
        "create sequence tries;
        create function refuse() returns trigger language plpgsql as $$ begin
            if new.key = '11' then perform nextval('tries'); raise check_violation; end if;
            return new;
        end $$;
        create trigger refuse before insert on seen for each row execute function refuse()"
            .to_owned(),
    );
    stand.write(0..10);
    stand.start();
    stand.await_seen(0..10);
    stand.write(10..12);
    wait_for("more tries than one seat makes", PATIENCE, || {
        let tries = sqlx::query_scalar::<_, i64>("select last_value from tries").fetch_one(&stand.schema.pool);
        (stand.corner.runtime.block_on(tries).expect("a number") > 7).then_some(())
    });
    assert!(stand.running.as_ref().is_some_and(|thread| !thread.is_finished()));
    stand.execute("drop trigger refuse on seen".to_owned());
    stand.await_seen(0..12);
}
