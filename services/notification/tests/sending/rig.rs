//! The whole sending side without a log: a dispatcher, the real sender, one shop's endpoint, outcomes kept in memory.

use futures::future::BoxFuture;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use weir_decider::Millis;
use weir_notification::domain::{Parameters, Recipient, Subject};
use weir_notification::effects::address::Policy;
use weir_notification::effects::backoff::Backoff;
use weir_notification::effects::dispatcher::{self, Handle, Limits};
use weir_notification::effects::endpoints::Endpoints;
use weir_notification::effects::job::{Attempts, Ended, Job, Outcomes, Verdict};
use weir_notification::effects::mail::Mails;
use weir_notification::effects::sender::{Parts, Sender};
use weir_notification::effects::webhook::Webhooks;
use weir_notification::templates::Templates;
use weir_notification::wire::notice_id;
use weir_privacy::TenantKey;
use weir_proto::order::v1::ShipTo;
use weir_proto::privacy::v1::Personal;
use weir_proto::reference::v1::Endpoint;
use weir_testkit::wait_for_async;

pub const PATIENCE: Duration = Duration::from_secs(20);
pub const SECRET: &[u8] = b"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
pub const BUYER: &str = "fang@example.com";
pub const DESK: &str = "desk@example.com";
pub const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Sends notices of "order-1" of one shop.
pub struct Rig {
    handle: Handle,
    ended: Arc<Mutex<VecDeque<Ended>>>,
    attempts: Arc<AtomicU32>,
    drain: watch::Sender<bool>,
    task: JoinHandle<()>,
}

struct OneShop(Endpoint);

impl Endpoints for OneShop {
    fn find(&self, _: &str, _: &str, _: &str) -> Option<Endpoint> {
        Some(self.0.clone())
    }
}

struct Kept(Arc<Mutex<VecDeque<Ended>>>);

impl Outcomes for Kept {
    fn record(&self, ended: Ended) -> BoxFuture<'static, ()> {
        self.0.lock().expect("nobody panics with it").push_back(ended);
        Box::pin(std::future::ready(()))
    }
}

/// Counts the attempts that are over.
struct Counted(Sender, Arc<AtomicU32>);

impl Attempts for Counted {
    fn attempt(&self, job: Arc<Job>, number: u32) -> BoxFuture<'static, Verdict> {
        let (attempt, counter) = (self.0.attempt(job, number), self.1.clone());
        Box::pin(async move {
            let verdict = attempt.await;
            counter.fetch_add(1, Ordering::SeqCst);
            verdict
        })
    }
}

fn key() -> TenantKey {
    TenantKey::new([7; 32])
}

/// What any kind of notice may name.
fn parameters() -> Parameters {
    let told = [("tracking_number", "SF1001"), ("reason", "high-value"), ("hold_id", "order-1:1:big")];
    told.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    since.as_millis() as i64
}

impl Rig {
    /// Loopback may be called, and attempts follow each other within milliseconds.
    pub fn start(webhook: &str, relay: Option<&str>) -> Rig {
        Rig::with(webhook, relay, true, Duration::from_millis(2))
    }

    /// Loopback may not be called.
    pub fn strict(webhook: &str) -> Rig {
        Rig::with(webhook, None, false, Duration::from_millis(2))
    }

    /// The second attempt is an hour away.
    pub fn start_slow(webhook: &str) -> Rig {
        Rig::with(webhook, None, true, Duration::from_secs(3600))
    }

    fn with(webhook: &str, relay: Option<&str>, allow_loopback: bool, first: Duration) -> Rig {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let endpoint = Endpoint {
            channel: "shopify".to_owned(),
            shop: "acme".to_owned(),
            url: webhook.to_owned(),
            secret: Some(key().seal_bytes("endpoint/shopify/acme", SECRET)),
            review_email: DESK.to_owned(),
        };
        let from = "Weir <orders@example.com>".parse().expect("a mailbox");
        let sender = Sender::new(Parts {
            endpoints: Arc::new(OneShop(endpoint)),
            key: key(),
            templates: Templates::load(None).expect("the built-in templates are good"),
            mails: Mails::new(relay.unwrap_or("smtp://127.0.0.1:1"), from).expect("a relay's URL"),
            webhooks: Webhooks::new(Policy { allow_loopback }).expect("TLS can be set up"),
        });
        let limits = Limits {
            backoff: Backoff { first, attempts_max: 8 },
            running_max: 8,
            per_target_max: 4,
            give_up_after: PATIENCE,
        };
        let (ended, attempts) = (Arc::default(), Arc::new(AtomicU32::new(0)));
        let (drain, drained) = watch::channel(false);
        let counted = Counted(sender, attempts.clone());
        let outcomes = Arc::new(Kept(Arc::clone(&ended)));
        let (handle, task) = dispatcher::start(limits, Arc::new(counted), outcomes, drained);
        Rig { handle, ended, attempts, drain, task }
    }

    pub fn offer(&self, order_id: &str, subject: Subject) {
        let personal = Personal { email: BUYER.to_owned(), ..Personal::default() };
        let ship_to = ShipTo { personal: Some(key().seal("order-1", &personal)), ..ShipTo::default() };
        let text = |text: &str| text.to_owned();
        self.handle.offer(Job {
            notice_id: notice_id(order_id, subject),
            order_id: text(order_id),
            worker: 0,
            partition: 0,
            subject,
            since: Millis(1_795_299_200_000),
            recipient: Recipient {
                tenant: text("demo"),
                channel: text("shopify"),
                shop: text("acme"),
                platform_order_id: text("82098"),
                shown_number: text("#1001"),
                ship_to: prost::Message::encode_to_vec(&ship_to),
            },
            parameters: parameters(),
            traceparent: Some(text(TRACE)),
        });
    }

    /// The next outcome.
    pub async fn ended(&self) -> Ended {
        let next = || async { self.ended.lock().expect("nobody panics with it").pop_front() };
        wait_for_async("an outcome", PATIENCE, next).await
    }

    pub async fn send(&self, order_id: &str, subject: Subject) -> Ended {
        self.offer(order_id, subject);
        self.ended().await
    }

    pub fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::SeqCst)
    }

    /// Drains, and tells how many outcomes there were.
    pub async fn drained(self) -> usize {
        self.drain.send(true).expect("the dispatcher listens");
        tokio::time::timeout(PATIENCE, self.task).await.expect("the drain ends").expect("it does not panic");
        self.ended.lock().expect("nobody panics with it").len()
    }
}
