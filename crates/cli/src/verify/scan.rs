//! Reads one partition from its beginning to what was stable when the reading began.

use std::time::{Duration, Instant};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Pace, Reader as _};
use weir_pipeline::{Record, TopicPartition};
use weir_proto::topics::Topic;

/// A partition that delivers nothing for so long can't be read.
const PATIENCE: Duration = Duration::from_secs(30);

/// Calls `each` with every committed record of the partition, in order; says how many there were.
pub fn partition(log: &KafkaLog, topic: Topic, partition: i32, mut each: impl FnMut(&Record)) -> anyhow::Result<u64> {
    let mut reader = log.reader(Pace::Eager)?;
    reader.assign(&[(TopicPartition::new(topic, partition), 0)].into())?;
    let (mut count, mut heard) = (0, Instant::now());
    while !reader.done() {
        match reader.poll(Duration::from_millis(200))? {
            Some(record) => {
                heard = Instant::now();
                count += 1;
                each(&record);
            }
            None if heard.elapsed() > PATIENCE => {
                anyhow::bail!(
                    "{topic}/{partition} delivers nothing although it has more; is the broker well? (weir doctor)"
                );
            }
            None => {}
        }
    }
    Ok(count)
}
