//! A seat in a consumer group. The rebalance callback only takes a note; the loop acts (STAGE.md §2).

use super::client;
use super::convert::{Names, plain_error};
use crate::log::{Member, Offsets, Pace, Polled};
use crate::{Config, LogError, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use weir_decider::Millis;
use weir_proto::topics::Topic;

/// How long `committed` keeps asking before it gives up.
const COMMITTED_PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited for the answer that wakes a client's fetchers. Milliseconds as a rule; a request that takes longer than this
/// would cost the connection.
const WAKING: Duration = Duration::from_secs(1);
/// How long ago a partition's broker may have been heard of for what is known of the partition's end to count. Below 0 it is not
/// connected.
const HEARD_US: Range<i64> = 0..1_500_000;
/// How long it has to have been connected: what is known of its partitions' ends may be from before.
const SETTLED_US: i64 = 2_000_000;
/// What is known of a partition's end is from before, until a fetch has brought it anew. So long after a resume that has happened, or
/// the broker has been silent for too long.
const ENDS_KNOWN_AFTER: Duration = Duration::from_secs(2);

/// A consumer group member on Kafka.
pub struct KafkaMember {
    consumer: BaseConsumer<Notes>,
    names: Arc<Names>,
}

/// What librdkafka's callbacks leave for the loop.
pub struct Notes {
    names: Arc<Names>,
    rebalances: Mutex<VecDeque<Note>>,
    ends: Mutex<Ends>,
    /// Nobody polls any more: whatever the group says is answered on the spot, or closing would wait for it for ever.
    closing: AtomicBool,
}

/// Which partitions were read to their end, and as of when.
struct Ends {
    reached: HashMap<TopicPartition, Millis>,
    /// When the client was last told to read on, or to read something else.
    since: Instant,
}

impl Ends {
    fn anew() -> Ends {
        Ends { reached: HashMap::new(), since: Instant::now() }
    }
}

enum Note {
    Assigned(Vec<TopicPartition>),
    Revoked { lost: bool },
}

impl ClientContext for Notes {
    fn stats(&self, statistics: Statistics) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(now.as_millis()).unwrap_or(0);
        // Statistics describe the moment before they were made, and may have lain about while nobody polled, or while the process
        // stood still. Half a second keeps the clock behind what was read.
        let made_ms = statistics.time * 1_000;
        let as_of_ms = made_ms.min(now_ms - 500);
        let age = Duration::from_millis(u64::try_from(now_ms - made_ms).unwrap_or(0));
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.reached.clear();
        if ends.since.elapsed().saturating_sub(age) < ENDS_KNOWN_AFTER {
            return;
        }
        // The coordinator and the addresses of the start have no id, and no partition is fetched from them.
        let real = statistics.brokers.values().filter(|b| b.nodeid >= 0 && b.stateage >= SETTLED_US);
        let heard: HashMap<i32, i64> =
            real.filter(|b| HEARD_US.contains(&b.rxidle)).map(|b| (b.nodeid, b.rxidle / 1_000)).collect();
        for topic in statistics.topics.values() {
            let Some(name) = self.names.topic(&topic.topic) else { continue };
            for partition in topic.partitions.values() {
                let Some(silent_ms) = heard.get(&partition.broker) else { continue };
                let at_end = partition.ls_offset >= 0 && partition.next_offset >= partition.ls_offset;
                if at_end && partition.fetchq_cnt == 0 {
                    ends.reached.insert(TopicPartition::new(name, partition.partition), Millis(as_of_ms - silent_ms));
                }
            }
        }
    }
}

impl ConsumerContext for Notes {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        if self.closing.load(Ordering::Relaxed) {
            if let Err(error) = consumer.unassign() {
                tracing::warn!(%error, "could not answer the group on closing");
            }
            return;
        }
        let note = if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            Note::Assigned(self.names.partitions(list))
        } else {
            Note::Revoked { lost: consumer.assignment_lost() }
        };
        self.rebalances.lock().unwrap_or_else(PoisonError::into_inner).push_back(note);
    }
}

impl Notes {
    fn forget_ends(&self) {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = Ends::anew();
    }
}

impl KafkaMember {
    pub(crate) fn join(
        config: &Config,
        group: &str,
        instance: &str,
        topics: &[Topic],
        pace: Pace,
    ) -> Result<Self, LogError> {
        let names = Arc::new(Names::new(config));
        let notes = Notes {
            names: names.clone(),
            rebalances: Mutex::default(),
            ends: Mutex::new(Ends::anew()),
            closing: AtomicBool::new(false),
        };
        let consumer: BaseConsumer<Notes> = client::member(config, group, instance, pace)
            .create_with_context(notes)
            .map_err(|e| LogError::Fatal(e.to_string()))?;
        let full: Vec<&str> = topics.iter().map(|t| names.full(*t)).collect();
        consumer.subscribe(&full).map_err(|e| plain_error(&e))?;
        Ok(KafkaMember { consumer, names })
    }

    fn note(&self) -> Option<Polled> {
        let note = self.consumer.context().rebalances.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
        Some(match note {
            Note::Assigned(partitions) => Polled::Assigned(partitions),
            Note::Revoked { lost } => Polled::Revoked { lost },
        })
    }

    fn try_committed(&self, list: TopicPartitionList) -> Result<Option<Offsets>, LogError> {
        let answer = match self.consumer.committed_offsets(list, Duration::from_secs(2)) {
            Ok(answer) => answer,
            Err(error) => return Err(plain_error(&error)),
        };
        let mut offsets = Offsets::new();
        for element in answer.elements() {
            // An element's error hides behind Offset::Invalid: only an element without error says "none".
            if element.error().is_err() {
                return Ok(None);
            }
            let Some(topic) = self.names.topic(element.topic()) else { continue };
            if let Offset::Offset(offset) = element.offset() {
                offsets.insert(TopicPartition::new(topic, element.partition()), offset);
            }
        }
        Ok(Some(offsets))
    }
}

impl Member for KafkaMember {
    type Proof = Arc<ConsumerGroupMetadata>;

    fn poll(&mut self, wait: Duration) -> Result<Polled, LogError> {
        let begun = Instant::now();
        loop {
            if let Some(note) = self.note() {
                return Ok(note);
            }
            let left = wait.saturating_sub(begun.elapsed());
            match self.consumer.poll(left) {
                Some(Ok(message)) => return Ok(Polled::Record(self.names.record(&message)?)),
                Some(Err(error)) => match plain_error(&error) {
                    // Connections come and go; the group says when they matter.
                    LogError::Transient(text) => tracing::debug!(error = text, "transient consumer error"),
                    other => return Err(other),
                },
                None => return Ok(self.note().unwrap_or(Polled::Nothing)),
            }
            if left.is_zero() {
                return Ok(self.note().unwrap_or(Polled::Nothing));
            }
        }
    }

    fn proof(&self) -> Result<Self::Proof, LogError> {
        let metadata = self.consumer.group_metadata();
        metadata.map(Arc::new).ok_or_else(|| LogError::Fatal("the consumer has no group".to_owned()))
    }

    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Offsets, LogError> {
        let started = Instant::now();
        loop {
            let outcome = self.try_committed(self.names.bare_list(partitions));
            match outcome {
                Ok(Some(offsets)) => return Ok(offsets),
                Ok(None) | Err(LogError::Transient(_)) if started.elapsed() < COMMITTED_PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Ok(None) => return Err(LogError::Transient("committed offsets stay unstable".to_owned())),
                Err(error) => return Err(error),
            }
        }
    }

    fn accept(&mut self, from: &Offsets) -> Result<(), LogError> {
        // What was read to its end before says nothing of what is assigned now.
        self.consumer.context().forget_ends();
        let list = self.names.list(from)?;
        self.consumer.assign(&list).map_err(|e| plain_error(&e))?;
        self.consumer.pause(&list).map_err(|e| plain_error(&e))
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        let list = self.names.bare_list(partitions);
        self.consumer.resume(&list).map_err(|e| plain_error(&e))?;
        self.wake_fetchers(list);
        self.consumer.context().forget_ends();
        Ok(())
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.consumer.pause(&self.names.bare_list(partitions)).map_err(|e| plain_error(&e))
    }

    fn release(&mut self) -> Result<(), LogError> {
        self.consumer.unassign().map_err(|e| plain_error(&e))
    }

    fn read_to_end(&self, partition: TopicPartition) -> Option<Millis> {
        self.consumer.context().ends.lock().unwrap_or_else(PoisonError::into_inner).reached.get(&partition).copied()
    }

    fn leave(&mut self) {
        self.consumer.unsubscribe();
        // Dropping would never return while a revocation is unanswered.
        let patience = Instant::now();
        while patience.elapsed() < Duration::from_secs(3) {
            match self.poll(Duration::from_millis(50)) {
                Ok(Polled::Revoked { .. }) => break,
                Ok(Polled::Nothing | Polled::Record(_)) if self.owns_nothing() => break,
                Ok(_) => {}
                Err(_) => break,
            }
        }
        if let Err(error) = self.consumer.unassign() {
            tracing::warn!(%error, "could not unassign on leaving");
        }
    }
}

impl KafkaMember {
    /// Makes the client fetch at once. Its `resume` only clears a mark that a broker's thread looks at when it next wakes, and one
    /// with nothing to fetch sleeps for up to a second (`rd_kafka_max_block_ms`, librdkafka 2.12). A request to each leader wakes
    /// it; what it answers is not needed.
    fn wake_fetchers(&self, mut list: TopicPartitionList) {
        if list.count() == 0 {
            return;
        }
        let asked = list.set_all_offsets(Offset::End);
        if let Err(error) = asked.and_then(|()| self.consumer.offsets_for_times(list, WAKING).map(drop)) {
            tracing::debug!(%error, "the first records may be a second late");
        }
    }

    fn owns_nothing(&self) -> bool {
        self.consumer.assignment().map(|list| list.count() == 0).unwrap_or(true)
    }
}

impl Drop for KafkaMember {
    fn drop(&mut self) {
        self.consumer.context().closing.store(true, Ordering::Relaxed);
        // Unconditionally: an assignment that was noted and never answered would keep the close waiting as well.
        let outcome: Result<(), KafkaError> = self.consumer.unassign();
        if let Err(error) = outcome {
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
            tracing::warn!(?code, "could not unassign on drop");
        }
    }
}
