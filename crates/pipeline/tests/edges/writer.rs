//! A record that was acknowledged is in the log; one that can't be written says so.

use crate::corner::{Corner, PATIENCE, outgoing};
use futures::future::join_all;
use std::time::{Duration, Instant};
use weir_pipeline::LogError;
use weir_pipeline::writer::Writer;
use weir_proto::partition::partition_of;
use weir_proto::topics::Topic;

#[test]
fn every_acknowledged_record_lies_where_its_position_says() {
    let corner = Corner::new();
    let writer = corner.writer();
    let keys: Vec<String> = (0..200).map(|n| format!("order-{n}")).collect();
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let writes = keys.iter().map(|key| writer.write(outgoing(Topic::Deliveries, key), key, Some(traceparent)));
    let positions = corner.runtime.block_on(join_all(writes));
    let read = [corner.read(Topic::Deliveries, 0), corner.read(Topic::Deliveries, 1)];
    assert_eq!(read[0].len() + read[1].len(), 200);
    for (key, position) in keys.iter().zip(positions) {
        let position = position.expect("written");
        assert_eq!(position.partition, partition_of(key.as_bytes(), 2));
        assert_eq!(position.topic, "deliveries");
        let record = &read[position.partition as usize][position.offset as usize];
        assert_eq!((&record.key, record.offset), (key, position.offset));
        assert_eq!(record.headers.event_type.as_deref(), Some("weir.test.v1.Event"));
        assert_eq!(record.headers.traceparent.as_deref(), Some(traceparent));
    }
}

#[test]
fn a_record_that_no_topic_takes_is_refused_for_good() {
    let corner = Corner::new();
    let writer = corner.writer();
    let mut large = outgoing(Topic::Deliveries, "large");
    // The largest that a stage may say: above the client's own default, below the topic's limit.
    large.value = vec![7; 1_900_000];
    corner.runtime.block_on(writer.write(large.clone(), "large", None)).expect("written");
    large.value = vec![7; 3 * 1024 * 1024];
    let outcome = corner.runtime.block_on(writer.write(large, "large", None));
    assert!(matches!(outcome, Err(LogError::Fatal(_))), "{outcome:?}");
}

#[test]
fn without_a_broker_the_writer_gives_up_in_time() {
    let mut config = weir_pipeline::Config::new("127.0.0.1:1", "test-0");
    config.partitions = 2;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let writer = Writer::connect(&config, "test", Duration::from_millis(500)).expect("a writer");
    let started = Instant::now();
    let outcome = runtime.block_on(writer.write(outgoing(Topic::Deliveries, "k"), "k", None));
    assert!(matches!(outcome, Err(LogError::Unknown(_) | LogError::Transient(_))), "{outcome:?}");
    assert!(started.elapsed() < PATIENCE);
}
