//! The real stage on real Kafka, two workers at a time, with pools that move between them while commands wait: the ledger and
//! what every order hears are what one worker makes of the same commands, to the byte.

#[path = "../../../../crates/pipeline/tests/stage/moving/seen.rs"]
mod seen;
#[path = "../../../../crates/pipeline/tests/stage/moving/story.rs"]
mod story;

use crate::making::{demand, line};
use futures::future::join_all;
use prost::Message as _;
use seen::Seen;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use story::Story;
use tokio::runtime::Runtime;
use weir_inventory::domain::Fact;
use weir_inventory::wire::Stage;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::Pace;
use weir_pipeline::stage::{Worker, spawn};
use weir_pipeline::writer::Writer;
use weir_pipeline::{
    Config, Log as _, NoEffects, Outgoing, Reader as _, Record, Signals, TopicPartition, Topology as _, settings,
};
use weir_proto::log::v1::Meta;
use weir_proto::stock::v1::stock_command::Command;
use weir_proto::stock::v1::{Adjust, Allocate, Receive, StockCommand, StockEvent, Void, stock_event};
use weir_proto::topics::Topic;
use weir_testkit::{Servers, unique_prefix};

const PARTITIONS: i32 = 4;
const POOLS: usize = 8;
/// Orders of each pool, at least: 200 in all.
const ORDERS: usize = 25;
/// Commands that wait while pools move.
const BACKLOG: usize = 120;

#[test]
fn pools_move_under_load_and_the_ledger_is_that_of_one_worker() {
    let here = Installation::new();
    let mut seen = Seen::of(&here.log, &Stage);
    let (mut round, mut written) = (0, 0);
    let mut busy = |settled: usize| {
        if written - settled < BACKLOG || round < ORDERS {
            written += here.write(commands(round));
            round += 1;
        }
    };
    let first = here.run("a");
    seen.until("a decides", |seen| seen.decides("a"), &mut busy);
    let second = here.run("b");
    seen.until("b decides", |seen| seen.decides("b"), &mut busy);
    first.stop();
    seen.until("b decides everywhere", |seen| seen.decides_alone("b"), &mut busy);
    let third = here.run("c");
    seen.until("c decides", |seen| seen.decides("c"), &mut busy);
    seen.until("all is decided", |seen| seen.settled() == written, |_| {});
    second.stop();
    third.stop();

    let inputs = here.read(Topic::StockCommands);
    let alone = Installation::new();
    alone.write_again(&inputs);
    let worker = alone.run("a");
    let mut seen_alone = Seen::of(&alone.log, &Stage);
    seen_alone.until("the one worker has decided all", |seen| seen.settled() == written, |_| {});
    worker.stop();
    assert!(seen_alone.take_overs() >= PARTITIONS as usize, "the one worker took each partition");

    let (moved, still) = (Story::of(&Stage, |topic| here.read(topic)), Story::of(&Stage, |topic| alone.read(topic)));
    assert_eq!(moved.difference(&still), None);
    let moves = seen.moves_under_load(&inputs);
    assert!(moves.contains_key("b") && moves.contains_key("c"), "taken from another while commands waited: {moves:?}");
    assert!(seen.shared() >= POOLS / 2, "only {} pools were decided by more than one worker", seen.shared());
    assert_eq!(still.facts.len(), POOLS);
    assert!(still.messages.len() >= POOLS * ORDERS, "every order hears");
    assert!(still.kept.is_empty() && !still.ignored.is_empty(), "repeats are passed over, and nothing else");
    let kinds: BTreeSet<&str> = still.facts.values().flatten().filter_map(|told| told.event_type.as_deref()).collect();
    for kind in ["Received", "Allocated", "Queued", "Voided", "Adjusted"] {
        assert!(kinds.contains(format!("weir.stock.v1.{kind}").as_str()), "no {kind} among {kinds:?}");
    }
    println!("{written} commands, {} take-overs; under load: {moves:?}", seen.take_overs());
}

/// A round: in each pool an order is asked for twice, and more stock is asked for than comes, so that orders wait and are served.
/// Some are cancelled, and now and then a unit turns out to be missing.
fn commands(round: usize) -> Vec<Outgoing> {
    let each = (0..POOLS).flat_map(|pool| {
        let order = |round: usize| format!("pool-{pool}-o{round:05}");
        let receive = |quantity| {
            let (sku, warehouse) = ("HOT".to_owned(), "W1".to_owned());
            Command::Receive(Receive { sku, warehouse, quantity, document: format!("asn-{round}") })
        };
        let asked = Command::Allocate(allocate(&order(round)));
        let mut all = if round == 0 { vec![receive(10)] } else { Vec::new() };
        all.extend([asked.clone(), asked]);
        if round % 4 == 3 {
            all.push(receive(2));
            let void = Void { order_id: order(round - 2), plan_version: 1, ..Void::default() };
            all.push(Command::Void(Void { reason: "cancelled".to_owned(), ..void }));
        }
        if round % 10 == 9 {
            let (sku, warehouse) = ("HOT".to_owned(), "W1".to_owned());
            all.push(Command::Adjust(Adjust { sku, warehouse, delta: -1, ..Adjust::default() }));
        }
        all.into_iter().map(move |command| outgoing(&format!("demo/pool-{pool}"), command))
    });
    each.collect()
}

/// One unit of HOT, on the wire.
fn allocate(order: &str) -> Allocate {
    let fact = Fact::Queued { demand: demand(order, 1, &[line("l1", "HOT", 1)]), missing: Vec::new() };
    let encoded = Stage.write_fact(Meta::default(), &fact);
    let event = StockEvent::decode(encoded.value.as_slice()).expect("decodes").event;
    let Some(stock_event::Event::Queued(queued)) = event else { panic!("another fact") };
    queued.allocate.expect("a demand")
}

fn outgoing(pool: &str, command: Command) -> Outgoing {
    let meta = Meta { tenant: "demo".to_owned(), key: pool.to_owned(), ..Meta::default() };
    let value = StockCommand { meta: Some(meta), command: Some(command) }.encode_to_vec();
    Outgoing { topic: Topic::StockCommands, key: pool.to_owned(), event_type: "weir.stock.v1.StockCommand", value }
}

/// Topics of its own.
struct Installation {
    config: Config,
    log: KafkaLog,
    writer: Writer,
    runtime: Runtime,
}

/// A process with one worker.
struct Running {
    stop: Arc<AtomicBool>,
    workers: Vec<Worker>,
}

impl Running {
    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.thread.join().expect("no panic").expect("an end in good order");
        }
    }
}

impl Installation {
    fn new() -> Installation {
        let mut config = Config::new(&Servers::shared().brokers, "test");
        (config.prefix, config.partitions) = (unique_prefix(), PARTITIONS);
        settings::create_topics(&config).expect("topics");
        let writer = Writer::connect(&config, "test", Duration::from_secs(10)).expect("a writer");
        Installation { log: KafkaLog::unchecked(&config), config, writer, runtime: Runtime::new().expect("a runtime") }
    }

    fn run(&self, instance: &str) -> Running {
        let stop = Arc::new(AtomicBool::new(false));
        let config = Config { instance: instance.to_owned(), ..self.config.clone() };
        let (log, signals) = (KafkaLog::unchecked(&config), Signals::new(stop.clone(), |_, _| {}));
        let workers = spawn(Arc::new(Stage), log, &config, |_| NoEffects, None, &signals).expect("a worker");
        Running { stop, workers }
    }

    /// Writes them in this order; how many they were.
    fn write(&self, commands: Vec<Outgoing>) -> usize {
        let count = commands.len();
        let all = commands.into_iter().map(|command| self.writer.write(command, "id", None));
        self.runtime.block_on(join_all(all)).into_iter().for_each(|written| drop(written.expect("written")));
        count
    }

    /// The same commands at the same places.
    fn write_again(&self, inputs: &[Record]) {
        let of = |records: &[Record]| {
            let mut places: Vec<_> =
                records.iter().map(|r| (r.partition, r.offset, r.key.clone(), r.value.to_vec())).collect();
            places.sort();
            places
        };
        let inputs = of(inputs);
        let again = inputs.iter().map(|(_, _, key, value)| Outgoing {
            topic: Topic::StockCommands,
            key: key.clone(),
            event_type: "weir.stock.v1.StockCommand",
            value: value.clone(),
        });
        let again: Vec<Outgoing> = again.collect();
        for portion in again.chunks(1_000) {
            self.write(portion.to_vec());
        }
        assert!(of(&self.read(Topic::StockCommands)) == inputs, "the copied commands are other ones");
    }

    fn read(&self, topic: Topic) -> Vec<Record> {
        let mut reader = self.log.reader(Pace::Eager).expect("a reader");
        let parts = (0..self.log.partitions(topic)).map(|p| (TopicPartition::new(topic, p), 0));
        reader.assign(&parts.collect()).expect("assigned");
        let mut records = Vec::new();
        while !reader.done() {
            records.extend(reader.poll(Duration::from_millis(100)).expect("read"));
        }
        records
    }
}
