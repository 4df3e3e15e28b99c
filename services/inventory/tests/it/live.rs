//! The service's parts on real Kafka and Redis: the last unit, and a receipt whose answer and availability are found again.

use crate::making::{demand, line};
use prost::Message as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tonic::Request;
use uuid::Uuid;
use weir_inventory::domain::Fact;
use weir_inventory::edge::grpc::Inventory;
use weir_inventory::projection::availability::{Availability, NAME};
use weir_inventory::wire::Stage;
use weir_pipeline::gateway::Gateway;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::Pace;
use weir_pipeline::projection::redis::{self, CounterReader};
use weir_pipeline::writer::Writer;
use weir_pipeline::{
    Config, Log as _, NoEffects, Outgoing, Reader as _, Signals, TopicPartition, Topology as _, stage,
};
use weir_proto::allocation::v1::{AllocationEvent, allocation_event::Event};
use weir_proto::inventory::v1::inventory_service_server::InventoryService as _;
use weir_proto::inventory::v1::{AdjustRequest, GetAvailabilityRequest, ReceiveManyRequest, ReceiveRequest};
use weir_proto::log::v1::{Actor, ActorKind, CommandHead, Meta};
use weir_proto::stock::v1::{Adjust, Receive, StockCommand, StockEvent, stock_command, stock_event};
use weir_proto::topics::{CATALOGUE, Topic};
use weir_testkit::{Servers, create_topics, unique_prefix, wait_for_async};

const PATIENCE: Duration = Duration::from_secs(60);
const ORDERS: usize = 2000;

/// An installation of the test's own, with the stage and the counters at work.
struct Installation {
    config: Config,
    log: KafkaLog,
    stop: Arc<AtomicBool>,
    service: Inventory,
}

impl Installation {
    async fn start() -> Installation {
        let servers = Servers::shared();
        let mut config = Config::new(&servers.brokers, "inventory-0");
        config.prefix = unique_prefix();
        config.partitions = 2;
        let named: Vec<(String, i32)> = CATALOGUE
            .iter()
            .map(|entry| (entry.topic.full_name(&config.prefix), entry.topic.partitions(config.partitions)))
            .collect();
        let topics: Vec<(&str, i32)> = named.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        create_topics(&servers.brokers, &topics).await;
        let log = KafkaLog::unchecked(&config);
        let stop = Arc::new(AtomicBool::new(false));
        let signals = || Signals::new(stop.clone(), |_, _| {});
        stage::spawn(Arc::new(Stage), log.clone(), &config, |_| NoEffects, None, &signals()).expect("started");
        let url = servers.redis_url.clone();
        redis::spawn(Availability, log.clone(), &config, url.clone(), signals());
        let for_gateway = config.clone();
        let gateway =
            tokio::task::spawn_blocking(move || Gateway::start(&for_gateway, Topic::StockCommands, Topic::Stock));
        let service = Inventory::default();
        assert!(service.gateway.set(gateway.await.expect("ran").expect("started")).is_ok());
        let counters = CounterReader::connect(&url, &config.prefix, NAME).await.expect("redis");
        assert!(service.counters.set(counters).is_ok());
        Installation { config, log, stop, service }
    }

    /// Every record of a topic that was stable when it was asked for. A later end is none to wait for: a control record that came
    /// meanwhile is never polled.
    fn read(&self, topic: Topic) -> Vec<weir_pipeline::Record> {
        let mut reader = self.log.reader(Pace::Eager).expect("a reader");
        let parts: Vec<TopicPartition> =
            (0..self.log.partitions(topic)).map(|p| TopicPartition::new(topic, p)).collect();
        reader.assign(&parts.iter().map(|part| (*part, 0)).collect()).expect("assigned");
        let mut records = Vec::new();
        while !reader.done() {
            records.extend(reader.poll(Duration::from_millis(100)).expect("read"));
        }
        records
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn head(id: Uuid) -> Option<CommandHead> {
    let actor =
        Actor { kind: ActorKind::Person.into(), id: "ada".into(), role: "warehouse".into(), reason: String::new() };
    let (command_id, tenant) = (id.to_string(), "demo".into());
    Some(CommandHead { command_id, tenant, actor: Some(actor), seen_version: 0 })
}

fn receipt(id: Uuid, sku: &str, quantity: i64) -> ReceiveRequest {
    let receive = Receive { sku: sku.into(), warehouse: "W1".into(), quantity, document: "asn".into() };
    ReceiveRequest { head: head(id), pool: "main".into(), receive: Some(receive) }
}

/// The command to allocate one unit of HOT.
fn allocate(n: usize) -> Outgoing {
    let fact = Fact::Queued { demand: demand(&format!("o{n}"), 1, &[line("l1", "HOT", 1)]), missing: vec![] };
    let encoded = Stage.write_fact(Meta::default(), &fact);
    let event = StockEvent::decode(encoded.value.as_slice()).expect("decodes").event;
    let Some(stock_event::Event::Queued(queued)) = event else { panic!("another fact") };
    let meta = Meta { tenant: "demo".into(), key: "demo/main".into(), ..Meta::default() };
    let command = queued.allocate.map(stock_command::Command::Allocate);
    let value = StockCommand { meta: Some(meta), command }.encode_to_vec();
    Outgoing { topic: Topic::StockCommands, key: "demo/main".into(), event_type: "weir.stock.v1.Allocate", value }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_unit_goes_to_one_order_and_the_edge_knows() {
    let here = Installation::start().await;
    let first = Uuid::now_v7();
    let entries = vec![receipt(first, "HOT", 1), receipt(Uuid::now_v7(), "COLD", 7)];
    let requests = ReceiveManyRequest { requests: entries };
    let many = wait_for_async("the stage takes receipts", PATIENCE, || async {
        here.service.receive_many(Request::new(requests.clone())).await.ok()
    });
    let receipts = many.await.into_inner().responses;
    let asked = receipts[0].receipt.as_ref().expect("a receipt");
    assert_eq!((asked.command_id.as_str(), asked.key.as_str()), (first.to_string().as_str(), "demo/main"));
    let again = here.service.receive(Request::new(receipt(first, "HOT", 1))).await.expect("the same answer");
    assert!(again.into_inner().receipt.expect("a receipt").repeated);
    let other = here.service.receive(Request::new(receipt(first, "HOT", 2))).await.expect_err("another body");
    assert_eq!(other.code(), tonic::Code::Aborted);
    let adjust = Adjust { sku: "COLD".into(), warehouse: "W1".into(), delta: -8, ..Adjust::default() };
    let request = AdjustRequest { head: head(Uuid::now_v7()), pool: "main".into(), adjust: Some(adjust) };
    let refused = here.service.adjust(Request::new(request)).await.expect_err("not so many");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);

    let writer = Writer::connect(&here.config, "test", Duration::from_secs(10)).expect("a writer");
    let written = (0..ORDERS).map(|n| {
        let writer = writer.clone();
        async move { writer.write(allocate(n), &format!("c{n}"), None).await.expect("written") }
    });
    futures::future::join_all(written).await;
    let told = wait_for_async("every order hears", PATIENCE, || async {
        let records = here.read(Topic::Allocations);
        (records.len() >= ORDERS).then_some(records)
    });
    let told = told.await;
    assert_eq!(told.len(), ORDERS);
    let events = told.iter().map(|record| AllocationEvent::decode(record.value.clone()).expect("decodes"));
    let allocated = events.filter(|event| matches!(event.event, Some(Event::Allocated(_)))).count();
    assert_eq!(allocated, 1, "one unit, one order");
    let question =
        GetAvailabilityRequest { tenant: "demo".into(), pool: "main".into(), skus: vec!["HOT".into(), "COLD".into()] };
    let found = wait_for_async("redis has caught up", PATIENCE, || async {
        let answer = here.service.get_availability(Request::new(question.clone())).await.ok()?.into_inner();
        (!answer.skus[0].unknown && answer.skus[0].to_promise == 0 && answer.skus[1].to_promise == 7).then_some(answer)
    });
    assert_eq!(found.await.skus[0].warehouses[0].allocated, 1);
}
