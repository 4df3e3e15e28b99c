//! The production stage on the simulated broker, unchanged: one worker on its thread, and harm done to it meanwhile.

#[path = "production/echo.rs"]
mod echo;
#[path = "production/here.rs"]
mod here;

use echo::{Echo, input};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use weir_pipeline::log::{Offsets, Pace};
use weir_pipeline::stage::{Partition, Worker, spawn};
use weir_pipeline::{Config, Log as _, NoEffects, Reader as _, Record, Signals, TopicPartition};
use weir_proto::partition::partition_of;
use weir_proto::topics::Topic;
use weir_sim::{Control, Protocol, Settings, Sim, SimLog};
use weir_testkit::wait_for;

const ORDERS: usize = 10;
/// The name that the stage gives its worker's producer and seat, and its group.
const NAME: &str = "echo.a.0";
const GROUP: &str = "echo";

struct Running {
    log: SimLog,
    control: Control,
    stop: Arc<AtomicBool>,
    workers: Vec<Worker>,
}

impl Running {
    fn start(protocol: Protocol) -> Running {
        let sim = Sim::new(Settings { protocol, ..Settings::new(11) });
        let (log, control, stop) = (sim.log(), sim.control(), Arc::new(AtomicBool::new(false)));
        let signals = Signals::new(stop.clone(), |_, _| {});
        let config = Config::new("", "a");
        let workers = spawn(Arc::new(Echo), log.clone(), &config, |_| NoEffects, None, &signals).expect("a worker");
        Running { log, control, stop, workers }
    }

    fn say(&self, remark: usize) {
        for order in 0..ORDERS {
            let key = format!("order-{order}");
            let at = TopicPartition::new(Topic::Orders, partition_of(key.as_bytes(), 2));
            self.control.write(at, &key, &input(&key, &format!("remark {remark}")));
        }
    }

    fn facts(&self) -> Vec<Record> {
        let mut reader = self.log.reader(Pace::Eager).expect("a reader");
        let all: Offsets = (0..2).map(|number| (TopicPartition::new(Topic::Routes, number), 0)).collect();
        reader.assign(&all).expect("assigned");
        let mut facts = Vec::new();
        while !reader.done() {
            facts.extend(reader.poll(Duration::ZERO).expect("polled"));
        }
        facts
    }

    fn said(&self) -> BTreeMap<String, Vec<String>> {
        let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in self.facts() {
            if let Some(remark) = echo::remark(&record) {
                said.entry(record.key.clone()).or_default().push(remark);
            }
        }
        said
    }

    fn await_remarks(&self, count: usize) {
        wait_for("the remarks", Duration::from_secs(20), || {
            let said: usize = self.said().values().map(Vec::len).sum();
            (said >= ORDERS * count).then_some(())
        });
    }
}

#[test]
fn the_stage_decides_once_whatever_becomes_of_its_transactions() {
    for protocol in [Protocol::V1, Protocol::V2] {
        let running = Running::start(protocol);
        let harm: [fn(&Control); 6] = [
            |control| control.lose_end_request(NAME),
            |control| control.lose_end_answer(NAME),
            |control| control.fail_produce(TopicPartition::new(Topic::Routes, 0)),
            |control| control.move_group(GROUP),
            |control| control.rebalance(GROUP),
            |control| control.stop_for(Duration::from_secs(1)),
        ];
        for (remark, harm) in harm.iter().cycle().take(12).enumerate() {
            harm(&running.control);
            running.say(remark);
            running.await_remarks(remark + 1);
        }
        let wanted: Vec<String> = (0..12).map(|remark| format!("remark {remark}")).collect();
        let said = running.said();
        assert_eq!(said.len(), ORDERS);
        for (order, remarks) in said {
            assert_eq!(remarks, wanted, "{order}");
        }
        for number in 0..2 {
            let mut partition: Partition<Echo> = Partition::new(number);
            for record in running.facts().iter().filter(|record| record.partition == number) {
                partition.fold(&Echo, record).expect("the facts fit together");
            }
        }
        running.stop.store(true, Ordering::Relaxed);
        for worker in running.workers {
            worker.thread.join().expect("no panic").expect("ended in good order");
        }
    }
}
