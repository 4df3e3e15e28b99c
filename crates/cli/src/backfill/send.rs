//! Orders on their way to ingest: so many a second, some at once, each until there is an answer.

use super::map::Placeable;
use futures::{Stream, StreamExt as _};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use uuid::{Builder, Uuid};
use weir_proto::ingest::v1::PlaceOrderRequest;
use weir_proto::ingest::v1::ingest_service_client::IngestServiceClient;
use weir_proto::log::v1::{Actor, ActorKind, CommandHead};

/// Calls at once.
const CALLS: usize = 16;
/// How long one try may take; ingest itself waits 5 s.
const TRY: Duration = Duration::from_secs(8);
/// How long an order is tried again; and how long ingest may answer nobody before the rest is left alone.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE_MAX: Duration = Duration::from_secs(2);
const DAY_MS: u64 = 86_400_000;

/// What became of one order.
#[derive(Debug)]
pub struct Sent {
    /// Which order of the file.
    pub index: usize,
    pub command: Uuid,
    pub answer: Answer,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The house has it, from now on or from before.
    Taken,
    Refused(String),
    /// Nobody knows whether it was entered; the same command again finds out.
    None(String),
}

/// Who sends.
pub struct Sender {
    pub client: IngestServiceClient<Channel>,
    pub tenant: String,
    pub reason: String,
    pub rate: u32,
    patience: Duration,
    last_answer: Mutex<Instant>,
}

impl Sender {
    pub fn new(client: IngestServiceClient<Channel>, tenant: String, reason: String, rate: u32) -> Sender {
        Sender { client, tenant, reason, rate, patience: PATIENCE, last_answer: Mutex::new(Instant::now()) }
    }

    /// Sends them all; answers come as they are there.
    pub fn all<'a>(
        &'a self,
        orders: impl Iterator<Item = (usize, Placeable)> + Send + 'a,
    ) -> impl Stream<Item = Sent> + 'a {
        let every = Duration::from_secs(1) / self.rate;
        let pace = futures::stream::iter(orders).scan(Instant::now(), move |next, order| {
            // Time that was lost is not made up for: that would be a burst.
            let at = (*next).max(Instant::now());
            *next = at + every;
            async move {
                tokio::time::sleep_until(at).await;
                Some(order)
            }
        });
        pace.map(|(index, placeable)| self.one(index, placeable)).buffer_unordered(CALLS)
    }

    async fn one(&self, index: usize, (order, personal): Placeable) -> Sent {
        let command = command_id(now_ms(), &self.tenant, &order.encode_to_vec(), &personal.encode_to_vec());
        let head = CommandHead {
            command_id: command.to_string(),
            tenant: self.tenant.clone(),
            actor: Some(Actor {
                kind: ActorKind::Person.into(),
                id: "weir".to_owned(),
                role: "backfill".to_owned(),
                reason: self.reason.clone(),
            }),
            seen_version: 0,
        };
        let request = PlaceOrderRequest { head: Some(head), order: Some(order), personal: Some(personal) };
        Sent { index, command, answer: self.ask(&request).await }
    }

    async fn ask(&self, request: &PlaceOrderRequest) -> Answer {
        let (started, mut pause) = (Instant::now(), Duration::from_millis(100));
        let mut said = format!("ingest has answered nothing for {:?}", self.patience);
        while started.elapsed() < self.patience && self.silence() < self.patience {
            let mut asked = Request::new(request.clone());
            asked.set_timeout(TRY);
            match self.client.clone().place_order(asked).await {
                Ok(_) => {
                    self.answered();
                    return Answer::Taken;
                }
                Err(status) if is_refusal(&status) => {
                    self.answered();
                    return Answer::Refused(status.message().to_owned());
                }
                Err(status) => said = status.message().to_owned(),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        Answer::None(said)
    }

    fn answered(&self) {
        *self.last_answer.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn silence(&self) -> Duration {
        self.last_answer.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

/// Whether ingest has decided against it; everything else may pass.
fn is_refusal(status: &Status) -> bool {
    let decided = matches!(
        status.code(),
        Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition | Code::Aborted | Code::NotFound
    );
    // An answer of ours has details.
    decided && !status.details().is_empty()
}

/// The same order on the same day (UTC) is the same command, and gets the first answer again. Ingest takes ids of version 7 only, and
/// none that is older than a week: so there is a day in it. On another day the order's own id says that it is known.
fn command_id(now_ms: u64, tenant: &str, order: &[u8], personal: &[u8]) -> Uuid {
    let mut digest = Sha256::new();
    for part in [tenant.as_bytes(), order, personal] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest = digest.finalize();
    let drawn: [u8; 10] = std::array::from_fn(|index| digest[index]);
    Builder::from_unix_timestamp_millis(now_ms - now_ms % DAY_MS, &drawn).into_uuid()
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_order_on_the_same_day_is_the_same_command() {
        let noon = 1_795_262_400_000;
        let id = command_id(noon, "demo", b"order", b"personal");
        assert_eq!(id, command_id(noon + DAY_MS / 4, "demo", b"order", b"personal"));
        let others = [
            command_id(noon + DAY_MS, "demo", b"order", b"personal"),
            command_id(noon, "other", b"order", b"personal"),
            command_id(noon, "demo", b"orderp", b"ersonal"),
            command_id(noon, "demo", b"order", b"person"),
        ];
        assert!(others.iter().all(|other| *other != id));
        assert_eq!(id.get_version_num(), 7);
        let (seconds, _) = id.get_timestamp().expect("it has a time").to_unix();
        assert_eq!(seconds, 1_795_219_200, "the day's beginning");
    }

    #[test]
    fn only_what_ingest_has_decided_is_a_refusal() {
        let ours = |code| Status::with_details(code, "no", bytes::Bytes::from_static(b"details"));
        assert!(is_refusal(&ours(Code::InvalidArgument)) && is_refusal(&ours(Code::FailedPrecondition)));
        for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Internal, Code::Unknown, Code::ResourceExhausted]
        {
            assert!(!is_refusal(&ours(code)), "{code:?}");
        }
        assert!(!is_refusal(&Status::invalid_argument("of something on the way")));
    }

    #[tokio::test]
    async fn where_nobody_answers_the_rest_is_left_alone() {
        let channel = tonic::transport::Endpoint::from_static("http://127.0.0.1:1").connect_lazy();
        let sender = Sender::new(IngestServiceClient::new(channel), "demo".to_owned(), String::new(), 10_000);
        let sender = Sender { patience: Duration::from_millis(250), ..sender };
        let orders = (0..500).map(|index| (index, Placeable::default()));
        let sent: Vec<Sent> = sender.all(orders).collect().await;
        let said = |sent: &Sent| match &sent.answer {
            Answer::None(said) => said.clone(),
            answer => panic!("{answer:?}"),
        };
        assert_eq!(sent.len(), 500);
        assert!(!said(&sent[0]).contains("answered nothing"), "it was tried: {:?}", sent[0]);
        assert_eq!(said(&sent[499]), "ingest has answered nothing for 250ms");
    }
    #[tokio::test]
    async fn no_more_are_sent_in_a_second_than_was_said() {
        let channel = tonic::transport::Endpoint::from_static("http://127.0.0.1:1").connect_lazy();
        let sender = Sender::new(IngestServiceClient::new(channel), "demo".to_owned(), String::new(), 100);
        let sender = Sender { patience: Duration::ZERO, ..sender };
        let begun = Instant::now();
        let sent = sender.all((0..21).map(|index| (index, Placeable::default()))).count().await;
        assert_eq!(sent, 21);
        assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
    }
}
