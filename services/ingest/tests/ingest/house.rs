//! An installation of a test's own: its topics, a registered shop on each channel, a door and a clerk.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, StatusCode};
use prost::Message as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use weir_channels::{douyin, kuaishou, shopify, standard_webhooks, woocommerce, youzan};
use weir_ingest::edge::{Admission, Book, Door, Lane, Limits, router};
use weir_ingest::wire::{Clerk, Shops};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Offsets, Pace};
use weir_pipeline::reference::{Publisher, Table};
use weir_pipeline::settings::create_topics;
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::stage::{self, Partition, Worker};
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, Log as _, NoEffects, Reader as _, Record, Signals, TopicPartition};
use weir_privacy::TenantKey;
use weir_proto::reference::v1::{Api, ReferenceEvent, SecretList, Shop, reference_event::Entity};
use weir_proto::topics::Topic;
use weir_testkit::{Servers, unique_prefix, wait_for};

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const SECRET: &[u8] = b"hush-hush-hush-hush-hush";
const PARTITIONS: i32 = 2;

/// Held by whoever works with the shared servers, and as a whole by a test that starts servers of its own: a broker's start takes a
/// core for seconds, in which others would wait too long.
static MACHINE: RwLock<()> = RwLock::new(());

/// Nobody else works until this is dropped.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

pub struct House {
    pub config: Config,
    log: KafkaLog,
    runtime: Runtime,
    key: Arc<TenantKey>,
    routes: Router,
    pub book: Book,
    stop: Arc<AtomicBool>,
    shared: Option<RwLockReadGuard<'static, ()>>,
}

/// An answer of the door.
pub struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<String>,
    pub body: Bytes,
}

impl House {
    pub fn open() -> House {
        let shared = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
        let mut house = House::open_on(&Servers::shared().brokers);
        house.shared = Some(shared);
        house
    }

    /// On a Kafka of the test's own.
    pub fn open_on(brokers: &str) -> House {
        let mut config = Config::new(brokers, "test-0");
        config.prefix = unique_prefix();
        config.partitions = PARTITIONS;
        create_topics(&config).expect("topics");
        let log = KafkaLog::unchecked(&config);
        let key = Arc::new(TenantKey::new([7; 32]));
        let shops = [
            shop(&key, "shopify", "acme", 0),
            shop(&key, "woocommerce", "acme", 0),
            shop(&key, "youzan", "acme", 0),
            shop(&key, "douyin", "acme", 0),
            shop(&key, "kuaishou", "acme", 0),
            shop(&key, "tiktok", "acme", 0),
            shop(&key, "shopee", "acme", 0),
            shop(&key, "generic", "acme", 0),
            shop(&key, "generic", "tight", 1),
        ];
        Publisher::new(log.clone()).publish(shops.into()).expect("shops");
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
        let stop = Arc::new(AtomicBool::new(false));
        let book = Book::default();
        book.follow(follow(&log, &key, &stop));
        let routes = routes(book.clone(), &config);
        House { config, log, runtime, key, routes, book, stop, shared: None }
    }

    /// The door, to be put behind a port.
    pub fn routes(&self) -> Router {
        self.routes.clone()
    }

    /// A door whose log was never reached.
    pub fn routes_without_a_log() -> Router {
        routes(Book::default(), &Config::new(&Servers::shared().brokers, "test-0"))
    }

    /// Starts a clerk; it stops with the house.
    pub fn clerk(&self) -> Vec<Worker> {
        let signals = Signals::new(self.stop.clone(), |_, _| {});
        let clerk = Arc::new(Clerk::new(self.key.clone()));
        stage::spawn(clerk, self.log.clone(), &self.config, |_| NoEffects, None, &signals).expect("a clerk")
    }

    /// Registers a shop whose platform is at this address, and waits until the door knows it.
    pub fn shop_at(&self, channel: &str, name: &str, url: &str, credential: &str) {
        let api = Api {
            url: url.to_owned(),
            credential: Some(self.key.seal_bytes(&format!("api/{channel}/{name}"), credential.as_bytes())),
            requests_per_second: 1_000,
            ..Api::default()
        };
        let (key, mut event) = shop(&self.key, channel, name, 0);
        if let Some(Entity::Shop(shop)) = &mut event.entity {
            shop.api = Some(api);
        }
        Publisher::new(self.log.clone()).publish(vec![(key, event)]).expect("a shop");
        let known =
            || self.book.with_api().iter().any(|shop| shop.channel == channel && shop.shop == name).then_some(());
        wait_for("the shop", PATIENCE, known);
    }

    /// A way into the log, as the door has one.
    pub fn lane(&self) -> Lane {
        lane(&self.config)
    }

    pub fn post(&self, address: &str, headers: &[(&str, String)], body: impl Into<Body>) -> Answer {
        self.runtime.block_on(post(self.routes.clone(), address, headers, body.into()))
    }

    pub fn shopify(&self, topic: &str, body: &str) -> Answer {
        let signature = shopify::sign(SECRET, body.as_bytes());
        let headers = [("x-shopify-topic", topic.to_owned()), ("x-shopify-hmac-sha256", signature)];
        self.post("/webhooks/shopify/acme", &headers, body.to_owned())
    }

    pub fn woocommerce(&self, body: &str) -> Answer {
        let signature = woocommerce::sign(SECRET, body.as_bytes());
        let headers = [("x-wc-webhook-topic", "order.updated".to_owned()), ("x-wc-webhook-signature", signature)];
        self.post("/webhooks/woocommerce/acme", &headers, body.to_owned())
    }

    pub fn youzan(&self, kind: &str, body: &str) -> Answer {
        let signature = youzan::sign(b"client", SECRET, body.as_bytes());
        let headers =
            [(youzan::TYPE, kind.to_owned()), (youzan::CLIENT_ID, "client".to_owned()), (youzan::SIGNATURE, signature)];
        self.post("/webhooks/youzan/acme", &headers, body.to_owned())
    }

    pub fn douyin(&self, body: &str) -> Answer {
        let signature = douyin::sign(b"client", SECRET, body.as_bytes());
        let headers = [(douyin::APP, "client".to_owned()), (douyin::SIGNATURE, signature)];
        self.post("/webhooks/douyin/acme", &headers, body.to_owned())
    }

    pub fn kuaishou(&self, message: &str) -> Answer {
        let sealed = kuaishou::seal(&secret_of("kuaishou", SECRET), message.as_bytes()).expect("a key");
        self.post("/webhooks/kuaishou/acme", &[("content-type", "text/plain".to_owned())], sealed)
    }

    pub fn generic(&self, id: &str, at_s: i64, body: &str) -> Answer {
        self.generic_at("acme", id, at_s, body)
    }

    pub fn generic_at(&self, shop: &str, id: &str, at_s: i64, body: &str) -> Answer {
        let headers = [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", at_s.to_string()),
            ("webhook-signature", standard_webhooks::sign(SECRET, id, at_s, body.as_bytes())),
        ];
        self.post(&format!("/webhooks/generic/{shop}"), &headers, body.to_owned())
    }

    /// The clerk's memory of a partition, twice: as a snapshot made now has it, and as the whole log has it.
    pub fn kept_and_folded(&self, number: i32) -> (Partition<Clerk>, Partition<Clerk>) {
        let schema = self.runtime.block_on(Servers::shared().schema("ingest"));
        let snapshots = Snapshots::connect(&schema.pool);
        let clerk = Clerk::new(self.key.clone());
        let signals = Signals::new(self.stop.clone(), |_, _| {});
        let make = || stage::make_snapshot(&clerk, &self.log, &snapshots, number, &signals).ok();
        assert!(wait_for("a snapshot", PATIENCE, make), "there are facts");
        let kept = wait_for("a good snapshot", PATIENCE, || {
            stage::restore_snapshot(&clerk, &self.log, &snapshots, number).expect("the log answers")
        });
        let mut folded = Partition::new(number);
        for record in self.read(Topic::Orders).iter().filter(|record| record.partition == number) {
            folded.fold(&clerk, record).expect("the clerk's own facts fit");
        }
        (kept, folded)
    }

    pub fn handle(&self) -> tokio::runtime::Handle {
        self.runtime.handle().clone()
    }

    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// All committed records of a topic as of now.
    pub fn read(&self, topic: Topic) -> Vec<Record> {
        let mut reader = self.log.reader(Pace::Eager).expect("a reader");
        let partitions = (0..topic.partitions(PARTITIONS)).map(|partition| (TopicPartition::new(topic, partition), 0));
        reader.assign(&partitions.collect::<Offsets>()).expect("assigned");
        let mut records = Vec::new();
        while !reader.done() {
            records.extend(reader.poll(Duration::from_millis(100)).expect("polled"));
        }
        records
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.shared.take());
    }
}

pub async fn post(routes: Router, address: &str, headers: &[(&str, String)], body: Body) -> Answer {
    let mut request = Request::post(address);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = routes.oneshot(request.body(body).expect("a request")).await.expect("infallible");
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().expect("text").to_owned());
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    Answer { status, retry_after, body }
}

pub fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("a few more years")
}

fn routes(book: Book, config: &Config) -> Router {
    let admission = Admission::new(Limits { in_flight: 64, in_flight_urgent: 8 });
    weir_host::serve::http(router(Door::new(book, lane(config), admission)), &weir_host::serve::Limits::default())
}

fn lane(config: &Config) -> Lane {
    let writer = Writer::connect(config, "test", Duration::from_secs(10)).expect("a writer");
    Lane { writer: Arc::new(OnceLock::from(writer)), journal: None }
}

fn follow(log: &KafkaLog, key: &Arc<TenantKey>, stop: &Arc<AtomicBool>) -> Table<Shops> {
    let key = key.clone();
    let signals = Signals::new(stop.clone(), |_, _| {});
    let learn = move |shops: &mut Shops, name: &str, event| shops.learn(&key, name, event);
    Table::follow(log, signals, learn).expect("shops")
}

/// A secret as the channel's adapter takes it: some begin with a name that is signed along, some are keys of one length.
pub fn secret_of(channel: &str, word: &[u8]) -> Vec<u8> {
    match channel {
        "youzan" | "tiktok" | "douyin" => [b"client:", word].concat(),
        "kuaishou" => {
            let key: Vec<u8> = word.iter().copied().cycle().take(16).collect();
            STANDARD.encode(key).into_bytes()
        }
        "shopee" => [b"body:900001:", word].concat(),
        _ => word.to_vec(),
    }
}

fn shop(key: &TenantKey, channel: &str, name: &str, budget_per_second: u32) -> (String, ReferenceEvent) {
    let secrets = [b"an older secret", SECRET].map(|word| secret_of(channel, word)).to_vec();
    let secrets = SecretList { secrets }.encode_to_vec();
    let shop = Shop {
        channel: channel.to_owned(),
        shop: name.to_owned(),
        secrets: Some(key.seal_bytes(&format!("{channel}/{name}"), &secrets)),
        budget_per_second,
        ..Shop::default()
    };
    let event = ReferenceEvent { entity: Some(Entity::Shop(shop)), ..ReferenceEvent::default() };
    (format!("demo/shop/{channel}/{name}"), event)
}
