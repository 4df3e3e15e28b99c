//! A plain idempotent producer for edges: acks from all, one answer for each record.
//!
//! librdkafka's own queue is the bounded queue: handing a record over copies it and returns at once. One OS thread serves the
//! acknowledgements; it owns the producer's end of life, so that nothing blocks a runtime's thread.

mod delivery;

use crate::headers::headers;
use crate::kafka::client;
use crate::kafka::convert::Names;
use crate::{Config, LogError, Outgoing};
use delivery::{Answers, Reply};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;
use weir_decider::Millis;
use weir_proto::headers as names;
use weir_proto::log::v1::Position;
use weir_proto::partition::partition_of;

/// Records that may wait in the producer; one more is refused at once.
const QUEUE_MAX: usize = 20_000;

/// Writes records that are no decision: deliveries at the door, commands, outcomes of effects. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    inner: Arc<Inner>,
}

/// What marks a record that comes back from quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// "stage:quarantine/partition/offset": the stage that it is for, and the quarantined record's place.
    pub place: String,
    /// It is the last of its aggregate: the block ends with it.
    pub unblock: bool,
}

/// Dropped with the last [`Writer`]; the thread then writes what is left and ends.
struct Inner {
    shared: Arc<Shared>,
}

struct Shared {
    producer: RwLock<Arc<BaseProducer<Answers>>>,
    config: Config,
    names: Names,
    source: String,
    give_up_after: Duration,
    stop: AtomicBool,
}

impl Writer {
    /// `give_up_after` is `message.timeout.ms`: a record that was refused is no longer queued.
    ///
    /// # Errors
    /// Where the producer can't be made.
    pub fn connect(config: &Config, name: &str, give_up_after: Duration) -> Result<Writer, LogError> {
        let shared = Arc::new(Shared {
            producer: RwLock::new(Arc::new(open(config, give_up_after)?)),
            config: config.clone(),
            names: Names::new(config),
            source: format!("/{}/{name}", config.prefix),
            give_up_after,
            stop: AtomicBool::new(false),
        });
        let served = shared.clone();
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || serve(&served))
            .map_err(|e| LogError::Fatal(format!("the writer's thread could not be started: {e}")))?;
        Ok(Writer { inner: Arc::new(Inner { shared }) })
    }

    /// Writes one record and waits until every in-sync replica has it. `id` becomes `ce_id`.
    ///
    /// # Errors
    /// Where it is not known to be written: `Transient` if it certainly was not, `Unknown` if it may have been.
    pub async fn write(&self, record: Outgoing, id: &str, traceparent: Option<&str>) -> Result<Position, LogError> {
        self.put(&record, id, traceparent, None).await
    }

    /// Writes a record back from quarantine to the topic that it came from.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub async fn redrive(
        &self,
        record: Outgoing,
        id: &str,
        traceparent: Option<&str>,
        redrive: &Redrive,
    ) -> Result<Position, LogError> {
        self.put(&record, id, traceparent, Some(redrive)).await
    }

    async fn put(
        &self,
        record: &Outgoing,
        id: &str,
        traceparent: Option<&str>,
        redrive: Option<&Redrive>,
    ) -> Result<Position, LogError> {
        let (reply, answer) = oneshot::channel();
        let topic = record.topic;
        self.inner.shared.hand_over(record, id, traceparent, redrive, Box::new(reply))?;
        match answer.await {
            Ok(Ok((partition, offset))) => Ok(Position { topic: topic.name().to_owned(), partition, offset }),
            Ok(Err(error)) => Err(delivery::meaning(&error)),
            Err(_) => Err(LogError::Unknown("the producer was closed".to_owned())),
        }
    }
}

impl Shared {
    fn hand_over(
        &self,
        record: &Outgoing,
        id: &str,
        traceparent: Option<&str>,
        redrive: Option<&Redrive>,
        reply: Box<Reply>,
    ) -> Result<(), LogError> {
        let count = record.topic.partitions(self.config.partitions);
        let base = BaseRecord::with_opaque_to(self.names.full(record.topic), reply)
            .partition(partition_of(record.key.as_bytes(), count))
            .key(record.key.as_bytes())
            .payload(record.value.as_slice())
            .headers(marked(headers(record, id, &self.source, wall_time(), traceparent), redrive));
        let producer = self.producer.read().unwrap_or_else(PoisonError::into_inner).clone();
        match producer.send(base) {
            Ok(()) => Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                Err(LogError::Transient("the writer's queue is full".to_owned()))
            }
            Err((error, _)) => Err(delivery::meaning(&error)),
        }
    }

    /// An idempotent producer that met a fatal error takes no more records: another takes its place.
    fn replace_if_dead(&self) {
        let producer = self.producer.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((code, reason)) = producer.client().fatal_error() else { return };
        tracing::error!(%code, reason, "the producer is dead and is replaced");
        match open(&self.config, self.give_up_after) {
            Ok(fresh) => *self.producer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh),
            Err(error) => tracing::error!(%error, "no new producer could be made"),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

fn marked(headers: OwnedHeaders, redrive: Option<&Redrive>) -> OwnedHeaders {
    let Some(redrive) = redrive else { return headers };
    let headers = headers.insert(Header { key: names::REDRIVEN, value: Some(&redrive.place) });
    if redrive.unblock { headers.insert(Header { key: names::UNBLOCK, value: Some("true") }) } else { headers }
}

/// Serves acknowledgements until the last writer is gone and nothing is in flight.
fn serve(shared: &Shared) {
    while !shared.stop.load(Ordering::Relaxed) {
        let producer = shared.producer.read().unwrap_or_else(PoisonError::into_inner).clone();
        producer.poll(Duration::from_millis(100));
        shared.replace_if_dead();
    }
    let producer = shared.producer.read().unwrap_or_else(PoisonError::into_inner).clone();
    let started = Instant::now();
    while producer.in_flight_count() > 0 && started.elapsed() < shared.give_up_after {
        producer.poll(Duration::from_millis(1));
    }
}

fn open(config: &Config, give_up_after: Duration) -> Result<BaseProducer<Answers>, LogError> {
    let mut settings = client::base(config);
    settings
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("linger.ms", config.linger_ms.to_string())
        .set("message.timeout.ms", give_up_after.as_millis().max(1).to_string())
        .set("queue.buffering.max.messages", QUEUE_MAX.to_string())
        .set("queue.buffering.max.kbytes", "65536")
        .set("retry.backoff.ms", "20")
        .set("retry.backoff.max.ms", "200");
    settings.create_with_context(Answers).map_err(|e| LogError::Fatal(e.to_string()))
}

fn wall_time() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
