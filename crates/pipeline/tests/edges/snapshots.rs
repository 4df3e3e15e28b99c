//! A snapshot that does not fit is none.

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPoolOptions;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use weir_pipeline::snapshot::{Snapshot, SnapshotError, SnapshotKey, Snapshots};
use weir_testkit::{Schema, Servers, wait_for};

/// A load gives Postgres half a second, which a busy machine may take.
const PATIENCE: Duration = Duration::from_secs(30);

fn key() -> SnapshotKey {
    SnapshotKey {
        stage: "routing".to_owned(),
        partition: 1,
        cluster_id: "c".to_owned(),
        topic: "weir.routes".to_owned(),
        partitions: 4,
        shape: 2,
    }
}

fn snapshot(next_offset: i64) -> Snapshot {
    Snapshot { next_offset, last_fact: [7; 32], bytes: vec![1, 2, 3] }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime")
}

fn execute(runtime: &Runtime, schema: &Schema, statement: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&schema.pool);
    runtime.block_on(done).expect("executed");
}

#[test]
fn what_was_saved_is_loaded_unless_it_is_foreign_torn_or_older() {
    let runtime = runtime();
    let schema = runtime.block_on(Servers::shared().schema("snapshots"));
    let snapshots = Snapshots::connect(&schema.pool);
    assert_eq!(snapshots.load(&key()), None);
    snapshots.save(&key(), &snapshot(10)).expect("saved");
    let loaded = || wait_for("the snapshot", PATIENCE, || snapshots.load(&key()));
    assert_eq!(loaded(), snapshot(10));

    snapshots.save(&key(), &snapshot(20)).expect("saved");
    snapshots.save(&key(), &snapshot(15)).expect("an older one is not needed");
    assert_eq!(loaded(), snapshot(20));

    for foreign in [
        SnapshotKey { cluster_id: "d".to_owned(), ..key() },
        SnapshotKey { topic: "other.routes".to_owned(), ..key() },
        SnapshotKey { partitions: 8, ..key() },
        SnapshotKey { shape: 3, ..key() },
        SnapshotKey { partition: 2, ..key() },
    ] {
        assert_eq!(snapshots.load(&foreign), None, "{foreign:?}");
    }
    execute(&runtime, &schema, "update stage_snapshots set bytes = '\\x010204'");
    assert_eq!(snapshots.load(&key()), None, "torn");
}

#[test]
fn a_service_that_keeps_nothing_else_gets_its_schema_with_the_first() {
    let runtime = runtime();
    let schema = runtime.block_on(Servers::shared().schema("snapshots"));
    execute(&runtime, &schema, &format!("drop schema \"{}\"", schema.name));
    let snapshots = Snapshots::of_service(&Servers::shared().database_url, &schema.name).expect("an address");
    assert_eq!(snapshots.load(&key()), None);
    assert_eq!(snapshots.reach(&key()).expect("postgres says so"), None);
    snapshots.save(&key(), &snapshot(10)).expect("saved");
    let in_schema = Snapshots::connect(&schema.pool);
    assert_eq!(wait_for("it in the schema", PATIENCE, || in_schema.load(&key())), snapshot(10));
    assert_eq!(snapshots.reach(&key()).expect("postgres says so"), Some(10));
    let foreign = SnapshotKey { shape: 3, ..key() };
    assert_eq!(snapshots.reach(&foreign).expect("postgres says so"), None);
}

#[test]
fn who_asks_where_the_last_ends_is_told_that_postgres_is_away() {
    let snapshots = Snapshots::of_service("postgres://nobody@127.0.0.1:1/nothing", "ingest").expect("an address");
    assert!(
        matches!(snapshots.reach(&key()), Err(SnapshotError::Postgres(_))),
        "or everything would be folded for nothing"
    );
    assert!(matches!(Snapshots::of_service("hunter2", "ingest"), Err(SnapshotError::Address)));
}

#[test]
fn a_start_does_not_wait_for_postgres() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let pool = PgPoolOptions::new().connect_lazy("postgres://nobody@127.0.0.1:1/nothing").expect("a pool");
    let snapshots = Snapshots::connect(&pool);
    let started = Instant::now();
    let loaded = std::thread::spawn(move || snapshots.load(&key())).join().expect("no panic");
    assert_eq!(loaded, None);
    assert!(started.elapsed() < Duration::from_secs(5));
}
