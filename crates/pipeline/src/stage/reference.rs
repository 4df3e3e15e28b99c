//! Reference data: read to its end before anything is decided, taken in between transactions, waited for where an input was
//! admitted under newer (STAGE.md §6).

use super::worker::Active;
use crate::log::{Log, Pace, Reader as _};
use crate::{Effects, LogError, Record, TopicPartition, Topology};
use prost::Message as _;
use std::time::Duration;
use weir_proto::reference::v1::ReferenceEvent;
use weir_proto::topics::Topic;

/// How long an input that was admitted under newer reference data waits for it.
const REFERENCE_PATIENCE: Duration = Duration::from_secs(5);

impl<T: Topology, L: Log, E: Effects<T>> Active<T, L, E> {
    /// Reads the reference topic to its end as of now.
    pub(super) fn open_reference(&mut self) -> Result<(), LogError> {
        if !self.parts.topology.reads_reference() {
            return Ok(());
        }
        let mut reader = self.parts.log.reader(Pace::Eager)?;
        reader.assign(&[(TopicPartition::new(Topic::Reference, 0), 0)].into())?;
        self.reference = Some(reader);
        let started = self.parts.log.uptime();
        while self.reference.as_ref().is_some_and(|r| !r.done()) {
            self.watchdog.alive();
            self.learn(Duration::from_millis(20))?;
            if self.parts.log.elapsed(started) > Duration::from_secs(60) {
                return Err(LogError::Fatal("the reference topic could not be read to its end".to_owned()));
            }
        }
        Ok(())
    }

    /// Takes in reference records that have come; only ever between transactions.
    pub(super) fn learn(&mut self, mut wait: Duration) -> Result<(), LogError> {
        let Some(reader) = &mut self.reference else { return Ok(()) };
        while let Some(Record { key, value, offset, .. }) = reader.poll(wait)? {
            wait = Duration::ZERO;
            self.reference_seen = offset + 1;
            let event = if value.is_empty() { None } else { ReferenceEvent::decode(value).ok() };
            self.parts.topology.learn(&mut self.world, &key, event);
        }
        self.reference_next = reader.position(TopicPartition::new(Topic::Reference, 0));
        Ok(())
    }

    /// An input that was admitted under newer reference data waits until we have it too.
    pub(super) fn await_reference(&mut self, position: i64) -> Result<(), LogError> {
        if self.reference.is_none() || self.reference_next >= position {
            return Ok(());
        }
        // Never inside a transaction: it would outlast its time, and one position holds within it.
        self.commit()?;
        let started = self.parts.log.uptime();
        while self.reference_next < position && self.parts.log.elapsed(started) < REFERENCE_PATIENCE {
            self.watchdog.alive();
            self.learn(Duration::from_millis(10))?;
        }
        Ok(())
    }
}
