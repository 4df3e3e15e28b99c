//! Snapshots of partitions: made from committed facts by a thread of its own, used only where everything about them fits.
//!
//! The maker keeps no fold in memory: it takes the last snapshot, folds what has come since, saves, and forgets. So it costs
//! memory for one partition at a time, and a worker's own memory is never trusted.

use super::image::{IMAGE, decode, encode};
use super::partition::Partition;
use crate::log::{Log, Pace, Reader as _};
use crate::snapshot::{Snapshot, SnapshotKey, Snapshots, fact_hash};
use crate::{LogError, Record, Signals, TopicPartition, Topology};
use std::time::Duration;
use weir_decider::plant::planted;

/// The maker folds for so long and then leaves the core for three times as long: what decides and what answers comes first, and
/// nobody waits for a snapshot. Loading the last one and encoding the new one are not divided.
const SPELL: Duration = Duration::from_millis(2);
const PAUSES: u32 = 3;

fn key_of<T: Topology, L: Log>(topology: &T, log: &L, number: i32) -> Result<SnapshotKey, LogError> {
    Ok(SnapshotKey {
        stage: topology.name().to_owned(),
        partition: number,
        cluster_id: log.cluster_id()?,
        topic: log.full_name(topology.facts()),
        partitions: log.partitions(topology.facts()),
        shape: IMAGE << 16 | topology.shape(),
    })
}

/// A partition as a good snapshot has it.
pub(super) fn restore<T: Topology, L: Log>(
    topology: &T,
    log: &L,
    snapshots: &Snapshots,
    number: i32,
) -> Result<Option<Partition<T>>, LogError> {
    match load(topology, log, snapshots, number)? {
        Some(snapshot) => read(topology, log, &snapshot, number),
        None => Ok(None),
    }
}

/// What is kept of a partition: of this cluster, this topic, this shape.
pub(super) fn load<T: Topology, L: Log>(
    topology: &T,
    log: &L,
    snapshots: &Snapshots,
    number: i32,
) -> Result<Option<Snapshot>, LogError> {
    Ok(snapshots.load(&key_of(topology, log, number)?))
}

/// The partition that was kept, where its last fact is still in its place.
pub(super) fn read<T: Topology, L: Log>(
    topology: &T,
    log: &L,
    snapshot: &Snapshot,
    number: i32,
) -> Result<Option<Partition<T>>, LogError> {
    let stage = topology.name();
    let Some((partition, last_offset)) = decode::<T>(number, snapshot) else {
        tracing::warn!(stage, partition = number, "the snapshot can't be decoded, folding from the beginning");
        return Ok(None);
    };
    let last = fact_at(topology, log, number, last_offset)?;
    let is_ours = last.is_some_and(|record| fact_hash(&record) == snapshot.last_fact);
    if is_ours || planted("foreign-snapshot-believed") {
        return Ok(Some(partition));
    }
    tracing::warn!(
        stage,
        partition = number,
        last_offset,
        "the snapshot is of another log, folding from the beginning"
    );
    Ok(None)
}

fn fact_at<T: Topology, L: Log>(topology: &T, log: &L, number: i32, offset: i64) -> Result<Option<Record>, LogError> {
    let at = TopicPartition::new(topology.facts(), number);
    let mut reader = log.reader(Pace::Eager)?;
    reader.assign(&[(at, offset)].into())?;
    let started = log.uptime();
    while !reader.done() && log.elapsed(started) < Duration::from_secs(2) {
        if let Some(record) = reader.poll(Duration::from_millis(50))? {
            return Ok((record.offset == offset).then_some(record));
        }
    }
    Ok(None)
}

/// How many offsets of a partition's facts its last snapshot lacks, where these are worth one. Nothing of the snapshot but its head is
/// read, and that only where there are so many facts at all.
pub(super) fn behind<T: Topology, L: Log>(
    topology: &T,
    log: &L,
    snapshots: &Snapshots,
    reader: &mut L::Reader,
    number: i32,
    worth: i64,
) -> Result<Option<i64>, String> {
    let (_, stable) = reader.bounds(TopicPartition::new(topology.facts(), number)).map_err(|e| e.to_string())?;
    if stable < worth {
        return Ok(None);
    }
    let key = key_of(topology, log, number).map_err(|e| e.to_string())?;
    let reached = snapshots.reach(&key).map_err(|e| e.to_string())?;
    let behind = stable - reached.unwrap_or(0);
    Ok((behind >= worth).then_some(behind))
}

/// Makes one snapshot, with so many more offsets in it than the last at most; false where nothing has come since, and where the process
/// is to stop.
pub(super) fn make<T: Topology, L: Log>(
    topology: &T,
    log: &L,
    snapshots: &Snapshots,
    number: i32,
    at_most: i64,
    signals: &Signals,
) -> Result<bool, String> {
    let key = key_of(topology, log, number).map_err(|e| e.to_string())?;
    // A Postgres that is away ends the try here, and not after a fold of everything.
    let reached = snapshots.reach(&key).map_err(|e| e.to_string())?.unwrap_or(0);
    let restored = restore(topology, log, snapshots, number).map_err(|e| e.to_string())?;
    let mut partition = restored.unwrap_or_else(|| Partition::new(number));
    // One that can't be used is still there, and gives way only to one that reaches as far.
    let end = partition.next_fact.max(reached).saturating_add(at_most);
    let mut reader = log.reader(Pace::Eager).map_err(|e| e.to_string())?;
    let at = TopicPartition::new(topology.facts(), number);
    reader.assign(&[(at, partition.next_fact)].into()).map_err(|e| e.to_string())?;
    let (mut last, mut spell) = (None, log.uptime());
    while !reader.done() && partition.next_fact < end {
        if signals.stopping() {
            return Ok(false);
        }
        if log.elapsed(spell) > SPELL {
            log.sleep(SPELL * PAUSES);
            spell = log.uptime();
        }
        if let Some(record) = reader.poll(Duration::from_millis(50)).map_err(|e| e.to_string())? {
            partition.fold(topology, &record).map_err(|broken| broken.why)?;
            last = Some(record);
        }
    }
    let Some(last) = last else { return Ok(false) };
    let bytes = encode(&partition, last.offset).map_err(|e| e.to_string())?;
    let snapshot = Snapshot { next_offset: partition.next_fact, last_fact: fact_hash(&last), bytes };
    snapshots.save(&key, &snapshot).map_err(|e| e.to_string())?;
    tracing::info!(
        stage = topology.name(),
        partition = number,
        next = snapshot.next_offset,
        bytes = snapshot.bytes.len(),
        "snapshot kept"
    );
    Ok(true)
}
