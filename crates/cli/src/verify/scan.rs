//! Reads partitions from their beginning to what was stable when the reading began.

use anyhow::bail;
use std::ops::Range;
use std::time::{Duration, Instant};
use weir_pipeline::log::{Log, Pace, Reader as _};
use weir_pipeline::{Record, TopicPartition};
use weir_proto::topics::Topic;

/// A partition that delivers nothing for so long can't be read.
const PATIENCE: Duration = Duration::from_secs(30);

/// One topic; one client for all its partitions.
pub struct Scan<L: Log> {
    topic: Topic,
    reader: L::Reader,
}

impl<L: Log> Scan<L> {
    pub fn open(log: &L, topic: Topic) -> anyhow::Result<Scan<L>> {
        Ok(Scan { topic, reader: log.reader(Pace::Prompt)? })
    }

    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Begins these partitions; each is read in its order, and one is not waited for where another has something.
    pub fn begin(&mut self, partitions: Range<i32>) -> anyhow::Result<()> {
        let from = partitions.map(|partition| (TopicPartition::new(self.topic, partition), 0)).collect();
        Ok(self.reader.assign(&from)?)
    }

    /// The next committed record; none at the end.
    pub fn read(&mut self) -> anyhow::Result<Option<Record>> {
        let mut silent_since = None;
        while !self.reader.done() {
            if let Some(record) = self.reader.poll(Duration::from_millis(200))? {
                return Ok(Some(record));
            }
            if silent_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                bail!("{} delivers nothing although it has more; is the broker well? (weir doctor)", self.topic);
            }
        }
        Ok(None)
    }
}
