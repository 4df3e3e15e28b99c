//! What the log says that our commands did. A receipt does not tell an order that is new from one that was known.

use anyhow::bail;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use uuid::Uuid;
use weir_pipeline::TopicPartition;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Offsets, Pace, Reader as _};
use weir_proto::ids::reference_key;
use weir_proto::topics::Topic;

/// A log that delivers nothing for so long, although it has more, can't be read.
const PATIENCE: Duration = Duration::from_secs(30);
const PLACED: &str = "weir.order.v1.OrderPlaced";

/// What a command did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Placed,
    /// The order was known, and the file told something new of it.
    Changed,
}

/// Where the facts about orders end for now.
///
/// # Errors
/// Where the log can't be read.
pub fn ends(log: &KafkaLog) -> anyhow::Result<Offsets> {
    let mut reader = log.reader(Pace::Eager)?;
    let all = (0..log.partitions(Topic::Orders)).map(|partition| TopicPartition::new(Topic::Orders, partition));
    let end = |partition| Ok((partition, reader.bounds(partition)?.1));
    all.map(end).collect()
}

/// What these commands did since then; of one that did nothing, nothing.
///
/// # Errors
/// Where the log can't be read.
pub fn since(log: &KafkaLog, from: &Offsets, is_ours: impl Fn(&Uuid) -> bool) -> anyhow::Result<HashMap<Uuid, Done>> {
    let mut found = HashMap::new();
    each(log, from, |record| {
        let Ok((meta, None)) = record.envelope() else { return };
        let Some(command) = Uuid::from_slice(&meta.command_id).ok().filter(|id| is_ours(id)) else { return };
        match record.headers.event_type.as_deref() {
            Some(PLACED) => drop(found.insert(command, Done::Placed)),
            _ => drop(found.entry(command).or_insert(Done::Changed)),
        }
    })?;
    Ok(found)
}

/// Whether the shop is registered. A slip in its name would make new orders of known ones.
///
/// # Errors
/// Where the log can't be read.
pub fn knows_shop(log: &KafkaLog, tenant: &str, channel: &str, shop: &str) -> anyhow::Result<bool> {
    let key = reference_key(tenant, "shop", &format!("{channel}/{shop}"));
    let partitions = 0..log.partitions(Topic::Reference);
    let from = partitions.map(|partition| (TopicPartition::new(Topic::Reference, partition), 0)).collect();
    let mut knows = false;
    each(log, &from, |record| {
        if record.key == key {
            knows = !record.value.is_empty();
        }
    })?;
    Ok(knows)
}

fn each(log: &KafkaLog, from: &Offsets, mut look: impl FnMut(&weir_pipeline::Record)) -> anyhow::Result<()> {
    let mut reader = log.reader(Pace::Eager)?;
    reader.assign(from)?;
    let mut heard = Instant::now();
    while !reader.done() {
        match reader.poll(Duration::from_millis(100))? {
            Some(record) => {
                look(&record);
                heard = Instant::now();
            }
            None if heard.elapsed() > PATIENCE => {
                bail!("the log delivers nothing although it has more; is the broker well? (weir doctor)")
            }
            None => {}
        }
    }
    Ok(())
}
