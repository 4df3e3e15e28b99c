//! A test's own topics and schema, and the process that works on them.

use prost::Message as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command as Process, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tonic::transport::Channel;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Pace, Reader as _};
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, Outgoing, Record, TopicPartition};
use weir_proto::log::v1::Meta;
use weir_proto::money::v1::Money;
use weir_proto::order::v1 as orders;
use weir_proto::reference::v1::{self as reference, reference_event::Entity};
use weir_proto::routing::v1::routing_service_client::RoutingServiceClient;
use weir_proto::routing::v1::{RouteEvent, route_event::Event};
use weir_proto::stock::v1::{StockCommand, stock_command::Command};
use weir_proto::topics::Topic;
use weir_testkit::{Schema, Servers, unique_prefix, wait_for_async};

pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long an order may stay unpaid.
const PAY_WITHIN_MS: i64 = 2_000;

pub struct Corner {
    config: Config,
    log: KafkaLog,
    writer: Writer,
    schema: Schema,
}

/// The process under test; killed if the test fails before it is stopped.
pub struct Running {
    child: Child,
    address: String,
}

pub fn command_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn cny(minor: i64) -> Option<Money> {
    Some(Money { minor, currency: "CNY".to_owned() })
}

pub fn placed(payable: i64) -> orders::Order {
    let line = orders::Line {
        line_id: "1".to_owned(),
        sku: "SKU-1".to_owned(),
        ordered: 1,
        kind: orders::LineKind::Sale.into(),
        ..orders::Line::default()
    };
    orders::Order {
        identity: Some(orders::Identity {
            channel: "generic".to_owned(),
            shop: "acme".to_owned(),
            ..orders::Identity::default()
        }),
        ship_to: Some(orders::ShipTo { country: "CN".to_owned(), ..orders::ShipTo::default() }),
        lines: vec![line],
        amounts: Some(orders::Amounts { payable: cny(payable), ..orders::Amounts::default() }),
        ..orders::Order::default()
    }
}

pub fn paid(order: orders::Order) -> orders::Order {
    orders::Order { payment_state: orders::PaymentState::Paid.into(), ..order }
}

fn meta(key: &str) -> Option<Meta> {
    Some(Meta { tenant: "demo".to_owned(), key: key.to_owned(), ..Meta::default() })
}

impl Corner {
    pub async fn new() -> Corner {
        let servers = Servers::shared();
        let mut config = Config::new(servers.brokers.clone(), "test");
        config.prefix = unique_prefix();
        config.partitions = 2;
        let topics = config.clone();
        let made = tokio::task::spawn_blocking(move || weir_pipeline::settings::create_topics(&topics));
        made.await.expect("not cancelled").expect("topics");
        let writer = Writer::connect(&config, "test", Duration::from_secs(10)).expect("a writer");
        Corner { log: KafkaLog::unchecked(&config), schema: servers.schema("routing").await, config, writer }
    }

    async fn put(&self, topic: Topic, key: &str, event_type: &'static str, value: Vec<u8>) {
        let record = Outgoing { topic, key: key.to_owned(), event_type, value };
        self.writer.write(record, key, None).await.expect("written");
    }

    /// A shop, a warehouse, and a rule that holds what is dear.
    pub async fn put_reference(&self) {
        let shop = reference::Shop { pool: "main".to_owned(), pay_within_ms: PAY_WITHIN_MS, ..Default::default() };
        let cost = reference::RegionCost { region: "*".to_owned(), cost: cny(500), served: true };
        let warehouse = reference::Warehouse {
            warehouse: "east".to_owned(),
            pool: "main".to_owned(),
            parcel_costs: vec![cost],
            ..Default::default()
        };
        let hold = reference::HoldAction { reason: "high-value".to_owned(), ..Default::default() };
        let rule = reference::Rule {
            name: "big".to_owned(),
            amount_at_least: cny(5_000),
            hold: Some(hold),
            ..Default::default()
        };
        let rules = reference::RuleSet { name: "default".to_owned(), version: 1, rules: vec![rule] };
        let entities = [
            ("demo/shop/generic/acme", Entity::Shop(shop)),
            ("demo/warehouse/east", Entity::Warehouse(warehouse)),
            ("demo/rule-set/default", Entity::RuleSet(rules)),
        ];
        for (key, entity) in entities {
            let event = reference::ReferenceEvent { meta: meta(key), version: 1, entity: Some(entity) };
            self.put(Topic::Reference, key, "weir.reference.v1.ReferenceEvent", event.encode_to_vec()).await;
        }
    }

    pub async fn put_order(&self, key: &str, order: orders::Order) {
        let placed = orders::order_event::Event::OrderPlaced(orders::OrderPlaced { order: Some(order) });
        let event = orders::OrderEvent { meta: meta(key), event: Some(placed) };
        self.put(Topic::Orders, key, "weir.order.v1.OrderPlaced", event.encode_to_vec()).await;
    }

    pub fn start(&self) -> Running {
        let servers = Servers::shared();
        let mut child = Process::new(env!("CARGO_BIN_EXE_weir-routing"))
            .env("WEIR_BROKERS", &servers.brokers)
            .env("WEIR_PREFIX", &self.config.prefix)
            .env("WEIR_PARTITIONS", self.config.partitions.to_string())
            .env("WEIR_DATABASE_URL", &servers.database_url)
            .env("WEIR_DATABASE_SCHEMA", &self.schema.name)
            .env("WEIR_LISTEN", "127.0.0.1:0")
            .env("WEIR_LOG_FORMAT", "json")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the process starts");
        let stderr = child.stderr.take().expect("it is piped");
        let (sender, addresses) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let value: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                if value["message"] == "listening" {
                    let _ = sender.send(value["address"].as_str().unwrap_or_default().to_owned());
                }
                // Shown by the harness if the test fails.
                eprintln!("{line}");
            }
        });
        let address = addresses.recv_timeout(PATIENCE).expect("it says where it listens");
        Running { child, address }
    }

    fn read(&self, topic: Topic) -> Vec<Record> {
        let mut reader = self.log.reader(Pace::Eager).expect("a reader");
        let all = (0..self.config.partitions).map(|p| (TopicPartition::new(topic, p), 0)).collect();
        reader.assign(&all).expect("assigned");
        let mut records = Vec::new();
        while !reader.done() {
            records.extend(reader.poll(Duration::from_millis(50)).expect("polled"));
        }
        records
    }

    pub fn facts(&self, order: &str) -> Vec<Event> {
        let records = self.read(Topic::Routes);
        let of_order = records.iter().filter(|record| record.key == order);
        of_order.filter_map(|record| record.decode::<RouteEvent>().expect("a fact").event).collect()
    }

    /// Waits for a fact of that order.
    pub async fn fact(&self, order: &str, is_it: impl Fn(&Event) -> bool) {
        let what = format!("a fact of {order}");
        wait_for_async(&what, PATIENCE, || async { self.facts(order).iter().any(&is_it).then_some(()) }).await;
    }

    /// Waits for a stock command for that order.
    pub async fn command(&self, order: &str, is_it: impl Fn(&Command) -> bool) {
        let what = format!("a stock command for {order}");
        wait_for_async(&what, PATIENCE, || async {
            let commands = self.read(Topic::StockCommands);
            let mut decoded = commands.iter().filter_map(|record| record.decode::<StockCommand>().ok()?.command);
            decoded.any(|command| names(&command, order) && is_it(&command)).then_some(())
        })
        .await;
    }
}

fn names(command: &Command, order: &str) -> bool {
    match command {
        Command::Reserve(of) => of.order_id == order,
        Command::Allocate(of) => of.order_id == order,
        Command::Void(of) => of.order_id == order,
        _ => false,
    }
}

impl Running {
    pub async fn client(&self) -> RoutingServiceClient<Channel> {
        RoutingServiceClient::connect(format!("http://{}", self.address)).await.expect("it answers")
    }

    /// Asks it to end in good order; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let asked = Process::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(asked.expect("kill is there").success());
        self.child.wait().expect("it ended").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
