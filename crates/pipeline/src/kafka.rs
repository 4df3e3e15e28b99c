//! The log on Kafka, through rdkafka (librdkafka 2.12, transactions v1).

pub(crate) mod client;
pub(crate) mod convert;
mod member;
mod producer;
mod reader;

pub use member::KafkaMember;
pub use producer::KafkaProducer;
pub use reader::KafkaReader;

use crate::log::{Log, Pace};
use crate::{Config, LogError};
use producer::Spare;
use rdkafka::consumer::ConsumerGroupMetadata;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use weir_decider::Millis;
use weir_proto::topics::Topic;

/// An installation's topics on a Kafka cluster. Cheap to clone.
#[derive(Clone)]
pub struct KafkaLog {
    config: Arc<Config>,
    /// Connected clients in waiting, so that a producer that is replaced costs one round trip (STAGE.md §3).
    spares: Arc<Mutex<HashMap<String, Spare>>>,
    /// Asked for once: a take-over wants it for each partition.
    cluster_id: Arc<OnceLock<String>>,
    /// What uptime counts from.
    since: Instant,
}

impl KafkaLog {
    /// Checks the broker's and the topics' settings, and refuses where one breaks STAGE.md §7.
    ///
    /// # Errors
    /// Names each setting, what was found, and what it should be.
    pub fn connect(config: &Config) -> Result<KafkaLog, LogError> {
        let report = crate::settings::check(config)?;
        let faults = report.faults();
        if !faults.is_empty() {
            return Err(LogError::Fatal(faults.join("; ")));
        }
        let log = KafkaLog::unchecked(config);
        if let Some(id) = report.cluster_id {
            log.cluster_id.get_or_init(|| id);
        }
        Ok(log)
    }

    /// Without the check: for whoever has just made the topics.
    pub fn unchecked(config: &Config) -> KafkaLog {
        KafkaLog {
            config: Arc::new(config.clone()),
            spares: Arc::default(),
            cluster_id: Arc::default(),
            since: Instant::now(),
        }
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Connects the next client of this name beside the work.
    fn prepare_spare(&self, transactional_id: &str) {
        let (config, spares, id) = (self.config.clone(), self.spares.clone(), transactional_id.to_owned());
        let prepare = std::thread::Builder::new().name("prepare producer".to_owned());
        let outcome = prepare.spawn(move || match Spare::connect(&config, &id) {
            Ok(spare) => {
                spare.warm_up();
                spares.lock().unwrap_or_else(PoisonError::into_inner).insert(id, spare);
            }
            Err(error) => tracing::warn!(%error, "no spare producer could be made"),
        });
        if let Err(error) = outcome {
            tracing::warn!(%error, "no thread to prepare a producer on");
        }
    }
}

impl Log for KafkaLog {
    type Proof = Arc<ConsumerGroupMetadata>;
    type Member = KafkaMember;
    type Producer = KafkaProducer;
    type Reader = KafkaReader;

    fn member(&self, group: &str, instance: &str, topics: &[Topic], pace: Pace) -> Result<KafkaMember, LogError> {
        KafkaMember::join(&self.config, group, instance, topics, pace)
    }

    fn producer(&self, transactional_id: &str) -> Result<KafkaProducer, LogError> {
        let waiting = self.spares.lock().unwrap_or_else(PoisonError::into_inner).remove(transactional_id);
        let spare = match waiting {
            Some(spare) => spare,
            None => Spare::connect(&self.config, transactional_id)?,
        };
        let producer = KafkaProducer::init(&self.config, transactional_id, spare)?;
        self.prepare_spare(transactional_id);
        Ok(producer)
    }

    fn reader(&self, pace: Pace) -> Result<KafkaReader, LogError> {
        KafkaReader::open(&self.config, pace)
    }

    fn cluster_id(&self) -> Result<String, LogError> {
        if let Some(known) = self.cluster_id.get() {
            return Ok(known.clone());
        }
        let found = KafkaReader::open(&self.config, Pace::Eager)?.cluster_id()?;
        Ok(self.cluster_id.get_or_init(|| found).clone())
    }

    fn full_name(&self, topic: Topic) -> String {
        topic.full_name(&self.config.prefix)
    }

    fn partitions(&self, topic: Topic) -> i32 {
        topic.partitions(self.config.partitions)
    }

    fn now(&self) -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn uptime(&self) -> Duration {
        self.since.elapsed()
    }

    fn sleep(&self, length: Duration) {
        std::thread::sleep(length);
    }

    fn nonce(&self) -> [u8; 16] {
        rand::random()
    }
}
