//! Counters are right or absent, also after their keys are gone.

use crate::corner::{Corner, PATIENCE};
use redis::Commands as _;
use std::collections::{BTreeSet, HashMap};
use weir_pipeline::Record;
use weir_pipeline::projection::redis::{CounterReader, spawn};
use weir_pipeline::projection::{Change, Counters};
use weir_proto::topics::Topic;
use weir_testkit::{Servers, wait_for};

/// Counts records by their first letter, in all and by key.
struct Letters;

impl Counters for Letters {
    fn name(&self) -> &'static str {
        "test.letters"
    }

    fn topic(&self) -> Topic {
        Topic::Stock
    }

    fn changes(&mut self, record: &Record, changes: &mut Vec<Change>) {
        let hash = record.key.chars().take(1).collect::<String>();
        for field in ["all", record.key.as_str()] {
            changes.push(Change { hash: hash.clone(), field: field.to_owned(), by: 1 });
        }
    }
}

fn counts(corner: &Corner, reader: &CounterReader) -> Option<Vec<HashMap<String, i64>>> {
    let hashes = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    // A reader gives Redis half a second, which a busy machine may take.
    corner.runtime.block_on(reader.read(&hashes)).ok().flatten()
}

fn hashes(corner: &Corner, reader: &CounterReader) -> Option<BTreeSet<String>> {
    wait_for("the names of the hashes", PATIENCE, || corner.runtime.block_on(reader.hashes()).ok())
}

#[test]
fn counters_are_absent_until_whole_and_come_back_after_their_keys_are_gone() {
    let corner = Corner::new();
    let url = &Servers::shared().redis_url;
    let reader = CounterReader::connect(url, &corner.config.prefix, "test.letters");
    let reader = corner.runtime.block_on(reader).expect("a reader");
    let writer = corner.writer();
    for key in ["a1", "a2", "a1", "b1"] {
        corner.write(&writer, Topic::Stock, key);
    }
    assert_eq!(counts(&corner, &reader), None);
    assert_eq!(hashes(&corner, &reader), None);

    let running = spawn(Letters, corner.log.clone(), &corner.config, url.clone(), corner.signals());
    let map = |pairs: &[(&str, i64)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect::<HashMap<_, _>>();
    let wanted = vec![map(&[("all", 3), ("a1", 2), ("a2", 1)]), map(&[("all", 1), ("b1", 1)]), map(&[])];
    let whole = wait_for("whole counters", PATIENCE, || counts(&corner, &reader));
    assert_eq!(whole, wanted, "counters that can be read are right");
    assert_eq!(hashes(&corner, &reader), Some(BTreeSet::from(["a".to_owned(), "b".to_owned()])));

    let mut redis = redis::Client::open(url.as_str()).and_then(|c| c.get_connection()).expect("redis");
    let pattern = format!("{{{}:*", corner.config.prefix);
    let keys: Vec<String> = redis.keys(pattern).expect("keys");
    redis.del::<_, ()>(&keys).expect("deleted");
    wait_for("counters that are whole again", PATIENCE, || {
        let found = counts(&corner, &reader)?;
        assert_eq!(found, wanted, "counters that can be read are right");
        Some(())
    });

    corner.write(&writer, Topic::Stock, "b1");
    wait_for("one more", PATIENCE, || (counts(&corner, &reader)?[1]["all"] == 2).then_some(()));
    corner.stop();
    running.join().expect("no panic").expect("a clean end");
}

#[test]
fn counters_of_an_empty_topic_are_whole_and_empty() {
    let corner = Corner::new();
    let url = &Servers::shared().redis_url;
    let running = spawn(Letters, corner.log.clone(), &corner.config, url.clone(), corner.signals());
    let reader = CounterReader::connect(url, &corner.config.prefix, "test.letters");
    let reader = corner.runtime.block_on(reader).expect("a reader");
    let found = wait_for("whole counters", PATIENCE, || counts(&corner, &reader));
    assert!(found.iter().all(HashMap::is_empty));
    assert_eq!(hashes(&corner, &reader), Some(BTreeSet::new()));
    corner.stop();
    running.join().expect("no panic").expect("a clean end");
}

#[test]
fn changes_behind_a_moved_position_are_not_counted_twice() {
    let corner = Corner::new();
    let url = &Servers::shared().redis_url;
    let running = spawn(Letters, corner.log.clone(), &corner.config, url.clone(), corner.signals());
    let reader = CounterReader::connect(url, &corner.config.prefix, "test.letters");
    let reader = corner.runtime.block_on(reader).expect("a reader");
    let writer = corner.writer();
    corner.write(&writer, Topic::Stock, "a1");
    wait_for("the first", PATIENCE, || (counts(&corner, &reader)?[0].get("all") == Some(&1)).then_some(()));

    // As if another owner had counted the next record already; it is missing here on purpose. It is in no log yet, and waited for.
    let mut redis = redis::Client::open(url.as_str()).and_then(|c| c.get_connection()).expect("redis");
    let found: Vec<String> = redis.keys(format!("{{{}:*:pos", corner.config.prefix)).expect("keys");
    let partition = weir_proto::partition::partition_of(b"a1", 2);
    redis.hset::<_, _, _, ()>(&found[0], partition, 2).expect("moved");
    corner.await_said("beyond the log's end");
    corner.write(&writer, Topic::Stock, "a1");
    corner.write(&writer, Topic::Stock, "a1");
    wait_for("the third", PATIENCE, || (counts(&corner, &reader)?[0]["all"] == 2).then_some(()));
    corner.write(&writer, Topic::Stock, "a1");
    wait_for("the fourth", PATIENCE, || (counts(&corner, &reader)?[0]["all"] == 3).then_some(()));
    corner.stop();
    running.join().expect("no panic").expect("a clean end");
}
