//! A test's own topics, stages that work on them, and the command run against them.

use prost::Message as _;
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Pace, Reader as _};
use weir_pipeline::reference::Publisher;
use weir_pipeline::settings::create_topics;
use weir_pipeline::stage::{self, Worker};
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, NoEffects, Outgoing, Record, Signals, TopicPartition, Topology};
use weir_proto::delivery::v1::{DeliveryEvent, Header, Received, delivery_event};
use weir_proto::log::v1::{Meta, stage_fact::Fact};
use weir_proto::money::v1::Money;
use weir_proto::reference::v1::{ReferenceEvent, RegionCost, Shop, Warehouse, reference_event::Entity};
use weir_proto::topics::Topic;
use weir_testkit::{Servers, unique_prefix};

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const PARTITIONS: i32 = 2;

pub struct Corner {
    pub config: Config,
    pub log: KafkaLog,
    writer: Writer,
    runtime: tokio::runtime::Runtime,
}

/// A stage at work; told to stop if the test fails before.
pub struct Running {
    stop: Arc<AtomicBool>,
    workers: Vec<Worker>,
}

/// How a run of the command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub said: String,
    pub complained: String,
}

/// Variables of a process; of two of one name the later holds.
pub type Environment = Vec<(&'static str, String)>;

/// Runs `weir` with these variables and no others.
pub fn run(environment: &Environment, arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().cloned())
        .output()
        .expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it says text");
    Ended { code: output.status.code(), said: text(output.stdout), complained: text(output.stderr) }
}

impl Ended {
    /// What it said, where it must have ended well.
    pub fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.said
    }

    /// What it complained of, where it must have ended so.
    pub fn badly(self, code: i32) -> String {
        assert_eq!((self.code, self.said.as_str()), (Some(code), ""), "{self:?}");
        self.complained
    }
}

impl Corner {
    pub fn new() -> Corner {
        let mut config = Config::new(&Servers::shared().brokers, "test-0");
        config.prefix = unique_prefix();
        config.partitions = PARTITIONS;
        create_topics(&config).expect("topics");
        let writer = Writer::connect(&config, "test", Duration::from_secs(10)).expect("a writer");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        Corner { log: KafkaLog::unchecked(&config), config, writer, runtime }
    }

    /// Runs `weir` where `partitions` are configured.
    pub fn weir_with(&self, partitions: i32, arguments: &[&str]) -> Ended {
        let mut environment = self.environment();
        environment.push(("WEIR_PARTITIONS", partitions.to_string()));
        run(&environment, arguments)
    }

    /// Where its log is, for `weir` and for a service.
    pub fn environment(&self) -> Environment {
        vec![
            ("WEIR_BROKERS", self.config.brokers.clone()),
            ("WEIR_PREFIX", self.config.prefix.clone()),
            ("WEIR_PARTITIONS", PARTITIONS.to_string()),
        ]
    }

    /// What `weir` says where it must end well.
    pub fn weir(&self, arguments: &[&str]) -> String {
        let ended = self.weir_with(PARTITIONS, arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.said
    }

    /// A shop and a warehouse that serves everywhere.
    pub fn publish_reference(&self) {
        let cost = Some(Money { minor: 500, currency: "CNY".to_owned() });
        let warehouse = Warehouse {
            warehouse: "east".to_owned(),
            pool: "main".to_owned(),
            parcel_costs: vec![RegionCost { region: "*".to_owned(), cost, served: true }],
            ..Warehouse::default()
        };
        let shop =
            Shop { channel: "generic".to_owned(), shop: "acme".to_owned(), pool: "main".to_owned(), ..Shop::default() };
        let entry =
            |key: &str, entity| (key.to_owned(), ReferenceEvent { entity: Some(entity), ..ReferenceEvent::default() });
        let entries = vec![
            entry("demo/shop/generic/acme", Entity::Shop(shop)),
            entry("demo/warehouse/east", Entity::Warehouse(warehouse)),
        ];
        Publisher::new(self.log.clone()).publish(entries).expect("published");
    }

    /// Starts a stage of one worker.
    pub fn run<T: Topology>(&self, topology: T) -> Running {
        let stop = Arc::new(AtomicBool::new(false));
        let signals = Signals::new(stop.clone(), |_, _| {});
        let topology = Arc::new(topology);
        let workers =
            stage::spawn(topology, self.log.clone(), &self.config, |_| NoEffects, None, &signals).expect("a stage");
        Running { stop, workers }
    }

    /// Puts a delivery into the log as the door does.
    pub fn deliver(&self, key: &str, id: &str, body: &str) {
        let received = Received {
            channel: "generic".to_owned(),
            shop: "acme".to_owned(),
            source: "webhook".to_owned(),
            delivery_id: id.to_owned(),
            headers: vec![Header { name: "webhook-id".to_owned(), value: id.to_owned() }],
            body: body.to_owned().into(),
            ..Received::default()
        };
        let meta = Meta { tenant: "demo".to_owned(), key: key.to_owned(), ..Meta::default() };
        let event = DeliveryEvent { meta: Some(meta), event: Some(delivery_event::Event::Received(received)) };
        self.write(Topic::Deliveries, key, "weir.delivery.v1.Received", event.encode_to_vec(), id);
    }

    /// Puts a record into the log as an edge does.
    pub fn write(&self, topic: Topic, key: &str, event_type: &'static str, value: Vec<u8>, id: &str) {
        let record = Outgoing { topic, key: key.to_owned(), event_type, value };
        self.runtime.block_on(self.writer.write(record, id, None)).expect("written");
    }

    /// All committed records of a topic as of now.
    pub fn read(&self, topic: Topic) -> Vec<Record> {
        let mut reader = self.log.reader(Pace::Eager).expect("a reader");
        let all = (0..topic.partitions(PARTITIONS)).map(|partition| (TopicPartition::new(topic, partition), 0));
        reader.assign(&all.collect()).expect("assigned");
        let mut records = Vec::new();
        while !reader.done() {
            records.extend(reader.poll(Duration::from_millis(100)).expect("polled"));
        }
        records
    }

    /// The names of what a stage said of each order, in order; copies that were written back left out. Checks the versions.
    pub fn facts(&self, topic: Topic) -> BTreeMap<String, Vec<String>> {
        let mut facts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in self.read(topic).into_iter().filter(|record| record.headers.redriven.is_none()) {
            let (meta, stage) = record.envelope().expect("an envelope");
            if stage.is_none() {
                let of_order = facts.entry(record.key).or_default();
                of_order
                    .push(record.headers.event_type.unwrap_or_default().rsplit('.').next().unwrap_or("").to_owned());
                assert_eq!(meta.version, of_order.len() as u64, "{topic}: a gap or a double in {}", meta.key);
            }
        }
        facts
    }

    /// What a stage said of its inputs and of its orders as wholes, each with the order's key.
    pub fn stage_facts(&self, topic: Topic) -> Vec<(String, Fact)> {
        let fact = |record: Record| Some((record.key.clone(), record.envelope().expect("an envelope").1?));
        self.read(topic).into_iter().filter(|record| record.headers.redriven.is_none()).filter_map(fact).collect()
    }
}

impl Running {
    /// In good order; the workers must not have failed.
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers.drain(..) {
            worker.thread.join().expect("the worker panicked").expect("the worker failed");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
