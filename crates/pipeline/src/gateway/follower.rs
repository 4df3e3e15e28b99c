//! Follows the service's facts from their end and picks out the answers.

use super::waiting::Waiting;
use crate::kafka::client;
use crate::kafka::convert::plain_error;
use crate::{Config, LogError};
use prost::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use weir_proto::log::v1::{Envelope, stage_fact::Fact};
use weir_proto::topics::Topic;

/// How long the broker may take to say where the facts end.
const ENDS_PATIENCE: Duration = Duration::from_secs(10);
/// … and how long one answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);
/// Pause before a broken follower is made anew.
const PAUSE: Duration = Duration::from_millis(200);

/// The place in the facts: one topic, next offset of each partition.
struct Place {
    config: Config,
    topic: String,
    next: BTreeMap<i32, i64>,
}

/// Resolves the ends of the facts, then follows them on a thread until nobody holds `waiting` any more.
pub(super) fn start(config: &Config, facts: Topic, waiting: &Arc<Waiting>) -> Result<(), LogError> {
    let count = facts.partitions(config.partitions);
    let mut place = Place { config: config.clone(), topic: facts.full_name(&config.prefix), next: BTreeMap::new() };
    let consumer = place.open()?;
    for partition in 0..count {
        let end = place.end(&consumer, partition)?;
        place.next.insert(partition, end);
    }
    place.assign(&consumer)?;
    let waiting = Arc::downgrade(waiting);
    std::thread::Builder::new()
        .name(format!("answers {facts}"))
        .spawn(move || follow(place, consumer, &waiting))
        .map_err(|e| LogError::Fatal(format!("the follower's thread could not be started: {e}")))?;
    Ok(())
}

/// Reads until the gateway is gone. A broken consumer is replaced and goes on where it was: no answer is left out.
fn follow(mut place: Place, mut consumer: BaseConsumer, waiting: &Weak<Waiting>) {
    while let Some(error) = read(&mut place, &consumer, waiting) {
        tracing::warn!(topic = place.topic, %error, "the follower of answers starts anew");
        std::thread::sleep(PAUSE);
        match place.open().and_then(|fresh| place.assign(&fresh).map(|()| fresh)) {
            Ok(fresh) => consumer = fresh,
            Err(error) => tracing::warn!(topic = place.topic, %error, "the facts can't be followed"),
        }
    }
}

/// `None`: the gateway is gone.
fn read(place: &mut Place, consumer: &BaseConsumer, waiting: &Weak<Waiting>) -> Option<LogError> {
    loop {
        let polled = consumer.poll(Duration::from_millis(200));
        let waiting = waiting.upgrade()?;
        match polled {
            None => {}
            Some(Ok(message)) => {
                place.next.insert(message.partition(), message.offset() + 1);
                // Whoever asked was registered before its command was sent.
                if !waiting.is_empty() {
                    tell(&waiting, message.payload().unwrap_or_default());
                }
            }
            Some(Err(error)) => match plain_error(&error) {
                LogError::Transient(why) => tracing::debug!(why, "transient error of the follower"),
                serious => {
                    place.skip_to_end_if_gone(consumer, &error);
                    return Some(serious);
                }
            },
        }
    }
}

fn tell(waiting: &Waiting, value: &[u8]) {
    match Envelope::decode(value) {
        Ok(Envelope { stage: Some(stage), .. }) => {
            if let Some(Fact::Answered(answered)) = stage.fact {
                waiting.tell(&answered);
            }
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "a fact can't be read"),
    }
}

impl Place {
    fn open(&self) -> Result<BaseConsumer, LogError> {
        let mut settings = client::reading(&self.config);
        // The group id is required by the client and never joined.
        settings.set("group.id", format!("{}.answers.{}", self.config.prefix, self.config.instance));
        settings.set("queued.max.messages.kbytes", "8192");
        settings.create().map_err(|e| LogError::Fatal(e.to_string()))
    }

    /// Asks until the broker knows: a leader that has just moved is no reason not to start.
    fn end(&self, consumer: &BaseConsumer, partition: i32) -> Result<i64, LogError> {
        let started = Instant::now();
        loop {
            match consumer.fetch_watermarks(&self.topic, partition, ANSWER_PATIENCE) {
                Ok((_, end)) => return Ok(end),
                Err(error) => match plain_error(&error) {
                    LogError::Transient(_) if started.elapsed() < ENDS_PATIENCE => std::thread::sleep(PAUSE),
                    other => return Err(other),
                },
            }
        }
    }

    fn assign(&self, consumer: &BaseConsumer) -> Result<(), LogError> {
        let mut list = TopicPartitionList::new();
        for (partition, next) in &self.next {
            list.add_partition_offset(&self.topic, *partition, Offset::Offset(*next))
                .map_err(|e| LogError::Fatal(e.to_string()))?;
        }
        consumer.assign(&list).map_err(|e| plain_error(&e))
    }

    /// A place that the broker does not have any more (a topic made anew) would be asked for for ever.
    fn skip_to_end_if_gone(&mut self, consumer: &BaseConsumer, error: &KafkaError) {
        let gone = [RDKafkaErrorCode::OffsetOutOfRange, RDKafkaErrorCode::AutoOffsetReset];
        if !error.rdkafka_error_code().is_some_and(|code| gone.contains(&code)) {
            return;
        }
        for partition in self.next.keys().copied().collect::<Vec<_>>() {
            match self.end(consumer, partition) {
                Ok(end) if self.next[&partition] > end => {
                    tracing::error!(topic = self.topic, partition, end, "the facts end before where they were read");
                    self.next.insert(partition, end);
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(topic = self.topic, partition, %error, "the end is not known"),
            }
        }
    }
}
