//! What the projections show equals the fold: rows in a real Postgres, counters added up as Redis would.

use crate::making::{Watched, adjust, demand, issue, line, placed, receive, reserve, void};
use crate::wire::record;
use std::collections::HashMap;
use weir_inventory::domain::Command;
use weir_inventory::domain::command::Effect;
use weir_inventory::projection::availability::{Availability, answer, hash};
use weir_inventory::projection::levels::Levels;
use weir_inventory::wire::Stage;
use weir_pipeline::projection::{Change, Counters as _, Projection as _};
use weir_pipeline::{Record, Topology as _};
use weir_proto::log::v1::Meta;
use weir_testkit::Servers;

/// A history with every kind of quantity in it.
fn history() -> Watched {
    let mut watched = Watched::default();
    watched.all(&[receive("A", "W1", 9), receive("A", "W2", 4), receive("B", "W1", 3)]);
    for n in 0..6 {
        watched.all(&[Command::Allocate(demand(&format!("o{n}"), 1, &[line("l1", "A", 2), line("l2", "B", 1)]))]);
    }
    watched.all(&[reserve("soft", 1, &[line("l1", "A", 1)])]);
    watched.all(&[issue("o0", 1, &[placed("l1", "A", "W1", 2), placed("l2", "B", "W1", 1)])]);
    watched.all(&[void("o1", 1, &[placed("l1", "A", "W1", 1)], Effect::Suspect)]);
    watched.all(&[void("o2", 1, &[placed("l2", "B", "W1", 1)], Effect::Damaged)]);
    watched.all(&[adjust("A", "W1", -3), issue("ghost", 1, &[placed("l1", "B", "W1", 5)])]);
    watched
}

fn records(watched: &Watched) -> Vec<Record> {
    let meta = || Meta { tenant: "demo".into(), key: "demo/main".into(), ..Meta::default() };
    watched.log.iter().map(|fact| record(Stage.write_fact(meta(), fact))).collect()
}

type Row = (String, String, i64, i64, i64, i64, i64, i64);

#[tokio::test]
async fn the_rows_in_postgres_equal_the_fold() {
    let schema = Servers::shared().schema("inventory").await;
    sqlx::migrate!("./migrations").run(&schema.pool).await.expect("migrations run");
    let watched = history();
    let mut connection = schema.pool.acquire().await.expect("a connection");
    for batch in records(&watched).chunks(7) {
        Levels.apply(&mut connection, batch).await.expect("applied");
    }
    let rows: Vec<Row> = sqlx::query_as(
        "select sku, warehouse, on_hand, allocated, damaged, suspect, quality_hold, shortage
         from stock_levels where tenant = 'demo' and pool = 'main' order by sku, warehouse",
    )
    .fetch_all(&mut *connection)
    .await
    .expect("rows");
    let mut expected: Vec<Row> = Vec::new();
    for sku in ["A", "B"] {
        for (house, p) in &watched.pool.sku(sku).expect("known").places {
            let place = (sku.to_owned(), house.clone());
            expected.push((place.0, place.1, p.on_hand, p.allocated, p.damaged, p.suspect, p.quality_hold, p.shortage));
        }
    }
    assert_eq!(rows, expected);
    assert!(rows.iter().any(|row| row.7 > 0) && rows.iter().any(|row| row.4 > 0) && rows.iter().any(|row| row.5 > 0));
    let soft: Vec<(String, i64)> = sqlx::query_as("select sku, soft from stock_soft order by sku")
        .fetch_all(&mut *connection)
        .await
        .expect("rows");
    assert_eq!(soft, [("A".to_owned(), watched.pool.sku("A").expect("known").soft)]);
}

/// Facts of before such texts were refused lie in the log for good: the rows go on, and equal texts stay one row.
#[tokio::test]
async fn texts_that_no_table_holds_are_mended() {
    let schema = Servers::shared().schema("inventory").await;
    sqlx::migrate!("./migrations").run(&schema.pool).await.expect("migrations run");
    // Not to be made shorter by compressing it.
    let step = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some(char::from(b'a' + ((*state >> 33) % 26) as u8))
    };
    let long: String = std::iter::repeat_n((), 3_000).scan(7_u64, |state, ()| step(state)).collect();
    let mut watched = Watched::default();
    watched.all(&[receive("A\0", "W1", 9), receive("A\u{FFFD}", "W1", 4)]);
    watched.all(&[receive(&long, "W\0", 3), receive(&format!("{long}x"), "W\0", 2)]);
    watched.all(&[reserve("soft", 1, &[line("l1", "A\0", 1), line("l2", &long, 1)])]);
    let mut connection = schema.pool.acquire().await.expect("a connection");
    Levels.apply(&mut connection, &records(&watched)).await.expect("applied");
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("select sku, warehouse, on_hand from stock_levels order by on_hand desc")
            .fetch_all(&mut *connection)
            .await
            .expect("rows");
    let short = &long[..255];
    let expected = [("A\u{FFFD}", "W1", 13), (short, "W\u{FFFD}", 5)];
    assert_eq!(rows, expected.map(|(sku, warehouse, on_hand)| (sku.to_owned(), warehouse.to_owned(), on_hand)));
}

#[test]
fn the_counters_answer_what_can_be_promised() {
    let watched = history();
    let mut counted: HashMap<String, HashMap<String, i64>> = HashMap::new();
    let mut changes: Vec<Change> = Vec::new();
    for record in records(&watched) {
        Availability.changes(&record, &mut changes);
    }
    for change in changes {
        *counted.entry(change.hash).or_default().entry(change.field).or_default() += change.by;
    }
    for sku in ["A", "B"] {
        let known = watched.pool.sku(sku).expect("known");
        let found = answer(sku, &counted[&hash("demo/main", sku)]);
        assert_eq!(found.to_promise, known.free(), "{sku}");
        for place in found.warehouses {
            let there = known.place(&place.warehouse);
            assert_eq!((place.on_hand, place.allocated), (there.on_hand, there.allocated));
        }
    }
    assert_eq!(answer("NEW", &HashMap::new()).to_promise, 0);
}
