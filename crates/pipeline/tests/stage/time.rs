//! Time, and what is waited for (STAGE.md §4, §6).

use crate::toy::{Bench, HOUR_MS};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use weir_decider::Millis;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log, Member, Offsets, Pace, Polled};
use weir_pipeline::{LogError, TopicPartition};
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

/// The real log, seen by a machine whose clock is ahead.
#[derive(Clone)]
struct Ahead {
    inner: KafkaLog,
    by_ms: i64,
    turns: Arc<AtomicUsize>,
}

struct AheadMember {
    inner: <KafkaLog as Log>::Member,
    by_ms: i64,
    turns: Arc<AtomicUsize>,
}

impl Log for Ahead {
    type Proof = <KafkaLog as Log>::Proof;
    type Member = AheadMember;
    type Producer = <KafkaLog as Log>::Producer;
    type Reader = <KafkaLog as Log>::Reader;

    fn member(&self, group: &str, instance: &str, topics: &[Topic], pace: Pace) -> Result<Self::Member, LogError> {
        let inner = self.inner.member(group, instance, topics, pace)?;
        Ok(AheadMember { inner, by_ms: self.by_ms, turns: self.turns.clone() })
    }

    fn producer(&self, transactional_id: &str) -> Result<Self::Producer, LogError> {
        self.inner.producer(transactional_id)
    }

    fn reader(&self, pace: Pace) -> Result<Self::Reader, LogError> {
        self.inner.reader(pace)
    }

    fn cluster_id(&self) -> Result<String, LogError> {
        self.inner.cluster_id()
    }

    fn full_name(&self, topic: Topic) -> String {
        self.inner.full_name(topic)
    }

    fn partitions(&self, topic: Topic) -> i32 {
        self.inner.partitions(topic)
    }

    fn now(&self) -> Millis {
        self.inner.now().plus(self.by_ms)
    }

    fn uptime(&self) -> Duration {
        self.inner.uptime()
    }

    fn sleep(&self, length: Duration) {
        self.inner.sleep(length);
    }

    fn nonce(&self) -> [u8; 16] {
        self.inner.nonce()
    }
}

impl Member for AheadMember {
    type Proof = <KafkaLog as Log>::Proof;

    fn poll(&mut self, wait: Duration) -> Result<Polled, LogError> {
        self.turns.fetch_add(1, Ordering::Relaxed);
        self.inner.poll(wait)
    }

    fn proof(&self) -> Result<Self::Proof, LogError> {
        self.inner.proof()
    }

    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Offsets, LogError> {
        self.inner.committed(partitions)
    }

    fn accept(&mut self, from: &Offsets) -> Result<(), LogError> {
        self.inner.accept(from)
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.inner.resume(partitions)
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.inner.pause(partitions)
    }

    fn release(&mut self) -> Result<(), LogError> {
        self.inner.release()
    }

    fn read_to_end(&self, partition: TopicPartition) -> Option<Millis> {
        self.inner.read_to_end(partition).map(|as_of| as_of.plus(self.by_ms))
    }

    fn leave(&mut self) {
        self.inner.leave();
    }
}

#[test]
fn no_deadline_passes_by_a_wall_clock_that_is_ahead_of_the_broker() {
    let bench = Bench::start(1);
    let turns = Arc::new(AtomicUsize::new(0));
    bench.write("order-0", "in an hour");
    let log = Ahead { inner: bench.log.clone(), by_ms: 2 * HOUR_MS, turns: turns.clone() };
    let worker = bench.run_on(log, "a", None);
    bench.await_facts(1);
    // Idle turns take a tenth of a second: the clock would have moved on several times.
    let from = turns.load(Ordering::Relaxed);
    wait_for("50 turns", Duration::from_secs(60), || (turns.load(Ordering::Relaxed) > from + 50).then_some(()));
    // Inputs are decided all the same.
    bench.write_inputs(2, 0..1);
    bench.await_said("order-1", "remark 0");
    worker.stop();
    assert!(!bench.expired("order-0"), "the deadline passed by a clock two hours ahead");
}

#[test]
fn deadlines_pass_while_inputs_never_cease() {
    let bench = Bench::start(1);
    let worker = bench.run("a");
    bench.write_inputs(1, 0..1);
    bench.await_facts(1);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // A known remark says nothing new, so the load leaves no facts to be read through. Eight writers, so that there is always
        // a record on its way.
        for _ in 0..8 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    bench.write_inputs(1, 0..1);
                }
            });
        }
        bench.write("order-1", "deadline");
        bench.await_expired("order-1");
        stop.store(true, Ordering::Relaxed);
    });
    worker.stop();
}

#[test]
fn a_record_that_waits_for_reference_data_is_not_counted_as_read() {
    let bench = Bench::start(1);
    bench.write("order-0", "one");
    bench.write_under_reference("order-0", "two", 1_000);
    let watch: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &bench.config.brokers)
        .set("group.id", format!("{}.toy", bench.config.prefix))
        .create()
        .expect("consumer");
    let worker = bench.run("a");
    let mut seen = BTreeSet::new();
    wait_for("both inputs to be read", Duration::from_secs(60), || {
        let mut list = TopicPartitionList::new();
        list.add_partition(&bench.log.full_name(Topic::Orders), 0);
        let answer = watch.committed_offsets(list, Duration::from_secs(5)).expect("offsets");
        seen.extend(answer.elements().iter().filter_map(|element| match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        }));
        seen.contains(&2).then_some(())
    });
    worker.stop();
    // The transaction before the wait must not take the waiting record with it.
    assert!(seen.contains(&1), "offsets committed: {seen:?}");
    assert_eq!(bench.said("order-0"), ["one", "two"]);
}
