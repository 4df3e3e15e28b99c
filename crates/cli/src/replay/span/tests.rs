//! On a real broker: what is read begins at the time asked for, and leaves nothing out.

use super::*;
use prost::Message as _;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Pace, Reader as _};
use weir_pipeline::settings::create_topics;
use weir_pipeline::writer::Writer;
use weir_pipeline::{Outgoing, Record};
use weir_proto::stock::v1::StockCommand;
use weir_proto::topics::Topic;
use weir_testkit::{Servers, unique_prefix, wait_for};

const AT: TopicPartition = TopicPartition { topic: Topic::StockCommands, partition: 0 };

fn all(log: &KafkaLog) -> Vec<Record> {
    let mut reader = log.reader(Pace::Eager).expect("a reader");
    reader.assign(&Offsets::from([(AT, 0)])).expect("assigned");
    let mut records = Vec::new();
    while !reader.done() {
        records.extend(reader.poll(Duration::from_millis(100)).expect("polled"));
    }
    records
}

/// Writes until the newest record is of a later time than the first.
fn written(config: &Config, log: &KafkaLog) -> Vec<Record> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let writer = Writer::connect(config, "test", Duration::from_secs(10)).expect("a writer");
    wait_for("records of three times", Duration::from_secs(30), || {
        let value = StockCommand::default().encode_to_vec();
        let record =
            Outgoing { topic: AT.topic, key: "demo/main".to_owned(), event_type: AT.topic.entry().message, value };
        runtime.block_on(writer.write(record, "test", None)).expect("written");
        let records = all(log);
        let mut times: Vec<i64> = records.iter().map(|record| record.time.0).collect();
        times.dedup();
        (times.len() >= 3).then_some(records)
    })
}

#[test]
fn a_span_begins_and_ends_at_its_times() {
    let mut config = Config::new(&Servers::shared().brokers, "test-0");
    (config.prefix, config.partitions) = (unique_prefix(), 1);
    create_topics(&config).expect("topics");
    let log = KafkaLog::unchecked(&config);
    let records = written(&config, &log);
    for record in &records {
        let first = records.iter().find(|other| other.time >= record.time).expect("itself").offset;
        let begun = begin(&config, &[AT], record.time.0).expect("told");
        assert_eq!(begun, Offsets::from([(AT, first)]), "as of {:?}", record.time);
        let ended = end(&config, &[AT], record.time.0 - SKEW_MS).expect("told");
        assert_eq!(ended, begun);
    }
    let newest = records.iter().map(|record| record.time.0).max().expect("some");
    assert_eq!(begin(&config, &[AT], newest + 60_000).expect("told"), Offsets::new(), "nothing is of that time yet");
    assert_eq!(begin(&config, &[AT], -1).expect("told"), Offsets::from([(AT, 0)]), "all is later than 1970");
    assert_eq!(end(&config, &[AT], newest).expect("told"), Offsets::new(), "nothing is late enough to be sure");
}
