//! A stage small enough to see through: it says each remark of an order once, in order, on real topics.

mod stage;

pub use stage::{HOUR_MS, Remarks, Strict, Toy};

use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log, Pace, Reader as _};
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::stage::{Partition, Worker, spawn};
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, NoEffects, Outgoing, Record, Signals, TopicPartition, Topology};
use weir_proto::log::v1::{Answered, Meta, stage_fact::Fact};
use weir_proto::order::v1::{NoteChanged, OrderEvent, order_event};
use weir_proto::quarantine::v1::{QuarantineEvent, quarantine_event};
use weir_proto::topics::Topic;
use weir_testkit::{Servers, unique_prefix, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);

/// The bytes of a remark. Its tenant is the demo's, where the meta names none.
pub fn note(key: &str, remark: &str, meta: Meta) -> Vec<u8> {
    let note = NoteChanged { buyer_remark: remark.to_owned(), ..NoteChanged::default() };
    let tenant = if meta.tenant.is_empty() { "demo".to_owned() } else { meta.tenant.clone() };
    let meta = Meta { tenant, key: key.to_owned(), ..meta };
    OrderEvent { meta: Some(meta), event: Some(order_event::Event::NoteChanged(note)) }.encode_to_vec()
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
    told: Arc<Mutex<Vec<(bool, String)>>>,
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

    /// Waits until it tells its readiness so, in words that contain these.
    pub fn await_told(&self, ready: bool, words: &str) {
        wait_for(words, PATIENCE, || {
            let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.iter().any(|(holds, why)| *holds == ready && why.contains(words)).then_some(())
        });
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
        let config = Config { instance: instance.to_owned(), ..self.config.clone() };
        self.run_on(KafkaLog::unchecked(&config), instance, snapshots)
    }

    /// A worker of [`Strict`].
    pub fn run_strictly(&self, instance: &str) -> Running {
        self.run_stage(Strict, instance)
    }

    /// A worker of another stage.
    pub fn run_stage(&self, stage: impl Topology, instance: &str) -> Running {
        let config = Config { instance: instance.to_owned(), ..self.config.clone() };
        self.run_as(stage, KafkaLog::unchecked(&config), instance, None)
    }

    pub fn run_on(&self, log: impl Log, instance: &str, snapshots: Option<Snapshots>) -> Running {
        self.run_as(Toy, log, instance, snapshots)
    }

    fn run_as(&self, stage: impl Topology, log: impl Log, instance: &str, snapshots: Option<Snapshots>) -> Running {
        let (stop, told) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let config = Config { instance: instance.to_owned(), ..self.config.clone() };
        let heard = told.clone();
        let signals = Signals::new(stop.clone(), move |ready, why| {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push((ready, why.to_owned()));
        });
        let workers = spawn(Arc::new(stage), log, &config, |_| NoEffects, snapshots, &signals).expect("worker");
        Running { stop, workers, told }
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
        self.put_with(key, remark, Meta::default())
    }

    fn put_with(&self, key: &str, remark: &str, meta: Meta) -> impl Future<Output = ()> + use<> {
        self.put(key, note(key, remark, meta))
    }

    /// Writes these inputs, of one key in this order.
    pub fn write_all(&self, inputs: Vec<(String, Vec<u8>)>) {
        let all = inputs.into_iter().map(|(key, value)| self.put(&key, value));
        self.runtime.block_on(futures::future::join_all(all));
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

    pub fn write(&self, key: &str, remark: &str) {
        self.runtime.block_on(self.put_remark(key, remark));
    }

    /// A remark that the door admitted under newer reference data.
    pub fn write_under_reference(&self, key: &str, remark: &str, reference: i64) {
        self.runtime.block_on(self.put_with(key, remark, Meta { reference, ..Meta::default() }));
    }

    /// A caller's command; its answer.
    pub fn ask(&self, key: &str, remark: &str, seen_version: u64) -> Answered {
        self.ask_as(key, remark, Meta { seen_version, ..Meta::default() })
    }

    /// The same with more of its meta said.
    pub fn ask_as(&self, key: &str, remark: &str, meta: Meta) -> Answered {
        let command_id = Uuid::now_v7().as_bytes().to_vec();
        let meta = Meta { command_id: command_id.clone(), body_hash: vec![7; 16], ..meta };
        self.runtime.block_on(self.put_with(key, remark, meta));
        wait_for("an answer", PATIENCE, || {
            self.stage_facts().into_iter().find_map(|fact| match fact {
                Fact::Answered(answered) if answered.command_id == command_id => Some(answered),
                _ => None,
            })
        })
    }

    /// A fact that no stage has said.
    pub fn write_foreign_fact(&self, key: &str, owner: i64, version: u64) {
        let meta = Meta { tenant: "demo".to_owned(), key: key.to_owned(), owner, version, ..Meta::default() };
        let record = Toy.write_fact(meta, &"foreign".to_owned());
        self.runtime.block_on(self.writer.write(record, "id", None)).expect("written");
    }

    /// Offset of the newest `Took` of a partition.
    pub fn owner(&self, partition: i32) -> i64 {
        let all = self.read(Topic::Routes);
        let of_partition = all.iter().filter(|r| r.partition == partition);
        let took = of_partition.filter(|r| matches!(r.envelope().expect("envelope").1, Some(Fact::Took(_))));
        took.map(|record| record.offset).max().expect("an owner")
    }

    /// The facts of an order, in order.
    pub fn said(&self, key: &str) -> Vec<String> {
        self.facts().into_iter().filter(|(record, ..)| record.key == key).map(|(.., fact)| fact).collect()
    }

    pub fn await_said(&self, key: &str, fact: &str) {
        wait_for(&format!("{key} to say {fact}"), PATIENCE, || self.said(key).iter().any(|f| f == fact).then_some(()));
    }

    /// Reason and key of what lies in quarantine.
    pub fn quarantined(&self) -> Vec<(String, String)> {
        let all = self.read(Topic::Quarantine);
        let events = all.iter().filter_map(|record| record.decode::<QuarantineEvent>().expect("an event").event);
        let kept = events.filter_map(|event| match event {
            quarantine_event::Event::Quarantined(kept) => Some(kept),
            quarantine_event::Event::Redriven(_) => None,
        });
        kept.map(|kept| (kept.reason, String::from_utf8_lossy(&kept.key).into_owned())).collect()
    }

    pub fn await_quarantined_for(&self, reason: &str, key: &str) {
        let wanted = (reason.to_owned(), key.to_owned());
        wait_for(&format!("{key} in quarantine: {reason}"), PATIENCE, || {
            self.quarantined().contains(&wanted).then_some(())
        });
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

    pub fn stage_facts(&self) -> Vec<Fact> {
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
