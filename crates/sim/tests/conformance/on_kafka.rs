//! The cases on real Kafka, several at a time, each with topics of its own.

use crate::cases;
use crate::cluster::{Case, Cluster, PARTITIONS, TOPICS};
use rdkafka::ClientConfig;
use rdkafka::TopicPartitionList;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::{Config, Log as _, TopicPartition};
use weir_testkit::{Servers, create_topics, unique_prefix};

/// Cases under way at once: most of them wait.
const AT_ONCE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(10);

pub struct OnKafka {
    config: Config,
    log: KafkaLog,
}

impl OnKafka {
    pub fn new() -> OnKafka {
        let mut config = Config::new(&Servers::shared().brokers, "test-0");
        config.prefix = unique_prefix();
        config.partitions = PARTITIONS;
        let names = TOPICS.map(|topic| topic.full_name(&config.prefix));
        let topics: Vec<(&str, i32)> = names.iter().map(|name| (name.as_str(), PARTITIONS)).collect();
        futures::executor::block_on(create_topics(&config.brokers, &topics));
        OnKafka { log: KafkaLog::unchecked(&config), config }
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        ClientConfig::new().set("bootstrap.servers", &self.config.brokers).create().expect("an admin client")
    }
}

impl Cluster for OnKafka {
    type Log = KafkaLog;

    fn log(&self) -> &KafkaLog {
        &self.log
    }

    fn write(&self, at: TopicPartition, value: &str) {
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", &self.config.brokers).create().expect("a producer");
        let name = self.log.full_name(at.topic);
        let record = BaseRecord::to(&name).partition(at.partition).key(value).payload(value);
        producer.send(record).expect("queued");
        producer.flush(PATIENCE).expect("written");
    }

    fn cut(&self, at: TopicPartition, before: i64) {
        let mut list = TopicPartitionList::new();
        let offset = rdkafka::Offset::Offset(before);
        list.add_partition_offset(&self.log.full_name(at.topic), at.partition, offset).expect("an offset");
        futures::executor::block_on(self.admin().delete_records(&list, &AdminOptions::new())).expect("cut");
    }

    fn forget_offsets(&self, group: &str) {
        let group = format!("{}.{group}", self.config.prefix);
        let outcome = futures::executor::block_on(self.admin().delete_groups(&[&group], &AdminOptions::new()));
        for group in outcome.expect("an answer") {
            group.expect("forgotten");
        }
    }

    fn pass(&self, length: Duration) {
        std::thread::sleep(length);
    }
}

#[test]
fn every_case_holds_on_real_kafka() {
    let chosen = cases::chosen::<OnKafka>();
    let (left, failed) = (Mutex::new(chosen.iter()), Mutex::new(Vec::new()));
    let next = || left.lock().expect("no panic while it is held").next();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = next() {
                    if !holds(case) {
                        failed.lock().expect("no panic while it is held").push(case);
                    }
                }
            });
        }
    });
    // Some cases say how long a thing may take, on a machine that others use as well: what failed among seven others is tried once
    // more alone. A case that is wrong fails again.
    let failed = failed.into_inner().expect("no panic while it is held");
    let failed: Vec<_> = failed.into_iter().filter(|case| !holds(case)).map(|case| case.name).collect();
    assert!(failed.is_empty(), "{} of {} cases failed twice: {failed:#?}", failed.len(), chosen.len());
}

/// Runs a case on a thread of its own, so that a panic ends that alone.
fn holds(case: &Case<OnKafka>) -> bool {
    let (started, run) = (Instant::now(), case.run);
    let named = std::thread::Builder::new().name(case.name.to_owned());
    let good = named.spawn(move || run(&OnKafka::new())).expect("a thread").join().is_ok();
    println!("{:>6} ms {} {}", started.elapsed().as_millis(), if good { "ok " } else { "BAD" }, case.name);
    good
}
