//! A rebuild beside the tables that are read: nobody notices, whatever happens in the middle, and what comes out is the fold.

use crate::corner::PATIENCE;
use crate::rebuild_stand::Stand;
use sqlx::postgres::PgPoolOptions;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use weir_pipeline::projection::postgres::{Phase, Purpose, RebuildFault};
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

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
    assert!(stand.ask(&registered, Purpose::Replace));
    assert!(!stand.ask(&registered, Purpose::Replace), "one is asked for already");
    let done = wait_for("the end of the rebuild", PATIENCE, || {
        stand.registered()?.rebuild.filter(|rebuild| rebuild.state == "done")
    });
    assert_eq!((done.phase.as_str(), done.said.as_str()), ("swapped", ""));
    assert!(done.done > 0 && done.done <= done.wanted, "{done:?}");
    stand.await_fold();

    // What can't be done is said, and ends it.
    stand.execute("create view shown as select key from counts");
    assert!(stand.ask(&registered, Purpose::Replace), "the next may be asked for");
    let failed =
        wait_for("the refusal", PATIENCE, || stand.registered()?.rebuild.filter(|rebuild| rebuild.state == "failed"));
    assert!(failed.said.contains("shown"), "{failed:?}");
}

/// The log has lost its tail, as the projection sees it: its offset rows say more than there is.
#[test]
fn a_projection_beyond_the_logs_end_waits_and_a_rebuild_brings_it_back() {
    let stand = Stand::new(20);
    stand.execute("update projection_offsets set next_offset = 1000");
    stand.corner.await_said("beyond the log's end");
    stand.rebuild(|_| {}).expect("rebuilt");
    stand.write(20..24);
    stand.await_fold();
}
