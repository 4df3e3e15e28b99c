//! Topics of a test's own, the service's parts as its process puts them together, and sinks for what it sends.

use futures::future::BoxFuture;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use weir_notification::effects::Desk;
use weir_notification::effects::address::Policy;
use weir_notification::effects::backoff::Backoff;
use weir_notification::effects::dispatcher::{self, Limits};
use weir_notification::effects::endpoints::Directory;
use weir_notification::effects::job::{Ended, Outcomes};
use weir_notification::effects::mail::Mails;
use weir_notification::effects::outcome::OutcomeLog;
use weir_notification::effects::sender::{Parts, Sender};
use weir_notification::effects::webhook::Webhooks;
use weir_notification::templates::Templates;
use weir_notification::wire::Notification;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::Pace;
use weir_pipeline::reference::{Publisher, Table};
use weir_pipeline::stage::{self, Worker};
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, Log as _, Outgoing, Reader as _, Signals, TopicPartition};
use weir_privacy::TenantKey;
use weir_proto::log::v1::Meta;
use weir_proto::notice::v1::{NoticeEvent, notice_event::Event};
use weir_proto::order::v1::{Buyer, Identity, Order, OrderEvent, OrderPlaced, ShipTo, order_event};
use weir_proto::privacy::v1::Personal;
use weir_proto::reference::v1::{Endpoint, ReferenceEvent, reference_event::Entity};
use weir_proto::routing::v1::{Held, RouteEvent, route_event};
use weir_proto::shipment::v1::{ShipmentEvent, Shipped, shipment_event};
use weir_proto::topics::Topic;
use weir_testkit::sinks::{SmtpSink, WebhookSink};
use weir_testkit::{Servers, unique_prefix, wait_for_async};

pub const MAIL: &str = "fang@example.com";
pub const DESK: &str = "desk@example.com";

const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

const PATIENCE: Duration = Duration::from_secs(60);

/// Whether outcomes reach the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Written,
    /// As if the process died between the send and its outcome.
    Lost,
}

/// One installation with one shop.
pub struct House {
    config: Config,
    writer: Writer,
    webhooks: WebhookSink,
    mails: SmtpSink,
}

/// The service at work.
pub struct Running {
    stop: Arc<AtomicBool>,
    workers: Vec<Worker>,
    drain: watch::Sender<bool>,
    sending: JoinHandle<()>,
}

/// The service as a process; it never outlives its test.
pub struct Process(Child);

struct Nowhere;

impl Outcomes for Nowhere {
    fn record(&self, _: Ended) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn key() -> TenantKey {
    TenantKey::from_base64(KEY).expect("it is one")
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn meta(order: &str) -> Option<Meta> {
    Some(Meta { tenant: text("demo"), key: text(order), ..Meta::default() })
}

impl House {
    pub async fn build() -> House {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let webhooks = WebhookSink::listen("127.0.0.1:0").await.expect("a port can be had");
        let mails = SmtpSink::listen("127.0.0.1:0").await.expect("a port can be had");
        let endpoint = Endpoint {
            channel: text("shopify"),
            shop: text("acme"),
            url: webhooks.url(),
            secret: Some(key().seal_bytes("endpoint/shopify/acme", b"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")),
            review_email: text(DESK),
        };
        let (config, writer) = spawn_blocking(move || installed(endpoint)).await.expect("it does not panic");
        House { config, writer, webhooks, mails }
    }

    /// Starts the service, always under the same name.
    pub async fn run(&self, outcome: Outcome) -> Running {
        let (config, writer) = (self.config.clone(), self.writer.clone());
        let stop = Arc::new(AtomicBool::new(false));
        let signals = Signals::new(stop.clone(), |_, _| {});
        let (followed, log) = (signals.clone(), KafkaLog::unchecked(&config));
        let table = spawn_blocking(move || Table::follow(&log, followed, Directory::learn)).await;
        let sender = Sender::new(Parts {
            endpoints: Arc::new(table.expect("it does not panic").expect("the topic can be read")),
            key: key(),
            templates: Templates::load(None).expect("the built-in templates are good"),
            mails: Mails::new(&self.mails.url(), "weir@localhost".parse().expect("a mailbox")).expect("a URL"),
            webhooks: Webhooks::new(Policy { allow_loopback: true }).expect("TLS can be set up"),
        });
        let outcomes: Arc<dyn Outcomes> = match outcome {
            Outcome::Written => Arc::new(OutcomeLog::new(writer)),
            Outcome::Lost => Arc::new(Nowhere),
        };
        let limits = Limits { backoff: Backoff::USUAL, running_max: 8, per_target_max: 4, give_up_after: PATIENCE };
        let (drain, drained) = watch::channel(false);
        let (handle, sending) = dispatcher::start(limits, Arc::new(sender), outcomes, drained);
        let desk = |worker| Desk::new(worker, handle.clone());
        let log = KafkaLog::unchecked(&config);
        let workers = stage::spawn(Arc::new(Notification), log, &config, desk, None, &signals).expect("a worker");
        Running { stop, workers, drain, sending }
    }

    /// Starts the service as a process of its own.
    pub fn start_process(&self) -> Process {
        let config = &self.config;
        let started = Command::new(env!("CARGO_BIN_EXE_weir-notification"))
            .env("WEIR_BROKERS", &config.brokers)
            .env("WEIR_PREFIX", &config.prefix)
            .env("WEIR_PARTITIONS", config.partitions.to_string())
            .env("WEIR_SMTP_URL", self.mails.url())
            .env("WEIR_TENANT_KEY", KEY)
            .env("WEIR_ALLOW_LOOPBACK_TARGETS", "1")
            .env_remove("WEIR_DATABASE_URL")
            .env("WEIR_LOG", "warn")
            .spawn();
        Process(started.expect("it can be started"))
    }

    pub async fn place(&self, order: &str) {
        let personal = Personal { email: text(MAIL), ..Personal::default() };
        let identity = Identity {
            channel: text("shopify"),
            shop: text("acme"),
            shown_number: text("#1001"),
            ..Identity::default()
        };
        let placed = Order {
            identity: Some(identity),
            buyer: Some(Buyer { email_hash: text("ab12"), ..Buyer::default() }),
            ship_to: Some(ShipTo { personal: Some(key().seal(order, &personal)), ..ShipTo::default() }),
            ..Order::default()
        };
        let event = order_event::Event::OrderPlaced(OrderPlaced { order: Some(placed) });
        self.write(Topic::Orders, order, OrderEvent { meta: meta(order), event: Some(event) }).await;
    }

    pub async fn ship(&self, order: &str) {
        let shipped = Shipped { carrier: text("SF"), tracking_number: text("SF1"), last: true, ..Shipped::default() };
        let event = Some(shipment_event::Event::Shipped(shipped));
        self.write(Topic::Shipments, order, ShipmentEvent { meta: meta(order), event }).await;
    }

    pub async fn hold(&self, order: &str) {
        let event = Some(route_event::Event::Held(Held { reason: text("dear"), ..Held::default() }));
        self.write(Topic::Routes, order, RouteEvent { meta: meta(order), event }).await;
    }

    async fn write(&self, topic: Topic, order: &str, message: impl prost::Message) {
        let record =
            Outgoing { topic, key: text(order), event_type: topic.entry().message, value: message.encode_to_vec() };
        self.writer.write(record, "test", None).await.expect("it is written");
    }

    /// The facts, once this many notices are settled.
    pub async fn settled(&self, count: usize) -> Vec<Event> {
        let what = format!("{count} settled notices");
        wait_for_async(&what, PATIENCE, || async {
            let facts = self.facts();
            (settled(&facts) >= count).then_some(facts)
        })
        .await
    }

    pub fn settled_now(&self) -> usize {
        settled(&self.facts())
    }

    /// Waits until the sinks have this many notices.
    pub async fn received(&self, count: usize) {
        let there = || async { (self.webhooks.count() + self.mails.count() >= count).then_some(()) };
        wait_for_async("notices at the sinks", PATIENCE, there).await;
    }

    /// The type of each webhook, by its id, and how often that came.
    pub fn webhooks(&self) -> Vec<(String, u32)> {
        let kind = |body: &[u8]| {
            let payload: serde_json::Value = serde_json::from_slice(body).expect("JSON");
            payload["type"].as_str().expect("a type").to_owned()
        };
        let mut got: Vec<_> = self.webhooks.webhooks().iter().map(|one| (kind(&one.body), one.times)).collect();
        got.sort();
        got
    }

    /// The receiver of each mail, by its id, and how often that came.
    pub fn mails(&self) -> Vec<(String, u32)> {
        let mut got: Vec<_> = self.mails.mails().iter().map(|mail| (mail.to.join(","), mail.times)).collect();
        got.sort();
        got
    }

    /// Everything that is committed now, but for the stage's own facts.
    fn facts(&self) -> Vec<Event> {
        tokio::task::block_in_place(|| {
            let mut reader = KafkaLog::unchecked(&self.config).reader(Pace::Eager).expect("a reader");
            let whole = |partition| (TopicPartition::new(Topic::Notices, partition), 0);
            reader.assign(&(0..self.config.partitions).map(whole).collect()).expect("it can be assigned");
            let mut facts = Vec::new();
            while !reader.done() {
                let record = reader.poll(Duration::from_millis(50)).expect("it can be read");
                let event = record.map(|record| record.decode::<NoticeEvent>().expect("a notice event").event);
                facts.extend(event.flatten().filter(|event| !matches!(event, Event::Stage(_))));
            }
            facts
        })
    }
}

impl Running {
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        let join = |worker: Worker| worker.thread.join().expect("it does not panic").expect("it does not fail");
        let joined = spawn_blocking(move || self.workers.into_iter().for_each(join));
        joined.await.expect("it does not panic");
        self.drain.send(true).expect("the dispatcher listens");
        self.sending.await.expect("it does not panic");
    }
}

impl Process {
    /// Without a warning.
    pub fn kill(self) {
        drop(self);
    }

    /// With SIGTERM; how it ended.
    pub fn ask_to_end(mut self) -> ExitStatus {
        let id = i32::try_from(self.0.id()).expect("a process id");
        kill(Pid::from_raw(id), Signal::SIGTERM).expect("it is there");
        self.0.wait().expect("it ends")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn settled(facts: &[Event]) -> usize {
    facts.iter().filter(|fact| matches!(fact, Event::NoticeSent(_) | Event::NoticeFailed(_))).count()
}

fn installed(endpoint: Endpoint) -> (Config, Writer) {
    let mut config = Config::new(Servers::shared().brokers.clone(), "notification-0");
    config.prefix = unique_prefix();
    config.partitions = 2;
    weir_pipeline::settings::create_topics(&config).expect("topics can be made");
    let event = ReferenceEvent { version: 1, entity: Some(Entity::Endpoint(endpoint)), ..ReferenceEvent::default() };
    let mut publisher = Publisher::new(KafkaLog::unchecked(&config));
    publisher.publish(vec![(text("demo/endpoint/shopify/acme"), event)]).expect("it is published");
    let writer = Writer::connect(&config, "test", Duration::from_secs(10)).expect("a writer");
    (config, writer)
}
