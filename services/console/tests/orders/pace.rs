//! Large batches, as the driver makes them, all arrive; prints how many events a second the projection took in.

use super::records::{Author, in_log};
use super::{apply, schema};
use std::time::Instant;
use weir_pipeline::Record;

const ORDERS: u64 = 2_000;
const BATCH: usize = 500;

#[tokio::test]
async fn every_event_of_large_batches_is_stored() {
    let schema = schema().await;
    let stories: Vec<Vec<Record>> = (0..ORDERS).map(|number| Author::new(number).whole_story()).collect();
    // As the log brings them: each batch holds one step of many orders.
    let steps = stories[0].len();
    let mut records: Vec<Record> = Vec::new();
    for block in stories.chunks(BATCH) {
        for step in 0..steps {
            records.extend(block.iter().map(|story| story[step].clone()));
        }
    }
    in_log(&mut records);
    let begun = Instant::now();
    for batch in records.chunks(BATCH) {
        apply(&schema.pool, batch).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let rate = records.len() as f64 / seconds;
    println!("{} events in {seconds:.2} s: {rate:.0} events/s", records.len());
    let stored: i64 =
        sqlx::query_scalar("select count(*) from timeline").fetch_one(&schema.pool).await.expect("a count");
    assert_eq!(stored, records.len() as i64);
}
