//! The service on real Kafka and Postgres: three words from two topics become one list, which a hand takes all its way.

#[path = "service/catalogue.rs"]
mod catalogue;
#[path = "service/starting.rs"]
mod starting;

use prost::Message as _;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tonic::{Code, Request, Status};
use uuid::Uuid;
use weir_fulfillment::edge::grpc::Edge;
use weir_fulfillment::projection::{MIGRATIONS, PickLists};
use weir_fulfillment::wire::Wire;
use weir_pipeline::gateway::Gateway;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::Pace;
use weir_pipeline::projection::postgres;
use weir_pipeline::writer::Writer;
use weir_pipeline::{
    Config, Log as _, NoEffects, Outgoing, Reader as _, Record, Signals, TopicPartition, settings, stage,
};
use weir_proto::allocation::v1::{self as allocation, AllocationEvent, allocation_event};
use weir_proto::fulfillment::v1::fulfillment_service_server::FulfillmentService as _;
use weir_proto::fulfillment::v1::*;
use weir_proto::log::v1::{CommandHead, Meta};
use weir_proto::routing::v1::{self as routing, RouteEvent, RoutingCommand, route_event};
use weir_proto::shipment::v1 as shipment;
use weir_proto::stock::v1::{PlacedQuantity, StockCommand, stock_command};
use weir_proto::{ids, partition::partition_of, topics::Topic};
use weir_testkit::{Schema, Servers, unique_prefix, wait_for_async};

const PATIENCE: Duration = Duration::from_secs(60);
const PARTITIONS: i32 = 2;

/// The service without its process, on topics and tables of its own.
struct House {
    edge: Edge,
    log: KafkaLog,
    writer: Writer,
    stop: Arc<AtomicBool>,
    parts: Vec<std::thread::JoinHandle<()>>,
    // Goes with the house.
    _schema: Schema,
}

impl House {
    async fn open() -> House {
        let servers = spawn_blocking(Servers::shared).await.expect("servers");
        let schema = servers.schema("fulfillment").await;
        MIGRATIONS.run(&schema.pool).await.expect("the tables can be made");
        let mut config = Config::new(servers.brokers.clone(), "fulfillment-0");
        config.prefix = unique_prefix();
        config.partitions = PARTITIONS;
        let pool = schema.pool.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let signals = Signals::new(stop.clone(), |_, _| {});
        let (log, gateway, writer, parts) = spawn_blocking(move || {
            settings::create_topics(&config).expect("the topics can be made");
            let log = KafkaLog::connect(&config).expect("the settings are right");
            let gateway = Gateway::start(&config, Topic::ShipmentCommands, Topic::Shipments).expect("the command path");
            let writer = Writer::connect(&config, "test", PATIENCE).expect("a writer");
            let wire = Arc::new(Wire);
            let workers = stage::spawn(wire, log.clone(), &config, |_| NoEffects, None, &signals);
            let mut parts = Vec::new();
            for worker in workers.expect("the stage starts") {
                parts.push(std::thread::spawn(move || {
                    let ended = worker.thread.join().expect("no panic");
                    ended.expect("the stage ends in good order");
                }));
            }
            let projector = postgres::spawn(PickLists, log.clone(), &config, pool, signals);
            parts.push(std::thread::spawn(move || {
                let ended = projector.join().expect("no panic");
                ended.expect("the projector ends in good order");
            }));
            (log, gateway, writer, parts)
        })
        .await
        .expect("the house opens");
        let edge = Edge::new(Arc::new(OnceLock::from(gateway)), schema.pool.clone(), PATIENCE);
        House { edge, log, writer, stop, parts, _schema: schema }
    }

    async fn close(self) {
        self.stop.store(true, Ordering::Relaxed);
        let parts = self.parts;
        let joined = spawn_blocking(move || {
            parts.into_iter().for_each(|part| part.join().expect("a part ended badly"));
        });
        joined.await.expect("the house closes");
    }

    async fn write(&self, topic: Topic, order: &str, event_type: &'static str, value: Vec<u8>) {
        let record = Outgoing { topic, key: order.to_owned(), event_type, value };
        let id = Uuid::now_v7().to_string();
        self.writer.write(record, &id, None).await.expect("the record is written");
    }

    async fn lists(&self) -> Vec<OpenPickList> {
        let request = ListPickListsRequest { tenant: "demo".to_owned(), ..Default::default() };
        let response = self.edge.list_pick_lists(Request::new(request)).await;
        response.expect("a page").into_inner().pick_lists
    }

    async fn order(&self, order_id: &str) -> GetFulfillmentOrderResponse {
        let (tenant, order_id) = ("demo".to_owned(), order_id.to_owned());
        let request = GetFulfillmentOrderRequest { tenant, order_id };
        let response = self.edge.get_fulfillment_order(Request::new(request)).await;
        response.expect("the order is known").into_inner()
    }

    /// Everything that was committed under this key when it was asked for.
    async fn records(&self, topic: Topic, key: &str) -> Vec<Record> {
        let (log, key) = (self.log.clone(), key.to_owned());
        let read = spawn_blocking(move || {
            let at = TopicPartition::new(topic, partition_of(key.as_bytes(), PARTITIONS));
            let mut reader = log.reader(Pace::Eager).expect("a reader");
            reader.assign(&BTreeMap::from([(at, 0)])).expect("the partition is there");
            let mut records = Vec::new();
            while !reader.done() {
                records.extend(reader.poll(Duration::from_millis(100)).expect("a record or none"));
            }
            records.retain(|record| record.key == key);
            records
        });
        read.await.expect("the topic can be read")
    }
}

fn meta(order: &str) -> Option<Meta> {
    let (tenant, key) = ("demo".to_owned(), order.to_owned());
    Some(Meta { tenant, key, version: 1, ..Meta::default() })
}

fn head() -> Option<CommandHead> {
    let (command_id, tenant) = (Uuid::now_v7().to_string(), "demo".to_owned());
    Some(CommandHead { command_id, tenant, ..Default::default() })
}

fn route(order: &str, event: route_event::Event) -> Vec<u8> {
    RouteEvent { meta: meta(order), event: Some(event) }.encode_to_vec()
}

fn planned() -> route_event::Event {
    let line =
        routing::DemandLine { line_id: "l1".to_owned(), sku: "A".to_owned(), quantity: 2, pool: "main".to_owned() };
    let plan = routing::Plan { version: 1, lines: vec![line], ..Default::default() };
    let demand = routing::Demand { ship_by_ms: 900, ..Default::default() };
    route_event::Event::Planned(routing::Planned { plan: Some(plan), demand: Some(demand) })
}

fn allocated(order: &str) -> Vec<u8> {
    let line =
        PlacedQuantity { line_id: "l1".to_owned(), sku: "A".to_owned(), warehouse: "w1".to_owned(), quantity: 2 };
    let told = allocation::Allocated { lines: vec![line], cost: None };
    AllocationEvent {
        meta: meta(order),
        event: Some(allocation_event::Event::Allocated(told)),
        sequence: 1,
        pool: "main".to_owned(),
        plan_version: 1,
    }
    .encode_to_vec()
}

#[track_caller]
fn is_refused<T: std::fmt::Debug>(answer: Result<T, Status>, slug: &str) {
    use tonic_types::StatusExt as _;
    let status = answer.expect_err("it should be refused");
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().map(|info| info.reason.as_str()), Some(slug));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_all_its_way() {
    let house = House::open().await;
    let order = Uuid::now_v7().to_string();
    house.write(Topic::Allocations, &order, "weir.allocation.v1.Allocated", allocated(&order)).await;
    let planned = route(&order, planned());
    house.write(Topic::Routes, &order, "weir.routing.v1.Planned", planned).await;
    let released = route_event::Event::Released(routing::Released { plan_version: 1 });
    let released = route(&order, released);
    house.write(Topic::Routes, &order, "weir.routing.v1.Released", released).await;

    let list = wait_for_async("a pick list", PATIENCE, async || house.lists().await.pop()).await;
    let id = format!("{order}:1:w1");
    assert_eq!((list.order_id.as_str(), list.state.as_str()), (order.as_str(), "open"));
    assert_eq!(list.pick_list.as_ref().map(|list| list.pick_list_id.as_str()), Some(id.as_str()));

    let pick =
        PickRequest { head: head(), order_id: order.clone(), pick: Some(shipment::Pick { pick_list_id: id.clone() }) };
    let first = house.edge.pick(Request::new(pick.clone())).await.expect("it is open").into_inner();
    let again = house.edge.pick(Request::new(pick.clone())).await.expect("a repeat").into_inner();
    let (first, again) = (first.receipt.expect("a receipt"), again.receipt.expect("a receipt"));
    assert!(!first.repeated && again.repeated && first.version == again.version);
    assert_eq!(first.version, list.order_version + 1);
    let other_hand = PickRequest { head: head(), ..pick };
    is_refused(house.edge.pick(Request::new(other_hand)).await, "wrong-state");

    let pack = shipment::Pack { pick_list_id: id.clone(), weight_grams: 400 };
    let pack = PackRequest { head: head(), order_id: order.clone(), pack: Some(pack) };
    house.edge.pack(Request::new(pack)).await.expect("it is picked");
    let ship = shipment::Ship { pick_list_id: id, carrier: "sf".to_owned(), tracking_number: "T1".to_owned() };
    let ship = ShipRequest { head: head(), order_id: order.clone(), ship: Some(ship) };
    let shipped = house.edge.ship(Request::new(ship)).await.expect("it is packed").into_inner();
    let shipped = shipped.receipt.expect("a receipt").version;

    let cancel = shipment::Cancel { reason: "changed mind".to_owned(), ..Default::default() };
    let cancel = CancelRequest { head: head(), order_id: order.clone(), cancel: Some(cancel) };
    is_refused(house.edge.cancel(Request::new(cancel)).await, "too-late");

    let row = wait_for_async("the refused cancel in the rows", PATIENCE, async || {
        Some(house.order(&order).await).filter(|row| row.version > shipped)
    })
    .await;
    assert_eq!((row.status.as_str(), row.plan_version, row.pick_lists), ("CLOSED", 1, vec![]));
    assert_eq!(house.lists().await, []);

    let told = house.records(Topic::StockCommands, &ids::pool_key("demo", "main")).await;
    let commands: Vec<_> =
        told.iter().filter_map(|record| StockCommand::decode(record.value.clone()).ok()?.command).collect();
    let [stock_command::Command::Issue(issue)] = commands.as_slice() else {
        panic!("one issue was expected: {commands:?}");
    };
    assert_eq!((issue.order_id.as_str(), issue.lines[0].quantity), (order.as_str(), 2));
    let told = house.records(Topic::RoutingCommands, &order).await;
    assert_eq!(told.len(), 1);
    let told = RoutingCommand::decode(told[0].value.clone()).expect("it decodes").command;
    let note = routing::NoteOutcome { outcome: "shipped".to_owned() };
    assert_eq!(told, Some(routing::routing_command::Command::NoteOutcome(note)));
    house.close().await;
}
