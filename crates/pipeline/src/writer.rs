//! A plain idempotent producer for edges: acks from all, one answer for each record.
//!
//! One OS thread gathers what comes within the linger, and while the records before are on their way, and hands it to librdkafka
//! in one go (ADR 8). Another serves the acknowledgements. Both queues are bounded, and nothing blocks a runtime's thread.

mod delivery;

use crate::headers::headers;
use crate::kafka::client;
use crate::kafka::convert::Names;
use crate::{Config, LogError, Outgoing};
use delivery::{Answers, Reply};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;
use weir_decider::Millis;
use weir_proto::log::v1::Position;
use weir_proto::partition::partition_of;

/// Records that may wait in the producer; one more is refused.
const QUEUE_MAX: usize = 20_000;
/// Records that may be gathered at a time; one more is refused at once.
const GATHERED_MAX: usize = 4_096;
/// Acknowledgements are served as they come; so often the thread looks whether it is to end. The client's poll spins through the
/// last part of a millisecond, hence seldom.
const ACKNOWLEDGED_EVERY: Duration = Duration::from_millis(500);
/// How long a portion waits for the one before it.
const PORTION_PATIENCE: Duration = Duration::from_millis(200);

/// Writes records that are no decision: deliveries at the door, commands, outcomes of effects. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    inner: Arc<Inner>,
}

/// Dropped with the last [`Writer`]; the threads then write what is left and end.
struct Inner {
    shared: Arc<Shared>,
    gathered: SyncSender<Parcel>,
}

/// A record on its way, and who waits for its acknowledgement.
struct Parcel {
    record: Outgoing,
    partition: i32,
    headers: OwnedHeaders,
    reply: Box<Reply>,
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
        let (gathered, queue) = sync_channel(GATHERED_MAX);
        let (served, fed) = (shared.clone(), shared.clone());
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let failed = |e| LogError::Fatal(format!("a thread of the writer could not be started: {e}"));
        thread("acknowledged").spawn(move || serve(&served)).map_err(failed)?;
        thread("writer").spawn(move || gather(&queue, &fed)).map_err(failed)?;
        Ok(Writer { inner: Arc::new(Inner { shared, gathered }) })
    }

    /// Writes one record and waits until every in-sync replica has it. `id` becomes `ce_id`.
    ///
    /// # Errors
    /// Where it is not known to be written: `Transient` if it certainly was not, `Unknown` if it may have been.
    pub async fn write(&self, record: Outgoing, id: &str, traceparent: Option<&str>) -> Result<Position, LogError> {
        let (reply, answer) = oneshot::channel();
        let (topic, source) = (record.topic, &self.inner.shared.source);
        let headers = headers(&record, id, source, wall_time(), traceparent);
        let partition = partition_of(record.key.as_bytes(), topic.partitions(self.inner.shared.config.partitions));
        self.inner.gathered.try_send(Parcel { record, partition, headers, reply: Box::new(reply) }).map_err(
            |e| match e {
                TrySendError::Full(_) => LogError::Transient("the writer's queue is full".to_owned()),
                TrySendError::Disconnected(_) => LogError::Fatal("the writer's thread has ended".to_owned()),
            },
        )?;
        match answer.await {
            Ok(Ok((partition, offset))) => Ok(Position { topic: topic.name().to_owned(), partition, offset }),
            Ok(Err(error)) => Err(delivery::meaning(&error)),
            Err(_) => Err(LogError::Unknown("the producer was closed".to_owned())),
        }
    }
}

impl Shared {
    fn producer(&self) -> Arc<BaseProducer<Answers>> {
        self.producer.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hand_over(&self, Parcel { record, partition, headers, reply }: Parcel) {
        let base = BaseRecord::with_opaque_to(self.names.full(record.topic), reply)
            .partition(partition)
            .key(record.key.as_bytes())
            .payload(record.value.as_slice())
            .headers(headers);
        if let Err((error, refused)) = self.producer().send(base)
            && refused.delivery_opaque.send(Err(error)).is_err()
        {
            tracing::debug!("nobody waits for this record any more");
        }
    }

    /// An idempotent producer that met a fatal error takes no more records: another takes its place.
    fn replace_if_dead(&self) {
        let producer = self.producer();
        let Some((code, reason)) = producer.client().fatal_error() else { return };
        tracing::error!(%code, reason, "the producer is dead and is replaced");
        match open(&self.config, self.give_up_after) {
            Ok(fresh) => *self.producer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh),
            Err(error) => tracing::error!(%error, "no new producer could be made"),
        }
    }
}

/// Hands over what has come within each linger, until the last writer is gone.
fn gather(queue: &Receiver<Parcel>, shared: &Shared) {
    while let Ok(first) = queue.recv() {
        std::thread::sleep(Duration::from_millis(shared.config.linger_ms));
        // One portion at a time while the broker is quick; a slow one must not hold up what is for others.
        let started = Instant::now();
        while shared.producer().in_flight_count() > 0 && started.elapsed() < PORTION_PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut portion: Vec<Parcel> = std::iter::once(first).chain(queue.try_iter()).collect();
        portion.sort_by_key(|parcel| (parcel.record.topic, parcel.partition));
        portion.into_iter().for_each(|parcel| shared.hand_over(parcel));
    }
    shared.stop.store(true, Ordering::Relaxed);
}

/// Serves acknowledgements until everything was handed over and nothing is in flight.
fn serve(shared: &Shared) {
    while !shared.stop.load(Ordering::Relaxed) {
        shared.producer().poll(ACKNOWLEDGED_EVERY);
        shared.replace_if_dead();
    }
    let producer = shared.producer();
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
        .set("message.max.bytes", client::MESSAGE_BYTES_MAX)
        .set("linger.ms", client::LINGER_MS)
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
