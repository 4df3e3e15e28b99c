//! An installation of a test's own: its topics, and a runtime to ask in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Offsets, Pace};
use weir_pipeline::settings::create_topics;
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, Log as _, Outgoing, Reader as _, Record, Signals, TopicPartition};
use weir_proto::log::v1::Position;
use weir_proto::topics::Topic;
use weir_testkit::{Servers, unique_prefix, wait_for};

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Corner {
    pub config: Config,
    pub log: KafkaLog,
    pub runtime: Runtime,
    stop: Arc<AtomicBool>,
    /// Why what was given signals is not ready.
    said: Arc<Mutex<String>>,
}

impl Corner {
    /// All topics of the catalogue, with two partitions each, under a prefix of its own.
    pub fn new() -> Corner {
        let mut config = Config::new(&Servers::shared().brokers, "test-0");
        config.prefix = unique_prefix();
        config.partitions = 2;
        create_topics(&config).expect("topics");
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime");
        Corner { log: KafkaLog::unchecked(&config), config, runtime, stop: Arc::default(), said: Arc::default() }
    }

    /// The same installation, for a process that starts after this one has stopped.
    pub fn again(&self) -> Corner {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        Corner {
            config: self.config.clone(),
            log: self.log.clone(),
            runtime,
            stop: Arc::default(),
            said: Arc::default(),
        }
    }

    pub fn signals(&self) -> Signals {
        let said = self.said.clone();
        Signals::new(self.stop.clone(), move |_, why| why.clone_into(&mut said.lock().expect("no panic")))
    }

    /// Waits until it is said why something is not ready.
    pub fn await_said(&self, why: &str) {
        wait_for(why, PATIENCE, || self.said.lock().expect("no panic").contains(why).then_some(()));
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub fn writer(&self) -> Writer {
        Writer::connect(&self.config, "test", PATIENCE).expect("a writer")
    }

    /// Writes a record with the key as its value as well.
    pub fn write(&self, writer: &Writer, topic: Topic, key: &str) -> Position {
        self.runtime.block_on(writer.write(outgoing(topic, key), key, None)).expect("written")
    }

    /// All committed records of a partition as of now.
    pub fn read(&self, topic: Topic, partition: i32) -> Vec<Record> {
        let mut reader = self.log.reader(Pace::Eager).expect("a reader");
        reader.assign(&Offsets::from([(TopicPartition::new(topic, partition), 0)])).expect("assigned");
        let mut records = Vec::new();
        while !reader.done() {
            records.extend(reader.poll(Duration::from_millis(100)).expect("polled"));
        }
        records
    }
}

impl Drop for Corner {
    fn drop(&mut self) {
        self.stop();
    }
}

pub fn outgoing(topic: Topic, key: &str) -> Outgoing {
    Outgoing { topic, key: key.to_owned(), event_type: "weir.test.v1.Event", value: key.as_bytes().to_vec() }
}
