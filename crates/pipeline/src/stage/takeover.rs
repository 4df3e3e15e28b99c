//! Taking partitions over: fence → replay → decide (STAGE.md §2).

use super::StageError;
use super::broken::Broken;
use super::fold::Folded;
use super::partition::Partition;
use super::transaction::{offsets, stage_record};
use super::worker::Active;
use crate::log::{Log, Member as _, Offsets, Pace, Polled, Reader as _, Stamp, Transactional as _};
use crate::{Effects, LogError, TopicPartition, Topology};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use weir_decider::plant::planted;
use weir_proto::log::v1::{Meta, Took, stage_fact::Fact};
use weir_proto::topics::Topic;

/// Snapshots are looked for no longer than this, where none is found.
const RESTORE_PATIENCE: Duration = Duration::from_secs(4);
/// The group is polled this often while a fold runs.
const POLL_EVERY: Duration = Duration::from_millis(500);

/// What came of looking for a snapshot.
enum Restored {
    FromSnapshot,
    /// There is none that can be used, or none is needed.
    Nothing,
    /// The group has other news, or the process is to stop.
    Interrupted,
}

impl<T: Topology, L: Log, E: Effects<T>> Active<T, L, E> {
    /// Takes the partitions over; returns early, undone, where the group has other news.
    pub(super) fn take_over(&mut self, assigned: &[TopicPartition]) -> Result<(), StageError> {
        let started = self.parts.log.uptime();
        self.pending.retain(|event| !matches!(event, Polled::Record(_)));
        let numbers = match self.co_partitioned(assigned) {
            Ok(numbers) => numbers,
            Err(why) => return self.refuse_assignment(assigned, why).map_err(StageError::Log),
        };
        if !std::mem::take(&mut self.retake) || self.proof.is_none() {
            self.proof = Some(self.member.proof().map_err(StageError::Log)?);
            self.stopped.clear();
        }
        let mut taken: BTreeMap<i32, Partition<T>> = BTreeMap::new();
        for number in &numbers {
            let kept = self.resting.remove(number).map(Partition::rearmed);
            taken.insert(*number, kept.unwrap_or_else(|| Partition::new(*number)));
        }
        self.resting.clear();
        let nonce = self.parts.log.nonce();
        let committed = self.member.committed(assigned);
        self.watchdog.alive();
        let outcome = committed.and_then(|committed| self.fence_and_replay(&numbers, &committed, &mut taken, &nonce));
        match outcome {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                // What was assigned must survive the next try.
                for number in numbers {
                    self.partitions.insert(number, Partition::new(number));
                }
                return Err(StageError::Log(error));
            }
        }
        for (number, partition) in &taken {
            // What a torn one still seems to owe may long have been done: its settling lies behind the gap.
            let mut states = partition.sound_states().into_iter();
            if !planted("effects-forgotten") {
                self.parts.effects.taken(*number, &mut states);
            }
        }
        self.own(taken.keys().copied().collect());
        let live: usize = taken.values().map(Partition::live).sum();
        let at_work: Vec<_> = assigned.iter().filter(|at| taken.contains_key(&at.partition)).copied().collect();
        self.partitions = taken;
        self.commit_corrected().map_err(StageError::Log)?;
        self.member.resume(&at_work).map_err(StageError::Log)?;
        self.tell_readiness();
        self.metrics.stopped(self.stopped.len());
        let took = self.parts.log.elapsed(started);
        self.metrics.took_over(took);
        tracing::info!(
            worker = self.parts.name, partitions = ?numbers, live, ms = took.as_millis() as u64,
            "partitions taken over"
        );
        Ok(())
    }

    /// Offsets that a zombie's last facts have moved on are committed before anything else: the fence has committed what stood
    /// before, and an owner that died now would leave what looks like a torn transaction.
    fn commit_corrected(&mut self) -> Result<(), LogError> {
        if self.corrected.is_empty() {
            return Ok(());
        }
        self.begin()?;
        for number in self.corrected.clone() {
            let owner = self.partition_mut(number)?.owner;
            if let Some(open) = &mut self.open {
                open.touch(number, owner);
            }
        }
        self.commit()?;
        self.corrected.clear();
        Ok(())
    }

    /// Partition p of every input must belong to one worker, and there must be one of the facts. Else says what is wrong.
    fn co_partitioned(&self, assigned: &[TopicPartition]) -> Result<Vec<i32>, &'static str> {
        let numbers: BTreeSet<i32> = assigned.iter().map(|at| at.partition).collect();
        let inputs = self.parts.topology.inputs();
        let whole = numbers.iter().all(|n| inputs.iter().all(|t| assigned.contains(&TopicPartition::new(*t, *n))));
        if !whole {
            return Err("the inputs were assigned unevenly: does another member of the group read other topics?");
        }
        if numbers.last().is_some_and(|last| *last >= self.parts.log.partitions(self.parts.topology.facts())) {
            return Err("the inputs have more partitions than the catalogue says: a key's partition must never change");
        }
        Ok(numbers.into_iter().collect())
    }

    fn fence_and_replay(
        &mut self,
        numbers: &[i32],
        committed: &Offsets,
        taken: &mut BTreeMap<i32, Partition<T>>,
        nonce: &[u8; 16],
    ) -> Result<bool, LogError> {
        let facts = self.parts.topology.facts();
        let mut reader = self.parts.log.reader(Pace::Eager)?;
        for (number, partition) in taken.iter_mut() {
            let Some(causes) = self.causes_where_forgotten(&mut reader, *number, committed)? else { return Ok(false) };
            partition.next_input = self.next_inputs(&mut reader, *number, committed, &causes)?;
            self.watchdog.alive();
        }
        let from = offsets(taken.iter().map(|(n, p)| (*n, &p.next_input)));
        self.member.accept(&from)?;
        if numbers.is_empty() {
            return Ok(true);
        }
        let fences = self.fence(taken, &from, nonce)?;
        let restoring = self.parts.log.uptime();
        let mut in_vain = Duration::ZERO;
        for (number, partition) in taken.iter_mut() {
            // Postgres may be slow to say that it is away, for each partition again: then a fold from the beginning is better.
            if in_vain > RESTORE_PATIENCE {
                continue;
            }
            let began = self.parts.log.uptime();
            match self.restore(partition, *number)? {
                Restored::FromSnapshot => {}
                Restored::Nothing => in_vain += self.parts.log.elapsed(began),
                Restored::Interrupted => return Ok(false),
            }
        }
        let starts: Offsets = taken.iter().map(|(n, p)| (TopicPartition::new(facts, *n), p.next_fact)).collect();
        reader.assign(&starts)?;
        let behind = behind_their_fence(taken, &fences, facts)?;
        let folding = self.parts.log.uptime();
        if !self.replay(&mut reader, taken, behind, nonce)? {
            return Ok(false);
        }
        let folded = |(n, p): (&i32, &Partition<T>)| p.next_fact - starts[&TopicPartition::new(facts, *n)];
        tracing::info!(
            worker = self.parts.name,
            offsets = taken.iter().map(folded).sum::<i64>(),
            fold_ms = self.parts.log.elapsed(folding).as_millis() as u64,
            restore_ms = folding.saturating_sub(restoring).as_millis() as u64,
            "folded"
        );
        // While one partition's fence is awaited the others are folded on, past a newer owner's if this process stood still for so
        // long. His facts have causes that the offsets of before do not know of.
        behind_their_fence(taken, &fences, facts)?;
        let inputs = self.parts.topology.inputs();
        let mut torn = Vec::new();
        for (number, partition) in taken.iter_mut() {
            match partition.check_against(committed, inputs) {
                Ok(true) => drop(self.corrected.insert(*number)),
                Ok(false) => {}
                Err(why) => torn.push((*number, why)),
            }
        }
        for (number, why) in torn {
            taken.remove(&number);
            self.stop_partition(number, Broken::whole(why));
        }
        Ok(true)
    }

    /// The highest causes in the facts, where the group has forgotten an offset: they are looked for before the fence, which would
    /// else commit the beginning. `None` where the group has other news.
    fn causes_where_forgotten(
        &mut self,
        reader: &mut L::Reader,
        number: i32,
        committed: &Offsets,
    ) -> Result<Option<BTreeMap<Topic, i64>>, LogError> {
        let topology = self.parts.topology.clone();
        let known = |topic: &Topic| committed.contains_key(&TopicPartition::new(*topic, number));
        let facts = TopicPartition::new(topology.facts(), number);
        let mut partition = Partition::<T>::new(number);
        if topology.inputs().iter().all(known) || reader.bounds(facts)?.1 == 0 {
            return Ok(Some(partition.causes));
        }
        tracing::error!(
            worker = self.parts.name,
            partition = number,
            "offsets are forgotten: looking through the facts"
        );
        if matches!(self.restore(&mut partition, number)?, Restored::Interrupted) {
            return Ok(None);
        }
        reader.assign(&[(facts, partition.next_fact)].into())?;
        let mut polled = self.parts.log.uptime();
        while !reader.done() {
            if self.parts.log.elapsed(polled) > POLL_EVERY {
                polled = self.parts.log.uptime();
                if self.parts.signals.stopping() || self.interrupted()? {
                    return Ok(None);
                }
            }
            let Some(record) = reader.poll(Duration::from_millis(20))? else { continue };
            // What does not fold stops the partition in the replay, which says why.
            if partition.fold(&*topology, &record).is_err() {
                break;
            }
        }
        Ok(Some(partition.causes))
    }

    /// Where the inputs go on: as committed; else behind the highest cause of a fact; with nothing said yet, at their beginning.
    fn next_inputs(
        &self,
        reader: &mut L::Reader,
        number: i32,
        committed: &Offsets,
        causes: &BTreeMap<Topic, i64>,
    ) -> Result<BTreeMap<Topic, i64>, LogError> {
        let mut next = BTreeMap::new();
        for topic in self.parts.topology.inputs() {
            let at = TopicPartition::new(*topic, number);
            let offset = match committed.get(&at) {
                Some(offset) => *offset,
                None => match causes.get(topic) {
                    Some(cause) => cause + 1,
                    None => reader.bounds(at)?.0,
                },
            };
            next.insert(*topic, offset);
        }
        Ok(next)
    }

    /// The fence is a fact of our own: `Took` on each partition, with the same, unchanged input offsets.
    /// Says where each lies.
    fn fence(
        &mut self,
        taken: &BTreeMap<i32, Partition<T>>,
        from: &Offsets,
        nonce: &[u8; 16],
    ) -> Result<Offsets, LogError> {
        if self.producer.is_none() {
            self.producer = Some(self.parts.log.producer(&self.parts.instance)?);
            self.watchdog.alive();
        }
        let (now, name, facts) = (self.parts.log.now(), self.parts.instance.clone(), self.parts.topology.facts());
        let proof = self.proof.clone().ok_or_else(|| LogError::Unknown("no seat in the group".to_owned()))?;
        let began = self.parts.log.uptime();
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
        let drained = producer.drain()?;
        self.skew.note_written(began, drained.appended, &self.parts.log);
        let producer = self.producer()?;
        let offsets_quick = planted("took-without-offsets") || producer.send_offsets(from, &proof)?;
        let commit_quick = producer.commit()?;
        if !(offsets_quick && commit_quick || planted("producer-kept-in-doubt")) {
            self.producer = None;
        }
        Ok(drained.highest)
    }

    /// Begins the fold at a snapshot, if there is a good one and nothing better in memory.
    fn restore(&mut self, partition: &mut Partition<T>, number: i32) -> Result<Restored, LogError> {
        // To load a snapshot, and to make a partition of it, may each take most of what a seat may be silent for.
        if self.parts.signals.stopping() || self.interrupted()? {
            return Ok(Restored::Interrupted);
        }
        let Some(snapshots) = self.parts.snapshots.clone().filter(|_| partition.next_fact == 0) else {
            return Ok(Restored::Nothing);
        };
        let topology = self.parts.topology.clone();
        let loaded = super::snapshots::load(&*topology, &self.parts.log, &snapshots, number)?;
        let Some(snapshot) = loaded else { return Ok(Restored::Nothing) };
        if self.parts.signals.stopping() || self.interrupted()? {
            return Ok(Restored::Interrupted);
        }
        let Some(restored) = super::snapshots::read(&*topology, &self.parts.log, &snapshot, number)? else {
            return Ok(Restored::Nothing);
        };
        *partition = Partition { next_input: std::mem::take(&mut partition.next_input), ..restored };
        Ok(Restored::FromSnapshot)
    }

    /// Folds until the own `Took` of every partition that is behind it is read; false where the group has other news. A partition
    /// that does not fold is stopped, and the others are not held up.
    fn replay(
        &mut self,
        reader: &mut L::Reader,
        taken: &mut BTreeMap<i32, Partition<T>>,
        mut behind: BTreeSet<i32>,
        nonce: &[u8; 16],
    ) -> Result<bool, LogError> {
        let topology = self.parts.topology.clone();
        let mut polled = self.parts.log.uptime();
        while !behind.is_empty() && !planted("decide-before-replay") {
            if planted("fold-to-stable-end") && reader.done() {
                break;
            }
            if self.parts.log.elapsed(polled) > POLL_EVERY {
                polled = self.parts.log.uptime();
                if self.parts.signals.stopping() || self.interrupted()? {
                    return Ok(false);
                }
            }
            let Some(record) = reader.poll(Duration::from_millis(20))? else { continue };
            let Some(partition) = taken.get_mut(&record.partition) else { continue };
            match partition.fold(&*topology, &record) {
                Ok(Folded::Took(whose)) if whose == nonce => drop(behind.remove(&record.partition)),
                Ok(Folded::Gap) => self.metrics.broken(Broken::STEPS),
                Ok(_) => {}
                Err(broken) => {
                    taken.remove(&record.partition);
                    behind.remove(&record.partition);
                    self.stop_partition(record.partition, broken);
                }
            }
        }
        Ok(true)
    }
}

/// Partitions whose memory does not hold the own `Took` yet. A snapshot may: whoever makes them folds whatever is committed, and
/// the fence was before it was looked for.
fn behind_their_fence<T: Topology>(
    taken: &BTreeMap<i32, Partition<T>>,
    fences: &Offsets,
    facts: Topic,
) -> Result<BTreeSet<i32>, LogError> {
    let mut behind = BTreeSet::new();
    for (number, partition) in taken {
        let fence = fences.get(&TopicPartition::new(facts, *number)).copied().unwrap_or(i64::MAX);
        match partition.owner.cmp(&fence) {
            Ordering::Less => drop(behind.insert(*number)),
            Ordering::Equal => {}
            Ordering::Greater => {
                return Err(LogError::Abort(format!("another has taken {facts}/{number} meanwhile")));
            }
        }
    }
    Ok(behind)
}

impl<T: Topology> Partition<T> {
    /// A committed input offset at or below the highest causing position proves a torn transaction: the facts are there and
    /// the offset is not. Without any committed offset the stage goes on behind the highest cause, with an alert.
    /// Says whether it had to.
    fn check_against(&mut self, committed: &Offsets, inputs: &[Topic]) -> Result<bool, String> {
        let mut corrected = false;
        for topic in inputs {
            let Some(cause) = self.causes.get(topic).copied() else { continue };
            match committed.get(&TopicPartition::new(*topic, self.number)) {
                Some(offset) if *offset <= cause => {
                    return Err(format!(
                        "{topic} is committed up to {offset}, but {cause} has caused a fact: torn transaction"
                    ));
                }
                Some(_) => {}
                None => {
                    tracing::error!(
                        partition = self.number,
                        topic = topic.name(),
                        "no committed offset, going on behind the highest cause"
                    );
                    let next = self.next_input.entry(*topic).or_insert(0);
                    corrected |= *next <= cause;
                    *next = (*next).max(cause + 1);
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
