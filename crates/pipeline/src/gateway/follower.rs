//! Follows the service's facts from their end and picks out the answers.

use super::waiting::Waiting;
use crate::kafka::client;
use crate::kafka::convert::plain_error;
use crate::log::Pace;
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
/// How long nobody must have waited before the follower rests, and how often a resting one looks whether the gateway is gone.
const REST: Duration = Duration::from_millis(500);
/// Pause before a broken follower is made anew.
const PAUSE: Duration = Duration::from_millis(200);

/// The place in the facts: one topic, next offset of each partition.
struct Place {
    config: Config,
    topic: String,
    next: BTreeMap<i32, i64>,
}

/// Resolves the ends of the facts once, then follows them on a thread whenever somebody waits, until nobody holds `waiting`
/// any more.
pub(super) fn start(config: &Config, facts: Topic, waiting: &Arc<Waiting>) -> Result<(), LogError> {
    let next = (0..facts.partitions(config.partitions)).map(|partition| (partition, 0)).collect();
    let mut place = Place { config: config.clone(), topic: facts.full_name(&config.prefix), next };
    let consumer = place.open()?;
    place.go_to_end(&consumer)?;
    let waiting = Arc::downgrade(waiting);
    std::thread::Builder::new()
        .name(format!("answers {facts}"))
        .spawn(move || follow(place, consumer, &waiting))
        .map_err(|e| LogError::Fatal(format!("the follower's thread could not be started: {e}")))?;
    Ok(())
}

/// Rests until somebody waits, reads until nobody does, and ends with the gateway. A broken consumer is replaced and goes on where
/// it was: no answer is left out.
fn follow(mut place: Place, mut consumer: BaseConsumer, waiting: &Weak<Waiting>) {
    let mut reads = false;
    loop {
        let outcome = match reads {
            false => begin(&mut place, &consumer, waiting),
            true => read(&mut place, &consumer, waiting),
        };
        match outcome {
            Ok(Step::Gone) => return,
            Ok(Step::Reads) => reads = true,
            Ok(Step::Rests) => reads = false,
            Err(error) => {
                tracing::warn!(topic = place.topic, %error, "the follower of answers starts anew");
                std::thread::sleep(PAUSE);
                let opened = place.open();
                match opened.and_then(|fresh| if reads { place.assign(&fresh).map(|()| fresh) } else { Ok(fresh) }) {
                    Ok(fresh) => consumer = fresh,
                    Err(error) => tracing::warn!(topic = place.topic, %error, "the facts can't be followed"),
                }
            }
        }
    }
}

enum Step {
    Reads,
    Rests,
    /// Nobody holds the gateway any more.
    Gone,
}

/// Waits for somebody who waits, then goes to the end of the facts.
fn begin(place: &mut Place, consumer: &BaseConsumer, waiting: &Weak<Waiting>) -> Result<Step, LogError> {
    let Some(waiting) = waiting.upgrade() else { return Ok(Step::Gone) };
    if !waiting.wait_for_call(REST) {
        return Ok(Step::Rests);
    }
    place.go_to_end(consumer)?;
    place.assign(consumer)?;
    waiting.begin();
    Ok(Step::Reads)
}

/// Reads until nobody has waited for a while.
fn read(place: &mut Place, consumer: &BaseConsumer, waiting: &Weak<Waiting>) -> Result<Step, LogError> {
    let mut asked = Instant::now();
    loop {
        let polled = consumer.poll(Duration::from_millis(200));
        let Some(waiting) = waiting.upgrade() else { return Ok(Step::Gone) };
        if !waiting.is_empty() {
            asked = Instant::now();
        } else if asked.elapsed() > REST && waiting.rest() {
            if let Err(error) = consumer.unassign() {
                tracing::warn!(topic = place.topic, %error, "the follower rests with its partitions");
            }
            return Ok(Step::Rests);
        }
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
                    return Err(serious);
                }
            },
        }
    }
}

fn tell(waiting: &Waiting, value: &[u8]) {
    match Envelope::decode(value) {
        Ok(Envelope { stage: Some(stage), meta }) => {
            if let Some(Fact::Answered(answered)) = stage.fact {
                waiting.tell(&meta.unwrap_or_default().key, &answered);
            }
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "a fact can't be read"),
    }
}

impl Place {
    fn open(&self) -> Result<BaseConsumer, LogError> {
        let mut settings = client::reading(&self.config, Pace::Eager);
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

    fn go_to_end(&mut self, consumer: &BaseConsumer) -> Result<(), LogError> {
        for partition in self.next.keys().copied().collect::<Vec<_>>() {
            let end = self.end(consumer, partition)?;
            self.next.insert(partition, end);
        }
        Ok(())
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
