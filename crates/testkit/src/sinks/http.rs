//! An endpoint for outgoing webhooks. It answers 204 and keeps headers and body; the `webhook-id`
//! of Standard Webhooks tells a repeat from a new one.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One webhook, as it came the first time.
#[derive(Clone, Debug)]
pub struct ReceivedWebhook {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// How often this id came.
    pub times: u32,
}

impl ReceivedWebhook {
    /// The `webhook-id` header; empty when there was none.
    pub fn id(&self) -> &str {
        let header = self.headers.get("webhook-id");
        header.and_then(|id| id.to_str().ok()).unwrap_or_default()
    }
}

#[derive(Default)]
struct Webhooks {
    in_order: Vec<ReceivedWebhook>,
    by_id: HashMap<String, usize>,
    answers: Vec<StatusCode>,
}

/// Listens until it is dropped.
pub struct WebhookSink {
    address: SocketAddr,
    webhooks: Arc<Mutex<Webhooks>>,
    serving: JoinHandle<()>,
}

impl WebhookSink {
    /// `127.0.0.1:0` for a port of its own.
    pub async fn listen(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let webhooks = Arc::new(Mutex::new(Webhooks::default()));
        let router = Router::new().fallback(receive).with_state(Arc::clone(&webhooks));
        let serving = tokio::spawn(async move {
            // Serving ends only with the task.
            axum::serve(listener, router).await.ok();
        });
        Ok(Self { address, webhooks, serving })
    }

    /// `http://127.0.0.1:port`, to which any path may be added.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Refuses the next requests with these answers, the first one first, and keeps none of them.
    pub fn refuse_next(&self, answers: &[StatusCode]) {
        let mut webhooks = lock(&self.webhooks);
        webhooks.answers = answers.iter().rev().copied().collect();
    }

    /// Each id once, in the order of the first arrival.
    pub fn webhooks(&self) -> Vec<ReceivedWebhook> {
        lock(&self.webhooks).in_order.clone()
    }

    /// How many different ids have come.
    pub fn count(&self) -> usize {
        lock(&self.webhooks).in_order.len()
    }
}

impl Drop for WebhookSink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A panic in a holder leaves whole values behind, so the lock is taken all the same.
fn lock(webhooks: &Mutex<Webhooks>) -> MutexGuard<'_, Webhooks> {
    webhooks.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn receive(
    State(webhooks): State<Arc<Mutex<Webhooks>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut webhooks = lock(&webhooks);
    if let Some(refusal) = webhooks.answers.pop() {
        return refusal;
    }
    webhooks.keep(ReceivedWebhook { path: uri.path().to_owned(), headers, body, times: 1 });
    StatusCode::NO_CONTENT
}

impl Webhooks {
    /// A webhook without an id is never taken for another.
    fn keep(&mut self, webhook: ReceivedWebhook) {
        let id = webhook.id().to_owned();
        if let Some(&index) = self.by_id.get(&id) {
            self.in_order[index].times += 1;
            return;
        }
        if !id.is_empty() {
            self.by_id.insert(id, self.in_order.len());
        }
        self.in_order.push(webhook);
    }
}
