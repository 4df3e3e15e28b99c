//! Reads partitions from their beginning to what was stable when the reading began.

use anyhow::bail;
use std::time::{Duration, Instant};
use weir_pipeline::log::{Log, Pace, Reader as _};
use weir_pipeline::{Record, TopicPartition};
use weir_proto::topics::Topic;

/// A partition that delivers nothing for so long can't be read.
const PATIENCE: Duration = Duration::from_secs(30);

/// One topic, a partition at a time; one client for all of them.
pub struct Scan<L: Log> {
    topic: Topic,
    reader: L::Reader,
}

impl<L: Log> Scan<L> {
    pub fn open(log: &L, topic: Topic) -> anyhow::Result<Scan<L>> {
        Ok(Scan { topic, reader: log.reader(Pace::Eager)? })
    }

    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Begins a partition.
    pub fn begin(&mut self, partition: i32) -> anyhow::Result<()> {
        Ok(self.reader.assign(&[(TopicPartition::new(self.topic, partition), 0)].into())?)
    }

    /// The next committed record; none at the end.
    pub fn read(&mut self) -> anyhow::Result<Option<Record>> {
        let heard = Instant::now();
        while !self.reader.done() {
            if let Some(record) = self.reader.poll(Duration::from_millis(200))? {
                return Ok(Some(record));
            }
            if heard.elapsed() > PATIENCE {
                bail!("{} delivers nothing although it has more; is the broker well? (weir doctor)", self.topic);
            }
        }
        Ok(None)
    }
}
