//! Taking partitions over: fence → replay → decide (STAGE.md §2).

use super::StageError;
use super::fold::Folded;
use super::partition::Partition;
use super::transaction::{offsets, stage_record};
use super::worker::Active;
use crate::log::{Log, Member as _, Offsets, Pace, Polled, Reader as _, Stamp, Transactional as _};
use crate::{Effects, LogError, Record, TopicPartition, Topology};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use weir_proto::log::v1::{Meta, Took, stage_fact::Fact};

/// Snapshots are looked for no longer than this.
const RESTORE_PATIENCE: Duration = Duration::from_secs(4);
/// The group is polled this often while a fold runs.
const POLL_EVERY: Duration = Duration::from_millis(500);

impl<T: Topology, L: Log, E: Effects<T>> Active<T, L, E> {
    /// Takes the partitions over; returns early, undone, where the group has other news.
    pub(super) fn take_over(&mut self, assigned: &[TopicPartition]) -> Result<(), StageError> {
        let started = Instant::now();
        self.pending.retain(|event| !matches!(event, Polled::Record(_)));
        let numbers = self.co_partitioned(assigned)?;
        if !std::mem::take(&mut self.retake) || self.proof.is_none() {
            self.proof = Some(self.member.proof().map_err(StageError::Log)?);
        }
        let mut taken: BTreeMap<i32, Partition<T>> = BTreeMap::new();
        for number in &numbers {
            let kept = self.resting.remove(number);
            taken.insert(*number, kept.unwrap_or_else(|| Partition::new(*number)));
        }
        self.resting.clear();
        let nonce: [u8; 16] = rand::random();
        let committed = self.member.committed(assigned).map_err(StageError::Log);
        self.watchdog.alive();
        let outcome = committed.and_then(|committed| self.fence_and_replay(&numbers, &committed, &mut taken, &nonce));
        match outcome {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(StageError::Log(error)) => {
                // What was assigned must survive the next try.
                for number in numbers {
                    self.partitions.insert(number, Partition::new(number));
                }
                return Err(StageError::Log(error));
            }
            Err(error) => return Err(error),
        }
        for (number, partition) in &taken {
            let mut states = partition.states().into_iter();
            self.parts.effects.taken(*number, &mut states);
        }
        self.own(numbers.iter().copied().collect());
        let live: usize = taken.values().map(Partition::live).sum();
        self.partitions = taken;
        self.commit_corrected().map_err(StageError::Log)?;
        self.member.resume(assigned).map_err(StageError::Log)?;
        self.parts.signals.ready(true, "");
        self.metrics.took_over(started.elapsed());
        tracing::info!(
            worker = self.parts.name, partitions = ?numbers, live, ms = started.elapsed().as_millis() as u64,
            "partitions taken over"
        );
        Ok(())
    }

    /// Offsets that had to be found from the facts are committed before anything else: the fence has committed the beginning,
    /// and an owner that died now would leave what looks like a torn transaction.
    fn commit_corrected(&mut self) -> Result<(), LogError> {
        let numbers = std::mem::take(&mut self.corrected);
        if numbers.is_empty() {
            return Ok(());
        }
        self.begin()?;
        for number in numbers {
            let owner = self.partition_mut(number)?.owner;
            if let Some(open) = &mut self.open {
                open.touch(number, owner);
            }
        }
        self.commit()
    }

    /// Partition p of every input must belong to one worker.
    fn co_partitioned(&self, assigned: &[TopicPartition]) -> Result<Vec<i32>, StageError> {
        let numbers: BTreeSet<i32> = assigned.iter().map(|at| at.partition).collect();
        let inputs = self.parts.topology.inputs();
        let whole = numbers.iter().all(|n| inputs.iter().all(|t| assigned.contains(&TopicPartition::new(*t, *n))));
        if whole {
            return Ok(numbers.into_iter().collect());
        }
        let why = format!("the inputs of {} were assigned unevenly: {assigned:?}", self.parts.name);
        Err(StageError::Log(LogError::Fatal(why)))
    }

    fn fence_and_replay(
        &mut self,
        numbers: &[i32],
        committed: &Offsets,
        taken: &mut BTreeMap<i32, Partition<T>>,
        nonce: &[u8; 16],
    ) -> Result<bool, StageError> {
        let facts = self.parts.topology.facts();
        let mut reader = self.parts.log.reader(Pace::Eager).map_err(StageError::Log)?;
        for (number, partition) in taken.iter_mut() {
            partition.next_input = self.next_inputs(&mut reader, *number, committed).map_err(StageError::Log)?;
            self.watchdog.alive();
        }
        let from = offsets(taken.iter().map(|(n, p)| (*n, &p.next_input)));
        self.member.accept(&from).map_err(StageError::Log)?;
        if numbers.is_empty() {
            return Ok(true);
        }
        self.fence(taken, &from, nonce).map_err(StageError::Log)?;
        let restoring = Instant::now();
        for (number, partition) in taken.iter_mut() {
            self.watchdog.alive();
            // Postgres may be slow to say that it is away: a fold from the beginning is better than a lost seat.
            if restoring.elapsed() < RESTORE_PATIENCE {
                self.restore(partition, *number).map_err(StageError::Log)?;
            }
        }
        let starts = taken.iter().map(|(n, p)| (TopicPartition::new(facts, *n), p.next_fact)).collect();
        reader.assign(&starts).map_err(StageError::Log)?;
        if !self.replay(&mut reader, taken, nonce)? {
            return Ok(false);
        }
        for partition in taken.values_mut() {
            if partition.check_against(committed, self.parts.topology.inputs())? {
                self.corrected.insert(partition.number);
            }
        }
        Ok(true)
    }

    /// Where the inputs go on: as committed; else, with nothing said yet, at their beginning.
    fn next_inputs(
        &self,
        reader: &mut L::Reader,
        number: i32,
        committed: &Offsets,
    ) -> Result<BTreeMap<weir_proto::topics::Topic, i64>, LogError> {
        let mut next = BTreeMap::new();
        for topic in self.parts.topology.inputs() {
            let at = TopicPartition::new(*topic, number);
            let offset = match committed.get(&at) {
                Some(offset) => *offset,
                None => reader.bounds(at)?.0,
            };
            next.insert(*topic, offset);
        }
        Ok(next)
    }

    /// The fence is a fact of our own: `Took` on each partition, with the same, unchanged input offsets.
    fn fence(&mut self, taken: &BTreeMap<i32, Partition<T>>, from: &Offsets, nonce: &[u8; 16]) -> Result<(), LogError> {
        if self.producer.is_none() {
            self.producer = Some(self.parts.log.producer(&self.parts.instance)?);
            self.watchdog.alive();
        }
        let (now, name, facts) = (self.parts.log.now(), self.parts.instance.clone(), self.parts.topology.facts());
        let proof = self.proof.clone().ok_or_else(|| LogError::Unknown("no seat in the group".to_owned()))?;
        let producer = self.producer()?;
        producer.begin()?;
        for (number, partition) in taken {
            let resumes = partition.next_input.iter().map(|(topic, offset)| weir_proto::log::v1::Position {
                topic: topic.name().to_owned(),
                partition: *number,
                offset: *offset,
            });
            let took = Took { owner: name.clone(), nonce: nonce.to_vec(), resumes: resumes.collect() };
            let meta = Meta { key: name.clone(), at_ms: now.0, ..Meta::default() };
            let record = stage_record(facts, meta, Fact::Took(took));
            let id = format!("{name}:took/{number}/{}", hex(nonce));
            producer.send(record, &Stamp { partition: Some(*number), id: &id, time: now, traceparent: None })?;
        }
        producer.drain()?;
        let offsets_quick = producer.send_offsets(from, &proof)?;
        let commit_quick = producer.commit()?;
        if !(offsets_quick && commit_quick) {
            self.producer = None;
        }
        Ok(())
    }

    /// Begins the fold at a snapshot, if there is a good one and nothing better in memory.
    fn restore(&self, partition: &mut Partition<T>, number: i32) -> Result<(), LogError> {
        let Some(snapshots) = &self.parts.snapshots else { return Ok(()) };
        if partition.next_fact > 0 {
            return Ok(());
        }
        let restored = super::snapshots::restore(&*self.parts.topology, &self.parts.log, snapshots, number)?;
        if let Some(restored) = restored {
            *partition = Partition { next_input: std::mem::take(&mut partition.next_input), ..restored };
        }
        Ok(())
    }

    /// Folds until the own `Took` of every partition is read; false where the group has other news.
    fn replay(
        &mut self,
        reader: &mut L::Reader,
        taken: &mut BTreeMap<i32, Partition<T>>,
        nonce: &[u8; 16],
    ) -> Result<bool, StageError> {
        let topology = self.parts.topology.clone();
        let mut behind: BTreeSet<i32> = taken.keys().copied().collect();
        let mut polled = Instant::now();
        while !behind.is_empty() {
            if polled.elapsed() > POLL_EVERY {
                polled = Instant::now();
                if self.parts.signals.stopping() || self.interrupted().map_err(StageError::Log)? {
                    return Ok(false);
                }
            }
            let Some(record) = reader.poll(Duration::from_millis(20)).map_err(StageError::Log)? else { continue };
            if self.fold_one(&topology, taken, &record)? == Folded::Took(nonce.to_vec()) {
                behind.remove(&record.partition);
            }
        }
        Ok(true)
    }

    fn fold_one(
        &self,
        topology: &T,
        taken: &mut BTreeMap<i32, Partition<T>>,
        record: &Record,
    ) -> Result<Folded, StageError> {
        let corrupt = |why| StageError::Corrupt { partition: record.partition, why };
        let partition = taken.get_mut(&record.partition).ok_or_else(|| corrupt("not asked for".to_owned()))?;
        partition.fold(topology, record).map_err(corrupt)
    }
}

impl<T: Topology> Partition<T> {
    /// A committed input offset at or below the highest causing position proves a torn transaction: the facts are there and
    /// the offset is not. Without any committed offset the stage goes on behind the highest cause, with an alert.
    /// Says whether it had to.
    fn check_against(&mut self, committed: &Offsets, inputs: &[weir_proto::topics::Topic]) -> Result<bool, StageError> {
        let mut corrected = false;
        for topic in inputs {
            let Some(cause) = self.causes.get(topic).copied() else { continue };
            match committed.get(&TopicPartition::new(*topic, self.number)) {
                Some(offset) if *offset <= cause => {
                    let why =
                        format!("{topic} is committed up to {offset}, but {cause} has caused a fact: torn transaction");
                    return Err(StageError::Corrupt { partition: self.number, why });
                }
                Some(_) => {}
                None => {
                    tracing::error!(
                        partition = self.number,
                        topic = topic.name(),
                        "no committed offset, going on behind the highest cause"
                    );
                    let next = self.next_input.entry(*topic).or_insert(0);
                    *next = (*next).max(cause + 1);
                    corrected = true;
                }
            }
        }
        Ok(corrected)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
