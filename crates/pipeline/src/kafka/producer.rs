//! The transactional producer: drain, offsets, commit, each timed (STAGE.md §3).

use super::client::{self, RETRY_BACKOFF_MS};
use super::convert::Names;
use crate::headers::{headers, marked};
use crate::log::{Drained, Offsets, Stamp, Transactional};
use crate::{Config, LogError, Outgoing, TopicPartition, WrittenBack};
use rdkafka::ClientContext;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::util::Timeout;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use weir_decider::Millis;
use weir_proto::partition::partition_of;
use weir_proto::topics::CATALOGUE;

/// How long a drain may take; the broker ends the transaction at 4 s.
const DRAIN_PATIENCE: Duration = Duration::from_millis(3_800);
/// How long one transactional call may block.
const CALL_PATIENCE: Duration = Duration::from_secs(5);
/// How long one `init_transactions` waits before it is called again, which goes on with the same request. Where a predecessor's
/// transaction has to be ended first the broker says so at once and is done within some tens of milliseconds; by itself the client
/// asks again only after 500 ms (`rd_kafka_idemp_pid_timer_restart`, librdkafka 2.12), but a repeated call asks without delay.
const INIT_LOOK: Duration = Duration::from_millis(60);
/// How long it is repeated.
const INIT_PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two looks for acknowledgements.
const DRAIN_PAUSE: Duration = Duration::from_millis(1);
/// How long a retriable call is repeated. A call and its repeats stay below the watchdog's patience, so that a broker that is away is
/// waited for, and not taken for a call that hangs.
const RETRY_PATIENCE: Duration = Duration::from_secs(6);

/// A transactional producer on Kafka.
pub struct KafkaProducer {
    /// Taken on drop only.
    producer: Option<BaseProducer<Reports>>,
    names: Arc<Names>,
    source: String,
    partitions: Vec<i32>,
    queued: Vec<Queued>,
}

/// A record of the open transaction. All are handed to the client together, at the drain (ADR 8).
struct Queued {
    record: Outgoing,
    partition: i32,
    headers: OwnedHeaders,
}

/// What came of the records in flight.
pub struct Reports {
    names: Arc<Names>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    drained: Drained,
    error: Option<KafkaError>,
}

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        use rdkafka::message::{Message as _, Timestamp};
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(message) => {
                if let Some(topic) = self.names.topic(message.topic()) {
                    let at = TopicPartition::new(topic, message.partition());
                    let highest = seen.drained.highest.entry(at).or_insert(-1);
                    *highest = (*highest).max(message.offset());
                }
                // Every topic of ours stamps on append, so an acknowledgement brings the broker's time.
                if let Timestamp::LogAppendTime(ms) = message.timestamp() {
                    seen.drained.appended = seen.drained.appended.max(Some(Millis(ms)));
                }
            }
            Err((error, _)) => seen.error = Some(error.clone()),
        }
    }
}

/// A client that is connected and not yet initialised: it fences nobody until it is.
pub(crate) struct Spare {
    producer: BaseProducer<Reports>,
    names: Arc<Names>,
}

impl Spare {
    pub(crate) fn connect(config: &Config, transactional_id: &str) -> Result<Spare, LogError> {
        let names = Arc::new(Names::new(config));
        let reports = Reports { names: names.clone(), seen: Mutex::default() };
        let producer: BaseProducer<Reports> = client::transactional(config, transactional_id)
            .create_with_context(reports)
            .map_err(|e| LogError::Fatal(e.to_string()))?;
        Ok(Spare { producer, names })
    }

    /// Opens the connection and learns the brokers, so that its first use is quick.
    pub(crate) fn warm_up(&self) {
        if let Err(error) = self.producer.client().fetch_metadata(None, Duration::from_secs(5)) {
            tracing::debug!(%error, "the spare producer could not be warmed up");
        }
    }
}

impl KafkaProducer {
    pub(crate) fn init(config: &Config, transactional_id: &str, spare: Spare) -> Result<KafkaProducer, LogError> {
        let Spare { producer, names } = spare;
        retrying(INIT_PATIENCE, || producer.init_transactions(INIT_LOOK))?;
        let source = format!("/{}/{transactional_id}", config.prefix);
        let partitions = CATALOGUE.iter().map(|e| e.topic.partitions(config.partitions)).collect();
        Ok(KafkaProducer { producer: Some(producer), names, source, partitions, queued: Vec::new() })
    }

    /// Queues a record that is written back from quarantine, in the open transaction.
    ///
    /// # Errors
    /// As [`Transactional::send`].
    pub fn write_back(&mut self, record: Outgoing, stamp: &Stamp<'_>, back: &WrittenBack) -> Result<(), LogError> {
        let headers = marked(headers(&record, stamp.id, &self.source, stamp.time, stamp.traceparent), back);
        self.queue(record, stamp.partition, headers);
        Ok(())
    }

    fn queue(&mut self, record: Outgoing, partition: Option<i32>, headers: OwnedHeaders) {
        let count = self.partitions[record.topic as usize];
        let partition = partition.unwrap_or_else(|| partition_of(record.key.as_bytes(), count));
        self.queued.push(Queued { record, partition, headers });
    }

    fn client(&self) -> Result<&BaseProducer<Reports>, LogError> {
        self.producer.as_ref().ok_or_else(|| LogError::Unknown("the producer was dropped".to_owned()))
    }

    fn take_reports(&self) -> Seen {
        let Some(producer) = &self.producer else { return Seen::default() };
        std::mem::take(&mut *producer.context().seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transactional<Arc<ConsumerGroupMetadata>> for KafkaProducer {
    fn begin(&mut self) -> Result<(), LogError> {
        self.take_reports();
        self.queued.clear();
        self.client()?.begin_transaction().map_err(|e| transaction_error(&e))
    }

    fn send(&mut self, record: Outgoing, stamp: &Stamp<'_>) -> Result<(), LogError> {
        let headers = headers(&record, stamp.id, &self.source, stamp.time, stamp.traceparent);
        self.queue(record, stamp.partition, headers);
        Ok(())
    }

    fn drain(&mut self) -> Result<Drained, LogError> {
        let started = Instant::now();
        // Partition by partition, so that each has its records together before its linger is over.
        self.queued.sort_by_key(|queued| (queued.record.topic, queued.partition));
        for queued in std::mem::take(&mut self.queued) {
            hand_over(self.client()?, &self.names, queued, started)?;
        }
        let producer = self.client()?;
        let mut waiting = producer.in_flight_count();
        while waiting > 0 {
            if started.elapsed() > DRAIN_PATIENCE {
                return Err(LogError::Abort("records were not acknowledged in time".to_owned()));
            }
            // A poll shorter than a millisecond spins inside librdkafka: look, and sleep where nothing came.
            producer.poll(Duration::ZERO);
            let left = producer.in_flight_count();
            if left == waiting {
                std::thread::sleep(DRAIN_PAUSE);
            }
            waiting = left;
        }
        let seen = self.take_reports();
        match seen.error {
            None => Ok(seen.drained),
            Some(error) => Err(LogError::Abort(error.to_string())),
        }
    }

    fn send_offsets(&mut self, offsets: &Offsets, proof: &Arc<ConsumerGroupMetadata>) -> Result<bool, LogError> {
        if offsets.is_empty() {
            // librdkafka would answer Ok and send nothing: no fence.
            return Err(LogError::Abort("a transaction without offsets is not fenced".to_owned()));
        }
        let list = self.names.list(offsets)?;
        let (producer, started) = (self.client()?, Instant::now());
        retrying(RETRY_PATIENCE, || producer.send_offsets_to_transaction(&list, proof, Timeout::After(CALL_PATIENCE)))?;
        Ok(quick(started))
    }

    fn commit(&mut self) -> Result<bool, LogError> {
        let (producer, started) = (self.client()?, Instant::now());
        retrying(RETRY_PATIENCE, || producer.commit_transaction(Timeout::Never))?;
        Ok(quick(started))
    }

    fn abort(&mut self) -> Result<(), LogError> {
        let producer = self.client()?;
        retrying(RETRY_PATIENCE, || producer.abort_transaction(CALL_PATIENCE))
    }
}

impl Drop for KafkaProducer {
    /// Destroying a client takes tenths of a second; its successor's epoch has made it harmless, or will.
    fn drop(&mut self) {
        let Some(producer) = self.producer.take() else { return };
        let retire = std::thread::Builder::new().name("retire producer".to_owned());
        if let Err(error) = retire.spawn(move || drop(producer)) {
            tracing::warn!(%error, "no thread to retire a producer on");
        }
    }
}

/// Gives a record to the client, waiting for room in its queue.
fn hand_over(
    producer: &BaseProducer<Reports>,
    names: &Names,
    queued: Queued,
    started: Instant,
) -> Result<(), LogError> {
    let Queued { record, partition, headers } = queued;
    let mut base = BaseRecord::to(names.full(record.topic))
        .partition(partition)
        .key(record.key.as_bytes())
        .payload(record.value.as_slice())
        .headers(headers);
    loop {
        match producer.send(base) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                if started.elapsed() < DRAIN_PATIENCE =>
            {
                producer.poll(Duration::from_millis(1));
                base = back;
            }
            Err((error, _)) => return Err(LogError::Abort(error.to_string())),
        }
    }
}

/// Shorter than this, a call can't have been retried inside (STAGE.md §3).
fn quick(started: Instant) -> bool {
    started.elapsed() < Duration::from_millis(RETRY_BACKOFF_MS * 8 / 10)
}

/// librdkafka says which errors of a transactional call may simply be repeated.
fn retrying(patience: Duration, mut call: impl FnMut() -> Result<(), KafkaError>) -> Result<(), LogError> {
    let started = Instant::now();
    loop {
        match call() {
            Ok(()) => return Ok(()),
            Err(KafkaError::Transaction(error)) if error.is_retriable() && started.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(transaction_error(&error)),
        }
    }
}

fn transaction_error(error: &KafkaError) -> LogError {
    let text = error.to_string();
    let KafkaError::Transaction(inner) = error else { return LogError::Unknown(text) };
    if inner.code() == RDKafkaErrorCode::FencedInstanceId {
        return LogError::Fenced(text);
    }
    if inner.txn_requires_abort() {
        return LogError::Abort(text);
    }
    match inner.code() {
        RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::InvalidProducerEpoch => {
            LogError::ProducerFenced(text)
        }
        _ if inner.is_retriable() => LogError::Transient(text),
        _ => LogError::Unknown(text),
    }
}
