//! The live tables compared with the fold (I10): what differs is named, what is behind is no difference, and nothing is left.

use crate::rebuild_stand::Stand;
use std::sync::atomic::{AtomicBool, Ordering};
use weir_pipeline::projection::postgres::{Phase, Purpose, RebuildFault};
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

/// The stand with its spoilt row mended.
fn sound() -> Stand {
    let stand = Stand::new(40);
    stand.execute("update counts set n = n - 1000 where key = 'k0'");
    stand
}

#[test]
fn what_differs_from_the_fold_is_named_by_its_key_and_its_column() {
    let stand = sound();
    let compared = stand.compare(|_| {}).expect("compared");
    assert_eq!((compared.rows, compared.differing), (40 + 7, vec![]), "rows and counts");

    stand.execute("update counts set n = n + 1 where key = 'k0'");
    let wrong = stand.compare(|_| {}).expect("compared").differing;
    assert_eq!(wrong, ["\"counts\": 7 rows, and 7 in the fold", "\"counts\" (k0): n differs from the fold"]);

    stand.execute("delete from counts where key = 'k0'; insert into counts values ('nobody', 1)");
    let wrong = stand.compare(|_| {}).expect("compared").differing;
    let named =
        ["\"counts\" (k0): no row, and the fold has one", "\"counts\" (nobody): a row that the log does not know"];
    assert_eq!(wrong[1..], named);

    // Without a primary key: that there is a row too many, of two that are alike.
    stand.execute("insert into kept (key) values ('k1')");
    let wrong = stand.compare(|_| {}).expect("compared").differing;
    assert_eq!(wrong[0], "\"kept\": 41 rows, and 40 in the fold");
    assert_eq!(stand.copies(), 0);
}

#[test]
fn rows_that_go_on_being_written_equal_the_fold_all_the_while() {
    let stand = sound();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let writer = stand.corner.writer();
            let mut written = 0_u32;
            // Bounded, so that it also ends where a comparison panics.
            while !over.load(Ordering::Relaxed) && written < 20_000 {
                let topic = if written.is_multiple_of(2) { Topic::Reference } else { Topic::Stock };
                stand.corner.write(&writer, topic, &format!("k{}", written % 9));
                written += 1;
            }
        });
        let outcomes: Vec<_> = (0..3).map(|_| stand.compare(|_| {})).collect();
        over.store(true, Ordering::Relaxed);
        for outcome in outcomes {
            assert_eq!(outcome.expect("compared").differing, Vec::<String>::new());
        }
    });
}

#[test]
fn live_tables_that_are_behind_are_waited_for_and_then_compared_with_what_they_ought_to_have() {
    let stand = sound();
    // A lock of somebody's keeps the live projector from its rows until the comparison waits for it.
    let locked = stand.corner.runtime.block_on(async {
        let mut transaction = stand.pool.begin().await.expect("a transaction");
        sqlx::query("lock table counts in share mode").execute(&mut *transaction).await.expect("locked");
        transaction
    });
    stand.write(40..50);
    let mut locked = Some(locked);
    let compared = stand.compare(|phase| {
        // The copies have all fifty, the live tables forty.
        if phase == Phase::CaughtUp
            && let Some(transaction) = locked.take()
        {
            stand.corner.runtime.block_on(transaction.rollback()).expect("unlocked");
        }
    });
    assert_eq!(
        compared.expect("compared"),
        weir_pipeline::projection::postgres::Compared { rows: 50 + 7, ..Default::default() }
    );
}

#[test]
fn the_process_that_projects_compares_what_is_asked_for_and_says_what_it_found() {
    let stand = Stand::new(20);
    let of = wait_for("the projection's registration", crate::corner::PATIENCE, || stand.registered());
    assert!(stand.ask(&of, Purpose::Compare));
    let found = wait_for("the end of it", crate::corner::PATIENCE, || {
        stand.registered()?.rebuild.filter(|rebuild| rebuild.state == "done")
    });
    assert_eq!(found.purpose, Purpose::Compare);
    assert_eq!((found.compared, found.differing.len()), (27, 2), "{:?}", found.differing);
    assert!(stand.is_spoilt(), "a comparison mends nothing");
}

#[test]
fn a_live_projector_that_has_stopped_is_told_of() {
    let mut stand = sound();
    stand.corner.stop();
    stand.live.take().expect("a projector").join().expect("no panic").expect("a clean end");
    stand.write(40..41);
    let fault = stand.compare(|_| {}).expect_err("nobody brings the rows");
    assert!(matches!(&fault, RebuildFault::Behind(told) if told.starts_with("reference/0 at 20, not 21")), "{fault}");
    assert!(!fault.may_pass());
    assert_eq!(stand.copies(), 0);
}
