//! A stage small enough to see through: it says each remark of an order once, in order, on real topics.

use prost::Message as _;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use weir_decider::{Decider, Decision, Fault, Ignored, Millis, Moment};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Pace, Reader as _};
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::stage::{Partition, Worker, spawn};
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, Incoming, NoEffects, Outgoing, Record, Signals, TopicPartition, Topology};
use weir_proto::log::v1::{Meta, stage_fact::Fact};
use weir_proto::order::v1::{NoteChanged, OrderEvent, order_event};
use weir_proto::routing::v1::{RouteEvent, ShippingNoted, route_event};
use weir_proto::topics::Topic;
use weir_testkit::{Servers, unique_prefix, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);

/// What an order has said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    said: BTreeSet<String>,
    due: Option<i64>,
}

impl Decider for Remarks {
    type Input = String;
    type Fact = String;
    type Message = ();
    type World = ();

    fn decide(&self, moment: Moment<'_, ()>, remark: &String) -> Decision<String, ()> {
        if remark == "deadline" {
            return Decision::say(vec![format!("due {}", moment.at.0)]);
        }
        if self.said.contains(remark) {
            return Decision::ignore(Ignored::Duplicate);
        }
        Decision::say(vec![remark.clone()])
    }

    fn evolve(&mut self, _: Millis, fact: &String) {
        self.due = fact.strip_prefix("due ").and_then(|ms| ms.parse().ok());
        self.said.insert(fact.clone());
    }

    fn deadline(&self) -> Option<Millis> {
        self.due.map(Millis)
    }

    fn expire(&self, _: Moment<'_, ()>) -> Decision<String, ()> {
        Decision::say(vec!["expired".to_owned()])
    }
}

/// Orders in, routes out.
pub struct Toy;

impl Topology for Toy {
    type State = Remarks;
    type World = ();

    fn name(&self) -> &'static str {
        "toy"
    }

    fn inputs(&self) -> &'static [Topic] {
        &[Topic::Orders]
    }

    fn facts(&self) -> Topic {
        Topic::Routes
    }

    fn outputs(&self) -> &'static [Topic] {
        &[]
    }

    fn shape(&self) -> u32 {
        1
    }

    fn read(&self, record: &Record) -> Result<Incoming<String>, Fault> {
        let event: OrderEvent = record.decode()?;
        let meta = event.meta.ok_or_else(|| Fault::field("field-missing", "meta", ""))?;
        match event.event {
            Some(order_event::Event::NoteChanged(note)) => Ok(Incoming { meta, input: note.buyer_remark }),
            _ => Err(Fault::field("field-missing", "event", "")),
        }
    }

    fn write_fact(&self, meta: Meta, fact: &String) -> Outgoing {
        let key = meta.key.clone();
        let event = route_event::Event::ShippingNoted(ShippingNoted { outcome: fact.clone() });
        let value = RouteEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
        Outgoing { topic: Topic::Routes, key, event_type: "weir.routing.v1.ShippingNoted", value }
    }

    fn read_fact(&self, record: &Record) -> Result<String, Fault> {
        match record.decode::<RouteEvent>()?.event {
            Some(route_event::Event::ShippingNoted(noted)) => Ok(noted.outcome),
            _ => Err(Fault::field("field-missing", "event", "")),
        }
    }

    fn write_message(&self, meta: Meta, (): &()) -> Outgoing {
        Outgoing { topic: Topic::Routes, key: meta.key, event_type: "", value: Vec::new() }
    }
}

/// Topics of a test's own.
pub struct Bench {
    pub config: Config,
    pub log: KafkaLog,
    writer: Writer,
    runtime: tokio::runtime::Runtime,
}

/// A process with one worker.
pub struct Running {
    stop: Arc<AtomicBool>,
    workers: Vec<Worker>,
}

impl Running {
    /// In good order; the worker must not have failed.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.thread.join().expect("worker panicked").expect("worker failed");
        }
    }
}

impl Running {
    /// It was fenced, and said so by ending.
    pub fn must_have_failed(self) {
        for worker in self.workers {
            wait_for("the fenced worker to end", PATIENCE, || worker.thread.is_finished().then_some(()));
            let outcome = worker.thread.join().expect("worker panicked");
            assert!(outcome.is_err(), "a fenced worker must not end in good order");
        }
    }
}

impl Bench {
    pub fn start(partitions: i32) -> Bench {
        let servers = Servers::shared();
        let mut config = Config::new(servers.brokers.clone(), "test");
        config.prefix = unique_prefix();
        config.partitions = partitions;
        weir_pipeline::settings::create_topics(&config).expect("topics");
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let writer = Writer::connect(&config, "test", Duration::from_secs(10)).expect("writer");
        Bench { log: KafkaLog::unchecked(&config), config, writer, runtime }
    }

    pub fn run(&self, instance: &str) -> Running {
        self.run_from(instance, None)
    }

    /// A schema of the test's own, and the snapshots in it.
    pub fn snapshots(&self) -> (weir_testkit::Schema, Snapshots) {
        let schema = self.runtime.block_on(Servers::shared().schema("stage"));
        let snapshots = Snapshots::connect(&schema.pool);
        (schema, snapshots)
    }

    pub fn signals(&self) -> Signals {
        Signals::new(Arc::default(), |_, _| {})
    }

    pub fn run_from(&self, instance: &str, snapshots: Option<Snapshots>) -> Running {
        let stop = Arc::new(AtomicBool::new(false));
        let config = Config { instance: instance.to_owned(), ..self.config.clone() };
        let log = KafkaLog::unchecked(&config);
        let signals = Signals::new(stop.clone(), |_, _| {});
        let workers = spawn(Arc::new(Toy), log, &config, |_| NoEffects, snapshots, &signals).expect("worker");
        Running { stop, workers }
    }

    fn put(&self, key: &str, value: Vec<u8>) -> impl Future<Output = ()> + use<> {
        let record =
            Outgoing { topic: Topic::Orders, key: key.to_owned(), event_type: "weir.order.v1.NoteChanged", value };
        let writer = self.writer.clone();
        async move {
            writer.write(record, "id", None).await.expect("written");
        }
    }

    fn put_remark(&self, key: &str, remark: &str) -> impl Future<Output = ()> + use<> {
        let note = NoteChanged { buyer_remark: remark.to_owned(), ..NoteChanged::default() };
        let meta = Meta { tenant: "demo".to_owned(), key: key.to_owned(), ..Meta::default() };
        let event = OrderEvent { meta: Some(meta), event: Some(order_event::Event::NoteChanged(note)) };
        self.put(key, event.encode_to_vec())
    }

    pub fn write_inputs(&self, orders: usize, remarks: Range<usize>) {
        for remark in remarks {
            let all = (0..orders).map(|n| self.put_remark(&format!("order-{n}"), &format!("remark {remark}")));
            self.runtime.block_on(futures::future::join_all(all));
        }
    }

    pub fn write_garbage(&self, key: &str) {
        self.runtime.block_on(self.put(key, vec![0xff; 20]));
    }

    pub fn write_with_deadline(&self, key: &str) {
        self.runtime.block_on(self.put_remark(key, "deadline"));
    }

    /// Everything that is committed in a topic now.
    pub fn read(&self, topic: Topic) -> Vec<Record> {
        let mut reader = self.log.reader(Pace::Eager).expect("reader");
        let all = (0..self.config.partitions).map(|p| (TopicPartition::new(topic, p), 0)).collect();
        reader.assign(&all).expect("assign");
        let mut records = Vec::new();
        while !reader.done() {
            records.extend(reader.poll(Duration::from_millis(50)).expect("poll"));
        }
        records
    }

    fn facts(&self) -> Vec<(Record, Meta, String)> {
        let mut facts = Vec::new();
        for record in self.read(Topic::Routes) {
            let (meta, stage) = record.envelope().expect("envelope");
            if stage.is_none() {
                let fact = Toy.read_fact(&record).expect("fact");
                facts.push((record, meta, fact));
            }
        }
        facts
    }

    fn stage_facts(&self) -> Vec<Fact> {
        self.read(Topic::Routes).iter().filter_map(|r| r.envelope().expect("envelope").1).collect()
    }

    pub fn await_facts(&self, count: usize) {
        wait_for(&format!("{count} facts"), PATIENCE, || (self.facts().len() >= count).then_some(()));
    }

    pub fn await_ignored(&self, count: usize) {
        wait_for(&format!("{count} ignored inputs"), PATIENCE, || {
            let ignored: usize = self
                .stage_facts()
                .iter()
                .map(|fact| if let Fact::Ignored(ignored) = fact { ignored.inputs.len() } else { 0 })
                .sum();
            (ignored >= count).then_some(())
        });
    }

    pub fn await_quarantined(&self, count: usize) {
        wait_for(&format!("{count} quarantined records"), PATIENCE, || {
            (self.read(Topic::Quarantine).len() >= count).then_some(())
        });
    }

    pub fn expired(&self, key: &str) -> bool {
        self.facts().iter().any(|(record, _, fact)| record.key == key && fact == "expired")
    }

    pub fn await_expired(&self, key: &str) {
        wait_for("the deadline", PATIENCE, || self.expired(key).then_some(()));
    }

    pub fn owners(&self) -> usize {
        let owners: BTreeSet<String> = self
            .stage_facts()
            .into_iter()
            .filter_map(|fact| if let Fact::Took(took) = fact { Some(took.owner) } else { None })
            .collect();
        owners.len()
    }

    /// Every remark of every order once, versions without a gap, owners never older than the fence.
    pub fn assert_once(&self, orders: usize, remarks: usize) {
        let mut said: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut versions: BTreeMap<String, u64> = BTreeMap::new();
        for (record, meta, fact) in self.facts() {
            assert!(said.entry(record.key.clone()).or_default().insert(fact.clone()), "{} twice: {fact}", record.key);
            let version = versions.entry(record.key.clone()).or_insert(0);
            assert_eq!(meta.version, *version + 1, "a gap in {}", record.key);
            *version = meta.version;
        }
        assert_eq!(said.len(), orders);
        assert!(said.values().all(|remarks_said| remarks_said.len() == remarks));
        for partition in 0..self.config.partitions {
            self.fold(partition);
        }
    }

    /// The fold of a partition, which also checks owners and versions.
    pub fn fold(&self, number: i32) -> Vec<(String, Remarks)> {
        let mut partition: Partition<Toy> = Partition::new(number);
        for record in self.read(Topic::Routes).iter().filter(|r| r.partition == number) {
            partition.fold(&Toy, record).expect("the facts fit together");
        }
        partition.states().into_iter().map(|(key, state)| (key.to_owned(), state.clone())).collect()
    }
}
